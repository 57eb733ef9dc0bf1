"""Marking and signing apart: the two jobs that `Stamper.mark` and `Stamper.sign` do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from provenance.errors import ArgumentError, InputError, PendingError, RegistryError
from provenance.imaging import (
    Encoding,
    ImageFormat,
    encode,
    flatten,
    probe,
)
from provenance.imaging.memory import ImageInput
from provenance.model.generation import (
    IssuedFile,
    Marking,
    MarkQuality,
    Record,
    RecordState,
)
from provenance.model.ids import SystemRef
from provenance.registry import RecordStore
from provenance.stamp.job import PNG, Job
from provenance.stamp.observer import Stage, enter
from provenance.stamp.parents import ancestry
from provenance.stamp.pending import Marked, find, same_origin
from provenance.stamp.picture import Pixels, picture
from provenance.stamp.target import Target
from provenance.watermark import Payload, catalog

if TYPE_CHECKING:
    from provenance.stamp.stamper import Stamper


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedJob(Job):
    """A picture that is marked already; `rgb` as it came back.

    `file` is signed as it is, where there is one, and `marking` what was kept of the picture.
    """

    file: bytes | None = field(repr=False)
    marking: Marking

    def encoded(
        self,
        payload: Payload,
        carrier_key: bytes,  # noqa: ARG002 - the mark is in the picture
        system: SystemRef,
    ) -> tuple[Pixels, bytes]:
        """The pixels as they are, and the file."""
        enter(Stage.ENCODE)
        if self.file is not None:
            return self.rgb, self.file
        return self.rgb, encode(
            self.rgb, self.alpha, self.encoding, self._metadata(system, payload)
        )

    def cost(self, marked: Pixels) -> MarkQuality:  # noqa: ARG002 - the unmarked one is gone
        """What the mark cost when it was embedded."""
        return self.marking.quality

    def commit(self, store: RecordStore, record: Record, file: IssuedFile) -> Record:
        """Step 7; of several who sign the same picture, the first.

        Raises:
            PendingError: it was another one.
            RegistryError: it was not committed, or that cannot be known.
        """
        try:
            return store.issue(record.record_id, file)
        except RegistryError as error:
            now = store.find_by_id(record.record_id)
            if now is None or now.state is RecordState.VOID:
                raise PendingError(f"record {record.record_id} expired meanwhile") from error
            if now.file is not None and now.file.sha256 != file.sha256:
                raise PendingError(
                    f"the picture was signed meanwhile: record {record.record_id}",
                    hint="use the file of whoever was faster",
                ) from error
            raise


def to_sign(
    stamper: Stamper,
    image: ImageInput | Marked,
    *,
    parents: Sequence[bytes],
    encoding: Encoding | None,
    target: Target,
    to: Path | None,
    name: str,
) -> tuple[MarkedJob, Record]:
    """Step 1 of `Stamper.sign`, whose arguments these are, and the record of the picture."""
    formats, limits = stamper.formats, stamper.limits
    file = None
    if isinstance(image, Marked):
        image = image.pixels
    elif encoding is None and isinstance(image, bytes | bytearray | memoryview):
        file = bytes(image)
        encoding = _as_it_is(probe(file, limits, formats).format)
    source = picture(image, formats=formats, limits=limits, name=name)
    encoding = encoding or PNG
    rgb, alpha = flatten(source.rgb, source.alpha, encoding)
    scheme = catalog.scheme(stamper.scheme)
    enter(Stage.LOOK)
    record, marking, payload = find(stamper.store, scheme, stamper.key, rgb)
    generation = record.generation
    named = ancestry(parents, None, generation, formats=formats, limits=limits)
    made_from = same_origin(named, record, marking).carrying(source.ancestor)
    job = MarkedJob(
        rgb=rgb,
        alpha=alpha,
        source=source,
        made_from=made_from,
        generation=generation,
        encoding=encoding,
        scheme=scheme,
        layout=payload.layout,
        target=target,
        to=to,
        file=file,
        marking=marking,
        label=stamper.label,
    )
    return job, record


def _as_it_is(kind: ImageFormat) -> Encoding:
    """What stands for a file that is not encoded again: its format, and nothing else."""
    try:
        return Encoding(format=kind)
    except ArgumentError as error:
        raise InputError(error.message, hint="give an encoding: it is written anew") from error
