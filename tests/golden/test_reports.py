"""A report that was saved once is read and rendered as ever."""

from __future__ import annotations

import pytest
from golden import regenerate


@pytest.fixture(scope="module")
def rendered():
    return regenerate.rendered_reports()


@pytest.mark.parametrize(
    "extension", [".json", ".jsonl", ".csv", ".txt", ".case.jsonld", ".vics.json"]
)
def test_the_saved_report_renders_to_the_same_bytes(rendered, extension):
    name = f"report-v2{extension}"
    assert rendered[name].decode() == (regenerate.FOLDER / name).read_bytes().decode()


def test_the_saved_report_has_every_verdict():
    from provenance.model import Verdict
    from provenance.report.document import Document

    document = Document.from_json(regenerate.SAVED.read_bytes())
    found = {result.finding.verdict for result in document.results if result.finding}
    assert found == set(Verdict)
    assert any(result.problem for result in document.results)
