"""One row for each image: the names and types of its columns are part of the public interface."""

from __future__ import annotations

import hashlib
import math
import time
from typing import Any, Final

from provenance.audit.chunk import Item
from provenance.errors import ErrorCode, InputError, ProvenanceError
from provenance.fingerprint import fingerprint
from provenance.imaging import load
from provenance.model import Evidence, MarkerClass, VerificationReport, WatermarkStatus
from provenance.printable import utf8
from provenance.verify import Verifier, decide

ROW_VERSION: Final = 1
_CV_NO_MEMORY: Final = -4  # cv2.Error.StsNoMem

#: Column -> type and meaning. Types: text, texts (a list of them), integer, number, bytes.
COLUMNS: Final[dict[str, tuple[str, str]]] = {
    "key": ("text", "where the image was found; unique in a run"),
    "name": ("text", "its name there"),
    "sha256": ("text", "of its bytes, hexadecimal; null where they could not be read"),
    "sha1": ("text", "SHA-1, for older case systems; identifies nothing by itself"),
    "md5": ("text", "MD5, likewise"),
    "byte_size": ("integer", "bytes"),
    "format": ("text", "image format"),
    "width": ("integer", "pixels as displayed"),
    "height": ("integer", "pixels as displayed"),
    "frames": ("integer", "of an animation; otherwise 1"),
    "verdict": ("text", "verdict; null where the image could not be examined"),
    "basis": ("texts", "what the verdict rests on"),
    "reasons": ("texts", "codes of the reasons for it"),
    "system_id": ("integer", "number of the system that the evidence points to"),
    "system_name": ("text", "its name"),
    "mark_status": ("text", "the most that a watermark scheme says about the pixels"),
    "mark_id": ("text", "id in the mark that was read"),
    "scheme": ("text", "its watermark scheme"),
    "log10_p": ("number", "log10 of the chance that a picture without this mark reads so"),
    "looks": (
        "integer",
        "how often a mark was looked for: schemes with a known chance, times frames",
    ),
    "log10_chance": (
        "number",
        "log10 of the chance that all these looks together read a mark that is not there, at most",
    ),
    "manifest_status": ("text", "status of the C2PA manifest"),
    "manifest_id": ("text", "its label"),
    "signer": ("text", "name in its signing certificate"),
    "trust_list": ("text", "list that anchors the signer"),
    "revocation": ("text", "whether its certificate was revoked"),
    "time_stamp": ("text", "status of the time stamp of its signature"),
    "record_status": ("text", "answer of the registry"),
    "record_id": ("text", "id of the record"),
    "issued_at": ("text", "when the record was issued, RFC 3339"),
    "content_match": ("text", "comparison with the record"),
    "markers": ("texts", "markers of other systems, `class: system`"),
    "marker_log10_p": (
        "number",
        "log10 of the chance of the public watermark among them, at most; null where there is none",
    ),
    "pdq": ("bytes", "perceptual hash, 32 bytes"),
    "pdq_quality": ("integer", "its quality, 0 to 100"),
    "flags": ("texts", "how the image was read"),
    "error_code": ("text", "why it was not examined; null where it was"),
    "error_message": ("text", "the same in words"),
    "milliseconds": ("integer", "time it took, reading included"),
    "tool_version": ("text", "version of this software"),
}

Row = dict[str, Any]

_STRENGTH: Final = (
    WatermarkStatus.READ_AUTHENTIC,
    WatermarkStatus.READ,
    WatermarkStatus.CANDIDATE,
    WatermarkStatus.TRACE,
    WatermarkStatus.NOT_CHECKED,
    WatermarkStatus.NONE,
    WatermarkStatus.NOT_APPLICABLE,
)


def examine(item: Item, key: str, verifier: Verifier, version: str) -> Row:
    """The row of an image, whatever is wrong with it."""
    row = empty(key, version)
    row["name"] = utf8(item.name)
    begin = time.monotonic()
    try:
        if item.problem is not None:
            raise item.problem
        row |= digests(item.data)
        row |= _found(item, verifier, row["sha256"])
    except ProvenanceError as error:
        row |= failed(error)
    except MemoryError:
        row |= failed(InputError("needs more memory than a worker may use", code=ErrorCode.LIMIT))
    except Exception as error:  # noqa: BLE001 - a defect must not cost the run a row
        message = f"{type(error).__name__}: {error}"
        code = ErrorCode.LIMIT if _is_short_of_memory(error) else ErrorCode.INTERNAL
        row |= failed(ProvenanceError(message, code=code))
    row["milliseconds"] = round(1000 * (time.monotonic() - begin))
    return row


def empty(key: str, version: str) -> Row:
    """A row that says nothing yet."""
    row: Row = dict.fromkeys(COLUMNS)
    row |= {name: [] for name, (kind, _) in COLUMNS.items() if kind == "texts"}
    return row | {"key": utf8(key), "name": "", "tool_version": version, "milliseconds": 0}


def digests(data: bytes) -> Row:
    """The columns of a file that could be read."""
    return {
        "byte_size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "sha1": hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
    }


def failed(error: ProvenanceError) -> Row:
    """The columns of an image that could not be examined."""
    return {"error_code": error.code.value, "error_message": utf8(error.message)}


def _is_short_of_memory(error: Exception) -> bool:
    """True for what OpenCV raises where Python raises `MemoryError`."""
    return getattr(error, "code", None) == _CV_NO_MEMORY or "bad_alloc" in str(error)


def _found(item: Item, verifier: Verifier, sha256: str) -> Row:
    image = load(
        item.data,
        name=item.name,
        formats=verifier.formats,
        limits=verifier.limits,
        sha256=sha256,
    )
    evidence = verifier.gather(image)
    report = VerificationReport(input=image.facts, evidence=evidence, finding=decide(evidence))
    print_ = fingerprint(image.rgb)
    finding, system = report.finding, report.finding.system
    return {
        "format": image.facts.format,
        "width": image.facts.width,
        "height": image.facts.height,
        "frames": image.facts.frames,
        "flags": [flag.value for flag in image.facts.flags],
        "verdict": finding.verdict.value,
        "basis": [basis.value for basis in finding.basis],
        "reasons": [reason.code.value for reason in finding.reasons],
        "system_id": system.id if system else None,
        "system_name": system.name if system else None,
        "pdq": print_.bits.hex(),
        "pdq_quality": print_.quality,
        **_evidence(evidence),
        **_chance(evidence, min(image.facts.frames, verifier.limits.sampled_frames)),
    }


def _evidence(evidence: Evidence) -> Row:
    manifest, match = evidence.manifest, evidence.content_match
    mark = next((m for m in evidence.watermarks if m.mark_id is not None and m.system), None)
    signed = manifest.signer is not None
    return {
        "mark_status": _strongest(evidence),
        "mark_id": str(mark.mark_id) if mark else None,
        "scheme": mark.scheme if mark else None,
        "log10_p": mark.log10_p if mark and math.isfinite(mark.log10_p) else None,
        "manifest_status": manifest.status.value,
        "manifest_id": manifest.manifest_id or None,
        "signer": manifest.signer.name if manifest.signer else None,
        "trust_list": manifest.trust_list or None,
        "revocation": manifest.revocation.value if signed else None,
        "time_stamp": manifest.time_stamp.status.value if signed else None,
        "record_status": evidence.record.status.value,
        "record_id": evidence.record.record_id or None,
        "issued_at": evidence.record.issued_at or None,
        "content_match": match.status.value if match else None,
        "markers": [f"{m.kind.value}: {m.system}" for m in evidence.markers],
    }


def _strongest(evidence: Evidence) -> str | None:
    found = {mark.status for mark in evidence.watermarks}
    return next((status.value for status in _STRENGTH if status in found), None)


def _chance(evidence: Evidence, frames: int) -> Row:
    """How often a mark was looked for, and how often chance may look like one."""
    bounds = [10**m.log10_threshold for m in evidence.watermarks if m.log10_threshold < 0]
    public = [m.log10_p for m in evidence.markers if m.kind is MarkerClass.PUBLIC_WATERMARK]
    looks = frames * len(bounds)
    return {
        "looks": looks,
        "log10_chance": round(math.log10(frames * sum(bounds)), 6) if looks else None,
        "marker_log10_p": min(public) if public and all(map(math.isfinite, public)) else None,
    }
