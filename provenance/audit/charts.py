"""Tables with bars, and plots over time, as HTML and inline SVG.

Every number is text as well: the drawings are hidden from screen readers. They stretch to the
width there is, so all lettering stands outside of them.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from provenance.audit.elements import element, number, text, value
from provenance.audit.tally import Counted

_MOST: Final = 15  # values that get a bar
_LEAST: Final = 0.4  # percent of the width: what is not nothing is seen


def bars(title: str, counted: Counted, of: int, colours: Container[str] = ()) -> Iterator[str]:
    """The most frequent values with their share of `of` rows; nothing where there is none.

    Those in `colours` have a colour of their own, in the class of the style sheet of that name.
    """
    if not counted.total:
        return
    yield element("h3", title)
    yield '<table class="bars"><tbody>'
    for name, count in list(counted.kinds.items())[:_MOST]:
        yield from _bar(name, count, of, _class(name) if name in colours else "")
    left = max(0, len(counted.kinds) - _MOST) + counted.more
    rest = sum(list(counted.kinds.values())[_MOST:]) + counted.elsewhere
    yield "</tbody></table>"
    if rest:
        yield element("p", f"and {number(left)} more, {number(rest)} times", "more")


def _bar(name: str, count: int, of: int, look: str) -> Iterator[str]:
    share = 100 * count / of if of else 0.0
    width = min(100.0, max(_LEAST, share))
    kind = f' class="{look}"' if look else ""
    yield f'<tr{kind}><th scope="row">{value(name or "(empty)")}</th>'
    yield f'<td class="number">{number(count)}</td>'
    yield f'<td class="number share">{percent(share)}</td><td class="bar">'
    yield '<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
    yield f'<rect width="{width:.2f}" height="10"/></svg></td></tr>'


def _class(name: str) -> str:
    return name.lower().replace("_", "-")


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
    yield f'<div class="axis"><span>at most {number(highest)} {text(unit)}</span></div>'
    yield '<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">'
    for place, column in enumerate(columns):
        for length, kind in ((column.value, ""), (column.red, ' class="error"')):
            height = 100 * length / highest if highest else 0.0
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
