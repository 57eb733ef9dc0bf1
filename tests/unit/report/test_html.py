import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from support.report_pages import CASES, GRID, HOSTILE, document_of, refused, result_of

from provenance.model import Bearing, Verdict
from provenance.report.html import content_security_policy, render_html, style
from provenance.report.pages import LOOKS
from provenance.report.view import view

#: WCAG 2.1, success criterion 1.4.3, level AA.
READABLE = 4.5
VOID = {"meta"}
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "article"),
    *("section", "div", "h1", "h2", "h3", "p", "ul", "li", "dl", "dt", "dd", "code", "bdi"),
    *("table", "thead", "tbody", "tr", "th", "td", "figure", "pre", "figcaption"),
}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "id", "aria-labelledby"),
    *("aria-hidden", "aria-label", "role", "scope", "data-label", "tabindex"),
}


class Page(HTMLParser):
    """What a browser sees: elements, attributes, headings, text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text.append(data)


def page_of(*results, text=""):
    return render_html(view(document_of(*results, text=text)))


@pytest.mark.parametrize("verdict", CASES)
def test_the_page_of_each_verdict_says_it_in_words_and_with_a_shape(verdict):
    text = " ".join(Page(page_of(result_of(verdict))).text)
    outline = view(document_of(result_of(verdict))).files[0]
    assert outline.verdict is Verdict[verdict]
    assert outline.headline in text
    assert LOOKS[outline.verdict].shape in text
    assert outline.sha256 in text


def test_no_two_verdicts_share_a_shape():
    shapes = [look.shape for look in LOOKS.values()]
    assert len(set(shapes)) == len(shapes)


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_in_every_field_adds_no_element_and_no_attribute(hostile):
    page = Page(page_of(result_of("CONFLICT", hostile=hostile), text=hostile))
    assert page.open == []
    assert set(page.elements) <= ALLOWED
    assert {name for name, _ in page.attributes} <= ATTRIBUTES
    assert page.elements.count("style") == 1


def test_a_long_text_is_cut_and_says_by_how_much():
    page = page_of(result_of("TRACED", hostile="A" * 10_000))
    assert "A" * 3001 not in page
    assert "[7000 characters left out]" in page
    assert "[9700 characters left out]" in page


def test_the_policy_allows_the_style_sheet_of_the_page_and_nothing_else():
    page = page_of(result_of())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert policy[1] == content_security_policy()
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy[1]
    assert f"<style>{style()}</style>" in page
    assert not re.search(r"url\(|@import|https?:", style())


def test_headings_leave_out_no_level():
    page = Page(page_of(*map(result_of, CASES), refused("broken.jpg")))
    levels = [int(tag[1]) for tag in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_header_cell_says_what_it_heads_and_the_page_its_language():
    page = Page(page_of(result_of("OTHER_SYSTEM", markers=3)))
    assert page.attributes.count(("scope", "col")) == page.elements.count("th") > 0
    assert ("lang", "en") in page.attributes


def test_several_files_begin_with_a_table_that_has_a_row_for_each():
    names = [f"broken-{i}.jpg" for i in range(5)]
    page = page_of(result_of(), *map(refused, names))
    before, _, after = page.partition("<article")
    assert all(name in before for name in names)
    assert not any(f"<bdi>{name}</bdi>" in after for name in names)
    assert after.count("<article") == 0


def test_the_first_page_of_a_contradiction_says_what_contradicts():
    entry = result_of("CONFLICT")
    page = page_of(entry)
    reasons = [r for r in entry.finding.reasons if r.code.bearing is Bearing.CONTRADICTS]
    assert reasons
    assert all(page.index(str(reason)) < page.index("What this means") for reason in reasons)


def test_the_map_of_cells_keeps_its_spaces():
    page = page_of(result_of())
    assert "\n".join(GRID.cells) in page


# --- contrast -----------------------------------------------------------------------------


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_wcag_does():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_every_text_colour_is_readable_on_every_background():
    inks = re.findall(r"(?<![-\w])color: (#[0-9a-f]{6})", style())
    papers = re.findall(r"background: (#[0-9a-f]{6})", style())
    tints = re.findall(r"--paper: (#[0-9a-f]{6})", style())
    assert len(inks) >= 3
    assert len(tints) == len(LOOKS)
    assert all(contrast(ink, paper) >= READABLE for ink in inks for paper in papers + tints)


@pytest.mark.parametrize("look", LOOKS.values(), ids=[str(name) for name in LOOKS])
def test_a_verdict_is_readable_on_its_tint_and_on_white(look):
    assert contrast(look.ink, look.paper) >= READABLE
    assert contrast(look.ink, "#ffffff") >= READABLE
