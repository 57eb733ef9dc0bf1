"""The published JSON Schema says what saved reports look like."""

from __future__ import annotations

import inspect
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from support import reports

from provenance.model import NoteCode, ReasonCode, StatementCode, WatermarkEvidence
from provenance.report.document import Document
from provenance.report.result import SCHEMA_VERSION, Tool
from provenance.report.schema import json_schema

PUBLISHED = Path(__file__).parents[3] / "docs" / "report.schema.json"


@pytest.fixture(scope="module")
def validator():
    schema = json.loads(PUBLISHED.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.fixture
def saved():
    return json.loads(reports.document().to_json())


def test_the_published_schema_is_that_of_the_model(validator):
    assert validator.schema == json_schema()
    assert validator.schema["version"] == SCHEMA_VERSION
    assert validator.schema["$id"].endswith(f":{SCHEMA_VERSION}")


@pytest.mark.parametrize("made", [reports.document, reports.hostile])
def test_saved_reports_conform(validator, made):
    validator.validate(json.loads(made().to_json()))


def test_numbers_that_are_not_finite_conform_as_text(validator):
    document = reports.document()
    first = document.results[0]
    mark = first.evidence.watermarks[0]
    fields = {name: getattr(mark, name) for name in mark.__dataclass_fields__}
    endless = WatermarkEvidence(**fields | {"log10_p": float("-inf")})
    data = reports.document([with_mark(first, endless)]).to_json()
    validator.validate(json.loads(data))
    assert Document.from_json(data).results[0].evidence.watermarks[0].log10_p == float("-inf")


def with_mark(result, mark):
    return replace(result, evidence=replace(result.evidence, watermarks=(mark,)))


@pytest.mark.parametrize(
    "path",
    [
        (),
        ("run",),
        ("results", 0),
        ("results", 0, "evidence"),
        ("results", 0, "evidence", "manifest", "signer"),
        ("results", 0, "finding", "reasons", 0),
    ],
    ids=str,
)
def test_unknown_fields_do_not_conform_and_are_refused(validator, saved, path):
    from provenance.errors import InputError

    place = saved
    for key in path:
        place = place[key]
    place["surprise"] = 1
    assert not validator.is_valid(saved)
    with pytest.raises(InputError, match="surprise"):
        Document.from_json(json.dumps(saved).encode())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema_version",), 3),
        (("language",), "tlh"),
        (("results", 0, "finding", "verdict"), "AUTHENTIC"),
        (("results", 0, "finding", "reasons", 0, "code"), "mark.imagined"),
        (("results", 0, "source", "before", "sha256"), "AB"),
        (("results", 0, "evidence", "watermarks", 0, "payload"), "no hex"),
        (("results", 0, "evidence", "watermarks", 0, "log10_p"), "small"),
    ],
    ids=lambda item: ".".join(map(str, item)) if isinstance(item, tuple) else "",
)
def test_values_outside_of_their_set_do_not_conform(validator, saved, path, value):
    place = saved
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert not validator.is_valid(saved)


def test_docstrings_are_descriptions(validator):
    schema = validator.schema
    assert schema["description"] == Document.__doc__
    assert all(entry.get("description") for entry in schema["$defs"].values())
    assert schema["$defs"]["Tool"]["description"] == inspect.getdoc(Tool)


@pytest.mark.parametrize("codes", [ReasonCode, NoteCode, StatementCode])
def test_every_code_comes_with_its_sentence(validator, codes):
    listed = validator.schema["$defs"][codes.__name__]["oneOf"]
    assert {item["const"]: item["description"] for item in listed} == {
        code.value: code.template for code in codes
    }
