"""A report for a terminal or a plain text file.

Text may come from a hostile file: `shown` spells out whatever could steer a terminal.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from provenance.printable import shown
from provenance.report.blocks import Block, Bullets, Facts, Lines, Paragraph, Section, Table
from provenance.report.view import FileView, View

WIDTH: Final = 100


def render_text(view: View) -> str:
    """The whole report as plain text, lines of at most `WIDTH` characters where they wrap."""
    return "\n".join(_document(view)) + "\n"


def _document(view: View) -> Iterator[str]:
    yield view.title
    yield "=" * len(view.title)
    yield from _facts(view.identity)
    for section in view.overview:
        yield from _section(section)
    for file in view.files:
        yield from _file(file)
    for section in view.appendix:
        yield from _section(section)
    yield ""
    for remark in view.remarks:
        yield from textwrap.wrap(remark, WIDTH)


def _file(file: FileView) -> Iterator[str]:
    yield ""
    title = f"{shown(file.name)}: {file.headline}"
    yield title
    yield "=" * min(len(title), WIDTH)
    for section in (*file.summary, *file.details):
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    yield ""
    yield section.title
    yield "-" * len(section.title)
    for block in section.blocks:
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield from textwrap.wrap(shown(block.text), WIDTH)
        case Bullets():
            for item in block.items:
                yield from textwrap.wrap(
                    shown(item), WIDTH, initial_indent="- ", subsequent_indent="  "
                )
        case Facts():
            yield from _facts(block)
        case Table():
            yield from _table(block)
        case Lines():
            yield from (f"  {shown(line)}" for line in block.lines)
            yield from textwrap.wrap(block.caption, WIDTH)


def _facts(facts: Facts) -> Iterator[str]:
    width = max((len(label) for label, _ in facts.rows), default=0)
    for label, value in facts.rows:
        indent = " " * (width + 4)
        first = f"  {label:<{width}}  "
        lines = textwrap.wrap(shown(value), WIDTH, initial_indent=first, subsequent_indent=indent)
        yield from lines or [first.rstrip()]


def _table(table: Table) -> Iterator[str]:
    """Each row as a few labelled lines: long cells do not fit into columns."""
    for row in table.rows:
        first, *rest = zip(table.header, row, strict=True)
        yield f"  * {shown(first[1])}"
        for label, value in rest:
            if value:
                yield from textwrap.wrap(
                    f"{label}: {shown(value)}",
                    WIDTH,
                    initial_indent="    ",
                    subsequent_indent="      ",
                )
