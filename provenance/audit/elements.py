"""Elements of a page. All text is an attacker's until it went through `text`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

from provenance.report.pages import legible

_DIGEST: Final = re.compile(r"[0-9a-f]{12,}", re.ASCII)
_LETTERS: Final = 300


def text(value: object, limit: int = _LETTERS) -> str:
    """As it may stand in an element or an attribute: escaped, steering nothing, cut."""
    return escape(legible(str(value), "characters left out", limit), quote=True)


def value(value: object, limit: int = _LETTERS) -> str:
    """A value from a row, apart from the direction of what surrounds it."""
    if value is None or value == "":
        return ""
    if isinstance(value, int | float):
        return number(value)
    name = "code" if _DIGEST.fullmatch(str(value)) else "bdi"
    return f"<{name}>{text(value, limit)}</{name}>"


def number(value: float) -> str:
    """With thousands apart; what is no whole number with three digits that count."""
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.3g}"


def many(count: int, thing: str) -> str:
    """A number of things in words."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def few(value: float) -> str:
    """A number of things that may be far less than one."""
    if value == 0 or value >= 0.001:
        return f"{value:.3g}"
    exponent = math.floor(math.log10(value))
    return f"{value / 10**exponent:.1f} x 10^{exponent}"


def element(name: str, inner: str, kind: str = "") -> str:
    """An element with text in it."""
    attribute = f' class="{kind}"' if kind else ""
    return f"<{name}{attribute}>{text(inner, 2000)}</{name}>"


def facts(rows: Iterable[tuple[str, object]]) -> Iterator[str]:
    """Labels and values; those that are empty are left out."""
    yield "<dl>"
    for label, item in rows:
        if (inner := value(item, 1000)) != "":
            yield f"<div><dt>{text(label)}</dt><dd>{inner}</dd></div>"
    yield "</dl>"


def table(header: Sequence[str], rows: Sequence[Sequence[object]], more: int = 0) -> Iterator[str]:
    """Rows with a label in each cell, so that they can be stacked; and how many are left out."""
    first = rows[0] if rows else ("",) * len(header)
    heads = "".join(
        f'<th scope="col"{_kind(item)}>{text(head)}</th>'
        for head, item in zip(header, first, strict=True)
    )
    yield f'<table class="rows"><thead><tr>{heads}</tr></thead><tbody>'
    for row in rows:
        yield "<tr>" + "".join(map(_cell, header, row)) + "</tr>"
    yield "</tbody></table>"
    if more > 0:
        yield element("p", f"and {number(more)} more", "more")


def _cell(head: str, item: object) -> str:
    return f'<td{_kind(item)} data-label="{text(head)}">{value(item, 160)}</td>'


def _kind(item: object) -> str:
    return ' class="number"' if isinstance(item, int | float) else ""
