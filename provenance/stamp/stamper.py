"""Stamping: no picture leaves without a mark, a signed manifest and a record.

The order is the product. Steps carry the numbers of `docs/architecture.md`, "Release
order"; step 8 never comes before step 7. A failure before step 7 leaves no file behind, a later
one leaves it where nobody takes it for released.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

from provenance.errors import ArgumentError, ProvenanceError, RegistryError, SelfCheckError
from provenance.fingerprint import SignatureKey, fingerprint
from provenance.forking import unforked
from provenance.imaging import (
    DEFAULT_LIMITS,
    DEFAULT_STAMP,
    Axes,
    Encoding,
    ImageFormat,
    Limits,
    ValueRange,
    flatten,
)
from provenance.imaging.memory import ImageInput
from provenance.imaging.quality import psnr
from provenance.keys import Pseudonyms, Signer, TimeStamping
from provenance.labels import Label, labelled
from provenance.manifest import sign
from provenance.manifest.build import SignedFile
from provenance.model.custody import Account
from provenance.model.generation import (
    Generation,
    IssuedFile,
    Record,
    RecordState,
    Request,
)
from provenance.model.ids import SystemRef
from provenance.registry import RecordStore
from provenance.stamp.batch import ManyAtOnce
from provenance.stamp.double import refuse_stamped
from provenance.stamp.job import Job, Stamped
from provenance.stamp.observer import Observer, Outcome, Stage, describe, enter, observed
from provenance.stamp.origin import Origin, travelling
from provenance.stamp.parents import ancestry
from provenance.stamp.pending import Marked, expiry, hold
from provenance.stamp.picture import picture
from provenance.stamp.release import Release
from provenance.stamp.replay import envelope, replay
from provenance.stamp.requests import Requests, request_of
from provenance.stamp.selfcheck import SelfCheck, time_stamp_result
from provenance.stamp.separate import to_mark, to_sign
from provenance.stamp.target import FileTarget, MemoryTarget, Target
from provenance.trust import TrustStore
from provenance.watermark import DetectionKey, Embedder, Payload, catalog, issue

_T = TypeVar("_T")
PNG = Encoding(format=ImageFormat.PNG, lossless=True)

#: The finished file must look like the picture that came in. Far below what any mark or
#: codec costs; it catches a wrong channel order, a wrong range or a black frame.
MIN_PSNR_DB = 20.0


class IssuanceGate(Protocol):
    """Says whether anything may be issued now; `provenance.log.PublishedLog` does."""

    def check(self) -> None:
        """Raise `LogError` where the registry is not the one that was signed last."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamper(ManyAtOnce):
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
        pseudonyms: the keys of accounts and request ids; without them none may be named.
        requests: how long a request that is under way is waited for.
        log: refuses a registry that was restored from an old backup; None does not look.
        embedder: writes the marks instead of the scheme itself, as `watermark.device` does; of
            the same scheme. What it writes is checked like any other mark.
        label: drawn into every picture, before it is marked; None draws nothing.
        observer: is told of every stamp, well or not.
        origin: what made this stamper and can make it again in another process.
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
    pseudonyms: Pseudonyms | None = None
    requests: Requests = Requests()
    log: IssuanceGate | None = None
    embedder: Embedder | None = None
    label: Label | None = None
    observer: Observer | None = field(default=None, repr=False)
    origin: Origin | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.embedder is not None and self.embedder.info.name != self.scheme:
            raise ArgumentError(
                f"this stamper marks with {self.scheme}, its embedder with "
                f"{self.embedder.info.name}"
            )

    def __reduce__(self) -> tuple[Any, ...]:
        return travelling(self)

    def __copy__(self) -> Self:
        return self  # immutable

    def __deepcopy__(self, _: object) -> Self:
        return self

    @unforked()
    @observed(Outcome.RELEASED)
    def stamp(
        self,
        image: ImageInput,
        generation: Generation,
        *,
        value_range: ValueRange | None = None,
        axes: Axes | None = None,
        parents: Sequence[bytes] = (),
        encoding: Encoding = PNG,
        to: Path | None = None,
        overwrite: bool = False,
        name: str = "",
        account: str = "",
        request: str = "",
    ) -> Stamped:
        """Mark, sign, verify, record and release one picture.

        A picture that a model made from others is an edit: its manifest says `c2pa.opened`
        and `c2pa.edited`, never `c2pa.created`. An image file that carries a manifest of its
        own and comes without parents is its own parent; with parents, its manifest is kept
        beside theirs. See `stamp.parents.ancestry`.

        Args:
            image: encoded bytes, a PIL image, an array or a tensor; see `stamp.picture`.
            generation: what made it; its operations describe an edit.
            value_range: what the values of an array mean. Floats need it; integers imply it.
            axes: the order of an array's axes, where its shape does not say so.
            parents: encoded files that the picture was made from, with or without
                manifests. The first becomes the `parentOf` ingredient, of which C2PA allows
                one, all others `componentOf`, as parts that were placed in the picture. Their
                manifests are carried on without thumbnails, their fingerprints recorded.
            encoding: how the result is written.
            to: where to write it; None keeps it in memory.
            overwrite: replace an existing file at `to`.
            name: name of the input, for messages only.
            account: who asked for it, empty for nobody. It goes nowhere but into the registry,
                as a pseudonym, and sealed; see `keys.pseudonyms`.
            request: an id of the caller's for this picture. Asked again with the same id and
                input, the same record and the same bytes are given: what is there is not
                stamped twice, and what a crash left undone is finished. The file at `to` may
                be there already if it is this one. The account that asked first stays.

        Raises:
            ArgumentError: operations without a parent, or too many parents; an account or a
                request id that is none or cannot be used here.
            RequestError: the request id was used for another input.
            AlreadyStampedError: the picture carries a mark of this system and is not declared an
                edit, by parents or by its own manifest.
            InputError: the input or a parent is no acceptable image, or the picture cannot
                be written that way.
            CapacityError: the image cannot carry the mark or the label.
            SignerError, ManifestError: nothing was signed, or a manifest that has to be
                carried on cannot be.
            TimeStampError: a time stamp is required and there is none that can be trusted.
            SelfCheckError: the result did not verify.
            LogError: registry or log were restored from an old backup; nothing is signed.
            RegistryError: the record could not be kept, another process did not finish the
                same request in time (`E_BUSY`), or its file cannot be made again.
            ProvenanceError: `E_IO`, the file could not be written.
        """
        scheme = catalog.scheme(self.scheme)
        asked_by = self._account(account)
        target: Target = FileTarget(to, overwrite=overwrite) if to else MemoryTarget()
        if not request:  # with one, the file may rightly be there
            target.prepare()
        # (1) decode fully and check every limit
        source = picture(
            image,
            formats=self.formats,
            limits=self.limits,
            name=name,
            value_range=value_range,
            axes=axes,
        )
        made_from = ancestry(
            parents, source.ancestor, generation, formats=self.formats, limits=self.limits
        )
        rgb, alpha = flatten(source.rgb, source.alpha, encoding)
        if self.label is not None:
            rgb, alpha = labelled(rgb, alpha, self.label, edited=made_from.edited)
        describe(rgb, encoding.format)
        scheme.info.require_fit(rgb)
        job = Job(
            rgb=rgb,
            alpha=alpha,
            source=source,
            made_from=made_from,
            generation=generation,
            encoding=encoding,
            scheme=scheme,
            layout=scheme.info.layout_for(rgb),
            target=target,
            to=to,
            account=asked_by,
            embedder=self.embedder,
            label=self.label,
        )
        enter(Stage.LOOK)
        refuse_stamped(job, self.store, self.key)
        # (2) reserve a record, or find that of an earlier try
        enter(Stage.RESERVE)
        if self.log is not None:
            self.log.check()
        record = self._asked_for(job, request, parents) if request else self._reserved(job)
        if record.file is not None:
            return self._again(job, record, record.file)
        return self._released(job, record)

    @unforked()
    @observed(Outcome.MARKED)
    def mark(
        self,
        image: ImageInput,
        generation: Generation,
        *,
        value_range: ValueRange | None = None,
        axes: Axes | None = None,
        parents: Sequence[bytes] = (),
        account: str = "",
        keep_s: float = 3600.0,
        name: str = "",
    ) -> Marked:
        """Steps 1 to 3 alone, for hosts that write the file themselves; `sign` does the rest.

        The record stays reserved, as pending, until it is signed or expires. What is given is
        marked and not signed: it is not to be released like that.

        Args:
            image: as for `stamp`.
            generation: what made it; it is stated when the picture is signed.
            value_range: as for `stamp`.
            axes: as for `stamp`.
            parents: as for `stamp`, and to be named again to `sign`: no picture is kept.
            account: as for `stamp`.
            keep_s: for how many seconds the picture can be signed, at most 30 days.
            name: name of the input, for messages only.

        Raises:
            ArgumentError: operations without a parent, too many parents, an account that is none
                or cannot be used here, or an impossible time.
            AlreadyStampedError: it carries a mark of this system and is not declared an edit.
            InputError, ManifestError: the input or a parent cannot be used.
            CapacityError: the image cannot carry the mark or the label.
            SelfCheckError: the mark does not read back.
            LogError: registry or log were restored from an old backup.
            RegistryError: the record could not be kept.
        """
        asked_by, expires_at = self._account(account), expiry(keep_s)
        # (1) decode fully and check every limit
        job = to_mark(
            self,
            image,
            generation,
            value_range=value_range,
            axes=axes,
            parents=parents,
            account=asked_by,
            name=name,
        )
        describe(job.rgb)
        enter(Stage.LOOK)
        refuse_stamped(job, self.store, self.key)
        # (2) reserve a record
        enter(Stage.RESERVE)
        if self.log is not None:
            self.log.check()
        record = self._reserved(job)
        try:  # (3) embed the mark
            payload = self._payload(job, record)
            return hold(self.store, job, record, payload, self.key, expires_at)
        except BaseException as error:
            self._release(job, record).give_up(error, committing=False)
            raise

    @unforked()
    @observed(Outcome.SIGNED)
    def sign(
        self,
        image: ImageInput | Marked,
        *,
        parents: Sequence[bytes] = (),
        encoding: Encoding | None = None,
        to: Path | None = None,
        overwrite: bool = False,
        name: str = "",
    ) -> Stamped:
        """Steps 4 to 9 for a picture that was marked before.

        Its record is found by the mark in it. A failure before the commit leaves the record
        pending: the picture can be signed again until it expires. Of several who sign the same
        picture at once, one does; the others are refused.

        Args:
            image: an image file, or pixels as for `stamp`, or what `mark` gave. A file carries on
                a manifest that it has, as its own parent.
            parents: the files that were named to `mark`, in the same order.
            encoding: how the result is written. None signs a file as it is, with all that is
                in it: its pixels are not encoded again, and nothing is taken out. Pixels are
                written as PNG then.
            to: where to write it; may be the file that was read, with `overwrite`.
            overwrite: replace an existing file at `to`.
            name: name of the input, for messages only.

        Raises:
            PendingError: it has no mark of this system, was signed, expired, is another picture
                than was marked, or is said to be made from others.
            InputError, ManifestError, SignerError, TimeStampError, SelfCheckError, LogError,
            RegistryError, ProvenanceError: as for `stamp`.
        """
        target: Target = FileTarget(to, overwrite=overwrite) if to else MemoryTarget()
        target.prepare()
        # (1) decode fully, check every limit, find the record
        job, record = to_sign(
            self, image, parents=parents, encoding=encoding, target=target, to=to, name=name
        )
        describe(job.rgb, job.encoding.format)
        enter(Stage.RESERVE)
        if self.log is not None:
            self.log.check()
        return self._released(job, record)

    # --- steps -------------------------------------------------------------------

    def _released(self, job: Job, record: Record) -> Stamped:
        # (3) to (7), ending in the commit
        written, record, file = self._issued(job, record)
        # (8) give the file its name, (9) note that it has one
        enter(Stage.RELEASE)
        self._release(job, record).finish(file)
        return job.stamped(record, file, written)

    def _reserved(self, job: Job, request: Request | None = None) -> Record:
        _required(self.system.id)
        _required(self.key.tag_key)
        return self.store.reserve(
            system=self.system,
            epoch=self.key.epoch,
            scheme=self.scheme,
            generation=job.generation,
            id_bits=job.layout.id_bits,
            request=request,
            account=job.account,
        )

    def _account(self, account: str) -> Account | None:
        if not account:
            return None
        if self.pseudonyms is None:
            raise ArgumentError(
                "an account was named, and this stamper has no pseudonym key",
                hint="give the stamper its `pseudonyms`, or name no account",
            )
        return self.pseudonyms.of(account)

    def _asked_for(self, job: Job, name: str, parents: Sequence[bytes]) -> Record:
        """Step 2 of a request: its record, new or not."""
        if self.pseudonyms is None:
            raise ArgumentError(
                "a request id was given, and this stamper has no pseudonym key",
                hint="give the stamper its `pseudonyms`, or no request id",
            )
        system_id = _required(self.system.id)
        request = request_of(
            self.pseudonyms,
            name,
            system_id,
            job.source,
            generation=job.generation,
            encoding=job.encoding,
            scheme=self.scheme,
            parents=parents,
            label=self.label,
        )

        def reserve() -> Record:
            try:
                job.target.prepare()
            except ProvenanceError:
                if self.store.find_by_request(system_id, request.key) is None:
                    raise
            return self._reserved(job, request)

        return self.requests.record(self.store, system_id, request, reserve)

    def _issued(self, job: Job, record: Record) -> tuple[bytes, Record, IssuedFile]:
        """Steps 3 to 7: the file as it was written, the issued record, and what that says."""
        kind, target = job.encoding.format, job.target
        committing = False
        try:
            payload = self._payload(job, record)
            # (3) embed the mark
            marked, encoded = job.encoded(payload, self.key.carrier_key, self.system)
            # (4) sign, (5) write beside the final name and sync
            enter(Stage.SIGN)
            signed = sign(
                encoded,
                kind.mime,
                job.manifest_request(record, payload, self.software_version),
                self.signer,
                self.trust,
                self.time_stamping,
            )
            enter(Stage.WRITE)
            target.write(signed.data)
            # (6) verify what was written, with the verifier's own loader
            enter(Stage.VERIFY)
            written = target.read_back(self.limits)
            seen = self._check(job, record, payload).see(written)
            job.made_from.check(written, kind.mime, seen.manifest)
            time_stamp = time_stamp_result(
                seen.manifest, self.time_stamping.mode, signed.time_stamp_failure
            )
            if psnr(job.rgb, seen.rgb) < MIN_PSNR_DB:
                raise SelfCheckError("the stamped picture no longer looks like the input")
            # (7) commit the record
            enter(Stage.FINGERPRINT)
            file = IssuedFile(
                format=kind.value,
                width=seen.rgb.shape[1],
                height=seen.rgb.shape[0],
                byte_size=len(written),
                sha256=hashlib.sha256(written).hexdigest(),
                fingerprint=fingerprint(seen.rgb),
                manifest=signed.manifest,
                quality=replace(job.cost(marked), margin=seen.margin),
                time_stamp=time_stamp,
                grid=seen.sealed_grid(self.signature_key, record),
                parents=tuple(item.file for item in job.made_from.files),
                signer=self.signer.chain.sha256,
                envelope=self._envelope(record, encoded, signed),
            )
            enter(Stage.COMMIT)
            committing = True
            return written, job.commit(self.store, record, file), file
        except BaseException as error:
            self._release(job, record).give_up(error, committing=committing)
            raise

    def _envelope(self, record: Record, encoded: bytes, signed: SignedFile) -> bytes:
        """How the file is put together, where somebody may ask for it again."""
        if record.request is None:
            return b""
        return envelope(encoded, signed.data, signed.manifest)

    def _again(self, job: Job, record: Record, file: IssuedFile) -> Stamped:
        """A request that was made before: its file, made again from the input.

        Raises:
            RegistryError: it cannot be. No other bytes are ever given.
        """
        payload = self._payload(job, record)
        _, encoded = job.encoded(payload, self.key.carrier_key, self.system)
        try:
            data = replay(encoded, file.manifest, file.envelope)
            if hashlib.sha256(data).hexdigest() != file.sha256:
                raise RegistryError("it comes out differently here")
        except RegistryError as error:
            raise RegistryError(
                f"the file of record {record.record_id} cannot be made again: {error.message}",
                hint="made with other versions of the libraries, or under another name or key "
                "epoch of the system? The record stays as it is; use a new request id",
            ) from error
        enter(Stage.VERIFY)
        check = self._check(job, record, payload)
        if job.target.adopt(file.sha256):
            check.see(data)
            if record.state is RecordState.ISSUED:
                self._release(job, record).note()
            return job.stamped(record, file, data)
        try:
            job.target.prepare()
            job.target.write(data)
            written = job.target.read_back(self.limits)
            check.see(written)
            if written != data:
                raise SelfCheckError("the written file is not the one that was to be written")
        except BaseException:
            job.target.discard()
            raise
        self._release(job, record).finish(file)
        return job.stamped(record, file, data)

    def _release(self, job: Job, record: Record) -> Release:
        return Release(store=self.store, target=job.target, record=record)

    def _payload(self, job: Job, record: Record) -> Payload:
        return issue(
            job.layout,
            system_id=_required(self.system.id),
            mark_id=record.mark_id,
            tag_key=_required(self.key.tag_key),
        )

    def _check(self, job: Job, record: Record, payload: Payload) -> SelfCheck:
        return SelfCheck(
            encoding=job.encoding,
            record=record,
            payload=payload,
            scheme=job.scheme,
            key=self.key,
            trust=self.trust,
            limits=self.limits,
        )


def _required(value: _T | None) -> _T:
    if value is None:
        raise RegistryError("this system has no id or no tag key and cannot issue marks")
    return value
