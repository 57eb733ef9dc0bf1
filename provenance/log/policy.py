"""Whose cosignatures a checkpoint needs.

required = 2
witnesses = ["witness.example/a+1d3c...", "witness.example/b+...", "witness.example/c+..."]
former = ["witness.example/z+..."]   # their signatures are checked, and not counted
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provenance.errors import LogError
from provenance.log.note import Verified
from provenance.log.note_keys import SignatureType, VerifierKey

_MAX_BYTES: Final = 65_536
_MAX_WITNESSES: Final = 32
_NAMES: Final = ("required", "witnesses", "former")


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessPolicy:
    """At least `required` of the witnesses must have cosigned.

    `former` are witnesses that are no longer asked: their old signatures are known, and count for
    nothing.
    """

    required: int = 0
    witnesses: tuple[VerifierKey, ...] = ()
    former: tuple[VerifierKey, ...] = ()

    def __post_init__(self) -> None:
        if len(self.known) > _MAX_WITNESSES:
            raise LogError(f"a witness policy has at most {_MAX_WITNESSES} witnesses")
        if not 0 <= self.required <= len(self.witnesses):
            raise LogError(
                f"a witness policy requires {self.required} of {len(self.witnesses)} witnesses"
            )
        if any(key.kind is not SignatureType.COSIGNATURE_V1 for key in self.known):
            raise LogError(
                "the key of a witness has the type of cosignatures (0x04)",
                hint="is it the key of a log?",
            )
        # One key under two names would be counted twice.
        for values in ({key.public for key in self.known}, {key.name for key in self.known}):
            if len(values) != len(self.known):
                raise LogError("a witness policy names a witness twice")

    @property
    def known(self) -> tuple[VerifierKey, ...]:
        """Every key whose signatures are checked."""
        return (*self.witnesses, *self.former)

    def met(self, verified: Iterable[Verified]) -> bool:
        """True if enough of the witnesses are among these signatures."""
        return len({item.key for item in verified} & set(self.witnesses)) >= self.required

    def check(self, verified: Iterable[Verified]) -> None:
        """Refuse too few.

        Raises:
            LogError: fewer witnesses cosigned than are required.
        """
        found = list(verified)
        if not self.met(found):
            count = len({item.key for item in found} & set(self.witnesses))
            raise LogError(
                f"{count} of the witnesses cosigned the checkpoint, and {self.required} must",
                hint="without them nobody else vouches that the log shows everybody the same",
            )


NO_WITNESSES: Final = WitnessPolicy()


def load_witness_policy(path: Path) -> WitnessPolicy:
    """Read a policy file.

    Raises:
        LogError: unreadable, too large, not TOML, an unknown name or a value of the wrong kind.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise LogError(f"cannot read {path}: {error.strerror}") from error
    if len(data) > _MAX_BYTES:
        raise LogError(f"witness policy {path} has more than {_MAX_BYTES:,} bytes")
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise LogError(f"witness policy {path} is not valid TOML: {reason}") from error
    try:
        return _parse(table)
    except LogError as error:
        raise LogError(f"witness policy {path}: {error.message}", hint=error.hint) from error


def _parse(table: dict[str, object]) -> WitnessPolicy:
    unknown = sorted(set(table) - set(_NAMES))
    if unknown:
        raise LogError(f"unknown name {unknown[0][:60]!r}", hint=f"one of: {', '.join(_NAMES)}")
    required = table.get("required")
    if type(required) is not int:  # a truth value is an int too
        raise LogError("required takes the number of witnesses that must have cosigned")
    return WitnessPolicy(
        required=required,
        witnesses=_keys("witnesses", table.get("witnesses", [])),
        former=_keys("former", table.get("former", [])),
    )


def _keys(name: str, value: object) -> tuple[VerifierKey, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise LogError(f"{name} takes a list of verifier keys, each in quotes")
    if len(value) > _MAX_WITNESSES:
        raise LogError(f"a witness policy has at most {_MAX_WITNESSES} witnesses")
    return tuple(VerifierKey.parse(text) for text in value)
