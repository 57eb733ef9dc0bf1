"""Chunks: what is done, kept and repeated as one; and the items in them."""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, Final, Self

from provenance.errors import ErrorCode, InputError

#: The end of a file name that could be taken for the key of a member.
_LIKE_A_MEMBER: Final = re.compile(r"![0-9]+!*\Z")


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
        code: what kind of problem it is, a value of `ErrorCode`.
        offset: the byte of the archive at which its reader may begin.
        size: bytes of the archive when it was listed; with another size it is another one.
        aside: members that are no images and get no row, for the count.
        picks: which images counted from `first` these are, where they are not `count` in a row.
    """

    kind: str
    address: str
    first: int = 0
    count: int = 1
    names: tuple[str, ...] = ()
    problem: str = ""
    code: str = ErrorCode.IO.value
    offset: int = 0
    size: int = 0
    aside: int = 0
    picks: tuple[int, ...] = ()

    def key(self, index: int) -> str:
        """What the image with this index in the chunk is called in the result.

        Unique in a run in which no place was named twice. Members of archives are numbered:
        their names are an attacker's and need not be unique. A file whose name ends like such
        a key (`a.zip!3`) gets one more `!`.
        """
        if self.names:
            name = self.names[index]
            return f"{name}!" if _LIKE_A_MEMBER.search(name) else name
        return f"{self.address}!{self.first + (self.picks[index] if self.picks else index)}"

    def dump(self) -> str:
        """One line of JSON in ASCII; names that are not UTF-8 survive it."""
        found = {name: value for name, value in asdict(self).items() if value != _DEFAULTS[name]}
        return json.dumps(found, separators=(",", ":"))

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read what `dump` writes."""
        found: dict[str, Any] = json.loads(line)
        for name in ("names", "picks"):
            found[name] = tuple(found.get(name, ()))
        return cls(**found)

    @classmethod
    def refused(cls, kind: str, address: str, error: InputError) -> Self:
        """One row that says why a place, or the rest of it, is not looked at."""
        return cls(
            kind=kind,
            address=address,
            names=(address,),
            problem=error.message,
            code=error.code.value,
        )


_DEFAULTS: dict[str, Any] = {
    f.name: None if f.default is MISSING else f.default for f in fields(Chunk)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One image: its bytes, or why there are none. `name` opens nothing; it is shown."""

    name: str
    data: bytes = field(repr=False, default=b"")
    problem: InputError | None = None
