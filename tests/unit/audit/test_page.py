"""The report of a run: nothing that is not ours gets into the page as anything but text."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support import runs
from support.hostile_rows import hostile_rows

from provenance.audit.page import render
from provenance.audit.summary import Distinct, summarise

TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "section", "div", "h1",
    "h2", "h3", "p", "ul", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td",
    "figure", "figcaption", "svg", "rect", "span", "bdi", "code",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "scope", "data-label", "viewbox",
    "preserveaspectratio", "aria-hidden", "x", "y", "width", "height",
}  # fmt: skip
CLASSES = {
    "state", "open", "bars", "number", "share", "bar", "rows", "more", "columns", "aside", "plot",
    "axis", "error", "traced", "not-found", "conflict", "other-system", "indeterminate",
}  # fmt: skip
VOID = {"meta", "rect"}


class Page(HTMLParser):
    """Reads a page as a browser would, and keeps what stands where."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.classes: set[str] = set()
        self.text = ""
        self.style = ""
        self.policy = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        assert {name for name, _ in attrs} <= ATTRIBUTES, attrs
        found = dict(attrs)
        self.classes |= set((found.get("class") or "").split())
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"] or ""
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.style += data
        else:
            self.text += data

    def handle_comment(self, data: str) -> None:
        pytest.fail(f"a comment: {data}")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("hostile")
    nasty = "</style><script>alert(1)</script>\u202e"
    verifier = runs.SETTINGS["verifier"] | {
        "policy": nasty,
        "registry": nasty,
        "trust_lists": [{"name": nasty, "kind": nasty, "sha256": nasty, "anchors": nasty}],
    }
    settings = runs.SETTINGS | {"sources": [nasty] * 30, "verifier": verifier}
    results = runs.make(folder / "run", hostile_rows(), per_part=100, settings=settings)
    return render(summarise(results))


def test_text_of_strangers_stays_text(hostile: str) -> None:
    page = Page(hostile)
    assert "alert(1)" in page.text
    steering = re.findall(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069]", hostile
    )
    assert steering == []
    assert page.classes <= CLASSES


def test_nothing_is_loaded_and_only_our_style_applies(hostile: str) -> None:
    page = Page(hostile)
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page.policy
    assert "default-src 'none'" in page.policy
    for word in ("url(", "@import", "http:", "https:", "//"):
        assert word not in page.style
    assert "href=" not in re.sub(r">[^<]*<", "><", hostile)


def test_it_is_small_whatever_comes(hostile: str) -> None:
    assert len(hostile.encode()) < 400_000


def test_the_same_run_gives_the_same_page(tmp_path: Path) -> None:
    rows = [runs.traced("a"), runs.row("b"), runs.error("c")]
    one = runs.make(tmp_path / "one", rows)
    two = runs.make(tmp_path / "two", rows, per_part=1)
    pages = [render(summarise(results)) for results in (one, two, one)]
    assert pages[0] == pages[2]
    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], ["Audit of 0 images", "Every image was examined."]),
        ([runs.row("a")], ["Audit of 1 image", "1 row for 1 image", "Nothing was traced"]),
        ([runs.error("a")], ["What could not be examined", "E_FORMAT", "100.0 %"]),
        ([runs.traced("a")], ["acme", "0123456789ab", "Traced"]),
    ],
)
def test_few_images_are_legible(tmp_path: Path, rows: list[runs.Row], words: list[str]) -> None:
    page = Page(render(summarise(runs.make(tmp_path / "run", rows))))
    for word in words:
        assert word in page.text
    assert "never means real, authentic or not AI" in page.text


def test_an_unfinished_run_and_what_was_counted_are_said(tmp_path: Path) -> None:
    results = runs.make(tmp_path / "run", [runs.row("a"), runs.row("b", "a")], images=3)
    page = Page(render(summarise(results, Distinct.EXACT)))
    assert "2 rows for 3 images: not finished" in page.text
    assert "files with the same bytes once: 1 image" in page.text


def test_long_tables_say_how_many_are_left_out(tmp_path: Path) -> None:
    rows = [runs.traced(f"{i:03}") for i in range(45)]
    page = Page(render(summarise(runs.make(tmp_path / "run", rows, per_part=20))))
    assert "and 25 more" in page.text
