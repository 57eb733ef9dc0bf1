import sys

import pytest

from provenance.errors import ArgumentError
from provenance.report.render import ReportFormat, check_available


def test_a_form_whose_extra_is_missing_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)  # as the import system marks a missing module
    with pytest.raises(ArgumentError, match="pdf reports need an extra") as caught:
        check_available(ReportFormat.PDF)
    assert "provenance[report]" in caught.value.hint


@pytest.mark.parametrize("form", [f for f in ReportFormat if f is not ReportFormat.PDF])
def test_every_other_form_needs_none(monkeypatch, form):
    monkeypatch.setitem(sys.modules, "typst", None)
    check_available(form)
