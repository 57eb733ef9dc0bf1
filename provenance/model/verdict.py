"""Verdicts and the reasons that carry them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The five things a verification can conclude about a readable file."""

    TRACED = "TRACED"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    OTHER_SYSTEM = "OTHER_SYSTEM"
    INDETERMINATE = "INDETERMINATE"

    @property
    def meaning(self) -> str:
        """When this verdict is given, for the reference documentation."""
        return _MEANINGS[self]


_MEANINGS = {
    Verdict.TRACED: "a trusted manifest with intact hard binding, or a mark that was read, whose "
    "record was found and whose picture matches the record; no contradiction",
    Verdict.NOT_FOUND: "nothing known was found; never means real, authentic or not AI",
    Verdict.CONFLICT: "sources contradict one another; the reasons say which",
    Verdict.OTHER_SYSTEM: "only markers of another system, each of which anybody could have made",
    Verdict.INDETERMINATE: "something was found that does not suffice, or a check could not run",
}


class Bearing(StrEnum):
    """Which way a reason points."""

    SUPPORTS = "supports"
    CONTRADICTS = "contradicts"
    OPEN = "open"  # something that could not be settled
    LIMITS = "limits"  # narrows what the verdict says


class ReasonCode(StrEnum):
    """Closed set of reasons; each owns its bearing and its sentence."""

    MANIFEST_TRUSTED = "manifest.trusted"
    MANIFEST_CONTENT_CHANGED = "manifest.content_changed"
    MANIFEST_UNTRUSTED = "manifest.untrusted"
    MANIFEST_INVALID = "manifest.invalid"
    MANIFEST_EXPIRED = "manifest.expired"
    MANIFEST_REMOTE_ONLY = "manifest.remote_only"
    MANIFEST_UNREADABLE = "manifest.unreadable"
    MANIFEST_NONE = "manifest.none"
    MANIFEST_RECOVERED = "manifest.recovered"
    INGREDIENT_ALTERED = "ingredient.altered"
    INGREDIENT_NOT_WALKED = "ingredient.not_walked"
    MARK_READ = "mark.read"
    MARK_READ_UNVERIFIED = "mark.read_unverified"
    MARK_TRACE = "mark.trace"
    MARK_NONE = "mark.none"
    MARK_NOT_APPLICABLE = "mark.not_applicable"
    MARK_NOT_CHECKED = "mark.not_checked"
    MARK_CANDIDATE_CONFIRMED = "mark.candidate_confirmed"
    RECORD_FOUND = "record.found"
    RECORD_ABSENT = "record.absent"
    RECORD_VOID = "record.void"
    RECORD_UNREACHABLE = "record.unreachable"
    RECORD_NOT_ASKED = "record.not_asked"
    CONTENT_MATCH = "content.match"
    CONTENT_PARTIAL = "content.partial"
    CONTENT_MISMATCH = "content.mismatch"
    CONTENT_NOT_COMPARABLE = "content.not_comparable"
    MARKER_SIGNED = "marker.signed"
    MARKER_PUBLIC_WATERMARK = "marker.public_watermark"
    MARKER_UNSIGNED_METADATA = "marker.unsigned_metadata"
    CONFLICT_SOFT_BINDING = "conflict.soft_binding"
    CONFLICT_MARK_MISSING = "conflict.mark_missing"
    CONFLICT_CAPTURE = "conflict.capture"
    CONFLICT_OTHER_SYSTEM = "conflict.other_system"
    CONFLICT_MANIFEST_INVALID = "conflict.manifest_invalid"
    CONFLICT_SEVERAL_SYSTEMS = "conflict.several_systems"

    @property
    def bearing(self) -> Bearing:
        """Which way this reason points, whatever the verdict."""
        return _BEARINGS[self]

    @property
    def sentence(self) -> str:
        """What the reason says, without the values of a single case."""
        return _SENTENCES[self]


_S, _C, _O, _L = Bearing.SUPPORTS, Bearing.CONTRADICTS, Bearing.OPEN, Bearing.LIMITS
_R = ReasonCode

_TABLE: tuple[tuple[ReasonCode, Bearing, str], ...] = (
    (_R.MANIFEST_TRUSTED, _S, "The C2PA manifest is intact and its signer is on a trust list."),
    (
        _R.MANIFEST_CONTENT_CHANGED,
        _L,
        "The manifest's signer is trusted, but the file was changed after it was signed.",
    ),
    (_R.MANIFEST_UNTRUSTED, _L, "The manifest is well-formed, but its signer is not trusted."),
    (_R.MANIFEST_INVALID, _O, "The manifest does not verify."),
    (
        _R.MANIFEST_EXPIRED,
        _O,
        (
            "The signing certificate has expired and no trusted time stamp shows that it was "
            "valid when it signed."
        ),
    ),
    (
        _R.MANIFEST_REMOTE_ONLY,
        _O,
        "The file only names a manifest on a server; it was not fetched.",
    ),
    (_R.MANIFEST_UNREADABLE, _O, "There is a manifest, but it cannot be read."),
    (_R.MANIFEST_NONE, _L, "The file carries no C2PA manifest."),
    (
        _R.MANIFEST_RECOVERED,
        _S,
        "The manifest was recovered through the mark; its hard binding is not applicable.",
    ),
    (
        _R.INGREDIENT_ALTERED,
        _L,
        "An ingredient named by the manifest does not verify: its own history is open.",
    ),
    (
        _R.INGREDIENT_NOT_WALKED,
        _O,
        "The manifest names more ingredients than are checked here.",
    ),
    (_R.MARK_READ, _S, "A watermark was read and its tag verifies."),
    (
        _R.MARK_READ_UNVERIFIED,
        _S,
        "A watermark was read; the key that authenticates its tag is not held here.",
    ),
    (_R.MARK_TRACE, _O, "Traces of a watermark were found, but no payload can be read."),
    (_R.MARK_NONE, _L, "No known mark found in the pixels."),
    (_R.MARK_NOT_APPLICABLE, _L, "The image cannot carry the mark that was looked for."),
    (_R.MARK_NOT_CHECKED, _O, "The watermark was not checked."),
    (
        _R.MARK_CANDIDATE_CONFIRMED,
        _S,
        "The pixels spell the id of a record; this scheme alone cannot tell chance from mark.",
    ),
    (_R.RECORD_FOUND, _S, "The registry holds the record that is named."),
    (_R.RECORD_ABSENT, _O, "The registry that was asked holds no such record."),
    (_R.RECORD_VOID, _O, "The record was reserved but never released."),
    (_R.RECORD_UNREACHABLE, _O, "The registry could not be asked."),
    (_R.RECORD_NOT_ASKED, _O, "No registry was available to look the id up."),
    (
        _R.CONTENT_MATCH,
        _S,
        "The image looks like the one that was issued (the same picture, perhaps edited).",
    ),
    (_R.CONTENT_PARTIAL, _S, "The image looks like a part of the one that was issued."),
    (
        _R.CONTENT_MISMATCH,
        _C,
        "The image does not look like the one that was issued: the mark may be transplanted.",
    ),
    (
        _R.CONTENT_NOT_COMPARABLE,
        _O,
        "The image cannot be compared with the one that was issued.",
    ),
    (
        _R.MARKER_SIGNED,
        _L,
        "A C2PA manifest names a known system; this is worth as much as its signer.",
    ),
    (
        _R.MARKER_PUBLIC_WATERMARK,
        _L,
        "The pixels are consistent with another system's public watermark; anybody can embed it.",
    ),
    (
        _R.MARKER_UNSIGNED_METADATA,
        _L,
        "Unsigned metadata points to AI or another system; anybody can write or remove it.",
    ),
    (
        _R.CONFLICT_SOFT_BINDING,
        _C,
        "The manifest names another watermark than the one in the pixels.",
    ),
    (
        _R.CONFLICT_MARK_MISSING,
        _C,
        "The manifest is intact and names a watermark, but the pixels do not carry it.",
    ),
    (
        _R.CONFLICT_CAPTURE,
        _C,
        (
            "The manifest says that the picture was captured by a device, while a generator's "
            "mark is in the pixels."
        ),
    ),
    (
        _R.CONFLICT_OTHER_SYSTEM,
        _C,
        "The manifest names another origin than the mark in the pixels.",
    ),
    (_R.CONFLICT_MANIFEST_INVALID, _C, "The manifest does not verify while the mark reads."),
    (_R.CONFLICT_SEVERAL_SYSTEMS, _C, "Marks of several systems are in one image."),
)
_BEARINGS = {code: bearing for code, bearing, _ in _TABLE}
_SENTENCES = {code: sentence for code, _, sentence in _TABLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason in one case: its code and the values it rests on."""

    code: ReasonCode
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.code.sentence} {self.detail}".rstrip()
