"""A picture that was stamped here before is not stamped a second time unnoticed.

Two marks in one picture disturb each other, and two records would answer for it. Reading costs a
few milliseconds: the geometry as it is, the own key alone, no search. So a copy that was cropped
or turned since is not noticed.
"""

from __future__ import annotations

from provenance.errors import AlreadyStampedError
from provenance.model.generation import Record
from provenance.registry import RecordStore
from provenance.stamp.job import Job
from provenance.watermark import Depth, DetectionKey, Keyring


def refuse_stamped(job: Job, store: RecordStore, key: DetectionKey) -> None:
    """Refuse a picture with a mark of this very system, unless it is declared an edit.

    Edits are what is made from other files, or from its own with a manifest. An unmarked
    picture is refused as rarely as the scheme takes one for marked; a scheme that cannot tell
    them apart by itself refuses none.

    Args:
        job: decoded and checked.
        store: has the record of the mark, for the message.
        key: of this system.

    Raises:
        AlreadyStampedError: it names the record.
        RegistryError: the registry cannot be read.
    """
    if job.made_from.files or not job.scheme.info.presence:
        return
    seen = job.scheme.detect(job.rgb, Keyring(keys=(key,)), depth=Depth.FAST)
    if seen.payload is None or key.system.id is None:
        return
    record = store.find_by_mark(key.system.id, seen.payload.mark_id)
    hint = "stamp the picture as it was before, or name the stamped file as a parent: an edit"
    if record is not None and record.pending:
        hint = "it was marked and waits to be signed: sign it instead"
    raise AlreadyStampedError(f"the picture carries a mark already: {_named(record)}", hint=hint)


def _named(record: Record | None) -> str:
    if record is None:
        return "of this system, and its record is not here any more"
    return f"that of record {record.record_id}, which is {record.state.value}"
