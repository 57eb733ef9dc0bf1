"""What a finding says: what was found, what would settle what is open, what it does not say.

The rules of wording stand with the sentences, in `provenance.model.statements`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from provenance.model.evidence import (
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
from provenance.verify.questions import (
    candidate,
    confirms,
    counting,
    names_the_record,
    refused,
    unlisted,
    withdrawn,
)

_CLAIMS: Final = {
    MarkerClass.SIGNED: StatementCode.SIGNED_CLAIM,
    MarkerClass.PUBLIC_WATERMARK: StatementCode.PUBLIC_WATERMARK,
    MarkerClass.UNSIGNED_METADATA: StatementCode.UNSIGNED_METADATA,
}


def _say(code: StatementCode, **values: Value) -> Statement:
    return Statement(code=code, values=values)


def _do(code: StepCode, **values: Value) -> NextStep:
    return NextStep(code=code, values=values)


def _limit(code: LimitCode, **values: Value) -> Limit:
    return Limit(code=code, values=values)


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
            yield from _carries(evidence, mark)
        case Verdict.OTHER_SYSTEM:
            yield from _other_system(evidence.manifest, system, markers)
        case Verdict.INDETERMINATE:
            yield from _open(evidence, mark)
        case Verdict.NOT_FOUND:
            yield _say(StatementCode.NOT_FOUND)


def _traced(
    evidence: Evidence, mark: WatermarkEvidence | None, system: SystemRef | None
) -> Iterator[Statement]:
    yield _say(StatementCode.TRACED, system=str(system))
    match = evidence.content_match
    if confirms(evidence, mark) and mark is not None and match is not None:
        part = match.status is MatchStatus.PARTIAL
        code = StatementCode.MARK_NAMES_PART if part else StatementCode.MARK_NAMES_PICTURE
        yield _say(code, mark=str(mark.mark_id))
    if evidence.manifest.status is ManifestStatus.TRUSTED:
        foreign = unlisted(evidence.manifest)
        yield _say(
            StatementCode.MANIFEST_INTACT_UNLISTED if foreign else StatementCode.MANIFEST_INTACT
        )
    elif evidence.manifest.status is ManifestStatus.TRUSTED_CONTENT_CHANGED:
        yield _say(StatementCode.MANIFEST_CHANGED)


def _carries(evidence: Evidence, mark: WatermarkEvidence | None) -> Iterator[Statement]:
    systems = (item.system for item in counting(evidence, mark) if item.system is not None)
    for system in dict.fromkeys(systems):
        yield _say(StatementCode.CARRIES, system=str(system))


def _open(evidence: Evidence, mark: WatermarkEvidence | None) -> Iterator[Statement]:
    """Everything that was found, and that it is not enough; or that nothing could be looked for."""
    found = [*_carries(evidence, mark)]
    if mark is None and candidate(evidence):
        found.append(_say(StatementCode.CANDIDATE, record=evidence.record.record_id))
    if WatermarkStatus.TRACE in {item.status for item in evidence.watermarks}:
        found.append(_say(StatementCode.TRACE))
    if evidence.manifest.status is ManifestStatus.REMOTE_ONLY:
        found.append(_say(StatementCode.MANIFEST_ELSEWHERE))
    elif evidence.manifest.status is not ManifestStatus.NONE:
        found.append(_say(StatementCode.MANIFEST_OPEN))
    nothing = not found and mark is None
    yield from (*found, _say(StatementCode.UNCHECKED if nothing else StatementCode.OPEN))


def _other_system(
    manifest: ManifestEvidence, system: SystemRef | None, markers: tuple[MarkerEvidence, ...]
) -> Iterator[Statement]:
    untrusted = manifest.status is ManifestStatus.UNTRUSTED
    if untrusted:
        code = StatementCode.UNKNOWN_SIGNER
        if withdrawn(manifest):
            code = StatementCode.WITHDRAWN_SIGNER
        elif refused(manifest):
            code = StatementCode.REFUSED_SIGNER
        yield _say(code, system=str(system or manifest.claim_generator))
    kinds = [kind for kind in MarkerClass if not (untrusted and kind is MarkerClass.SIGNED)]
    for kind in kinds:
        names = dict.fromkeys(m.system for m in markers if m.kind is kind and m.system)
        yield from (_say(_CLAIMS[kind], system=name) for name in names)
        if kind is MarkerClass.UNSIGNED_METADATA and not names and _any_of(markers, kind):
            yield _say(StatementCode.UNSIGNED_AI)


def _any_of(markers: tuple[MarkerEvidence, ...], kind: MarkerClass) -> bool:
    return any(marker.kind is kind for marker in markers)


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
            yield _ask_the_source(evidence, mark, system)
        case Verdict.CONFLICT:
            yield _do(StepCode.COMPARE_SOURCES)
            yield from _ask_owners(mark, evidence)
            yield from _ask_signer_of(evidence.manifest)
        case Verdict.OTHER_SYSTEM:
            yield from _ask_others(evidence.manifest, markers)
        case Verdict.INDETERMINATE:
            yield from _open_question(evidence, mark)
        case Verdict.NOT_FOUND:
            yield _do(StepCode.OTHER_COPY)


def _ask_the_source(
    evidence: Evidence, mark: WatermarkEvidence | None, system: SystemRef | None
) -> NextStep:
    """Whoever the picture was traced to, with the id under which it keeps more."""
    manifest = evidence.manifest
    claim = manifest.generation
    if names_the_record(evidence, mark):
        record = evidence.record.record_id
    elif claim is not None and claim.record_id:
        record = claim.record_id
    else:
        label = manifest.manifest_id
        return _do(StepCode.ASK_MANIFEST, system=str(system), manifest=label)
    return _do(StepCode.ASK_RECORD, system=str(system), record=record)


def _ask_owners(mark: WatermarkEvidence | None, evidence: Evidence) -> Iterator[NextStep]:
    """Whoever the marks are assigned to: about the record if there is one, else about the mark."""
    for item in counting(evidence, mark):
        if item.system is None:
            yield _do(StepCode.ASK_OWNER, mark=str(item.mark_id))
        elif evidence.record.status is RecordStatus.FOUND and names_the_record(evidence, item):
            record = evidence.record.record_id
            yield _do(StepCode.ASK_COMPARE, system=str(item.system), record=record)
        else:
            yield _do(StepCode.ASK_MARK, system=str(item.system), mark=str(item.mark_id))


def _ask_signer_of(manifest: ManifestEvidence) -> Iterator[NextStep]:
    if manifest.signer is not None and manifest.manifest_id:
        signer, label = manifest.signer.name, manifest.manifest_id
        code = StepCode.ASK_LOGGED if withdrawn(manifest) else StepCode.ASK_SIGNER
        yield _do(code, signer=signer, manifest=label)


def _ask_others(
    manifest: ManifestEvidence, markers: tuple[MarkerEvidence, ...]
) -> Iterator[NextStep]:
    untrusted = manifest.status is ManifestStatus.UNTRUSTED
    if refused(manifest):
        yield from _ask_policy(manifest)
    elif untrusted:
        yield _do(StepCode.TRUST_LIST)
    if untrusted:
        yield from _ask_signer_of(manifest)
    oracles = dict.fromkeys(marker.oracle for marker in markers if marker.oracle)
    for oracle in oracles:
        yield _do(StepCode.ASK_ORACLE, oracle=oracle)
    if not oracles and not untrusted:
        yield _do(StepCode.NOBODY_TO_ASK)


def _ask_policy(manifest: ManifestEvidence) -> Iterator[NextStep]:
    """A revocation is not for the writer of a policy to judge; see `_ask_signer_of`."""
    if not withdrawn(manifest):
        yield _do(StepCode.ASK_POLICY)


def _open_question(evidence: Evidence, mark: WatermarkEvidence | None) -> Iterator[NextStep]:
    """Something for every source that leaves the question open."""
    steps = [*_ask_owners(mark, evidence)]
    if mark is None and candidate(evidence):
        record = evidence.record
        asked = {"system": str(record.system), "record": record.record_id}
        steps.append(_do(StepCode.ASK_COMPARE, **asked))
    steps += _open_manifest(evidence.manifest)
    if mark is None:
        unchecked = (m for m in evidence.watermarks if m.status is WatermarkStatus.NOT_CHECKED)
        details = dict.fromkeys(item.detail for item in unchecked if item.detail)
        steps += [_do(StepCode.MAKE_POSSIBLE, detail=detail) for detail in details]
    yield from steps or [_do(StepCode.BETTER_COPY)]


def _open_manifest(manifest: ManifestEvidence) -> Iterator[NextStep]:
    if manifest.status is ManifestStatus.REMOTE_ONLY and manifest.remote_url:
        yield _do(StepCode.REMOTE_MANIFEST, url=manifest.remote_url)
    elif refused(manifest):
        yield from _ask_policy(manifest)
    elif manifest.status is ManifestStatus.EXPIRED:
        yield _expired(manifest)
    yield from _ask_signer_of(manifest)


def _expired(manifest: ManifestEvidence) -> NextStep:
    """What could show that the signature is from before the end of the certificate."""
    stamp = manifest.time_stamp
    if stamp.status is TimeStampStatus.UNTRUSTED and not stamp.unlisted_by_design:
        return _do(StepCode.TSA_LIST)
    return _do(StepCode.OTHER_TIME)


# --- what it does not say ----------------------------------------------------------------


def limits(verdict: Verdict, evidence: Evidence, mark: WatermarkEvidence | None) -> Iterator[Limit]:
    """What the finding does not say, and how sure its measurements are."""
    if mark is not None and mark.log10_threshold:
        yield _limit(
            LimitCode.MARK_ERROR_RATE,
            log10_p=mark.log10_p,
            log10_threshold=mark.log10_threshold,
        )
    elif mark is not None and mark.status is WatermarkStatus.CANDIDATE:
        yield _limit(LimitCode.NO_ERROR_RATE)
    match verdict:
        case Verdict.TRACED:
            yield from _limits_of_a_trace(evidence, mark)
        case Verdict.CONFLICT:
            yield _limit(LimitCode.CONTRADICTION)
        case Verdict.OTHER_SYSTEM:
            yield _limit(LimitCode.ANYBODY)
            yield _keys_held(evidence)
        case Verdict.INDETERMINATE if mark is not None or candidate(evidence):
            yield _limit(LimitCode.MARK_IS_A_POINTER)
        case Verdict.INDETERMINATE:
            yield _keys_held(evidence)
        case Verdict.NOT_FOUND:
            yield _limit(LimitCode.ABSENCE)
            yield _keys_held(evidence)


def _limits_of_a_trace(evidence: Evidence, mark: WatermarkEvidence | None) -> Iterator[Limit]:
    match, manifest = evidence.content_match, evidence.manifest
    if confirms(evidence, mark) and match is not None:
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
