"""The notes of reasons: the raw values that each of them rests on."""

from __future__ import annotations

from collections.abc import Iterator

from provenance.model.evidence import (
    MATCHING,
    ContentMatchEvidence,
    GridEvidence,
    ManifestEvidence,
    ManifestStatus,
    MarkerEvidence,
    RecordEvidence,
    WatermarkEvidence,
)
from provenance.model.messages import Value
from provenance.model.notes import Note, NoteCode
from provenance.model.trust import (
    PolicyEvidence,
    RevocationStatus,
    TimeSource,
    TimeStampEvidence,
    Unproven,
    ValidityEvidence,
)

_REVOCATION = {
    RevocationStatus.NOT_CHECKED: NoteCode.REVOCATION_NOT_CHECKED,
    RevocationStatus.STAPLED_GOOD: NoteCode.REVOCATION_GOOD,
    RevocationStatus.REVOKED: NoteCode.REVOKED,
    RevocationStatus.WITHDRAWN: NoteCode.WITHDRAWN,
    RevocationStatus.REVOKED_LATER: NoteCode.REVOKED_LATER,
}
_UNPROVEN = {
    Unproven.NO_TIME_STAMP: NoteCode.NO_TIME_STAMP,
    Unproven.INVALID: NoteCode.TIME_STAMP_INVALID,
    Unproven.VERSION_1: NoteCode.TIME_STAMP_VERSION_1,
    Unproven.UNLISTED: NoteCode.TIME_STAMP_UNLISTED,
    Unproven.LATER: NoteCode.TIME_STAMP_LATER,
}


def note(code: NoteCode, **values: Value) -> Note:
    """A note with these values."""
    return Note(code=code, values=values)


# --- manifest ----------------------------------------------------------------------


def manifest_notes(manifest: ManifestEvidence) -> Iterator[Note]:
    """Who signed, on whose word, as of when, and what the validator said."""
    if manifest.signer:
        yield note(NoteCode.SIGNED_BY, signer=manifest.signer.name)
    if manifest.trust_list:
        yield note(NoteCode.ANCHORED_IN, trust_list=manifest.trust_list)
    if manifest.validity is not None:
        yield from _validity_notes(manifest.validity, manifest.time_stamp)
    if manifest.status.trusted or manifest.revocation is not RevocationStatus.NOT_CHECKED:
        yield note(_REVOCATION[manifest.revocation])
    if manifest.policy is not None:
        yield _policy_note(manifest.policy)
    if manifest.status not in (ManifestStatus.TRUSTED, ManifestStatus.NONE) and manifest.failure:
        yield note(NoteCode.C2PA_CODES, codes=", ".join(manifest.failure))
    if manifest.remote_url:
        yield note(NoteCode.REMOTE_URL, url=manifest.remote_url)
    if manifest.detail:
        yield note(NoteCode.DETAIL, detail=manifest.detail)


def _validity_notes(validity: ValidityEvidence, stamp: TimeStampEvidence) -> Iterator[Note]:
    if validity.source is TimeSource.TIME_STAMP:
        yield note(
            NoteCode.TIME_STAMPED,
            time=stamp.time,
            authority=stamp.authority,
            trust_list=stamp.trust_list,
        )
        return
    if validity.source is TimeSource.CHOSEN:
        yield note(NoteCode.JUDGED_AT, time=validity.at)
    if validity.not_after:
        yield note(
            NoteCode.CERTIFICATE_VALID,
            not_before=validity.not_before,
            not_after=validity.not_after,
        )
    if validity.unproven is not None:
        values: dict[str, Value] = {"authority": stamp.authority, "time": stamp.time}
        if validity.unproven is Unproven.LATER:
            # Nowhere else: by the clock it would make a finding that no two runs share.
            values["moment"] = validity.at
        yield note(_UNPROVEN[validity.unproven], **values)


def _policy_note(policy: PolicyEvidence) -> Note:
    code = NoteCode.POLICY_ACCEPTED if policy.accepted else NoteCode.POLICY_REFUSED
    return note(code, policy=policy.policy, reason=policy.reason)


def ingredient_notes(manifest: ManifestEvidence) -> Iterator[Note]:
    """Each ingredient that does not verify, with its codes."""
    for item in manifest.altered_ingredients:
        title = item.title or item.manifest_id
        yield note(NoteCode.INGREDIENT, title=title, codes=", ".join(item.failures))


# --- mark, record and content --------------------------------------------------------


def mark_note(mark: WatermarkEvidence) -> Note:
    """Which mark of whom, and the error rate."""
    if mark.mark_id is not None and mark.system is not None and mark.status.is_read:
        return note(
            NoteCode.MARK,
            scheme=mark.scheme,
            mark=str(mark.mark_id),
            system=str(mark.system),
            log10_p=mark.log10_p,
        )
    if mark.detail:
        return note(NoteCode.SCHEME_DETAIL, scheme=mark.scheme, detail=mark.detail)
    return note(NoteCode.SCHEME, scheme=mark.scheme)


def record_notes(record: RecordEvidence) -> Iterator[Note]:
    """Which record and where it was logged, or why there is none."""
    if record.record_id:
        yield note(NoteCode.RECORD, record=record.record_id)
    if record.detail:
        yield note(NoteCode.DETAIL, detail=record.detail)


def match_notes(match: ContentMatchEvidence) -> Iterator[Note]:
    """The numbers of a content match: of the grid, if it was compared, and of PDQ."""
    if match.grid is not None:
        yield _grid_note(match.grid)
    if not match.whole and match.distance > match.match_at_most:
        yield note(NoteCode.PDQ_NOT_APPLICABLE)
    else:
        yield note(
            NoteCode.PDQ,
            distance=match.distance,
            orientation=match.orientation,
            match_at_most=match.match_at_most,
            mismatch_at_least=match.mismatch_at_least,
        )


def _grid_note(grid: GridEvidence) -> Note:
    if not grid.offsets:
        return note(NoteCode.GRID_NOT_COMPARED, detail=grid.detail)
    numbers: dict[str, Value] = {"log10_p": grid.log10_p, "agreement": grid.agreement}
    if grid.status in MATCHING:
        return note(NoteCode.GRID_COVERED, **numbers, covered=grid.covered)
    if grid.detail:
        return note(NoteCode.GRID_DETAIL, **numbers, detail=grid.detail)
    return note(NoteCode.GRID, **numbers)


# --- markers -------------------------------------------------------------------------


def marker_note(marker: MarkerEvidence) -> Note:
    """Whose marker, where, and what it says or how sure it is."""
    if marker.log10_p:
        return note(
            NoteCode.MARKER_CHANCE,
            system=marker.system,
            where=marker.where,
            log10_p=marker.log10_p,
        )
    if marker.system:
        return note(
            NoteCode.MARKER, system=marker.system, where=marker.where, excerpt=marker.excerpt
        )
    return note(NoteCode.MARKER_UNNAMED, where=marker.where, excerpt=marker.excerpt)
