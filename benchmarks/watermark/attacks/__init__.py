"""The attacks: as data in `table`, as small functions in the other modules."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.watermark.attacks.model import Attack, AttackSkippedError, Family
from benchmarks.watermark.attacks.table import ATTACKS, QUICK
from provenance.errors import ArgumentError

__all__ = ["ATTACKS", "QUICK", "Attack", "AttackSkippedError", "Family", "by_name", "select"]

_BY_NAME = {attack.name: attack for attack in ATTACKS}


def by_name(name: str) -> Attack:
    """The attack of that name.

    Raises:
        KeyError: there is none.
    """
    return _BY_NAME[name]


def select(words: Iterable[str]) -> tuple[Attack, ...]:
    """The attacks that are meant by names, names of families, "all" or "quick".

    Raises:
        ArgumentError: a word means nothing.
    """
    wanted: set[str] = set()
    for word in words:
        names = _meant_by(word)
        if not names:
            families = ", ".join(family.value for family in Family)
            raise ArgumentError(
                f"unknown attack {word!r}", hint=f"all, quick, a name, or a family: {families}"
            )
        wanted |= names
    return tuple(attack for attack in ATTACKS if attack.name in wanted)


def _meant_by(word: str) -> set[str]:
    if word == "all":
        return set(_BY_NAME)
    if word == "quick":
        return set(QUICK)
    return {attack.name for attack in ATTACKS if word in (attack.name, attack.family)}
