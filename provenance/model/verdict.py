"""Verdicts and the reasons that carry them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from provenance.model.messages import Message, Template
from provenance.model.notes import Note


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


class Basis(StrEnum):
    """What a finding rests on, in the words of the EU Code of Practice, measure 2.3."""

    METADATA = "metadata"
    WATERMARK = "watermark"
    FORENSIC = "forensic"  # no check here is forensic; kept because the set is the Code's
    OTHER = "other"  # comparison with a record's fingerprints


class Bearing(StrEnum):
    """Which way a reason points."""

    SUPPORTS = "supports"
    CONTRADICTS = "contradicts"
    OPEN = "open"  # something that could not be settled
    LIMITS = "limits"  # narrows what the verdict says


_S, _C, _O, _L = Bearing.SUPPORTS, Bearing.CONTRADICTS, Bearing.OPEN, Bearing.LIMITS


class ReasonCode(Template):
    """Closed set of reasons; each owns its bearing and its sentence."""

    bearing: Bearing

    def __new__(cls, code: str, bearing: Bearing, template: str) -> Self:
        """A member: its code, which way it points, its sentence."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.bearing, member.template = bearing, template
        return member

    MANIFEST_TRUSTED = (
        "manifest.trusted",
        _S,
        "The C2PA manifest is intact and its signer is on a trust list.",
    )
    MANIFEST_ACCEPTED = (
        "manifest.accepted",
        _S,
        "The C2PA manifest is intact; its signer is on no trust list, but the policy accepts it.",
    )
    MANIFEST_CONTENT_CHANGED = (
        "manifest.content_changed",
        _L,
        "The manifest's signer is trusted, but the file was changed after it was signed.",
    )
    MANIFEST_UNTRUSTED = (
        "manifest.untrusted",
        _L,
        "The manifest is well-formed, but its signer is not trusted.",
    )
    MANIFEST_INVALID = "manifest.invalid", _O, "The manifest does not verify."
    MANIFEST_EXPIRED = (
        "manifest.expired",
        _O,
        (
            "The signing certificate has expired and no trusted time stamp shows that it was valid "
            "when it signed."
        ),
    )
    MANIFEST_WITHDRAWN = (
        "manifest.withdrawn",
        _O,
        (
            "The signing certificate was revoked, and no record shows that it signed this manifest "
            "before."
        ),
    )
    MANIFEST_REMOTE_ONLY = (
        "manifest.remote_only",
        _O,
        "The file only names a manifest on a server; it was not fetched.",
    )
    MANIFEST_UNREADABLE = (
        "manifest.unreadable",
        _O,
        "There is a manifest, but it cannot be read.",
    )
    MANIFEST_NONE = "manifest.none", _L, "The file carries no C2PA manifest."
    MANIFEST_RECOVERED = (
        "manifest.recovered",
        _S,
        (
            "The signer of the manifest that the mark led to is trusted: recovered, hard binding "
            "not applicable."
        ),
    )
    MANIFEST_RECOVERED_UNPROVEN = (
        "manifest.recovered_unproven",
        _L,
        (
            "The manifest that the mark led to proves nothing here: recovered, hard binding not "
            "applicable."
        ),
    )
    INGREDIENT_ALTERED = (
        "ingredient.altered",
        _L,
        "An ingredient named by the manifest does not verify: its own history is open.",
    )
    INGREDIENT_NOT_WALKED = (
        "ingredient.not_walked",
        _O,
        "The manifest names more ingredients than are checked here.",
    )
    MARK_READ = "mark.read", _S, "A watermark was read and its tag verifies."
    MARK_READ_UNVERIFIED = (
        "mark.read_unverified",
        _S,
        "A watermark was read; the key that authenticates its tag is not held here.",
    )
    MARK_TRACE = (
        "mark.trace",
        _O,
        "Traces of a watermark were found, but no payload can be read.",
    )
    MARK_NONE = "mark.none", _L, "No known mark found in the pixels."
    MARK_NOT_APPLICABLE = (
        "mark.not_applicable",
        _L,
        "The picture cannot carry the mark that was looked for.",
    )
    MARK_NOT_CHECKED = "mark.not_checked", _O, "The watermark was not checked."
    MARK_CANDIDATE = (
        "mark.candidate",
        _O,
        "The pixels spell the id of a record, but the picture could not be compared with it.",
    )
    MARK_CANDIDATE_CONFIRMED = (
        "mark.candidate_confirmed",
        _S,
        "The pixels spell the id of a record; this scheme alone cannot tell chance from mark.",
    )
    RECORD_FOUND = "record.found", _S, "The registry holds the record that is named."
    RECORD_ABSENT = "record.absent", _O, "The registry that was asked holds no such record."
    RECORD_VOID = "record.void", _O, "The record was reserved but never released."
    RECORD_UNREACHABLE = "record.unreachable", _O, "The registry could not be asked."
    RECORD_NOT_ASKED = (
        "record.not_asked",
        _O,
        "No registry was available to look the id up.",
    )
    CONTENT_MATCH = (
        "content.match",
        _S,
        "The picture looks like the one that was issued: the same picture, perhaps edited.",
    )
    CONTENT_PARTIAL = (
        "content.partial",
        _S,
        "The picture looks like a part of the one that was issued.",
    )
    CONTENT_MISMATCH = (
        "content.mismatch",
        _C,
        (
            "The picture does not look like the one that was issued under this record: the mark or "
            "the manifest may have been taken from there."
        ),
    )
    CONTENT_NOT_COMPARABLE = (
        "content.not_comparable",
        _O,
        "The picture cannot be compared with the one that was issued.",
    )
    MARKER_SIGNED = (
        "marker.signed",
        _L,
        "A C2PA manifest names a known system; this is worth as much as its signer.",
    )
    MARKER_PUBLIC_WATERMARK = (
        "marker.public_watermark",
        _L,
        "The pixels are consistent with another system's public watermark; anybody can embed it.",
    )
    MARKER_UNSIGNED_METADATA = (
        "marker.unsigned_metadata",
        _L,
        "Unsigned metadata points to AI or another system; anybody can write or remove it.",
    )
    CONFLICT_SOFT_BINDING = (
        "conflict.soft_binding",
        _C,
        "The manifest names another watermark than the one in the pixels.",
    )
    CONFLICT_MARK_MISSING = (
        "conflict.mark_missing",
        _C,
        "The manifest is intact and names a watermark, but the pixels do not carry it.",
    )
    CONFLICT_CAPTURE = (
        "conflict.capture",
        _C,
        (
            "The manifest says that the picture was captured by a device, while a generator's mark "
            "is in the pixels."
        ),
    )
    CONFLICT_OTHER_SYSTEM = (
        "conflict.other_system",
        _C,
        "The manifest names another origin than the mark in the pixels.",
    )
    CONFLICT_MANIFEST_INVALID = (
        "conflict.manifest_invalid",
        _C,
        "The manifest does not verify, although the mark can be read.",
    )
    CONFLICT_SEVERAL_SYSTEMS = (
        "conflict.several_systems",
        _C,
        "Marks of several systems are in one picture.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason(Message):
    """One reason in one case: its code and the notes with the values it rests on."""

    code: ReasonCode
    notes: tuple[Note, ...] = ()

    def __hash__(self) -> int:
        """Of code and notes."""
        return hash((self.code, self.notes))

    @property
    def detail(self) -> str:
        """The notes in English."""
        return "; ".join(map(str, self.notes))
