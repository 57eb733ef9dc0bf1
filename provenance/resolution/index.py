"""The search index of a registry: built from it, and believed only as far as it agrees with it."""

from __future__ import annotations

import hashlib
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

from provenance.errors import SearchIndexError
from provenance.fingerprint.bands import WORD, WORDS
from provenance.fingerprint.index import Contents, FingerprintIndex, Hashes, IndexPart, save_index
from provenance.fingerprint.index_header import MAX_WITNESSES, REBUILD
from provenance.fingerprint.pdq import MIN_QUALITY
from provenance.registry import FingerprintReader, StoredFingerprint

_WINDOW: Final = 1 << 17  # ids that are read in one transaction
_AT_ONCE: Final = 4096  # candidates that are confirmed at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltIndex:
    """What was built: size in bytes, the last id taken in, and how many fingerprints."""

    size: int
    horizon: int
    own: int
    parents: int
    left_out: int


def build_index(reader: FingerprintReader, path: Path) -> BuiltIndex:
    """Read all fingerprints of a registry and write an index of them, in place of any before.

    Takes about 100 bytes of memory for each while it works. Erased records vanish from the index
    only here, so whoever erases removes it, and what is being built: `.registry.index.*`.

    Raises:
        SearchIndexError: it cannot be written.
        RegistryError: the registry cannot be read.
    """
    contents: list[Contents] = []

    def read() -> Contents:
        contents.append(_contents(reader))
        return contents[-1]

    size = save_index(path, read)
    (saved,) = contents
    return BuiltIndex(
        size=size,
        horizon=saved.horizon,
        own=len(saved.own.ids),
        parents=len(saved.parents.ids),
        left_out=saved.own.left_out + saved.parents.left_out,
    )


def _contents(reader: FingerprintReader) -> Contents:
    horizon = reader.fingerprint_horizon()
    last: dict[int, bytes] = {}
    own, parents = (_hashes(reader, last, parents=kind, horizon=horizon) for kind in (False, True))
    return Contents(
        identity=reader.registry_identity(),
        horizon=horizon,
        witnesses=dict(sorted(last.items())[-MAX_WITNESSES:]),
        own=own,
        parents=parents,
    )


def check_index(index: FingerprintIndex, reader: FingerprintReader) -> int:
    """Refuse an index of another registry, or of another course of this one.

    A registry that was restored from a backup and used again gives the same ids to other
    fingerprints. It is behind the index, or the last rows that the index saw are not what they
    were, for those are the first to differ. Only if all of these were erased, nothing tells.

    Returns:
        The horizon of the registry.

    Raises:
        SearchIndexError: the index is not of this registry as it is.
        RegistryError: the registry cannot be read.
    """
    if index.header.identity != reader.registry_identity():
        raise SearchIndexError("the index is of another registry", hint=REBUILD)
    horizon = reader.fingerprint_horizon()
    if index.header.horizon > horizon:
        raise SearchIndexError(
            "the index knows fingerprints that the registry does not have",
            hint=f"the newest were erased, or a backup was restored; {REBUILD}",
        )
    for stored in reader.existing_fingerprints(list(index.header.witnesses)):
        if _digest(stored) != index.header.witnesses[stored.fingerprint_id]:
            raise _other_course()
    return horizon


def stored_pages(
    reader: FingerprintReader, *, parents: bool, horizon: int, after: int = 0
) -> Iterator[list[StoredFingerprint]]:
    """As `FingerprintReader.fingerprint_pages` up to the horizon, in many short transactions.

    There rows only ever vanish, so nothing is missed between two of them, and no writer has to
    wait until a long reading ends.
    """
    while after < horizon:
        stop = min(after + _WINDOW, horizon)
        yield from reader.fingerprint_pages(parents=parents, after=after, upto=stop)
        after = stop


def confirmed(
    part: IndexPart, reader: FingerprintReader, ids: Sequence[int]
) -> Iterator[list[StoredFingerprint]]:
    """What the registry has under these ids of the index; what was erased is not there.

    Raises:
        SearchIndexError: the registry has another fingerprint under one of them.
        RegistryError: the registry cannot be read.
    """
    some = iter(ids)
    while wanted := list(islice(some, _AT_ONCE)):
        found = reader.existing_fingerprints(wanted)
        numbers = np.searchsorted(part.ids, [stored.fingerprint_id for stored in found])
        expected = part.bands.hashes[numbers].tobytes()
        if expected != b"".join(stored.pdq for stored in found):
            raise _other_course()
        yield found


def _hashes(
    reader: FingerprintReader, last: dict[int, bytes], *, parents: bool, horizon: int
) -> Hashes:
    """All of a kind that can be compared; the digests of the last rows go to `last`."""
    words, ids, left_out = bytearray(), array("q"), 0
    tail: deque[StoredFingerprint] = deque(maxlen=MAX_WITNESSES)
    for page in stored_pages(reader, parents=parents, horizon=horizon):
        tail.extend(page)
        good = [stored for stored in page if stored.quality >= MIN_QUALITY]
        words += b"".join(stored.pdq for stored in good)
        ids.extend(stored.fingerprint_id for stored in good)
        left_out += len(page) - len(good)
    last.update((stored.fingerprint_id, _digest(stored)) for stored in tail)
    return Hashes(
        words=np.frombuffer(words, WORD).reshape(-1, WORDS),
        ids=np.frombuffer(ids, np.int64),
        left_out=left_out,
    )


def _digest(stored: StoredFingerprint) -> bytes:
    """By which a row is known again: its record's id is random."""
    facts = f"{stored.fingerprint_id} {stored.record_id} {stored.position} {stored.quality} "
    return hashlib.sha256(facts.encode() + stored.pdq).digest()


def _other_course() -> SearchIndexError:
    return SearchIndexError(
        "the index does not agree with the registry",
        hint=f"a backup was restored, or records were changed; {REBUILD}",
    )
