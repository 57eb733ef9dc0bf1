"""One picture on its way through the steps, and what comes out at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from provenance.imaging import Encoding, ImageFormat, Metadata, encode
from provenance.imaging.quality import quality
from provenance.imaging.xmp import with_ai_source
from provenance.labels import Label, aigc_label
from provenance.manifest import ManifestRequest
from provenance.model.custody import Account
from provenance.model.evidence import GenerationClaim, SoftBinding
from provenance.model.generation import (
    Generation,
    IssuedFile,
    MarkQuality,
    ParentFile,
    Record,
    TimeStampResult,
)
from provenance.model.ids import MarkId, SystemRef
from provenance.registry import RecordStore
from provenance.stamp.observer import Stage, enter
from provenance.stamp.parents import Ancestry
from provenance.stamp.picture import Picture, Pixels
from provenance.stamp.target import Target
from provenance.watermark import Embedder, Layout, Payload, Scheme

SOFTWARE = "provenance"

#: How a picture is written where nobody says how.
PNG = Encoding(format=ImageFormat.PNG, lossless=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """A released picture.

    `data` is the file, `path` where it was written (None if it was not), `quality` what the
    mark alone cost, `time_stamp` what came of asking for a time stamp, `parents` the files
    that it was made from, as they are recorded. Of a file that was signed as it is `encoding`
    says the format and nothing else.
    """

    data: bytes = field(repr=False)
    path: Path | None
    encoding: Encoding
    record_id: str
    mark_id: MarkId
    manifest_id: str
    quality: MarkQuality
    time_stamp: TimeStampResult = TimeStampResult()
    parents: tuple[ParentFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is known once everything was decoded and checked.

    `rgb` and `alpha` as they will be marked, `to` where the file goes (None: into memory),
    `account` who asked for it, `embedder` what marks them (None: the scheme), `label` what was
    drawn into it.
    """

    rgb: Pixels = field(repr=False)
    alpha: Pixels | None = field(repr=False)
    source: Picture
    made_from: Ancestry
    generation: Generation
    encoding: Encoding
    scheme: Scheme
    layout: Layout
    target: Target
    to: Path | None
    account: Account | None = None
    embedder: Embedder | None = None
    label: Label | None = None

    def encoded(
        self, payload: Payload, carrier_key: bytes, system: SystemRef
    ) -> tuple[Pixels, bytes]:
        """Step 3: the marked pixels and the encoded file. The same input gives the same bytes.

        Raises:
            CapacityError, SchemeError: the picture cannot be marked.
            InputError: it cannot be written in that format.
        """
        marked = self.marked(payload, carrier_key)
        enter(Stage.ENCODE)
        return marked, encode(marked, self.alpha, self.encoding, self._metadata(system, payload))

    def marked(self, payload: Payload, carrier_key: bytes) -> Pixels:
        """The marked pixels.

        Raises:
            CapacityError, SchemeError: the picture cannot be marked.
        """
        enter(Stage.MARK)
        marked = (self.embedder or self.scheme).embed(self.rgb, payload, carrier_key)
        if self.alpha is not None:  # what cannot be seen is left as it was
            marked[self.alpha == 0] = self.rgb[self.alpha == 0]
        return marked

    def cost(self, marked: Pixels) -> MarkQuality:
        """What the mark cost the picture; its margin is not known yet."""
        return quality(self.rgb, marked)

    def commit(self, store: RecordStore, record: Record, file: IssuedFile) -> Record:
        """Step 7: the record with the facts of the file.

        Raises:
            RegistryError: it was not committed, or that cannot be known.
        """
        return store.issue(record.record_id, file)

    def _metadata(self, system: SystemRef, payload: Payload) -> Metadata:
        kept = self.source.metadata
        name = f"{system.name}: {self.generation.model}"
        version, edited = self.generation.model_version, self.made_from.edited
        aigc = ""
        if self.label is Label.CN:
            aigc = aigc_label(producer=system.name, content_id=str(payload.mark_id))
        xmp = with_ai_source(kept.xmp, system=name, version=version, edited=edited, aigc=aigc)
        return Metadata(exif=kept.exif, xmp=xmp, icc=kept.icc)

    def manifest_request(self, record: Record, payload: Payload, version: str) -> ManifestRequest:
        """What the manifest states; `version` is that of this software."""
        return ManifestRequest(
            claim=GenerationClaim(
                system=record.system,
                model=record.generation.model,
                model_version=record.generation.model_version,
                record_id=record.record_id,
            ),
            soft_binding=SoftBinding(alg=self.scheme.info.alg, value=payload.pack()),
            software=SOFTWARE,
            version=version,
            parents=tuple(item.parent for item in self.made_from.files),
            edited=self.made_from.edited,
            operations=record.generation.operations,
        )

    def stamped(self, record: Record, file: IssuedFile, data: bytes) -> Stamped:
        """The result."""
        return Stamped(
            data=data,
            path=self.to,
            encoding=self.encoding,
            record_id=record.record_id,
            mark_id=record.mark_id,
            manifest_id=record.manifest_id,
            quality=file.quality,
            time_stamp=file.time_stamp,
            parents=file.parents,
        )
