"""Chunks: what is done, kept and repeated as one; and the items in them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from provenance.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some images of one place, by number.

    Attributes:
        kind: which reader opens it; see `provenance.audit.sources`.
        address: the directory, archive or table, as it was named.
        first: number of its first image there.
        count: how many images it holds. As many rows come out, whatever happens.
        names: of the images, where the place does not number them itself.
        problem: what cannot be looked at and why: one row that says so.
        picks: which images counted from `first` these are, where they are not `count` in a row.
    """

    kind: str
    address: str
    first: int = 0
    count: int = 1
    names: tuple[str, ...] = ()
    problem: str = ""
    picks: tuple[int, ...] = ()

    def key(self, index: int) -> str:
        """What the image with this index in the chunk is called in the result; unique in a run.

        Members of archives are numbered. Their names are an attacker's and need not be unique.
        """
        if self.names:
            return self.names[index]
        offset = self.picks[index] if self.picks else index
        return f"{self.address}!{self.first + offset}"

    def dump(self) -> str:
        """One line of JSON in ASCII; names that are not UTF-8 survive it."""
        fields = {name: value for name, value in asdict(self).items() if value != _DEFAULTS[name]}
        return json.dumps(fields, separators=(",", ":"))

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read what `dump` writes."""
        fields: dict[str, Any] = json.loads(line)
        for name in ("names", "picks"):
            fields[name] = tuple(fields.get(name, ()))
        return cls(**fields)


_DEFAULTS: dict[str, Any] = {
    "kind": None, "address": None, "first": 0, "count": 1, "names": (), "problem": "",
    "picks": (),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One image: its bytes, or why there are none. `name` is for its extension alone."""

    name: str
    data: bytes = field(repr=False, default=b"")
    problem: InputError | None = None
