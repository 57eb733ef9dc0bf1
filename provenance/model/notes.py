"""Notes: the values that a reason rests on, each a phrase of its own."""

from __future__ import annotations

from dataclasses import dataclass

from provenance.model.messages import Message, Template


class NoteCode(Template):
    """Closed set of notes."""

    # manifest
    SIGNED_BY = "signed_by", "signed by {signer}"
    ANCHORED_IN = "anchored_in", "anchored in {trust_list}"
    TIME_STAMPED = (
        "time_stamped",
        "signed at {time}, proven by a time stamp of {authority} (anchored in {trust_list})",
    )
    JUDGED_AT = "judged_at", "certificates judged at {time} (--at)"
    CERTIFICATE_VALID = "certificate_valid", "certificate valid {not_before} to {not_after}"
    NO_TIME_STAMP = "no_time_stamp", "no time stamp"
    TIME_STAMP_INVALID = "time_stamp_invalid", "its time stamp does not verify"
    TIME_STAMP_VERSION_1 = (
        "time_stamp_version_1",
        (
            "its time stamp is by {authority}; on a claim of version 1 no authority is held "
            "against a list, so it proves nothing"
        ),
    )
    TIME_STAMP_UNLISTED = (
        "time_stamp_unlisted",
        "its time stamp is by {authority}, which is on no time-stamping list",
    )
    TIME_STAMP_LATER = "time_stamp_later", "its time stamp of {time} is from after {moment}"
    REVOCATION_NOT_CHECKED = "revocation_not_checked", "revocation not checked"
    REVOCATION_GOOD = "revocation_good", "not revoked, by an OCSP answer in the manifest"
    REVOKED = "revoked", "revoked, by an OCSP answer in the manifest"
    WITHDRAWN = (
        "withdrawn",
        "certificate revoked by the verifier; no record shows that it signed this before",
    )
    REVOKED_LATER = (
        "revoked_later",
        "certificate revoked by the verifier; the record was logged before",
    )
    POLICY_ACCEPTED = "policy_accepted", "accepted by policy {policy}: {reason}"
    POLICY_REFUSED = "policy_refused", "refused by policy {policy}: {reason}"
    C2PA_CODES = "c2pa_codes", "C2PA status: {codes}"
    REMOTE_URL = "remote_url", "address: {url}"
    INGREDIENT = "ingredient", '"{title}": {codes}'
    SOURCE_TYPES = "source_types", "digital source type: {types}"
    MANIFEST_ORIGIN = "manifest_origin", "the manifest names {origin}"
    # mark
    SCHEME = "scheme", "{scheme}"
    SCHEME_DETAIL = "scheme_detail", "{scheme}: {detail}"
    MARK = (
        "mark",
        "{scheme}: mark {mark} assigned to {system}, chance at most 10^{log10_p:.1f}",
    )
    SYSTEMS = "systems", "systems {ids}"
    BINDING = "binding", "manifest {manifest}, pixels {pixels}"
    # record and content
    RECORD = "record", "{record}"
    DETAIL = "detail", "{detail}"
    PDQ = (
        "pdq",
        (
            "PDQ distance {distance} of 256 ({orientation}); same at most {match_at_most}, other "
            "from {mismatch_at_least}"
        ),
    )
    PDQ_NOT_APPLICABLE = (
        "pdq_not_applicable",
        "PDQ does not apply: not the whole picture as it was issued",
    )
    GRID_NOT_COMPARED = "grid_not_compared", "grid not compared: {detail}"
    GRID = "grid", "grid chance 10^{log10_p:.1f}, agreement {agreement:.2f}"
    GRID_DETAIL = (
        "grid_detail",
        "grid chance 10^{log10_p:.1f}, agreement {agreement:.2f} ({detail})",
    )
    GRID_COVERED = (
        "grid_covered",
        (
            "grid chance 10^{log10_p:.1f}, agreement {agreement:.2f}; {covered:.0%} of the issued "
            "picture recognised"
        ),
    )
    # markers
    MARKER = "marker", '"{system}": {where}, "{excerpt}"'
    MARKER_CHANCE = "marker_chance", '"{system}": {where}, chance at most 10^{log10_p:.1f}'
    MARKER_UNNAMED = "marker_unnamed", 'no system named: {where}, "{excerpt}"'


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Note(Message):
    """One phrase with its values."""

    code: NoteCode
