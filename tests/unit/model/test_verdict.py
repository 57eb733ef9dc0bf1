"""Reasons and reports."""

from __future__ import annotations

import pytest

from provenance.errors import ErrorCode, VerificationError
from provenance.model import (
    Bearing,
    Evidence,
    Finding,
    InputFacts,
    ManifestEvidence,
    ManifestStatus,
    Reason,
    ReasonCode,
    SystemRef,
    Verdict,
    VerificationReport,
)


def report(verdict=Verdict.NOT_FOUND):
    return VerificationReport(
        input=InputFacts(sha256="0" * 64, byte_size=1, format="png", width=1, height=1),
        evidence=Evidence(manifest=ManifestEvidence(status=ManifestStatus.NONE)),
        finding=Finding(
            verdict=verdict,
            system=SystemRef(1, "acme"),
            reasons=(Reason(code=ReasonCode.MARK_NONE),),
            statement="what was found",
            next_step="what to do",
        ),
    )


@pytest.mark.parametrize("code", list(ReasonCode))
def test_every_reason_has_a_bearing_and_a_sentence(code):
    assert isinstance(code.bearing, Bearing)
    assert code.sentence.endswith(".")


@pytest.mark.parametrize("code", list(ReasonCode))
def test_conflicts_contradict_and_nothing_else_but_a_mismatch_does(code):
    contradicts = code.value.startswith("conflict.") or code is ReasonCode.CONTENT_MISMATCH
    assert (code.bearing is Bearing.CONTRADICTS) == contradicts


def test_no_two_reasons_say_the_same():
    assert len({code.sentence for code in ReasonCode}) == len(ReasonCode)


def test_a_reason_shows_its_detail_behind_its_sentence():
    assert str(Reason(code=ReasonCode.MARK_NONE)) == ReasonCode.MARK_NONE.sentence
    detailed = Reason(code=ReasonCode.MARK_NONE, detail="scheme x")
    assert str(detailed) == f"{ReasonCode.MARK_NONE.sentence} scheme x"


def test_no_reason_calls_a_picture_real():
    for code in ReasonCode:
        assert "authentic picture" not in code.sentence
        assert "real" not in code.sentence.split()


def test_a_report_gives_its_finding_directly():
    made = report(Verdict.CONFLICT)
    assert made.verdict is made.finding.verdict
    assert made.system is made.finding.system
    assert made.reasons is made.finding.reasons


def test_a_policy_that_accepts_lets_the_report_pass():
    report(Verdict.TRACED).require(lambda r: r.verdict is Verdict.TRACED)


def test_a_policy_that_refuses_is_an_error_that_says_what_was_found():
    with pytest.raises(VerificationError) as caught:
        report().require(lambda r: r.verdict is Verdict.TRACED)
    assert caught.value.code is ErrorCode.POLICY
    assert "what was found" in caught.value.message
    assert caught.value.hint == "what to do"
