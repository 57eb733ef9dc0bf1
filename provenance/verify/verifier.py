"""Verification: load once, gather evidence, decide. Offline, and without writing anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import chain
from pathlib import Path

from provenance.fingerprint import SignatureKey
from provenance.imaging import (
    DEFAULT_LIMITS,
    DEFAULT_READ,
    ImageFormat,
    Limits,
    LoadedImage,
    later_frames,
    load,
    read_file,
)
from provenance.manifest import is_signed_by, manifest_store, read, read_recovered
from provenance.markers import find
from provenance.model.evidence import (
    ContentMatchEvidence,
    Evidence,
    ManifestEvidence,
    ManifestStatus,
    RecordEvidence,
    RecordKey,
    RecordStatus,
    WatermarkEvidence,
    WatermarkStatus,
)
from provenance.model.generation import Record
from provenance.model.ids import MarkId, SystemRef
from provenance.model.report import VerificationReport
from provenance.model.settings import HeldKey, VerificationSettings
from provenance.model.trust import TrustListInfo
from provenance.resolution import NoRegistry, Resolution, Resolver
from provenance.trust import Revocations, SignerPolicy, TrustStore, moment_text
from provenance.verify.acceptance import under_policy
from provenance.verify.content import compare_content
from provenance.verify.questions import withdrawn
from provenance.verify.revoked import Signature, under_revocations
from provenance.verify.scope import SystemTrust, read_in_scope
from provenance.verify.verdict import decide
from provenance.watermark import Depth, Detection, Keyring, Scheme, catalog

_POSITIVE = frozenset({WatermarkStatus.READ_AUTHENTIC, WatermarkStatus.READ, WatermarkStatus.TRACE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """Checks images. It needs no signing key, no write access and no network.

    Attributes:
        trust: whose manifests are believed.
        system_trust: lists that are believed about manifests of one system only.
        policy: which of those signers are accepted; None accepts them all.
        revocations: certificates that are believed only for what was logged before.
        at: judge certificates at this moment; None is now.
        keyring: which systems' marks are looked for.
        resolver: where records are looked up.
        schemes: names of the watermark schemes to look for; schemes that a manifest
            declares are added for that image.
        formats: what may be decoded.
        limits: checked before decoding.
        depth: how much the schemes try.
        signature_keys: open the grid signatures of records. Without them crops and
            rotations cannot be compared with the record.
    """

    trust: TrustStore = TrustStore()
    system_trust: tuple[SystemTrust, ...] = ()
    policy: SignerPolicy | None = None
    revocations: Revocations = Revocations()
    at: datetime | None = None
    keyring: Keyring = Keyring()
    resolver: Resolver = NoRegistry()
    schemes: tuple[str, ...] = (catalog.DEFAULT,)
    formats: frozenset[ImageFormat] = DEFAULT_READ
    limits: Limits = DEFAULT_LIMITS
    depth: Depth = Depth.DEEP
    signature_keys: tuple[SignatureKey, ...] = ()

    def verify(self, source: bytes | Path, *, name: str = "") -> VerificationReport:
        """All evidence about one image file, and the finding it leads to.

        Args:
            source: the file, or its bytes.
            name: file name, to report an extension that contradicts the content.

        Raises:
            InputError: the file cannot be read or decoded at all. Everything else, a
                broken manifest included, is evidence.
        """
        if isinstance(source, Path):
            data, name = read_file(source, self.limits), name or source.name
        else:
            data = source
        image = load(data, name=name, formats=self.formats, limits=self.limits)
        evidence = self.gather(image)
        return VerificationReport(input=image.facts, evidence=evidence, finding=decide(evidence))

    @property
    def settings(self) -> VerificationSettings:
        """Everything besides the file that a finding depends on."""
        return VerificationSettings(
            at=moment_text(self.at) if self.at else "",
            policy="; ".join(filter(None, (str(self.policy or ""), str(self.revocations)))),
            depth=self.depth.value,
            schemes=self.schemes,
            formats=tuple(sorted(item.value for item in self.formats)),
            limits=asdict(self.limits),
            keys=tuple(
                HeldKey(
                    system=key.system,
                    epoch=key.epoch,
                    fingerprint=key.fingerprint,
                    authenticates=key.tag_key is not None,
                )
                for key in self.keyring.keys
            ),
            registry=self.resolver.description,
            trust_lists=self._lists,
        )

    @property
    def _lists(self) -> tuple[TrustListInfo, ...]:
        scoped = (item.trust.infos() for item in self.system_trust)
        return (*self.trust.infos(), *chain.from_iterable(scoped))

    def gather(self, image: LoadedImage) -> Evidence:
        """Run every check on a loaded image."""
        mime = image.header.format.mime
        manifest = self._judged(lambda trust: read(image.data, mime, trust, at=self.at), image)
        marks = tuple(self._marks(image, manifest))
        named, record = self._record(marks, manifest)
        match = self._content_match(image, marks, record)
        recovered = None
        if manifest.status is ManifestStatus.NONE and record and record.file:
            recovered = self._recovered(image, mime, record.file.manifest)
        return Evidence(
            manifest=manifest,
            recovered_manifest=recovered,
            watermarks=tuple(_with_system(mark, record) for mark in marks),
            record=named,
            content_match=match,
            trust_lists=self._lists,
            markers=find(image, manifest, thorough=self.depth is Depth.DEEP),
        )

    def _judged(
        self,
        read: Callable[[TrustStore], ManifestEvidence],
        image: LoadedImage,
        stored: bytes | None = None,
    ) -> ManifestEvidence:
        """A manifest as scope, revocations and policy let it stand.

        `stored` is its manifest store where that was recovered from the record.
        """
        manifest = read_in_scope(read, self.trust, self.system_trust)
        data, mime = image.data, image.header.format.mime
        signature = Signature(
            store=lambda: stored or manifest_store(data, mime, manifest.manifest_id),
            signed_by=lambda pems: is_signed_by(data, mime, pems, manifest=stored),
        )
        held = under_revocations(manifest, self.revocations, signature, self.resolver)
        return held if withdrawn(held) else under_policy(held, self.policy)

    def _recovered(self, image: LoadedImage, mime: str, stored: bytes) -> ManifestEvidence | None:
        """The manifest of the record; None where an extract came without."""
        if not stored:
            return None
        data, at = image.data, self.at
        return self._judged(
            lambda trust: read_recovered(data, mime, stored, trust, at=at), image, stored
        )

    # --- watermarks --------------------------------------------------------------

    def _marks(self, image: LoadedImage, manifest: ManifestEvidence) -> Iterator[WatermarkEvidence]:
        declared = (catalog.by_alg(binding.alg) for binding in manifest.soft_bindings)
        schemes = [catalog.scheme(name) for name in self.schemes]
        schemes += [scheme for scheme in declared if scheme is not None]
        for scheme in {scheme.info.name: scheme for scheme in schemes}.values():
            yield self._mark(image, scheme)

    def _mark(self, image: LoadedImage, scheme: Scheme) -> WatermarkEvidence:
        found, frame = scheme.detect(image.rgb, self.keyring, depth=self.depth), 0
        if found.status not in _POSITIVE:
            for index, rgb in later_frames(image, self.limits):
                later = scheme.detect(rgb, self.keyring, depth=self.depth)
                if later.status in _POSITIVE:
                    found, frame = later, index
                    break
        return self._evidence(scheme, found, frame)

    def _evidence(self, scheme: Scheme, found: Detection, frame: int) -> WatermarkEvidence:
        payload, key = found.payload, found.key
        return WatermarkEvidence(
            scheme=scheme.info.name,
            alg=scheme.info.alg,
            status=found.status,
            system=key.system if key else None,
            mark_id=payload.mark_id if payload else None,
            payload=payload.pack() if payload else b"",
            epoch=key.epoch if key else None,
            log10_p=found.log10_p,
            log10_threshold=found.log10_threshold,
            path=found.path,
            geometry=found.geometry,
            frame=frame,
            systems=tuple(
                sorted({k.system.id for k in self.keyring.keys if k.system.id is not None})
            ),
            detail=found.detail,
        )

    # --- record ------------------------------------------------------------------

    def _record(
        self, marks: tuple[WatermarkEvidence, ...], manifest: ManifestEvidence
    ) -> tuple[RecordEvidence, Record | None]:
        """The record that the mark names, else the one that the manifest names."""
        read_marks = [mark for mark in marks if mark.status.is_read]
        for mark in read_marks:
            if mark.mark_id is not None and mark.system is not None:
                found = self._by_mark(mark.system, mark.mark_id)
                return _record_evidence(found, RecordKey.MARK), found.record
        for mark in marks:
            if mark.status is WatermarkStatus.CANDIDATE and mark.mark_id is not None:
                found = self._by_candidate(mark, mark.mark_id)
                if found.record is not None:
                    return _record_evidence(found, RecordKey.MARK), found.record
        if manifest.generation is not None and manifest.generation.record_id:
            found = self.resolver.by_record(manifest.generation.record_id)
            return _record_evidence(found, RecordKey.MANIFEST), found.record
        return RecordEvidence(status=RecordStatus.NOT_ASKED), None

    def _by_mark(self, system: SystemRef, mark_id: MarkId) -> Resolution:
        return self.resolver.by_mark(-1 if system.id is None else system.id, mark_id)

    def _by_candidate(self, mark: WatermarkEvidence, mark_id: MarkId) -> Resolution:
        """A candidate does not say whose it is: every system of the keyring is asked."""
        for system_id in mark.systems:
            found = self.resolver.by_mark(system_id, mark_id)
            if found.record is not None and found.record.scheme == mark.scheme:
                return found
        return Resolution(status=RecordStatus.ABSENT)

    def _content_match(
        self, image: LoadedImage, marks: tuple[WatermarkEvidence, ...], record: Record | None
    ) -> ContentMatchEvidence | None:
        """Compare the frame that names the record with what the record says it looks like."""
        if record is None or record.file is None:
            return None
        mark = next((m for m in marks if m.mark_id == record.mark_id), None)
        frame = mark.frame if mark else 0
        frames = later_frames(image, self.limits) if frame else iter(())
        rgb = next((later for index, later in frames if index == frame), image.rgb)
        return compare_content(rgb, mark, record, self.signature_keys)


def _record_evidence(found: Resolution, key: RecordKey) -> RecordEvidence:
    record = found.record
    if record is None:
        return RecordEvidence(status=found.status, key=key, detail=found.detail)
    return RecordEvidence(
        status=found.status,
        key=key,
        record_id=record.record_id,
        manifest_id=record.manifest_id,
        mark_id=record.mark_id,
        system=record.system,
        model=record.generation.model,
        model_version=record.generation.model_version,
        scheme=record.scheme,
        state=record.state,
        issued_at=record.issued_at.isoformat() if record.issued_at else "",
        detail=found.detail,
    )


def _with_system(mark: WatermarkEvidence, record: Record | None) -> WatermarkEvidence:
    """A candidate learns whose it is from the record that it names."""
    if mark.status is not WatermarkStatus.CANDIDATE or record is None:
        return mark
    if mark.mark_id != record.mark_id or mark.scheme != record.scheme:
        return mark
    return replace(mark, system=record.system, epoch=record.epoch)
