"""A report as one HTML page: no script, no picture, nothing from elsewhere.

Text may come from a hostile file. It is escaped, its control and direction characters are
spelled out, and the content security policy allows nothing but the one style sheet that is in
the page, by its hash (CSP Level 3, https://www.w3.org/TR/CSP3/). Meant to meet WCAG 2.1 AA
(https://www.w3.org/TR/WCAG21/): headings in order, header cells with their scope, contrast,
320 CSS pixels without sideways scrolling.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Final

from provenance.report.blocks import Block, Bullets, Facts, Lines, Paragraph, Section, Table
from provenance.report.pages import IDENTITY, LIMIT, LOOKS, SENTENCES, is_digest, legible
from provenance.report.view import FileView, View

_STYLE: Final = Path(__file__).parent / "templates" / "report.css"


def render_html(view: View) -> str:
    """The whole report as an HTML document that needs nothing else."""
    return "\n".join(_Page(view.left_out).document(view)) + "\n"


@cache
def style() -> str:
    """The style sheet, with a class for the look of each verdict."""
    looks = (
        f".{_class(verdict)} {{ --ink: {look.ink}; --paper: {look.paper}; }}"
        for verdict, look in LOOKS.items()
    )
    return "\n".join((_STYLE.read_text(encoding="utf-8"), *looks, ""))


def content_security_policy() -> str:
    """What a browser may load for this page: its own style sheet, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _class(verdict: str | None) -> str:
    return (verdict or "problem").lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class _Page:
    """Writes elements; `left_out` stands where a text was cut."""

    left_out: str

    def text(self, text: str, limit: int = SENTENCES) -> str:
        """Text as it may stand in an element or an attribute."""
        return escape(legible(text, self.left_out, limit))

    def value(self, text: str, limit: int) -> str:
        """A value of the file, apart from the direction of what surrounds it."""
        element = "code" if is_digest(text) else "bdi"
        return f"<{element}>{self.text(text, limit)}</{element}>" if text else ""

    def document(self, view: View) -> Iterator[str]:
        name = f"{view.title}: {view.files[0].name}" if len(view.files) == 1 else view.title
        yield "<!DOCTYPE html>"
        yield f'<html lang="{view.language.value}">'
        yield "<head>"
        yield '<meta charset="utf-8">'
        policy = escape(content_security_policy(), quote=False)
        yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
        yield '<meta name="referrer" content="no-referrer">'
        yield f"<title>{escape(legible(name, self.left_out, 200))}</title>"
        yield f"<style>{style()}</style>"
        yield "</head>"
        yield "<body>"
        yield f'<header class="report"><h1>{self.text(view.title)}</h1>'
        yield from self.facts(view.identity, IDENTITY)
        yield "</header>"
        yield "<main>"
        for section in view.overview:
            yield from self.section(section, 2)
        for number, file in enumerate(view.files, 1):
            yield from self.file(file, number)
        if view.appendix:
            yield '<div class="part">'
            for section in view.appendix:
                yield from self.section(section, 2)
            yield "</div>"
        yield "</main>"
        yield '<footer class="report">'
        for remark in view.remarks:
            yield f"<p>{self.text(remark)}</p>"
        yield "</footer>"
        yield "</body>"
        yield "</html>"

    def file(self, file: FileView, number: int) -> Iterator[str]:
        look = LOOKS[file.verdict]
        yield f'<article class="file {_class(file.verdict)}" aria-labelledby="file-{number}">'
        yield '<div class="verdict">'
        yield f'<p class="shape" aria-hidden="true">{look.shape}</p>'
        yield f'<h2 id="file-{number}">{self.text(file.headline)}</h2>'
        yield from self.facts(file.identity, IDENTITY)
        yield "</div>"
        for section in file.summary:
            yield from self.section(section, 3)
        yield '<div class="part">'
        for section in file.details:
            yield from self.section(section, 3)
        yield "</div>"
        yield "</article>"

    def section(self, section: Section, level: int) -> Iterator[str]:
        yield "<section>"
        yield f"<h{level}>{self.text(section.title)}</h{level}>"
        for block in section.blocks:
            yield from self.block(block)
        yield "</section>"

    def block(self, block: Block) -> Iterable[str]:
        match block:
            case Paragraph():
                return (f"<p>{self.text(block.text)}</p>",)
            case Bullets():
                items = (f"<li>{self.text(item)}</li>" for item in block.items)
                return ("<ul>", *items, "</ul>") if block.items else ()
            case Facts():
                return self.facts(block)
            case Table():
                return self.table(block)
            case Lines():
                return self.lines(block)

    def facts(self, facts: Facts, limit: int = LIMIT) -> Iterator[str]:
        if not facts.rows:
            return
        yield "<dl>"
        for label, value in facts.rows:
            yield f"<div><dt>{self.text(label)}</dt><dd>{self.value(value, limit)}</dd></div>"
        yield "</dl>"

    def table(self, table: Table) -> Iterator[str]:
        """With its roles spelled out: on narrow screens the cells are stacked, with labels."""
        heads = "".join(
            f'<th scope="col" role="columnheader">{self.text(head)}</th>' for head in table.header
        )
        yield '<table role="table">'
        yield f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>'
        yield '<tbody role="rowgroup">'
        for row in table.rows:
            cells = "".join(
                f'<td role="cell" data-label="{self.text(head)}">{self.value(cell, SENTENCES)}</td>'
                for head, cell in zip(table.header, row, strict=True)
            )
            yield f'<tr role="row">{cells}</tr>'
        yield "</tbody></table>"

    def lines(self, lines: Lines) -> Iterator[str]:
        caption = self.text(lines.caption)
        text = "\n".join(self.text(line) for line in lines.lines)
        yield f'<figure><pre tabindex="0" role="region" aria-label="{caption}">'
        yield f"{text}</pre><figcaption>{caption}</figcaption></figure>"
