"""The detection keys that a verifier holds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from provenance.errors import KeyMaterialError
from provenance.model.ids import SystemRef


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionKey:
    """Keys of one generating system in one epoch.

    `carrier_key` reads the mark of keyed schemes. `tag_key` authenticates the payload; only
    the operator holds it, and None means that it is not held here. 32 bytes each.
    """

    system: SystemRef
    epoch: int
    carrier_key: bytes = field(repr=False)
    tag_key: bytes | None = field(repr=False, default=None)

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that name the carrier key and do not reveal it (SHA-256)."""
        return hashlib.sha256(b"carrier key" + self.carrier_key).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """All detection keys of a verification."""

    keys: tuple[DetectionKey, ...] = ()

    def __add__(self, other: Keyring) -> Keyring:
        """Both; a key that both hold counts once, as the first holds it.

        Raises:
            KeyMaterialError: they contradict each other about a system and epoch.
        """
        held = {(key.system.id, key.epoch): key for key in self.keys}
        for key in other.keys:
            known = held.setdefault((key.system.id, key.epoch), key)
            if (known.system, known.carrier_key) != (key.system, key.carrier_key):
                raise KeyMaterialError(
                    f"two different keys for epoch {key.epoch} of system {key.system.id}",
                    hint="leave out the keyring that is not the operator's",
                )
        return Keyring(keys=tuple(held.values()))

    @property
    def tag_keys(self) -> tuple[DetectionKey, ...]:
        """The keys with which a tag can be checked."""
        return tuple(key for key in self.keys if key.tag_key is not None)

    def holds(self, system_id: int) -> bool:
        """True if marks of this system can be looked for."""
        return any(key.system.id == system_id for key in self.keys)
