"""The issuance log of a workspace: where its parts are, and its key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from provenance.errors import KeyMaterialError
from provenance.keys import TimeStamping, TimeStampMode
from provenance.log import (
    NO_WITNESSES,
    IssuanceLog,
    NoteSigner,
    SignatureType,
    TimeStamps,
    load_witness_policy,
)
from provenance.registry import SqlStore
from provenance.workspace.settings import LogSettings, StampSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from provenance.trust import TrustStore

_IDENTITY_DIGITS = 12


def make_key(path: Path, store: SqlStore, system_id: int) -> NoteSigner:
    """A key for the log of a registry, in a new private file.

    Its name, the log's origin, is that of no other log: it holds the identity of the registry.

    Raises:
        KeyMaterialError: there is a key already, or it cannot be written.
        RegistryError: the registry cannot be read.
    """
    identity = store.registry_identity().hex()[:_IDENTITY_DIGITS]
    origin = f"provenance-log/{system_id}/{identity}"
    return NoteSigner.generate(_key_path(path), origin, SignatureType.ED25519)


def open_log(
    path: Path,
    store: SqlStore,
    *,
    system_id: int,
    settings: LogSettings,
    time_stamps: TimeStamps | None,
    read_only: bool,
) -> IssuanceLog:
    """The log of a workspace.

    A workspace that is older than its log gets a key; one whose log has checkpoints and whose
    key is gone does not: another key would begin another log.

    Raises:
        KeyMaterialError: the key is missing or cannot be used.
        LogError: the witness policy cannot be used.
        RegistryError: the registry cannot be read.
    """
    signer = _signer(path, store, system_id, read_only=read_only)
    policy = settings.witness_policy
    return IssuanceLog(
        source=store,
        directory=path / "log",
        head_path=path / "keys" / "log.head",
        key=signer.verifier,
        signer=None if read_only else signer,
        witnesses=NO_WITNESSES if policy is None else load_witness_policy(path / policy),
        time_stamps=time_stamps,
    )


def time_stamps_of(
    settings: LogSettings, stamp: StampSettings, trust: Callable[[], TrustStore]
) -> TimeStamps | None:
    """How checkpoints are time-stamped; None where they are not, and no list is read then."""
    if settings.time_stamp is TimeStampMode.OFF:
        return None
    from provenance.attest import TimeStamps as Asked  # needs the extra `report`

    authority = stamp.time_stamping().authority
    asked = TimeStamping(mode=settings.time_stamp, authority=authority)
    return Asked(time_stamping=asked, trust=trust())


def _signer(path: Path, store: SqlStore, system_id: int, *, read_only: bool) -> NoteSigner:
    key_path = _key_path(path)
    if key_path.exists():
        return NoteSigner.load(key_path)
    if read_only or store.newest_checkpoint() is not None:
        raise KeyMaterialError(
            f"there is no key for the issuance log at {key_path}",
            hint="restore it from a backup of the keys; a workspace that never had one gets it "
            "from: provenance log checkpoint",
        )
    return make_key(path, store, system_id)


def _key_path(path: Path) -> Path:
    return path / "keys" / "log.key"
