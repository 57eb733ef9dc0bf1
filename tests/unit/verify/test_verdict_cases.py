"""The cases of the design by name: who contradicts whom, and what is said about it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.verdicts import (
    MARK_ID,
    ORACLE,
    OURS,
    RECORD_ID,
    SIGNER,
    THIRD,
    Case,
    evidence_of,
    mark_of,
    marker_of,
    record_of,
)

from provenance.model import (
    Evidence,
    IngredientFinding,
    ManifestEvidence,
    ManifestStatus,
    MarkerClass,
    MatchStatus,
    ReasonCode,
    RecordStatus,
    SoftBinding,
    SystemRef,
    Verdict,
    WatermarkStatus,
)
from provenance.verify import decide

OTHER = SystemRef(78, "other-images")
FOUND = {"record": RecordStatus.FOUND, "match": MatchStatus.MATCH}
LEAKED = Case(mark=WatermarkStatus.READ_AUTHENTIC, **FOUND)
WHOLE = replace(LEAKED, manifest=ManifestStatus.TRUSTED)
MANIFEST_ID = f"urn:c2pa:{RECORD_ID}"


def codes(finding):
    return {reason.code for reason in finding.reasons}


def with_manifest(case, **changed):
    evidence = evidence_of(case)
    return replace(evidence, manifest=replace(evidence.manifest, **changed))


def foreign(**changed):
    """A trusted manifest of another program beside our mark."""
    return with_manifest(WHOLE, generation=None, soft_bindings=(), **changed)


def ingredient(manifest_id, *failures):
    return IngredientFinding(
        title="input", relationship="parentOf", manifest_id=manifest_id, depth=1, failures=failures
    )


# --- traced -------------------------------------------------------------------------------


def test_a_stamped_file_is_traced_by_manifest_and_mark():
    finding = decide(evidence_of(WHOLE))
    assert (finding.verdict, finding.system) == (Verdict.TRACED, OURS)
    assert {ReasonCode.MANIFEST_TRUSTED, ReasonCode.MARK_READ, ReasonCode.RECORD_FOUND} <= codes(
        finding
    )
    assert str(MARK_ID) in finding.statement
    assert "intact and trusted" in finding.statement
    assert RECORD_ID in finding.next_step


def test_a_leaked_copy_is_traced_by_mark_record_and_match():
    finding = decide(evidence_of(LEAKED))
    assert (finding.verdict, finding.system) == (Verdict.TRACED, OURS)
    assert ReasonCode.CONTENT_MATCH in codes(finding)
    assert "manifest" not in finding.statement


def test_a_crop_that_matches_in_part_is_traced():
    finding = decide(evidence_of(replace(LEAKED, match=MatchStatus.PARTIAL)))
    assert finding.verdict is Verdict.TRACED
    assert ReasonCode.CONTENT_PARTIAL in codes(finding)
    assert "shows a part" in finding.statement
    whole = decide(evidence_of(replace(LEAKED, match=MatchStatus.MATCH)))
    assert "that this picture matches" in whole.statement


def test_an_unverified_tag_is_said_to_be_one():
    finding = decide(evidence_of(replace(LEAKED, mark=WatermarkStatus.READ)))
    assert finding.verdict is Verdict.TRACED
    assert ReasonCode.MARK_READ_UNVERIFIED in codes(finding)
    assert ReasonCode.MARK_READ not in codes(finding)


def test_a_candidate_is_evidence_once_record_and_picture_confirm_it():
    finding = decide(evidence_of(replace(LEAKED, mark=WatermarkStatus.CANDIDATE)))
    assert (finding.verdict, finding.system) == (Verdict.TRACED, OURS)
    assert ReasonCode.MARK_CANDIDATE_CONFIRMED in codes(finding)


def test_a_trusted_manifest_of_somebody_else_traces_to_its_signer():
    evidence = Evidence(
        manifest=ManifestEvidence(status=ManifestStatus.TRUSTED, signer=SIGNER),
        watermarks=(mark_of(WatermarkStatus.NONE),),
    )
    finding = decide(evidence)
    assert finding.verdict is Verdict.TRACED
    assert finding.system == SystemRef(None, SIGNER.name)


def test_the_manifest_that_the_mark_led_to_is_a_reason():
    evidence = evidence_of(LEAKED)
    recovered = replace(evidence_of(WHOLE).manifest, status=ManifestStatus.TRUSTED_CONTENT_CHANGED)
    finding = decide(replace(evidence, recovered_manifest=recovered))
    assert ReasonCode.MANIFEST_RECOVERED in codes(finding)
    worthless = replace(recovered, status=ManifestStatus.INVALID)
    assert ReasonCode.MANIFEST_RECOVERED not in codes(
        decide(replace(evidence, recovered_manifest=worthless))
    )


def test_an_altered_ingredient_is_named_under_a_trusted_manifest():
    evidence = with_manifest(
        WHOLE, ingredients=(ingredient("urn:x", "assertion.dataHash.mismatch"),)
    )
    finding = decide(evidence)
    assert finding.verdict is Verdict.TRACED
    (reason,) = [r for r in finding.reasons if r.code is ReasonCode.INGREDIENT_ALTERED]
    assert "assertion.dataHash.mismatch" in reason.detail


# --- conflict --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "code"),
    [
        (replace(WHOLE, same_payload=False), ReasonCode.CONFLICT_SOFT_BINDING),
        (replace(WHOLE, capture=True), ReasonCode.CONFLICT_CAPTURE),
        (replace(LEAKED, match=MatchStatus.MISMATCH), ReasonCode.CONTENT_MISMATCH),
        (replace(WHOLE, mark=WatermarkStatus.NONE), ReasonCode.CONFLICT_MARK_MISSING),
        (replace(LEAKED, manifest=ManifestStatus.INVALID), ReasonCode.CONFLICT_MANIFEST_INVALID),
        (
            replace(WHOLE, manifest=ManifestStatus.UNTRUSTED, same_payload=False),
            ReasonCode.CONFLICT_SOFT_BINDING,
        ),
    ],
    ids=lambda value: value.name if isinstance(value, ReasonCode) else "",
)
def test_sources_that_contradict_each_other_are_a_conflict(case, code):
    finding = decide(evidence_of(case))
    assert finding.verdict is Verdict.CONFLICT
    assert code in codes(finding)


def test_the_soft_binding_conflict_shows_both_values():
    finding = decide(evidence_of(replace(WHOLE, same_payload=False)))
    (reason,) = [r for r in finding.reasons if r.code is ReasonCode.CONFLICT_SOFT_BINDING]
    assert b"another payload".hex() in reason.detail
    assert evidence_of(WHOLE).watermarks[0].payload.hex() in reason.detail


def test_marks_of_two_systems_are_a_conflict():
    evidence = evidence_of(LEAKED)
    second = mark_of(WatermarkStatus.READ, system=OTHER, scheme="second", alg="org.example.mark.2")
    finding = decide(replace(evidence, watermarks=(*evidence.watermarks, second)))
    assert finding.verdict is Verdict.CONFLICT
    (reason,) = [r for r in finding.reasons if r.code is ReasonCode.CONFLICT_SEVERAL_SYSTEMS]
    assert str(OURS.id) in reason.detail
    assert str(OTHER.id) in reason.detail


def test_two_marks_of_one_system_are_none():
    evidence = evidence_of(LEAKED)
    second = mark_of(WatermarkStatus.READ, scheme="second", alg="org.example.mark.2")
    finding = decide(replace(evidence, watermarks=(*evidence.watermarks, second)))
    assert finding.verdict is Verdict.TRACED


def test_a_manifest_that_names_another_system_is_a_conflict():
    claim = replace(evidence_of(WHOLE).manifest.generation, system=OTHER)
    finding = decide(with_manifest(WHOLE, generation=claim))
    assert finding.verdict is Verdict.CONFLICT
    assert ReasonCode.CONFLICT_OTHER_SYSTEM in codes(finding)


def test_a_manifest_that_names_another_record_is_a_conflict():
    claim = replace(evidence_of(WHOLE).manifest.generation, record_id="another")
    finding = decide(with_manifest(WHOLE, generation=claim))
    assert ReasonCode.CONFLICT_OTHER_SYSTEM in codes(finding)


def test_another_program_that_claims_to_have_created_our_picture_is_a_conflict():
    finding = decide(foreign())
    assert finding.verdict is Verdict.CONFLICT
    assert ReasonCode.CONFLICT_OTHER_SYSTEM in codes(finding)


def test_another_program_that_opened_our_picture_is_none():
    finding = decide(foreign(actions=("c2pa.opened", "c2pa.edited")))
    assert finding.verdict is Verdict.TRACED


def test_another_program_that_lists_our_manifest_below_its_own_is_none():
    finding = decide(foreign(ingredients=(ingredient(MANIFEST_ID),)))
    assert finding.verdict is Verdict.TRACED
    finding = decide(foreign(ingredients=(ingredient("urn:c2pa:another"),)))
    assert finding.verdict is Verdict.CONFLICT


def test_the_soft_binding_of_another_algorithm_says_nothing_about_our_mark():
    bindings = (SoftBinding(alg="com.example.other", value=b"other"),)
    finding = decide(with_manifest(WHOLE, soft_bindings=bindings))
    assert finding.verdict is Verdict.TRACED


@pytest.mark.parametrize(
    "changed",
    [{"systems": ()}, {"systems": (OTHER.id,)}, {"alg": "org.example.mark.2"}],
    ids=["no key held", "key of another system", "another algorithm"],
)
def test_a_mark_that_was_not_looked_for_is_not_missing(changed):
    evidence = replace(
        evidence_of(replace(WHOLE, mark=WatermarkStatus.NONE)),
        watermarks=(mark_of(WatermarkStatus.NONE, **changed),),
    )
    assert decide(evidence).verdict is Verdict.TRACED


@pytest.mark.parametrize("status", [WatermarkStatus.NOT_APPLICABLE, WatermarkStatus.NOT_CHECKED])
def test_a_mark_that_could_not_be_looked_for_is_not_missing(status):
    assert decide(evidence_of(replace(WHOLE, mark=status))).verdict is Verdict.TRACED


@pytest.mark.parametrize(
    "status", [ManifestStatus.TRUSTED_CONTENT_CHANGED, ManifestStatus.UNTRUSTED]
)
def test_a_mark_is_missing_only_under_an_intact_manifest_of_a_known_signer(status):
    case = Case(manifest=status, mark=WatermarkStatus.NONE)
    assert ReasonCode.CONFLICT_MARK_MISSING not in codes(decide(evidence_of(case)))


# --- indeterminate, other system, not found ------------------------------------------------


@pytest.mark.parametrize(
    "status", [s for s in RecordStatus if s is not RecordStatus.FOUND], ids=lambda s: s.value
)
def test_a_mark_without_record_is_open_and_says_whom_to_ask(status):
    finding = decide(evidence_of(Case(mark=WatermarkStatus.READ_AUTHENTIC, record=status)))
    assert finding.verdict is Verdict.INDETERMINATE
    assert f"carries a mark assigned to {OURS}" in finding.statement
    assert OURS.name in finding.next_step
    assert str(MARK_ID) in finding.next_step


def test_a_mark_whose_picture_cannot_be_compared_is_open_and_names_the_record():
    finding = decide(evidence_of(replace(LEAKED, match=MatchStatus.NOT_COMPARABLE)))
    assert finding.verdict is Verdict.INDETERMINATE
    assert RECORD_ID in finding.next_step


@pytest.mark.parametrize("record", [RecordStatus.ABSENT, RecordStatus.NOT_ASKED])
def test_an_unconfirmed_candidate_is_no_mark(record):
    finding = decide(evidence_of(Case(mark=WatermarkStatus.CANDIDATE, record=record)))
    assert finding.verdict is Verdict.NOT_FOUND
    assert ReasonCode.MARK_NONE in codes(finding)


def test_a_candidate_of_another_picture_is_chance():
    case = Case(
        mark=WatermarkStatus.CANDIDATE, record=RecordStatus.FOUND, match=MatchStatus.MISMATCH
    )
    assert decide(evidence_of(case)).verdict is Verdict.NOT_FOUND


def test_a_manifest_on_a_server_is_open_and_says_where():
    evidence = Evidence(
        manifest=ManifestEvidence(status=ManifestStatus.REMOTE_ONLY, remote_url="https://x/y"),
        watermarks=(mark_of(WatermarkStatus.NONE),),
    )
    finding = decide(evidence)
    assert finding.verdict is Verdict.INDETERMINATE
    assert "https://x/y" in finding.next_step


def test_a_check_that_could_not_run_says_how_to_make_it_possible():
    mark = mark_of(WatermarkStatus.NOT_CHECKED, detail="pywt not installed")
    evidence = Evidence(manifest=ManifestEvidence(status=ManifestStatus.NONE), watermarks=(mark,))
    finding = decide(evidence)
    assert finding.verdict is Verdict.INDETERMINATE
    assert "pywt not installed" in finding.next_step


def test_an_unknown_signer_makes_a_claim_that_anybody_can_make():
    finding = decide(evidence_of(Case(manifest=ManifestStatus.UNTRUSTED)))
    assert finding.verdict is Verdict.OTHER_SYSTEM
    assert "claim that anybody can make" in finding.statement
    assert "--trust-list" not in finding.statement


def test_nothing_at_all_is_not_found():
    finding = decide(evidence_of(Case()))
    assert finding.verdict is Verdict.NOT_FOUND
    assert codes(finding) == {ReasonCode.MANIFEST_NONE, ReasonCode.MARK_NONE}


def test_no_check_at_all_is_not_found_and_does_not_raise():
    evidence = Evidence(manifest=ManifestEvidence(status=ManifestStatus.NONE))
    assert decide(evidence).verdict is Verdict.NOT_FOUND


def test_a_void_record_is_a_reason_and_never_a_match():
    case = Case(mark=WatermarkStatus.READ_AUTHENTIC, record=RecordStatus.VOID)
    finding = decide(evidence_of(case))
    assert ReasonCode.RECORD_VOID in codes(finding)
    assert record_of(RecordStatus.VOID).record_id in {reason.detail for reason in finding.reasons}


# --- markers of other systems ----------------------------------------------------------------

ALONE = Case(marker=MarkerClass.UNSIGNED_METADATA)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (MarkerClass.PUBLIC_WATERMARK, "consistent with the public watermark of"),
        (MarkerClass.UNSIGNED_METADATA, "Unsigned metadata points to"),
    ],
)
def test_a_marker_alone_is_worded_by_its_class_and_names_whom_to_ask(kind, says):
    finding = decide(evidence_of(Case(marker=kind)))
    assert (finding.verdict, finding.system) == (Verdict.OTHER_SYSTEM, SystemRef(None, THIRD))
    assert f'{says} "{THIRD}"' in finding.statement
    assert "anybody can" in finding.statement
    assert ORACLE in finding.next_step
    assert "Nothing was sent" in finding.next_step


def test_a_signed_marker_adds_its_oracle_to_what_the_manifest_says():
    case = Case(manifest=ManifestStatus.UNTRUSTED, marker=MarkerClass.SIGNED)
    finding = decide(evidence_of(case))
    assert finding.verdict is Verdict.OTHER_SYSTEM
    assert "claim that anybody can make" in finding.statement
    assert "--trust-list" in finding.next_step
    assert ORACLE in finding.next_step


def test_classes_are_told_apart_in_one_statement():
    markers = tuple(marker_of(kind, f"{kind.value} maker") for kind in MarkerClass)
    finding = decide(replace(evidence_of(Case()), markers=markers))
    assert 'public watermark of "public_watermark maker", which' in finding.statement
    assert 'points to "unsigned_metadata maker";' in finding.statement
    assert finding.system == SystemRef(None, "signed maker")


def test_markers_of_one_class_that_disagree_name_nobody():
    markers = (
        marker_of(MarkerClass.UNSIGNED_METADATA, "one"),
        marker_of(MarkerClass.UNSIGNED_METADATA, "two"),
    )
    finding = decide(replace(evidence_of(Case()), markers=markers))
    assert finding.verdict is Verdict.OTHER_SYSTEM
    assert finding.system is None
    assert 'points to "one"' in finding.statement
    assert 'points to "two"' in finding.statement


def test_a_marker_without_a_name_says_that_it_names_no_system():
    marker = marker_of(MarkerClass.UNSIGNED_METADATA, "", "")
    finding = decide(replace(evidence_of(Case()), markers=(marker,)))
    assert (finding.verdict, finding.system) == (Verdict.OTHER_SYSTEM, None)
    assert "names no system" in finding.statement
    assert "Nobody is known" in finding.next_step


@pytest.mark.parametrize("says", [OURS.name, f"{OURS.name}: acme-1", ""])
def test_a_marker_that_repeats_who_made_the_picture_is_no_other_system(says):
    """Our own stamps write the system's name into XMP; that is no news beside its mark."""
    marker = marker_of(MarkerClass.UNSIGNED_METADATA, says)
    evidence = replace(evidence_of(WHOLE), markers=(marker,))
    assert decide(evidence) == decide(evidence_of(WHOLE))
    other = replace(evidence, markers=(marker_of(MarkerClass.UNSIGNED_METADATA),))
    assert ReasonCode.MARKER_UNSIGNED_METADATA in codes(decide(other))


@pytest.mark.parametrize("kind", list(MarkerClass))
def test_a_marker_beside_our_mark_is_no_conflict(kind):
    finding = decide(evidence_of(replace(WHOLE, marker=kind)))
    assert (finding.verdict, finding.system) == (Verdict.TRACED, OURS)
    assert ReasonCode(f"marker.{kind}") in codes(finding)


@pytest.mark.parametrize(
    "status",
    [ManifestStatus.INVALID, ManifestStatus.EXPIRED, ManifestStatus.REMOTE_ONLY],
)
def test_a_marker_does_not_settle_an_open_manifest(status):
    finding = decide(evidence_of(replace(ALONE, manifest=status)))
    assert finding.verdict is Verdict.INDETERMINATE


def test_a_marker_is_reported_although_our_mark_could_not_be_looked_for():
    finding = decide(evidence_of(replace(ALONE, mark=WatermarkStatus.NOT_CHECKED)))
    assert finding.verdict is Verdict.OTHER_SYSTEM
    assert ReasonCode.MARK_NOT_CHECKED in codes(finding)
