"""The steps of the release order from the second on, and what they need.

They carry the numbers of `docs/architecture.md`, "Release order".
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TypeVar

from provenance.errors import ArgumentError, ProvenanceError, RegistryError, SelfCheckError
from provenance.fingerprint import SignatureKey, fingerprint
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
from provenance.stamp.job import PNG, Job, Stamped
from provenance.stamp.observer import Observer, Stage, describe, enter
from provenance.stamp.origin import Origin
from provenance.stamp.parents import ancestry
from provenance.stamp.picture import picture
from provenance.stamp.release import Release
from provenance.stamp.replay import envelope, replay
from provenance.stamp.requests import Requests, request_of
from provenance.stamp.selfcheck import SelfCheck, time_stamp_result
from provenance.stamp.target import Target
from provenance.trust import TrustStore
from provenance.watermark import DetectionKey, Embedder, Payload, catalog, issue

_T = TypeVar("_T")

#: The finished file must look like the picture that came in. Far below what any mark or
#: codec costs; it catches a wrong channel order, a wrong range or a black frame.
MIN_PSNR_DB = 20.0


class IssuanceGate(Protocol):
    """Says whether anything may be issued now; `provenance.log.PublishedLog` does."""

    def check(self) -> None:
        """Raise `LogError` where the registry is not the one that was signed last."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The parts of a stamper, and its steps; `Stamper` puts them in their order.

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

    def _opened(
        self,
        image: ImageInput,
        generation: Generation,
        *,
        value_range: ValueRange | None,
        axes: Axes | None,
        parents: Sequence[bytes],
        account: Account | None,
        name: str,
        encoding: Encoding | None,
        target: Target,
        to: Path | None,
    ) -> Job:
        """Step 1 of `Stamper.stamp` and `mark`; without an encoding somebody else writes it."""
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
        rgb, alpha = flatten(source.rgb, source.alpha, encoding or PNG)
        if self.label is not None:
            rgb, alpha = labelled(rgb, alpha, self.label, edited=made_from.edited)
        describe(rgb, encoding.format if encoding else None)
        scheme = catalog.scheme(self.scheme)
        scheme.info.require_fit(rgb)
        return Job(
            rgb=rgb,
            alpha=alpha,
            source=source,
            made_from=made_from,
            generation=generation,
            encoding=encoding or PNG,
            scheme=scheme,
            layout=scheme.info.layout_for(rgb),
            target=target,
            to=to,
            account=account,
            embedder=self.embedder,
            label=self.label,
        )

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
