"""A saved report is complete, or it is refused in one line."""

from __future__ import annotations

import json

import pytest
from support import reports

from provenance.errors import ErrorCode, InputError
from provenance.report.document import Document
from provenance.report.language import Language
from provenance.report.render import translated


def changed(change):
    saved = json.loads(reports.document().to_json())
    change(saved["results"])
    return json.dumps(saved).encode()


@pytest.mark.parametrize("made", [reports.document, reports.hostile])
def test_a_saved_report_comes_back_as_it_was(made):
    document = made()
    assert Document.from_json(document.to_json()) == document


@pytest.mark.parametrize(
    "change",
    [
        lambda results: results[0].update(text=None),
        lambda results: results[0].update(evidence=None),
        lambda results: results[0].update(problem=results[5]["problem"]),
        lambda results: results[5].update(problem=None),
        lambda results: results[0]["text"]["reasons"].pop(),
        lambda results: results[0]["finding"]["statements"][0].update(values={}),
        lambda results: results[0]["finding"]["reasons"][0]["notes"][0].update(values={}),
        lambda results: results[1]["finding"]["limits"][1].update(values={}),
    ],
)
def test_a_report_that_could_not_be_rendered_is_refused(change):
    with pytest.raises(InputError, match="not a provenance report") as caught:
        Document.from_json(changed(change))
    assert caught.value.code is ErrorCode.FORMAT
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"kind": "\\ud800"}', b"null"]
)
def test_what_is_no_report_is_refused(data):
    with pytest.raises(InputError, match="not a provenance report"):
        Document.from_json(data)


def test_a_report_in_its_own_language_is_left_alone():
    document = reports.document()
    assert translated(document, Language.ENGLISH) is document
