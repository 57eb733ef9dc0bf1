"""Step 6 of the release order: the written file, seen with the verifier's own loader."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from provenance.errors import InputError, SelfCheckError, TimeStampError
from provenance.fingerprint import SignatureKey, seal, signature
from provenance.imaging import Encoding, Limits, load
from provenance.keys import TimeStampMode
from provenance.manifest import read
from provenance.model.evidence import ManifestEvidence, ManifestStatus
from provenance.model.generation import Record, TimeStampOutcome, TimeStampResult
from provenance.model.trust import TimeStampStatus
from provenance.stamp.picture import Pixels
from provenance.trust import TrustStore
from provenance.watermark import Detection, DetectionKey, Keyring, Payload, Scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was found in the written file: `rgb` uint8 (H, W, 3), manifest and mark."""

    rgb: Pixels = field(repr=False)
    manifest: ManifestEvidence
    mark: Detection

    @property
    def margin(self) -> float:
        """How far the mark lies beyond the threshold, in powers of ten."""
        return round(max(0.0, self.mark.log10_threshold - self.mark.log10_p), 1)

    def sealed_grid(self, key: SignatureKey | None, record: Record) -> bytes:
        """The grid signature as the registry may keep it, or nothing."""
        if key is None or self.mark.geometry is None:
            return b""
        grid = signature(self.rgb, self.mark.geometry)
        return b"" if grid is None else seal(grid, key, record.mark_id, record.record_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfCheck:
    """What the written file is held against."""

    encoding: Encoding
    record: Record
    payload: Payload
    scheme: Scheme
    key: DetectionKey
    trust: TrustStore
    limits: Limits

    def see(self, data: bytes) -> Seen:
        """Pixels, manifest and mark of the written file, once all name this record.

        Raises:
            SelfCheckError: it cannot be decoded, or manifest or mark are not what they should be.
        """
        kind = self.encoding.format
        try:
            image = load(data, strict=True, formats={kind}, limits=self.limits)
        except InputError as error:
            raise SelfCheckError(f"the written file cannot be decoded: {error.message}") from error
        manifest = read(data, kind.mime, self.trust)
        if manifest.status is not ManifestStatus.TRUSTED:
            codes = ", ".join(manifest.failure) or manifest.detail
            raise SelfCheckError(
                f"the written manifest reads {manifest.status.value}: {codes}",
                hint="check that the signer's root is in the trust list of the workspace",
            )
        if manifest.manifest_id != self.record.manifest_id:
            raise SelfCheckError("the written manifest is not the one that was signed")
        found = self.scheme.detect(image.rgb, Keyring(keys=(self.key,)))
        if found.payload != self.payload:
            raise SelfCheckError(
                f"the mark cannot be read back from the {self.encoding} file",
                hint="this picture holds the mark only in a lossless format, or not at all",
            )
        return Seen(rgb=np.ascontiguousarray(image.rgb), manifest=manifest, mark=found)


def time_stamp_result(
    manifest: ManifestEvidence, mode: TimeStampMode, failure: str
) -> TimeStampResult:
    """What can be stated about the time stamp, read from the written file.

    Args:
        manifest: what was read.
        mode: what was asked for.
        failure: why there is none, if that is known.

    Raises:
        TimeStampError: one is required, and there is none that can be trusted.
    """
    stamp = manifest.time_stamp
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
