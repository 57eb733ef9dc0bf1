"""How a stamper gets into another process: by where it came from, never by what it holds.

It holds keys, a signer and an open registry, and none of them may travel. What made it is
asked to make it again over there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from provenance.errors import ArgumentError

if TYPE_CHECKING:
    from provenance.stamp.stamper import Stamper

#: Fields that may be changed and still travel: they hold neither secrets nor resources.
_PLAIN: Final = frozenset(
    {
        "formats",
        "label",
        "limits",
        "observer",
        "requests",
        "scheme",
        "software_version",
        "time_stamping",
    }
)


class Source(Protocol):
    """Makes stampers, and can be pickled without a secret; a `Workspace` does."""

    def stamper(self) -> Stamper:
        """A stamper; the same one in every process."""
        ...


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a stamper came from, and with which fields."""

    source: Source
    built: Mapping[str, object]

    @classmethod
    def of(cls, source: Source, stamper: Stamper) -> Origin:
        """What this source just made."""
        return cls(source, _fields(stamper))

    def changed(self, stamper: Stamper) -> dict[str, Any]:
        """The fields that were replaced since.

        Raises:
            ArgumentError: one of them cannot travel.
        """
        changed = {
            name: value for name, value in _fields(stamper).items() if value is not self.built[name]
        }
        if unable := sorted(changed.keys() - _PLAIN):
            raise ArgumentError(
                f"a stamper whose {' and '.join(unable)} was replaced cannot be pickled",
                hint="build it in the process that uses it",
            )
        return changed


def travelling(stamper: Stamper) -> tuple[Any, ...]:
    """What pickle needs to make this stamper again.

    Raises:
        ArgumentError: it did not come from a workspace, or cannot be made again from it.
    """
    origin = stamper.origin
    if origin is None:
        raise ArgumentError(
            "a stamper that was put together by hand cannot be pickled: it holds keys",
            hint="take it from Workspace.stamper(), or build it in the process that uses it",
        )
    return _made_again, (origin.source, origin.changed(stamper))


def _made_again(source: Source, changed: dict[str, Any]) -> Stamper:
    return replace(source.stamper(), **changed)


def _fields(stamper: Stamper) -> dict[str, object]:
    return {
        item.name: getattr(stamper, item.name) for item in fields(stamper) if item.name != "origin"
    }
