"""Rows that the product of the axes does not have: several marks, recovered manifests, time
stamps, policies, words that may be marks. One line for each: what is decided, and what is said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from support.verdicts import (
    ALG,
    MANIFEST_ID,
    MARK_ID,
    OURS,
    RECORD_ID,
    Case,
    evidence_of,
    mark_of,
    match_of,
    record_of,
)

from provenance.model import (
    Evidence,
    GridEvidence,
    LimitCode,
    ManifestEvidence,
    ManifestStatus,
    MarkerClass,
    MarkId,
    MatchStatus,
    PolicyEvidence,
    ReasonCode,
    RecordKey,
    RecordStatus,
    SoftBinding,
    StatementCode,
    StepCode,
    SystemRef,
    TimeStampEvidence,
    TimeStampStatus,
    Verdict,
    WatermarkStatus,
)
from provenance.verify import decide

M, W, R, C = ManifestStatus, WatermarkStatus, RecordStatus, MatchStatus
OTHER = SystemRef(78, "other-images")
SECOND_ID = MarkId(0x123456)
LEAKED = Case(mark=W.READ_AUTHENTIC, record=R.FOUND, match=C.MATCH)
OPEN_WORD = Case(mark=W.CANDIDATE, record=R.FOUND)
REFUSED = PolicyEvidence(policy="p", accepted=False, reason="r")
ACCEPTED = PolicyEvidence(policy="p", accepted=True, reason="r")
URL = "https://example.org/m.c2pa"


def recovered(status):
    manifest = evidence_of(replace(LEAKED, manifest=M.TRUSTED)).manifest
    return replace(evidence_of(LEAKED), recovered_manifest=replace(manifest, status=status))


def with_manifest(case, **changed):
    evidence = evidence_of(case)
    return replace(evidence, manifest=replace(evidence.manifest, **changed))


def second(**changed):
    """A leaked copy with a second mark, in another scheme."""
    evidence = evidence_of(LEAKED)
    mark = mark_of(W.READ, scheme="second", alg="org.example.mark.2", mark_id=SECOND_ID, **changed)
    return replace(evidence, watermarks=(mark, *evidence.watermarks))


def stamped_expired(status, codes=()):
    stamp = TimeStampEvidence(status=status, authority="an authority", codes=codes)
    return with_manifest(Case(manifest=M.EXPIRED), time_stamp=stamp)


def by_grid_alone():
    """PDQ cannot say anything about a crop; the grid recognises it."""
    grid = GridEvidence(
        status=C.PARTIAL, log10_p=-40.0, agreement=0.95, covered=0.4, offsets=16, power=90.0
    )
    match = replace(match_of(C.PARTIAL), distance=120, whole=False, grid=grid)
    return replace(evidence_of(LEAKED), content_match=match)


def second_binding():
    """The manifest is right about one mark and wrong about the other."""
    evidence = second()
    bindings = (
        SoftBinding(alg=ALG, value=evidence.watermarks[1].payload),
        SoftBinding(alg="org.example.mark.2", value=b"another"),
    )
    manifest = evidence_of(replace(LEAKED, manifest=M.TRUSTED)).manifest
    return replace(evidence, manifest=replace(manifest, soft_bindings=bindings))


def nameless_mark():
    """A mark that names nobody, beside a stranger's manifest that names a record of ours."""
    evidence = evidence_of(replace(LEAKED, manifest=M.UNTRUSTED))
    return replace(
        evidence,
        watermarks=(mark_of(W.READ, system=None, payload=b""),),
        manifest=replace(evidence.manifest, soft_bindings=()),
        record=record_of(R.FOUND, RecordKey.MANIFEST),
    )


def foreign_beside_a_word():
    """A trusted manifest of somebody else, and a word that leads to a record by chance."""
    evidence = evidence_of(replace(OPEN_WORD, manifest=M.TRUSTED))
    return replace(evidence, manifest=replace(evidence.manifest, generation=None))


@dataclass(frozen=True, kw_only=True)
class Row:
    """Evidence, its verdict, and codes that have to be there; `never` may not."""

    evidence: Evidence
    verdict: Verdict
    reasons: tuple[ReasonCode, ...] = ()
    says: tuple[StatementCode, ...] = ()
    steps: tuple[StepCode, ...] = ()
    limits: tuple[LimitCode, ...] = ()
    with_ids: tuple[str, ...] = ()
    never: tuple[object, ...] = ()


def opened(evidence, *, reasons=(), says=(), steps=(), **more):
    return Row(
        evidence=evidence,
        verdict=Verdict.INDETERMINATE,
        reasons=reasons,
        says=(*says, StatementCode.OPEN),
        steps=steps,
        **more,
    )


ROWS = {
    # --- the manifest that the mark led to: all of its states
    **{
        f"recovered, {status}": Row(
            evidence=recovered(status),
            verdict=Verdict.TRACED,
            reasons=(
                ReasonCode.MANIFEST_RECOVERED
                if status.trusted
                else ReasonCode.MANIFEST_RECOVERED_UNPROVEN,
            ),
            never=(StatementCode.MANIFEST_INTACT, LimitCode.SIGNER_VOUCHES),
        )
        for status in M
    },
    # --- several marks
    "two marks of two systems": Row(
        evidence=second(system=OTHER),
        verdict=Verdict.CONFLICT,
        reasons=(ReasonCode.CONFLICT_SEVERAL_SYSTEMS,),
        says=(StatementCode.CARRIES, StatementCode.CARRIES),
        steps=(StepCode.ASK_COMPARE, StepCode.ASK_MARK),
        with_ids=(RECORD_ID, str(SECOND_ID)),
    ),
    "two marks of one system, the second names the record": Row(
        evidence=second(),
        verdict=Verdict.TRACED,
        says=(StatementCode.MARK_NAMES_PICTURE,),
        with_ids=(RECORD_ID,),
    ),
    "a manifest that contradicts the second mark": Row(
        evidence=second_binding(),
        verdict=Verdict.CONFLICT,
        reasons=(ReasonCode.CONFLICT_SOFT_BINDING,),
        steps=(StepCode.COMPARE_SOURCES,),
    ),
    "a mark of nobody is no proof for a stranger's claim": opened(
        nameless_mark(),
        steps=(StepCode.ASK_OWNER,),
        with_ids=(str(MARK_ID),),
        never=(StatementCode.CARRIES, StatementCode.TRACED),
    ),
    # --- content
    "recognised by the grid alone": Row(
        evidence=by_grid_alone(),
        verdict=Verdict.TRACED,
        reasons=(ReasonCode.CONTENT_PARTIAL,),
        says=(StatementCode.MARK_NAMES_PART,),
        limits=(LimitCode.PART_ONLY, LimitCode.MARK_ERROR_RATE),
    ),
    # --- words that may be marks
    "a word whose record cannot be compared": opened(
        evidence_of(OPEN_WORD),
        reasons=(ReasonCode.MARK_CANDIDATE, ReasonCode.RECORD_FOUND),
        says=(StatementCode.CANDIDATE,),
        steps=(StepCode.ASK_COMPARE,),
        limits=(LimitCode.MARK_IS_A_POINTER,),
        with_ids=(RECORD_ID,),
        never=(StatementCode.CARRIES, ReasonCode.MARK_NONE),
    ),
    "a word that record and picture confirm": Row(
        evidence=evidence_of(replace(OPEN_WORD, match=C.MATCH)),
        verdict=Verdict.TRACED,
        reasons=(ReasonCode.MARK_CANDIDATE_CONFIRMED,),
        limits=(LimitCode.NO_ERROR_RATE,),
        never=(LimitCode.MARK_ERROR_RATE,),
    ),
    "a word beside somebody else's trusted manifest": Row(
        evidence=foreign_beside_a_word(),
        verdict=Verdict.TRACED,
        says=(StatementCode.MANIFEST_INTACT,),
        steps=(StepCode.ASK_MANIFEST,),
        with_ids=(MANIFEST_ID,),
        never=(StepCode.ASK_RECORD,),
    ),
    # --- records
    "a mark whose record is void": opened(
        evidence_of(Case(mark=W.READ, record=R.VOID)),
        reasons=(ReasonCode.RECORD_VOID,),
        says=(StatementCode.CARRIES,),
        steps=(StepCode.ASK_MARK,),
        limits=(LimitCode.MARK_IS_A_POINTER, LimitCode.MARK_ERROR_RATE),
        with_ids=(str(MARK_ID),),
    ),
    # --- manifests that are elsewhere, expired or refused
    "a mark and a manifest on a server": opened(
        with_manifest(Case(manifest=M.REMOTE_ONLY, mark=W.READ), remote_url=URL),
        reasons=(ReasonCode.MANIFEST_REMOTE_ONLY,),
        says=(StatementCode.CARRIES, StatementCode.MANIFEST_ELSEWHERE),
        steps=(StepCode.ASK_MARK, StepCode.REMOTE_MANIFEST),
        with_ids=(URL,),
    ),
    **{
        f"expired, time stamp {status.value} {codes}": opened(
            stamped_expired(status, codes),
            reasons=(ReasonCode.MANIFEST_EXPIRED,),
            says=(StatementCode.MANIFEST_OPEN,),
            steps=(step, StepCode.ASK_SIGNER),
            with_ids=(MANIFEST_ID,),
        )
        for status, codes, step in (
            (TimeStampStatus.NONE, (), StepCode.OTHER_TIME),
            (TimeStampStatus.INVALID, (), StepCode.OTHER_TIME),
            (TimeStampStatus.TRUSTED, (), StepCode.OTHER_TIME),  # later than the moment
            (TimeStampStatus.UNTRUSTED, (), StepCode.TSA_LIST),
            (TimeStampStatus.UNTRUSTED, ("timeStamp.trusted",), StepCode.OTHER_TIME),
        )
    },
    "refused by the policy": Row(
        evidence=with_manifest(Case(manifest=M.UNTRUSTED), policy=REFUSED, trust_list="a list"),
        verdict=Verdict.OTHER_SYSTEM,
        says=(StatementCode.REFUSED_SIGNER,),
        steps=(StepCode.ASK_POLICY, StepCode.ASK_SIGNER),
        never=(StepCode.TRUST_LIST,),
    ),
    "refused by the policy, and changed": opened(
        with_manifest(Case(manifest=M.INVALID), policy=REFUSED),
        steps=(StepCode.ASK_POLICY,),
    ),
    "accepted by the policy without a list": Row(
        evidence=with_manifest(
            Case(manifest=M.TRUSTED, mark=W.NOT_CHECKED), policy=ACCEPTED, trust_list=""
        ),
        verdict=Verdict.TRACED,
        reasons=(ReasonCode.MANIFEST_ACCEPTED,),
        says=(StatementCode.MANIFEST_INTACT_UNLISTED,),
        never=(ReasonCode.MANIFEST_TRUSTED, StatementCode.MANIFEST_INTACT),
    ),
    # --- what is seen, and what is not looked at
    "a trace": opened(
        evidence_of(Case(mark=W.TRACE)),
        says=(StatementCode.TRACE,),
        steps=(StepCode.BETTER_COPY,),
    ),
    "no check and nothing found": Row(
        evidence=replace(
            evidence_of(Case()),
            watermarks=(mark_of(W.NOT_CHECKED, systems=(), detail="no carrier key is held"),),
        ),
        verdict=Verdict.INDETERMINATE,
        says=(StatementCode.UNCHECKED,),
        steps=(StepCode.MAKE_POSSIBLE,),
        limits=(LimitCode.NO_KEYS,),
        never=(StatementCode.OPEN,),
    ),
    "a traced file that was changed says so": Row(
        evidence=evidence_of(replace(LEAKED, manifest=M.TRUSTED_CONTENT_CHANGED)),
        verdict=Verdict.TRACED,
        says=(StatementCode.MANIFEST_CHANGED,),
        never=(StatementCode.MANIFEST_INTACT,),
    ),
    "a signed marker without its manifest": Row(
        evidence=evidence_of(Case(marker=MarkerClass.SIGNED)),
        verdict=Verdict.OTHER_SYSTEM,
        says=(StatementCode.SIGNED_CLAIM,),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
def test_the_row_gives_its_verdict_and_says_what_it_has_to(row):
    finding = decide(row.evidence)
    assert finding.verdict is row.verdict
    said = {
        "reasons": [reason.code for reason in finding.reasons],
        "says": [statement.code for statement in finding.statements],
        "steps": [step.code for step in finding.next_steps],
        "limits": [limit.code for limit in finding.limits],
    }
    for kind, codes in said.items():
        for code in getattr(row, kind):
            assert codes.count(code) == getattr(row, kind).count(code), code
        assert not set(codes) & set(row.never)
    for wanted in row.with_ids:
        assert wanted in finding.next_step


def test_a_mark_is_never_assigned_to_the_system_of_an_unconfirmed_word():
    finding = decide(evidence_of(OPEN_WORD))
    assert finding.system is None
    assert OURS.name not in finding.statement


def test_an_unreadable_manifest_is_evidence_and_not_an_absence():
    evidence = Evidence(manifest=ManifestEvidence(status=M.UNREADABLE, detail="broken box"))
    finding = decide(evidence)
    assert finding.verdict is Verdict.INDETERMINATE
    assert "broken box" in finding.reasons[0].detail
