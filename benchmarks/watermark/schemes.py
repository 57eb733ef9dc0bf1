"""The schemes as the benchmark uses them: keys, payloads, and what only some of them offer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.watermark import lattice
from benchmarks.watermark.scene import Lines, Pixels
from benchmarks.watermark.seeds import digest
from provenance.errors import SchemeError
from provenance.model.ids import MARK_ID_BITS, SYSTEM_ID_BITS, MarkId, SystemRef
from provenance.watermark import (
    Depth,
    Detection,
    DetectionKey,
    Keyring,
    Layout,
    Payload,
    Scheme,
    catalog,
    issue,
)

DEPTHS: Final = ("fast", "standard", "deep")


def usable(name: str) -> Scheme:
    """The scheme of that name, ready to embed.

    Raises:
        SchemeError: unknown, or not available here.
    """
    scheme = catalog.scheme(name)
    if not scheme.info.can_embed:
        raise SchemeError(f"{name} cannot be used: {scheme.info.why_unavailable}")
    return scheme


def detect(scheme: Scheme, rgb: Pixels, keyring: Keyring, depth: str) -> Detection:
    """Look for a mark, at a depth given by its name."""
    return scheme.detect(rgb, keyring, depth=Depth(depth))


#: What is measured of a scheme beyond the protocol.
_BEYOND: Final[dict[str, dict[str, Callable[..., Any]]]] = {
    "lattice-1": {"sync_lines": lattice.sync_lines, "null_scores": lattice.null_scores},
}


def hook(scheme: Scheme, name: str) -> Callable[..., Any] | None:
    """A function that is measured beyond the protocol, if there is one for this scheme."""
    return _BEYOND.get(scheme.info.name, {}).get(name)


def sync_lines(scheme: Scheme) -> Lines | None:
    """Its public synchronisation lines, or None if it has none."""
    function = hook(scheme, "sync_lines")
    return None if function is None else function()


@dataclass(frozen=True, slots=True)
class Issuer:
    """A generating system of the benchmark; everything follows from its name and the seed."""

    seed: int
    name: str = "benchmark"

    @property
    def key(self) -> DetectionKey:
        """Its keys."""
        number = int.from_bytes(self._digest("system")) & ((1 << SYSTEM_ID_BITS) - 1)
        return DetectionKey(
            system=SystemRef(id=number, name=self.name),
            epoch=0,
            carrier_key=self._digest("carrier"),
            tag_key=self._digest("tag"),
        )

    def payload(self, layout: Layout, image: str, copy: int = 0) -> Payload:
        """The payload of a picture; each copy has an id of its own."""
        key = self.key
        number = int.from_bytes(self._digest("mark", image, copy)) & ((1 << layout.id_bits) - 1)
        return issue(
            layout,
            system_id=key.system.id or 0,
            mark_id=MarkId(number << (MARK_ID_BITS - layout.id_bits)),
            tag_key=key.tag_key or b"",
        )

    def _digest(self, *parts: object) -> bytes:
        return digest(self.seed, self.name, *parts)


def keyring(seed: int, systems: int = 1, *, name: str = "benchmark") -> Keyring:
    """A keyring of several systems; the first one is `Issuer(seed, name)`."""
    names = (name, *(f"{name}-{number}" for number in range(1, systems)))
    return Keyring(keys=tuple(Issuer(seed, item).key for item in names))
