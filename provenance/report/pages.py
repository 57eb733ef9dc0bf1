"""What both kinds of pages, HTML and PDF, have in common: verdicts as seen, and safe text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from provenance.model.verdict import Verdict
from provenance.printable import shown

#: Characters that are laid out of a value, of running text or a cell, and of what says which
#: file this is: the first page stays one page. The saved report holds it all.
LIMIT: Final = 3000
SENTENCES: Final = 800
IDENTITY: Final = 300
#: Combining marks on one letter: more would cover other lines of a page.
_MAX_MARKS: Final = 2
_DIGEST: Final = re.compile(r"[0-9a-f]{12,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a verdict is seen: never by colour alone, always with its shape and its words.

    `ink` is read on `paper` and on white, `paper` is its tint; both "#rrggbb".
    """

    shape: str
    ink: str
    paper: str


#: No verdict is green: none of them says that a picture is genuine.
LOOKS: Final[dict[Verdict | None, Look]] = {
    Verdict.TRACED: Look(shape="●", ink="#17457a", paper="#eaf1f9"),
    Verdict.NOT_FOUND: Look(shape="○", ink="#43474d", paper="#f1f2f3"),
    Verdict.CONFLICT: Look(shape="≠", ink="#96161b", paper="#fbeceb"),
    Verdict.OTHER_SYSTEM: Look(shape="◇", ink="#6d4300", paper="#fbf3e4"),
    Verdict.INDETERMINATE: Look(shape="?", ink="#58348a", paper="#f3eef9"),
    None: Look(shape="!", ink="#2b2b2b", paper="#ececec"),
}


def legible(text: str, left_out: str, limit: int = LIMIT) -> str:
    """One line that steers nothing, cut where it is too long, with how much was left out.

    Args:
        text: from anywhere, a hostile file included.
        left_out: the words for "characters left out".
        limit: of characters.
    """
    line = shown(text[:limit], limit, _MAX_MARKS)
    more = len(text) - limit
    return f"{line}… [{more} {left_out}]" if more > 0 else line


def is_digest(text: str) -> bool:
    """True for a hexadecimal value, which belongs into a face of fixed width."""
    return _DIGEST.fullmatch(text) is not None
