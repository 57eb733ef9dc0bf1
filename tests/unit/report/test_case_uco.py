"""CASE/UCO: the ontology accepts it, and nothing of the report gets lost on the way."""

from __future__ import annotations

import json

import pytest
from support import reports

from provenance.report.case_uco import render_case
from provenance.report.document import Document


def graph(document):
    return json.loads(render_case(document))["@graph"]


def of_kind(nodes, kind):
    """All nodes of a kind, nested ones included."""
    found = []
    for node in nodes:
        if isinstance(node, dict):
            kinds = node.get("@type", [])
            found += [node] if kind in ([kinds] if isinstance(kinds, str) else kinds) else []
            for value in node.values():
                found += of_kind(value if isinstance(value, list) else [value], kind)
    return found


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # in the validator's packages
def test_the_ontology_accepts_every_kind_of_result_and_hostile_text(tmp_path):
    from case_utils.case_validate import validate

    paths = []
    for name, document in (("every", reports.document()), ("hostile", reports.hostile())):
        path = tmp_path / f"{name}.jsonld"
        path.write_bytes(render_case(document))
        paths.append(str(path))
    found = validate(paths, inference="none", allow_warnings=False, allow_infos=False)
    assert found.conforms, found.text
    assert not found.undefined_concepts


def test_the_same_document_gives_the_same_bytes_and_another_one_other_ids():
    document = reports.document()
    again = Document.from_json(document.to_json())
    other = reports.document(operator="somebody-else")
    assert render_case(document) == render_case(again)
    ids = [{node["@id"] for node in graph(item)} for item in (document, other)]
    assert not ids[0] & ids[1]


@pytest.mark.parametrize("document", [reports.document(), reports.hostile()], ids=["all", "bad"])
def test_no_two_nodes_share_an_id_and_every_reference_leads_somewhere(document):
    nodes = graph(document)
    defined, referred = [], set()

    def walk(value):
        if isinstance(value, list):
            for item in value:
                walk(item)
        elif isinstance(value, dict) and set(value) == {"@id"}:
            referred.add(value["@id"])
        elif isinstance(value, dict):
            defined.extend([value["@id"]] if "@id" in value else [])
            walk(list(value.values()))

    walk(nodes)
    assert len(defined) == len(set(defined))
    assert referred <= set(defined)


def test_every_file_is_there_with_its_hashes_and_its_outcome():
    document = reports.document()
    nodes = graph(document)
    files = of_kind(nodes, "uco-observable:File")
    names = [of_kind([file], "uco-observable:FileFacet")[0] for file in files]
    assert [n["uco-observable:filePath"] for n in names] == [
        result.source.name for result in document.results
    ]
    for file, result in zip(files, document.results, strict=True):
        hashes = {
            item["uco-types:hashMethod"]: item["uco-types:hashValue"]["@value"]
            for item in of_kind([file], "uco-types:Hash")
        }
        before = result.source.before
        assert hashes == (
            {"MD5": before.md5, "SHA1": before.sha1, "SHA256": before.sha256} if before else {}
        )
    classes = of_kind(nodes, "uco-analysis:ArtifactClassification")
    assert [item["uco-analysis:class"] for item in classes] == [
        result.finding.verdict.value for result in document.results if result.finding
    ]
    assertions = of_kind(nodes, "uco-core:Assertion")
    assert [item["uco-core:tag"] for item in assertions] == ["E_IO", "E_IO"]


def test_statement_limits_and_identifiers_go_with_the_finding():
    document = reports.document()
    findings = of_kind(graph(document), "uco-analysis:AnalyticResult")
    examined = [result for result in document.results if result.finding]
    for node, result in zip(findings, examined, strict=True):
        assert node["uco-core:statement"] == result.text.statement
        assert {*result.text.limits, *result.text.reasons} <= set(node["uco-core:description"])
    named = {
        item["uco-core:externalIdentifier"]
        for item in of_kind([findings[0]], "uco-core:ExternalReference")
    }
    evidence = document.results[0].evidence
    assert {evidence.record.record_id, str(evidence.watermarks[0].mark_id)} <= named


def test_nobody_is_named_where_no_pseudonym_was_given():
    assert not of_kind(graph(reports.document(operator="")), "uco-identity:Identity")
    named = of_kind(graph(reports.document()), "uco-identity:Identity")
    assert [node["uco-core:name"] for node in named] == ["examiner-7"]


def test_a_file_that_was_not_read_twice_is_not_called_unchanged():
    files = of_kind(graph(reports.document()), "uco-observable:File")
    changed = [file.get("uco-observable:hasChanged") for file in files]
    assert changed == [False] * 5 + [None] * 3


def test_an_empty_report_can_be_rendered():
    assert of_kind(graph(reports.document([])), "uco-analysis:Analysis")
