"""Marked pictures that wait to be signed: what is remembered of them, how they are found again.

A host that writes files itself has no file to sign when it has the pixels. So it is given the
marked pixels, and brings back the file that it made of them. In between the registry keeps a
fingerprint of those pixels and nothing else of the picture; the mark in it is the way back.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from provenance.errors import ArgumentError, PendingError, SelfCheckError
from provenance.fingerprint import compare, fingerprint
from provenance.fingerprint.pdq import MIN_QUALITY
from provenance.model.evidence import WatermarkStatus
from provenance.model.generation import Marking, MarkQuality, Record, RecordState
from provenance.model.ids import MarkId
from provenance.registry import RecordStore
from provenance.stamp.job import Job
from provenance.stamp.observer import Stage, enter
from provenance.stamp.parents import Ancestry
from provenance.stamp.picture import Pixels
from provenance.watermark import Depth, DetectionKey, Keyring, Payload, Scheme

#: How long a marked picture may wait to be signed, in seconds.
MAX_KEEP_S: Final = 30 * 86_400.0
_AGAIN: Final = "mark the picture as it was before again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A marked picture, which is not to be released before it is signed.

    `rgb` is uint8 (H, W, 3), `alpha` uint8 (H, W) or None where every pixel is opaque,
    `expires_at` in UTC until when it can be signed, `quality` what the mark cost.
    """

    rgb: Pixels = field(repr=False)
    alpha: Pixels | None = field(repr=False)
    record_id: str
    mark_id: MarkId
    expires_at: datetime
    quality: MarkQuality

    @property
    def pixels(self) -> Pixels:
        """All channels: uint8 (H, W, 3) or (H, W, 4)."""
        return self.rgb if self.alpha is None else np.dstack([self.rgb, self.alpha])


def expiry(keep_s: float) -> datetime:
    """The moment that lies so many seconds ahead, in UTC.

    Raises:
        ArgumentError: not above 0, or more than `MAX_KEEP_S`.
    """
    if not 0 < keep_s <= MAX_KEEP_S:
        raise ArgumentError(
            f"a marked picture cannot be kept waiting for {keep_s:g} s",
            hint=f"more than 0 and at most {MAX_KEEP_S:g} seconds",
        )
    return datetime.now(UTC) + timedelta(seconds=keep_s)


def origin_of(made_from: Ancestry) -> bytes:
    """What a picture was made from, and whether that was edited: SHA-256.

    Whoever signs names the same files as whoever marked, or the manifest would say less.
    """
    digest = hashlib.sha256(b"edited" if made_from.edited else b"opened")
    for item in made_from.files:
        digest.update(bytes.fromhex(item.file.sha256))
    return digest.digest()


def same_origin(named: Ancestry, record: Record, marking: Marking) -> Ancestry:
    """The files that a picture is made from, as they were when it was marked.

    A file that was its own parent then, by its manifest, is named as one now and was not edited.

    Args:
        named: what the caller names now.
        record: of the picture.
        marking: what the registry keeps.

    Raises:
        PendingError: they are others.
    """
    if origin_of(named) == marking.origin:
        return named
    opened: Ancestry = replace(named, edited=False)
    if origin_of(opened) == marking.origin and not record.generation.operations:
        return opened
    raise PendingError(
        f"record {record.record_id} was marked with other parents than are named now",
        hint="name the same files in the same order; a file that was marked and carried a "
        "manifest of its own is the last of them",
    )


def hold(
    store: RecordStore,
    job: Job,
    record: Record,
    payload: Payload,
    key: DetectionKey,
    expires_at: datetime,
) -> Marked:
    """Step 3: mark the picture, read the mark back, and keep what finds it again.

    Raises:
        CapacityError, SchemeError: the picture cannot be marked.
        SelfCheckError: the mark does not read back.
        RegistryError: it cannot be kept.
    """
    rgb = job.marked(payload, key.carrier_key)
    enter(Stage.VERIFY)
    seen = job.scheme.detect(rgb, Keyring(keys=(key,)), depth=Depth.FAST)
    if seen.payload != payload:
        raise SelfCheckError("the mark cannot be read back from the marked picture")
    enter(Stage.FINGERPRINT)
    marking = Marking(
        expires_at=expires_at,
        fingerprint=fingerprint(rgb),
        quality=job.cost(rgb),
        origin=origin_of(job.made_from),
    )
    enter(Stage.COMMIT)
    store.hold(record.record_id, marking)
    return Marked(
        rgb=rgb,
        alpha=job.alpha,
        record_id=record.record_id,
        mark_id=record.mark_id,
        expires_at=expires_at,
        quality=marking.quality,
    )


def find(
    store: RecordStore, scheme: Scheme, key: DetectionKey, rgb: Pixels
) -> tuple[Record, Marking, Payload]:
    """The pending record of a picture, by the mark in it.

    It may have been resized, cropped or recompressed since, as far as the mark is read and the
    fingerprints agree. Where both pictures are too smooth for a fingerprint the mark alone tells.

    Args:
        store: the registry.
        scheme: that it was marked with.
        key: of this system.
        rgb: uint8 (H, W, 3), order R, G, B.

    Raises:
        PendingError: there is none that can be signed, or the picture is another one.
        RegistryError: the registry cannot be read.
    """
    seen = scheme.detect(rgb, Keyring(keys=(key,)))
    if seen.payload is None or key.system.id is None:
        other = seen.status is WatermarkStatus.TRACE
        what = "a mark that is not of this system" if other else "no mark of this system"
        raise PendingError(
            f"the picture carries {what}, or none of the current key epoch and scheme",
            hint="sign what `mark` gave, changed no further than its mark can be read",
        )
    record = store.find_by_mark(key.system.id, seen.payload.mark_id)
    if record is None:
        raise PendingError("the record of the picture's mark is not here", hint=_AGAIN)
    marking = _require_pending(record)
    match = compare(rgb, marking.fingerprint)
    if match.distance > match.match_at_most and not _both_smooth(rgb, marking):
        raise PendingError(
            f"the picture is not the one that was marked for record {record.record_id}: "
            f"{match.distance} of 256 bits differ, at most {match.match_at_most} may",
            hint="a mark was copied into it, or it was changed too much; " + _AGAIN,
        )
    return record, marking, seen.payload


def _both_smooth(rgb: Pixels, marking: Marking) -> bool:
    """Neither has the structure that a fingerprint needs: it changes with every recompression."""
    return max(marking.fingerprint.quality, fingerprint(rgb).quality) < MIN_QUALITY


def _require_pending(record: Record) -> Marking:
    about = f"record {record.record_id}"
    if record.file is not None:
        raise PendingError(
            f"the picture was signed already: {about} is {record.state.value}",
            hint="use that file, or name it as a parent of a new picture",
        )
    if record.state is RecordState.VOID:
        raise PendingError(f"{about} is void: it expired, or its stamping failed", hint=_AGAIN)
    if record.marking is None:
        raise PendingError(f"{about} is being stamped, and does not wait to be signed")
    if record.marking.expires_at <= datetime.now(UTC):
        raise PendingError(
            f"{about} could be signed until {record.marking.expires_at:%Y-%m-%d %H:%M:%S} UTC",
            hint=f"{_AGAIN}, and keep it for longer (keep_s)",
        )
    return record.marking
