"""Counting what an attacker may choose: bounded, whatever comes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from provenance.printable import shown

MOST_KINDS: Final = 10_000  # kept while counting
LISTED: Final = 100  # named in a summary
_LETTERS: Final = 200  # of a value that is named


@dataclass(slots=True)
class Tally:
    """How often each value occurs. Beyond `MOST_KINDS` values, new ones are counted together."""

    kinds: dict[str, int] = field(default_factory=dict)
    beyond: int = 0

    def add(self, value: str, number: int = 1) -> None:
        """Count a value, cut to what is legible."""
        name = shown(value, _LETTERS)
        if name in self.kinds or len(self.kinds) < MOST_KINDS:
            self.kinds[name] = self.kinds.get(name, 0) + number
        else:
            self.beyond += number

    def add_column(self, column: pa.Array) -> None:
        """Count the values of a column of texts, or of lists of them; nulls are left out."""
        if pa.types.is_list(column.type):
            column = column.flatten()
        for pair in pc.value_counts(column.drop_null()).to_pylist():
            self.add(pair["values"], pair["counts"])

    @property
    def counted(self) -> Counted:
        """The most frequent values; equally frequent ones by name."""
        ranked = sorted(self.kinds.items(), key=lambda item: (-item[1], item[0]))
        rest = ranked[LISTED:]
        return Counted(
            kinds=dict(ranked[:LISTED]),
            more=len(rest),
            elsewhere=sum(number for _, number in rest) + self.beyond,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The most frequent values. `more` values are not named; they and those that were not told
    apart any more occurred `elsewhere` times.
    """

    kinds: dict[str, int]
    more: int = 0
    elsewhere: int = 0

    @property
    def total(self) -> int:
        """How often any value occurred."""
        return sum(self.kinds.values()) + self.elsewhere

    def of(self, kind: str) -> int:
        """How often one value occurred; 0 where it is not named."""
        return self.kinds.get(kind, 0)

    @property
    def fields(self) -> dict[str, Any]:
        """As JSON types."""
        return {"kinds": self.kinds, "more_kinds": self.more, "rows_elsewhere": self.elsewhere}
