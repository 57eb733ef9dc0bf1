"""Stamping: no picture leaves without a mark, a signed manifest and a record.

The order is the product. Steps carry the numbers of `docs/architecture.md`, "Release
order"; step 8 never comes before step 7, and any failure leaves no file behind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from provenance.errors import RegistryError, SelfCheckError, TimeStampError
from provenance.fingerprint import SignatureKey, fingerprint, seal, signature
from provenance.imaging import (
    DEFAULT_LIMITS,
    DEFAULT_STAMP,
    Encoding,
    ImageFormat,
    Limits,
    Metadata,
    encode,
    flatten,
    load,
)
from provenance.imaging.memory import ImageInput
from provenance.imaging.quality import psnr, quality
from provenance.imaging.xmp import with_ai_source
from provenance.keys import Signer, TimeStamping, TimeStampMode
from provenance.manifest import ManifestRequest, read, sign
from provenance.model.evidence import (
    GenerationClaim,
    ManifestEvidence,
    ManifestStatus,
    SoftBinding,
)
from provenance.model.generation import (
    Generation,
    IssuedFile,
    MarkQuality,
    ParentFile,
    Record,
    TimeStampOutcome,
    TimeStampResult,
)
from provenance.model.ids import MarkId, SystemRef
from provenance.model.trust import TimeStampStatus
from provenance.registry import RecordStore
from provenance.stamp.parents import Ancestry, ancestry
from provenance.stamp.picture import Picture, Pixels, picture
from provenance.stamp.target import FileTarget, MemoryTarget, Target
from provenance.trust import TrustStore
from provenance.watermark import Detection, DetectionKey, Keyring, Payload, Scheme, catalog, issue

_T = TypeVar("_T")
SOFTWARE = "provenance"
PNG = Encoding(format=ImageFormat.PNG, lossless=True)

#: The finished file must look like the picture that came in. Far below what any mark or
#: codec costs; it catches a wrong channel order, a wrong range or a black frame.
MIN_PSNR_DB = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """A released picture.

    `data` is the file, `path` where it was written (None if it was not), `quality` what the
    mark alone cost, `time_stamp` what came of asking for a time stamp, `parents` the files
    that it was made from, as they are recorded.
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
class Stamper:
    """Stamps pictures for one generating system. Immutable; share it between threads.

    Attributes:
        system: the generating system; its id must not be None.
        key: this system's own keys; `tag_key` must be held.
        scheme: name of the watermark scheme.
        signer: who signs the manifests.
        trust: lists that contain the signer's root and, if time stamps are asked for, that
            of their authority.
        store: the registry.
        software_version: goes into the claim generator.
        signature_key: seals the grid signatures of the records; None keeps none, and crops
            and rotations cannot be compared with the record then.
        formats: encoded inputs that are accepted.
        limits: apply to inputs and to what is written.
        time_stamping: whether time stamps are asked for, and whom. The only network use.
    """

    system: SystemRef
    key: DetectionKey
    scheme: str
    signer: Signer
    trust: TrustStore
    store: RecordStore
    software_version: str
    signature_key: SignatureKey | None = None
    formats: frozenset[ImageFormat] = DEFAULT_STAMP
    limits: Limits = DEFAULT_LIMITS
    time_stamping: TimeStamping = TimeStamping()

    def stamp(
        self,
        image: ImageInput,
        generation: Generation,
        *,
        parents: Sequence[bytes] = (),
        encoding: Encoding = PNG,
        to: Path | None = None,
        overwrite: bool = False,
        name: str = "",
    ) -> Stamped:
        """Mark, sign, verify, record and release one picture.

        A picture that a model made from others is an edit: its manifest says `c2pa.opened`
        and `c2pa.edited`, never `c2pa.created`. An image file that carries a manifest of its
        own and comes without parents is its own parent; with parents, its manifest is kept
        beside theirs. See `stamp.parents.ancestry`.

        Args:
            image: encoded bytes, a PIL image or a uint8 array; see `stamp.picture`.
            generation: what made it; its operations describe an edit.
            parents: encoded files that the picture was made from, with or without
                manifests. The first becomes the `parentOf` ingredient, of which C2PA allows
                one, all others `componentOf`, as parts that were placed in the picture. Their
                manifests are carried on without thumbnails, their fingerprints recorded.
            encoding: how the result is written.
            to: where to write it; None keeps it in memory.
            overwrite: replace an existing file at `to`.
            name: name of the input, for messages only.

        Raises:
            ArgumentError: operations without a parent, or too many parents.
            InputError: the input or a parent is no acceptable image, or the picture cannot
                be written that way.
            CapacityError: the image cannot carry the mark.
            SignerError, ManifestError: nothing was signed, or a manifest that has to be
                carried on cannot be.
            TimeStampError: a time stamp is required and there is none that can be trusted.
            SelfCheckError: the result did not verify.
            RegistryError: the record could not be kept.
            ProvenanceError: `E_IO`, the file could not be written.
        """
        scheme = catalog.scheme(self.scheme)
        target: Target = FileTarget(to, overwrite=overwrite) if to else MemoryTarget()
        target.prepare()
        # (1) decode fully and check every limit
        source = picture(image, formats=self.formats, limits=self.limits, name=name)
        made_from = ancestry(
            parents, source.ancestor, generation, formats=self.formats, limits=self.limits
        )
        rgb, alpha = flatten(source.rgb, source.alpha, encoding)
        scheme.info.require_fit(rgb)
        layout = scheme.info.layout_for(rgb)
        system_id, tag_key = _required(self.system.id), _required(self.key.tag_key)
        # (2) reserve a record
        record = self.store.reserve(
            system=self.system,
            epoch=self.key.epoch,
            scheme=self.scheme,
            generation=generation,
            id_bits=layout.id_bits,
        )
        try:
            payload = issue(
                layout,
                system_id=system_id,
                mark_id=record.mark_id,
                tag_key=tag_key,
            )
            # (3) embed the mark
            marked = scheme.embed(rgb, payload, self.key.carrier_key)
            if alpha is not None:  # what cannot be seen is left as it was
                marked[alpha == 0] = rgb[alpha == 0]
            metadata = self._metadata(source, generation, made_from)
            encoded = encode(marked, alpha, encoding, metadata)
            # (4) sign, (5) write beside the final name and sync
            signed = sign(
                encoded,
                encoding.format.mime,
                self._request(record, payload, scheme, made_from),
                self.signer,
                self.trust,
                self.time_stamping,
            )
            target.write(signed.data)
            # (6) verify what was written, with the verifier's own loader
            written = target.read_back(self.limits)
            seen, manifest, found = self._checked(written, encoding, record, payload, scheme)
            made_from.check(written, encoding.format.mime, manifest)
            time_stamp = self._time_stamp(manifest, signed.time_stamp_failure)
            if psnr(rgb, seen) < MIN_PSNR_DB:
                raise SelfCheckError("the stamped picture no longer looks like the input")
            # (7) commit the record
            parent_files = tuple(item.file for item in made_from.files)
            cost = replace(quality(rgb, marked), margin=_margin(found))
            self.store.issue(
                record.record_id,
                IssuedFile(
                    format=encoding.format.value,
                    width=seen.shape[1],
                    height=seen.shape[0],
                    byte_size=len(written),
                    sha256=hashlib.sha256(written).hexdigest(),
                    fingerprint=fingerprint(seen),
                    manifest=signed.manifest,
                    quality=cost,
                    time_stamp=time_stamp,
                    grid=self._sealed(record, seen, found),
                    parents=parent_files,
                    signer=self.signer.chain.sha256,
                ),
            )
        except BaseException as error:
            self._give_up(record, target, error)
            raise
        # (8) give the file its name, (9) note that it has one
        try:
            target.publish()
        finally:
            target.discard()
        try:
            self.store.release(record.record_id)
        except BaseException:
            target.withdraw()
            raise
        return Stamped(
            data=written,
            path=to,
            encoding=encoding,
            record_id=record.record_id,
            mark_id=record.mark_id,
            manifest_id=record.manifest_id,
            quality=cost,
            time_stamp=time_stamp,
            parents=parent_files,
        )

    # --- steps -------------------------------------------------------------------

    def _metadata(self, source: Picture, generation: Generation, made_from: Ancestry) -> Metadata:
        kept = source.metadata
        system = f"{self.system.name}: {generation.model}"
        version, edited = generation.model_version, made_from.edited
        xmp = with_ai_source(kept.xmp, system=system, version=version, edited=edited)
        return Metadata(exif=kept.exif, xmp=xmp, icc=kept.icc)

    def _request(
        self, record: Record, payload: Payload, scheme: Scheme, made_from: Ancestry
    ) -> ManifestRequest:
        return ManifestRequest(
            claim=GenerationClaim(
                system=self.system,
                model=record.generation.model,
                model_version=record.generation.model_version,
                record_id=record.record_id,
            ),
            soft_binding=SoftBinding(alg=scheme.info.alg, value=payload.pack()),
            software=SOFTWARE,
            version=self.software_version,
            parents=tuple(item.parent for item in made_from.files),
            edited=made_from.edited,
            operations=record.generation.operations,
        )

    def _checked(
        self, data: bytes, encoding: Encoding, record: Record, payload: Payload, scheme: Scheme
    ) -> tuple[Pixels, ManifestEvidence, Detection]:
        """Pixels, manifest and mark of the written file, once all name this record."""
        image = load(data, strict=True, formats={encoding.format}, limits=self.limits)
        manifest = read(data, encoding.format.mime, self.trust)
        if manifest.status is not ManifestStatus.TRUSTED:
            codes = ", ".join(manifest.failure) or manifest.detail
            raise SelfCheckError(
                f"the written manifest reads {manifest.status.value}: {codes}",
                hint="check that the signer's root is in the trust list of the workspace",
            )
        if manifest.manifest_id != record.manifest_id:
            raise SelfCheckError("the written manifest is not the one that was signed")
        found = scheme.detect(image.rgb, Keyring(keys=(self.key,)))
        if found.payload != payload:
            raise SelfCheckError(
                f"the mark cannot be read back from the {encoding} file",
                hint="this picture holds the mark only in a lossless format, or not at all",
            )
        return np.ascontiguousarray(image.rgb), manifest, found

    def _time_stamp(self, manifest: ManifestEvidence, failure: str) -> TimeStampResult:
        """What can be stated about the time stamp, read from the written file."""
        stamp, mode = manifest.time_stamp, self.time_stamping.mode
        if mode is TimeStampMode.OFF:
            return TimeStampResult()
        by = f"{stamp.time} by {stamp.authority}"
        if stamp.status is TimeStampStatus.TRUSTED:
            detail = f"{by}, anchored in {stamp.trust_list}"
            return TimeStampResult(outcome=TimeStampOutcome.STAMPED, detail=detail)
        if stamp.status is TimeStampStatus.UNTRUSTED:
            failure = f"{by}, which is on no time-stamping list here"
        failure = failure or "the time stamp in the written file does not verify"
        if mode is TimeStampMode.REQUIRE:
            raise TimeStampError(
                f"no time stamp that can be trusted: {failure}",
                hint="name the list that holds the authority's root: verify.tsa_lists",
            )
        return TimeStampResult(outcome=TimeStampOutcome.FAILED, detail=failure)

    def _sealed(self, record: Record, rgb: Pixels, found: Detection) -> bytes:
        """The grid signature as the registry may keep it, or nothing."""
        if self.signature_key is None or found.geometry is None:
            return b""
        grid = signature(rgb, found.geometry)
        if grid is None:
            return b""
        return seal(grid, self.signature_key, record.mark_id, record.record_id)

    def _give_up(self, record: Record, target: Target, error: BaseException) -> None:
        """Leave no file and no open record; never hide the error that led here."""
        target.discard()
        try:
            self.store.void(record.record_id)
        except RegistryError as second:
            error.add_note(f"record {record.record_id} could not be voided: {second}")


def _margin(found: Detection) -> float:
    return round(max(0.0, found.log10_threshold - found.log10_p), 1)


def _required(value: _T | None) -> _T:
    if value is None:
        raise RegistryError("this system has no id or no tag key and cannot issue marks")
    return value
