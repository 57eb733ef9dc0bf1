"""Tables with bars, and plots over time, as HTML and inline SVG.

Every number is text as well: the drawings are hidden from screen readers. They stretch to the
width there is, so all lettering stands outside of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from provenance.audit.elements import element, number, text
from provenance.audit.tally import Counted

_LEAST: Final = 0.4  # percent of the width: what is not nothing is seen


def bars(title: str, counted: Counted, of: int, *, most: int = 15, level: int = 3) -> Iterator[str]:
    """The most frequent values with their share of `of` rows; nothing where there is none."""
    if not counted.total:
        return
    yield element(f"h{level}", title)
    yield '<table class="bars"><tbody>'
    for name, count in list(counted.kinds.items())[:most]:
        yield from _bar(name, count, of)
    left = max(0, len(counted.kinds) - most) + counted.more
    rest = sum(list(counted.kinds.values())[most:]) + counted.elsewhere
    yield "</tbody></table>"
    if rest:
        yield element("p", f"and {number(left)} more or others, {number(rest)} times", "more")


def _bar(name: str, count: int, of: int) -> Iterator[str]:
    share = 100 * count / of if of else 0.0
    width = min(100.0, max(_LEAST, share))
    look = f' class="{_class(name)}"' if name.replace("_", "").isalpha() else ""
    yield f'<tr{look}><th scope="row">{text(name or "(empty)")}</th>'
    yield f'<td class="number">{number(count)}</td>'
    yield f'<td class="number share">{percent(share)}</td><td class="bar">'
    yield '<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
    yield f'<rect width="{width:.2f}" height="10"/></svg></td></tr>'


def _class(name: str) -> str:
    return text(name.lower().replace("_", "-"), 40)


def percent(share: float) -> str:
    """A share in percent, never 0 where there is something, nor 100 where something is left."""
    if 0 < share < 0.1:
        return "< 0.1 %"
    return "> 99.9 %" if 99.9 < share < 100 else f"{share:.1f} %"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a plot: what it is called, how high it is, and how much of that is red."""

    label: str
    value: float
    red: float = 0.0


def plot(caption: str, columns: Sequence[Column], unit: str) -> Iterator[str]:
    """Columns beside one another, with the highest value and the first and last label."""
    if not columns:
        return
    highest = max(column.value for column in columns)
    width = 100 / len(columns)
    yield '<figure class="plot">'
    yield f'<div class="axis"><span>{number(highest)} {text(unit)}</span></div>'
    yield '<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">'
    for place, column in enumerate(columns):
        for value, kind in ((column.value, ""), (column.red, ' class="error"')):
            height = 100 * value / highest if highest else 0.0
            if height:
                yield (
                    f'<rect{kind} x="{(place + 0.06) * width:.3f}" y="{100 - height:.2f}" '
                    f'width="{0.88 * width:.3f}" height="{height:.2f}"/>'
                )
    yield "</svg>"
    labels = [columns[0].label, columns[len(columns) // 2].label, columns[-1].label]
    shown = labels[: min(3, len(columns))] if len(columns) != 2 else [labels[0], labels[2]]
    yield '<div class="axis">' + "".join(f"<span>{text(x)}</span>" for x in shown) + "</div>"
    yield f"{element('figcaption', caption)}</figure>"
