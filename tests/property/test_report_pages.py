"""Whatever text a file brings: the pages hold none of it as markup or as control characters."""

import json
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.report_pages import document_of, result_of

from provenance.report.html import content_security_policy, render_html, style
from provenance.report.pages import legible
from provenance.report.view import view

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60)
STEERING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
TAG = re.compile(r"<[a-z/!]")
PLAIN = render_html(view(document_of(result_of("CONFLICT", hostile="plain"), text="plain")))


@settings(max_examples=40, deadline=None)
@given(TEXT.filter(lambda text: text.strip() != ""))
def test_a_text_of_a_file_opens_no_tag_and_leaves_no_control_character(text):
    page = render_html(view(document_of(result_of("CONFLICT", hostile=text), text=text)))
    assert len(TAG.findall(page)) <= len(TAG.findall(PLAIN))
    assert content_security_policy() in page
    body = page.replace(style(), "")
    assert {unicodedata.category(c) for c in body if c != "\n"}.isdisjoint(STEERING)


@given(TEXT, st.integers(min_value=1, max_value=50))
def test_what_is_left_out_is_counted(text, limit):
    seen = legible(text, "left out", limit)
    more = len(text) - limit
    if more > 0:
        assert seen.endswith(f"… [{more} left out]")
    else:
        assert seen == legible(text, "left out", len(text) + 1)


@settings(max_examples=15, deadline=None)
@given(TEXT)
def test_any_text_can_be_typeset(text):
    pytest.importorskip("typst", reason="the extra [report] is not installed")
    from provenance.report.pdf import render_pdf

    document = document_of(result_of("OTHER_SYSTEM", hostile=text), text=text)
    assert json.loads(document.to_json())
    assert render_pdf(view(document)).startswith(b"%PDF-1.4")
