"""What a bad input is: a number, a name and the function that makes its bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Input:
    """One bad input.

    `number` is its row in the table of bad inputs, with a letter where a row has several.
    `make` gives the bytes; where `needs_lab` it takes a `lab.Lab`, which has the keys.
    """

    number: str
    name: str
    what: str
    make: Callable[..., bytes]
    needs_lab: bool

    @property
    def row(self) -> int:
        """Number of the row without the letter."""
        return int(self.number[:2])

    @property
    def filename(self) -> str:
        """A name for the file, in the order of the table."""
        return f"{self.number}_{self.name}"


def bad(number: str, extension: str, *, needs_lab: bool = False) -> Callable[..., Input]:
    """Turn a function into an `Input`; the first line of its docstring says what is wrong."""

    def wrap(make: Callable[..., bytes]) -> Input:
        what = (make.__doc__ or "").strip().partition("\n")[0]
        return Input(number, f"{make.__name__}.{extension}", what, make, needs_lab)

    return wrap
