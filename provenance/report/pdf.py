"""A report as PDF/A-1a (ISO 19005-1), typeset by typst.

The template gets every text as data; nothing that a file says is ever read as markup. Only the
fonts inside the typst wheel are used, no package is fetched, and the time is that of the run:
the same document gives the same bytes.

PDF/A-1a is tagged and readable everywhere, and it is the part of PDF/A for which a free
validator can be had with a package manager; see `docs/reports.md`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import typst

from provenance.errors import ErrorCode, InputError, ProvenanceError
from provenance.report.blocks import Block, Bullets, Facts, Lines, Paragraph, Section, Table
from provenance.report.pages import IDENTITY, LIMIT, LOOKS, SENTENCES, is_digest, legible
from provenance.report.view import FileView, View

STANDARD: Final = "a-1a"
_TEMPLATE: Final = Path(__file__).parent / "templates" / "report.typ"
#: What both fonts hold: Latin with its extensions, Greek, Cyrillic, punctuation, a few signs.
#: PDF/A forbids missing glyphs; whatever is not here is spelled out.
COVERED: Final = (
    *((0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x1C3), (0x1CD, 0x1E3), (0x218, 0x21B)),
    *((0x384, 0x38A), (0x38C, 0x38C), (0x38E, 0x3A1), (0x3A3, 0x3CE), (0x400, 0x45F)),
    *((0x490, 0x49B), (0x4AA, 0x4B3), (0x1E00, 0x1E99), (0x1EA0, 0x1EF9)),
    *((0x2010, 0x2022), (0x2026, 0x2026), (0x202F, 0x202F), (0x2030, 0x2037), (0x2039, 0x203A)),
    *((0x20AC, 0x20AC), (0x2116, 0x2116), (0x2122, 0x2122), (0x2190, 0x2195)),
    *((0x2212, 0x2212), (0x2248, 0x2248), (0x2260, 0x2260), (0x2264, 0x2265)),
)
#: Words of more characters may be broken, after every few of them.
_LONG: Final = re.compile(r"(\S{19,})")
_BREAK_AFTER: Final = 6


def render_pdf(view: View) -> bytes:
    """The whole report as PDF/A-1a.

    Raises:
        InputError: the time of the run is no time.
        ProvenanceError: `E_INTERNAL`, it cannot be typeset.
    """
    data = json.dumps(_view(view))
    try:
        return typst.compile(
            _TEMPLATE.read_bytes(),
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"view": data},
            pdf_standards=STANDARD,
            timestamp=_seconds(view.finished_at),
        )
    except typst.TypstError as error:
        raise ProvenanceError(
            "the report cannot be typeset as PDF", code=ErrorCode.INTERNAL
        ) from error


def _seconds(moment: str) -> int:
    try:
        return int(datetime.fromisoformat(moment).timestamp())
    except (ValueError, OverflowError) as error:
        raise InputError("the report does not say when its run finished") from error


# --- the outline as data for the template ------------------------------------------------


def _view(view: View) -> dict[str, Any]:
    write = _Writer(view.left_out)
    return {
        "language": view.language.value,
        "title": write.plain(view.title),
        "page": write.plain(view.page),
        "looks": {_key(verdict): asdict(look) for verdict, look in LOOKS.items()},
        "identity": write.facts(view.identity, IDENTITY),
        "overview": [write.section(section) for section in view.overview],
        "files": [write.file(file) for file in view.files],
        "appendix": [write.section(section) for section in view.appendix],
        "remarks": [write.pieces(remark) for remark in view.remarks],
    }


def _key(verdict: str | None) -> str:
    return verdict or "problem"


class _Writer:
    """Texts as lists of pieces between which a line may end."""

    def __init__(self, left_out: str) -> None:
        self.left_out = left_out

    def plain(self, text: str, limit: int = LIMIT) -> str:
        """Text that the fonts can show; they have letters with accents, no loose accents."""
        composed = unicodedata.normalize("NFC", text)
        return "".join(map(_covered, legible(composed, self.left_out, limit)))

    def pieces(self, text: str, limit: int = LIMIT) -> list[str | list[str]]:
        """Text as strings, and long words as lists of parts between which a line may end."""
        parts = _LONG.split(self.plain(text, limit))
        return [_parts(part) if number % 2 else part for number, part in enumerate(parts) if part]

    def value(self, text: str, limit: int = LIMIT) -> dict[str, Any]:
        return {"text": self.pieces(text, limit), "digest": is_digest(text)}

    def file(self, file: FileView) -> dict[str, Any]:
        return {
            "verdict": _key(file.verdict),
            "headline": self.plain(file.headline),
            "sha256": self.plain(file.sha256),
            "identity": self.facts(file.identity, IDENTITY),
            "summary": [self.section(section) for section in file.summary],
            "details": [self.section(section) for section in file.details],
        }

    def section(self, section: Section) -> dict[str, Any]:
        blocks = [self.block(block) for block in section.blocks]
        return {"title": self.plain(section.title), "blocks": blocks}

    def facts(self, facts: Facts, limit: int = LIMIT) -> dict[str, Any]:
        rows = [[self.pieces(label), self.value(value, limit)] for label, value in facts.rows]
        return {"kind": "facts", "rows": rows}

    def block(self, block: Block) -> dict[str, Any]:
        match block:
            case Paragraph():
                return {"kind": "paragraph", "text": self.pieces(block.text, SENTENCES)}
            case Bullets():
                items = [self.pieces(item, SENTENCES) for item in block.items]
                return {"kind": "bullets", "items": items}
            case Facts():
                return self.facts(block)
            case Table():
                return {
                    "kind": "table",
                    "header": [self.plain(head) for head in block.header],
                    "widths": _widths(block),
                    "rows": [[self.value(cell, SENTENCES) for cell in row] for row in block.rows],
                }
            case Lines():
                return {
                    "kind": "lines",
                    "lines": [self.plain(line) for line in block.lines],
                    "caption": self.pieces(block.caption),
                }


def _widths(table: Table) -> list[int]:
    """Shares of the line for each column: more for more text, but none is starved."""
    columns = zip(table.header, *table.rows, strict=True)
    longest = [max(map(len, column)) for column in columns]
    return [min(max(length, 12), 42) for length in longest]


def _covered(character: str) -> str:
    code = ord(character)
    if any(first <= code <= last for first, last in COVERED):
        return character
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _parts(word: str) -> list[str]:
    return [word[i : i + _BREAK_AFTER] for i in range(0, len(word), _BREAK_AFTER)]
