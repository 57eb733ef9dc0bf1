"""What a finding says: what was found, what would settle what is open, what it does not say.

The rules of wording stand with the sentences, in `provenance.model.statements`.
"""

from __future__ import annotations

from collections.abc import Iterator

from provenance.model.evidence import (
    MATCHING,
    Evidence,
    ManifestEvidence,
    ManifestStatus,
    MarkerClass,
    MarkerEvidence,
    MatchStatus,
    RecordStatus,
    WatermarkEvidence,
    WatermarkStatus,
)
from provenance.model.ids import SystemRef
from provenance.model.messages import Value
from provenance.model.statements import (
    Limit,
    LimitCode,
    NextStep,
    Statement,
    StatementCode,
    StepCode,
)
from provenance.model.trust import RevocationStatus, TimeStampStatus
from provenance.model.verdict import Verdict


def _say(code: StatementCode, **values: Value) -> Statement:
    return Statement(code=code, values=values)


def _do(code: StepCode, **values: Value) -> NextStep:
    return NextStep(code=code, values=values)


def _limit(code: LimitCode, **values: Value) -> Limit:
    return Limit(code=code, values=values)


def refused(manifest: ManifestEvidence) -> bool:
    """The policy refused the signer."""
    return manifest.policy is not None and not manifest.policy.accepted


def unlisted(manifest: ManifestEvidence) -> bool:
    """A policy accepted the signer although no trust list names it."""
    return manifest.policy is not None and not manifest.trust_list


# --- what was found ------------------------------------------------------------------


def statements(
    verdict: Verdict,
    evidence: Evidence,
    mark: WatermarkEvidence | None,
    system: SystemRef | None,
    markers: tuple[MarkerEvidence, ...] = (),
) -> Iterator[Statement]:
    """What was found: one sentence for each way or class, the classes apart."""
    match verdict:
        case Verdict.TRACED:
            yield from _traced(evidence, mark, system)
        case Verdict.CONFLICT:
            yield _say(StatementCode.CONTRADICTS)
            yield from _carries(mark)
        case Verdict.OTHER_SYSTEM:
            yield from _other_system(evidence.manifest, system, markers)
        case Verdict.INDETERMINATE:
            yield _say(StatementCode.OPEN)
            yield from _carries(mark)
        case Verdict.NOT_FOUND:
            yield _say(StatementCode.NOT_FOUND)


def _traced(
    evidence: Evidence, mark: WatermarkEvidence | None, system: SystemRef | None
) -> Iterator[Statement]:
    yield _say(StatementCode.TRACED, system=str(system))
    match = evidence.content_match
    if mark is not None and match is not None and match.status in MATCHING:
        part = match.status is MatchStatus.PARTIAL
        code = StatementCode.MARK_NAMES_PART if part else StatementCode.MARK_NAMES_PICTURE
        yield _say(code, mark=str(mark.mark_id))
    if evidence.manifest.status is ManifestStatus.TRUSTED:
        foreign = unlisted(evidence.manifest)
        yield _say(
            StatementCode.MANIFEST_INTACT_UNLISTED if foreign else StatementCode.MANIFEST_INTACT
        )


def _carries(mark: WatermarkEvidence | None) -> Iterator[Statement]:
    if mark is not None and mark.system is not None:
        yield _say(StatementCode.CARRIES, system=str(mark.system))


def _other_system(
    manifest: ManifestEvidence, system: SystemRef | None, markers: tuple[MarkerEvidence, ...]
) -> Iterator[Statement]:
    if manifest.status is ManifestStatus.UNTRUSTED:
        known = refused(manifest)
        code = StatementCode.REFUSED_SIGNER if known else StatementCode.UNKNOWN_SIGNER
        yield _say(code, system=str(system or ""))
    public = _names(markers, MarkerClass.PUBLIC_WATERMARK)
    if public:
        yield _say(StatementCode.PUBLIC_WATERMARK, names=public)
    if any(marker.kind is MarkerClass.UNSIGNED_METADATA for marker in markers):
        names = _names(markers, MarkerClass.UNSIGNED_METADATA)
        if names:
            yield _say(StatementCode.UNSIGNED_METADATA, names=names)
        else:
            yield _say(StatementCode.UNSIGNED_AI)


def _names(markers: tuple[MarkerEvidence, ...], kind: MarkerClass) -> str:
    names = dict.fromkeys(m.system for m in markers if m.kind is kind and m.system)
    return ", ".join(f'"{name}"' for name in names)


# --- what would settle it --------------------------------------------------------------


def next_steps(
    verdict: Verdict,
    evidence: Evidence,
    mark: WatermarkEvidence | None,
    system: SystemRef | None,
    markers: tuple[MarkerEvidence, ...] = (),
) -> Iterator[NextStep]:
    """What would settle an open question: whom to ask, and with which id."""
    match verdict:
        case Verdict.TRACED:
            record = evidence.record.record_id or evidence.manifest.manifest_id
            yield _do(StepCode.ASK_RECORD, system=str(system), record=record)
        case Verdict.CONFLICT:
            yield _do(StepCode.COMPARE_SOURCES)
            yield from _ask_owner_of(mark, evidence)
            yield from _ask_signer_of(evidence.manifest)
        case Verdict.OTHER_SYSTEM:
            yield from _ask_others(evidence.manifest, markers)
        case Verdict.INDETERMINATE:
            yield from _open_question(evidence, mark)
        case Verdict.NOT_FOUND:
            yield _do(StepCode.OTHER_COPY)


def _ask_owner_of(mark: WatermarkEvidence | None, evidence: Evidence) -> Iterator[NextStep]:
    if mark is None:
        return
    if mark.system is None:
        yield _do(StepCode.ASK_OWNER, mark=str(mark.mark_id))
    elif evidence.record.status is RecordStatus.FOUND:
        record = evidence.record.record_id
        yield _do(StepCode.ASK_COMPARE, system=str(mark.system), record=record)
    else:
        yield _do(StepCode.ASK_MARK, system=str(mark.system), mark=str(mark.mark_id))


def _ask_signer_of(manifest: ManifestEvidence) -> Iterator[NextStep]:
    if manifest.signer is not None and manifest.manifest_id:
        signer, label = manifest.signer.name, manifest.manifest_id
        yield _do(StepCode.ASK_SIGNER, signer=signer, manifest=label)


def _ask_others(
    manifest: ManifestEvidence, markers: tuple[MarkerEvidence, ...]
) -> Iterator[NextStep]:
    untrusted = manifest.status is ManifestStatus.UNTRUSTED
    if refused(manifest):
        yield _do(StepCode.ASK_POLICY)
    elif untrusted:
        yield _do(StepCode.TRUST_LIST)
    oracles = dict.fromkeys(marker.oracle for marker in markers if marker.oracle)
    for oracle in oracles:
        yield _do(StepCode.ASK_ORACLE, oracle=oracle)
    if not oracles and not untrusted:
        yield _do(StepCode.NOBODY_TO_ASK)


def _open_question(evidence: Evidence, mark: WatermarkEvidence | None) -> Iterator[NextStep]:
    manifest = evidence.manifest
    unchecked = [m for m in evidence.watermarks if m.status is WatermarkStatus.NOT_CHECKED]
    if mark is not None:
        yield from _ask_owner_of(mark, evidence)
    elif manifest.status is ManifestStatus.REMOTE_ONLY:
        yield _do(StepCode.REMOTE_MANIFEST, url=manifest.remote_url)
    elif refused(manifest):
        yield _do(StepCode.ASK_POLICY)
    elif manifest.status is ManifestStatus.EXPIRED:
        yield _expired(manifest)
    elif unchecked:
        yield _do(StepCode.MAKE_POSSIBLE, detail=unchecked[0].detail)
    else:
        yield _do(StepCode.BETTER_COPY)


def _expired(manifest: ManifestEvidence) -> NextStep:
    if manifest.time_stamp.unlisted_by_design:
        return _do(StepCode.OTHER_TIME)
    if manifest.time_stamp.status is TimeStampStatus.UNTRUSTED:
        return _do(StepCode.TSA_LIST)
    return _do(StepCode.TRUST_LIST)


# --- what it does not say ----------------------------------------------------------------


def limits(verdict: Verdict, evidence: Evidence, mark: WatermarkEvidence | None) -> Iterator[Limit]:
    """What the finding does not say, and how sure its measurements are."""
    if mark is not None and mark.log10_threshold:
        yield _limit(
            LimitCode.MARK_ERROR_RATE,
            log10_p=mark.log10_p,
            log10_threshold=mark.log10_threshold,
        )
    match verdict:
        case Verdict.TRACED:
            yield from _limits_of_a_trace(evidence, mark)
        case Verdict.CONFLICT:
            yield _limit(LimitCode.CONTRADICTION)
        case Verdict.OTHER_SYSTEM:
            yield _limit(LimitCode.ANYBODY)
            yield _keys_held(evidence)
        case Verdict.INDETERMINATE if mark is not None:
            yield _limit(LimitCode.MARK_IS_A_POINTER)
        case Verdict.INDETERMINATE:
            yield _keys_held(evidence)
        case Verdict.NOT_FOUND:
            yield _limit(LimitCode.ABSENCE)
            yield _keys_held(evidence)


def _limits_of_a_trace(evidence: Evidence, mark: WatermarkEvidence | None) -> Iterator[Limit]:
    match, manifest = evidence.content_match, evidence.manifest
    if mark is not None and match is not None and match.status in MATCHING:
        yield _limit(LimitCode.MATCH_IS_NOT_UNALTERED)
        if match.status is MatchStatus.PARTIAL:
            yield _limit(LimitCode.PART_ONLY)
    if manifest.status is ManifestStatus.TRUSTED:
        yield _limit(LimitCode.SIGNER_VOUCHES)
        if manifest.revocation is RevocationStatus.NOT_CHECKED:
            yield _limit(LimitCode.REVOCATION_NOT_CHECKED)
        if manifest.altered_ingredients or manifest.ingredients_cut:
            yield _limit(LimitCode.INGREDIENTS_OPEN)


def _keys_held(evidence: Evidence) -> Limit:
    systems = {system for mark in evidence.watermarks for system in mark.systems}
    if not systems:
        return _limit(LimitCode.NO_KEYS)
    return _limit(LimitCode.KEYS_HELD, count=len(systems))
