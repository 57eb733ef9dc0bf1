"""The result of one verification, complete and immutable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from provenance.errors import VerificationError
from provenance.model.evidence import Evidence, InputFacts
from provenance.model.ids import SystemRef
from provenance.model.statements import Limit, NextStep, Statement
from provenance.model.verdict import Basis, Reason, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the evidence amounts to: the output of the pure verdict function.

    `system` is who the evidence points to. Only under `TRACED` may it be named as the
    origin; under every weaker verdict the statement must be "carries a mark assigned to".
    `basis` says which kinds of evidence the verdict rests on, and is empty where nothing was
    found. Sentences are codes with values, so that a finding is the same in every language.
    """

    verdict: Verdict
    system: SystemRef | None
    basis: tuple[Basis, ...]
    statements: tuple[Statement, ...]
    reasons: tuple[Reason, ...]
    next_steps: tuple[NextStep, ...]
    limits: tuple[Limit, ...]

    @property
    def statement(self) -> str:
        """What was found, in English."""
        return " ".join(map(str, self.statements))

    @property
    def next_step(self) -> str:
        """What to do next, in English."""
        return " ".join(map(str, self.next_steps))


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationReport:
    """Evidence about one image and the finding it leads to."""

    input: InputFacts
    evidence: Evidence
    finding: Finding

    @property
    def verdict(self) -> Verdict:
        """Shorthand for `finding.verdict`."""
        return self.finding.verdict

    @property
    def system(self) -> SystemRef | None:
        """Shorthand for `finding.system`."""
        return self.finding.system

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Shorthand for `finding.reasons`."""
        return self.finding.reasons

    def require(self, policy: Callable[[VerificationReport], bool]) -> None:
        """Raise unless the policy accepts this report.

        Verification itself never raises on negative evidence; this is the one door
        through which a verdict becomes an exception.

        Raises:
            VerificationError: the policy returned False.
        """
        if not policy(self):
            raise VerificationError(
                f"the report does not satisfy the required policy: {self.finding.statement}",
                hint=self.finding.next_step,
            )
