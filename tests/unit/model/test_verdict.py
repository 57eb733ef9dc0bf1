"""Reasons and reports."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provenance.errors import ErrorCode, VerificationError
from provenance.model import (
    Bearing,
    Evidence,
    Finding,
    InputFacts,
    LimitCode,
    ManifestEvidence,
    ManifestStatus,
    NextStep,
    Note,
    NoteCode,
    Reason,
    ReasonCode,
    Statement,
    StatementCode,
    StepCode,
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
            basis=(),
            statements=(Statement(code=StatementCode.TRACED, values={"system": "acme"}),),
            reasons=(Reason(code=ReasonCode.MARK_NONE),),
            next_steps=(NextStep(code=StepCode.BETTER_COPY),),
            limits=(),
        ),
    )


@pytest.mark.parametrize("code", list(ReasonCode))
def test_every_reason_has_a_bearing_and_a_sentence(code):
    assert isinstance(code.bearing, Bearing)
    assert code.template.endswith(".")


@pytest.mark.parametrize("code", list(ReasonCode))
def test_conflicts_contradict_and_nothing_else_but_a_mismatch_does(code):
    contradicts = code.value.startswith("conflict.") or code is ReasonCode.CONTENT_MISMATCH
    assert (code.bearing is Bearing.CONTRADICTS) == contradicts


def test_a_reason_keeps_its_notes_beside_its_sentence():
    notes = tuple(Note(code=NoteCode.DETAIL, values={"detail": text}) for text in ("one", "two"))
    noted = Reason(code=ReasonCode.MARK_NONE, notes=notes)
    assert str(noted) == str(Reason(code=ReasonCode.MARK_NONE)) == ReasonCode.MARK_NONE.template
    assert noted.detail == "one; two"
    assert len({noted, Reason(code=ReasonCode.MARK_NONE), replace(noted)}) == 2


def test_a_value_is_never_read_as_a_template():
    hostile = Statement(code=StatementCode.TRACED, values={"system": "{mark}{0.__class__}"})
    assert str(hostile) == "Traced to {mark}{0.__class__}."


@pytest.mark.parametrize("codes", [NoteCode, StatementCode, StepCode, LimitCode, ReasonCode])
def test_every_code_has_a_sentence_of_its_own(codes):
    assert all(isinstance(code.template, str) and code.template for code in codes)
    assert len({code.template for code in codes}) == len(codes)


def test_no_reason_calls_a_picture_real():
    for code in ReasonCode:
        assert "authentic picture" not in code.template
        assert "real" not in code.template.split()


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
    assert "Traced to acme." in caught.value.message
    assert caught.value.hint == StepCode.BETTER_COPY.template
