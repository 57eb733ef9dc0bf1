"""Policies: which of the signers that the trust lists vouch for are accepted.

A policy looks at facts about one signature and says yes or no, with the reason. Policies
compose; an empty composition is refused, since nobody can say whether it accepts everybody
or nobody. Names in an untrusted certificate are claims that anybody can make, so every policy
but the one that is called unsafe demands a signer on a trust list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from provenance.errors import TrustError
from provenance.model.evidence import ManifestEvidence
from provenance.model.trust import TimeStampStatus
from provenance.trust.moment import moment_text, parse_moment


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerFacts:
    """What is known about the signer of one manifest.

    `signed_at` is None unless a trusted time stamp proves it; `trust_list` names the list
    that anchors the signer, as reports do: name and beginning of its SHA-256.
    """

    trusted: bool
    common_name: str = ""
    organization: str = ""
    trust_list: str = ""
    signed_at: datetime | None = None

    @classmethod
    def of(cls, manifest: ManifestEvidence) -> Self:
        """The facts in a piece of evidence."""
        signer, stamp = manifest.signer, manifest.time_stamp
        proven = stamp.status is TimeStampStatus.TRUSTED
        return cls(
            trusted=manifest.status.trusted,
            common_name=signer.common_name if signer else "",
            organization=signer.organization if signer else "",
            trust_list=manifest.trust_list,
            signed_at=parse_moment(stamp.time) if proven else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Yes or no, and why."""

    accepted: bool
    reason: str


class SignerPolicy(Protocol):
    """Anything that accepts or refuses a signer; `str()` is its text for reports."""

    def evaluate(self, facts: SignerFacts) -> Decision:
        """Accept or refuse."""
        ...


@dataclass(frozen=True, slots=True)
class TrustedSigner:
    """Any signer whose certificate chains to an anchor of a trust list."""

    def evaluate(self, facts: SignerFacts) -> Decision:
        """Accept whoever the trust lists vouch for."""
        reason = "the signer is on a trust list" if facts.trusted else "the signer is on no list"
        return Decision(accepted=facts.trusted, reason=reason)

    def __str__(self) -> str:
        return "trusted_signer"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerIs:
    """A trusted signer with exactly these names in its certificate; empty ones do not count."""

    common_name: str = ""
    organization: str = ""

    def __post_init__(self) -> None:
        if not self.common_name and not self.organization:
            raise TrustError("signer_is names nobody", hint="give common_name or organization")

    def evaluate(self, facts: SignerFacts) -> Decision:
        """Accept the one that is named."""
        if not facts.trusted:
            return TrustedSigner().evaluate(facts)
        same = self.common_name in ("", facts.common_name)
        same = same and self.organization in ("", facts.organization)
        names = f"{facts.common_name or 'unnamed'} of {facts.organization or 'nobody'}"
        return Decision(accepted=same, reason=f"the signer is {names}")

    def __str__(self) -> str:
        names = (("common_name", self.common_name), ("organization", self.organization))
        return f"signer_is({', '.join(f'{k}={v}' for k, v in names if v)})"


@dataclass(frozen=True, slots=True)
class AnchoredIn:
    """A trusted signer whose anchor is on the list of this file name."""

    name: str

    def __post_init__(self) -> None:
        if not self.name:
            raise TrustError("anchored_in names no list")

    def evaluate(self, facts: SignerFacts) -> Decision:
        """Accept signers of that list only."""
        if not facts.trusted:
            return TrustedSigner().evaluate(facts)
        accepted = facts.trust_list.rpartition(" (sha256 ")[0] == self.name
        reason = f"the signer is anchored in {facts.trust_list or 'no list'}"
        return Decision(accepted=accepted, reason=reason)

    def __str__(self) -> str:
        return f"anchored_in({self.name})"


@dataclass(frozen=True, slots=True)
class IssuedAfter:
    """Signed after this moment, proven by a trusted time stamp."""

    moment: datetime

    def __post_init__(self) -> None:
        _require_zone(self.moment)

    def evaluate(self, facts: SignerFacts) -> Decision:
        """Accept what was signed later."""
        return _when(facts, lambda signed: signed > self.moment)

    def __str__(self) -> str:
        return f"issued_after({moment_text(self.moment)})"


@dataclass(frozen=True, slots=True)
class IssuedBefore:
    """Signed before this moment, proven by a trusted time stamp."""

    moment: datetime

    def __post_init__(self) -> None:
        _require_zone(self.moment)

    def evaluate(self, facts: SignerFacts) -> Decision:
        """Accept what was signed earlier."""
        return _when(facts, lambda signed: signed < self.moment)

    def __str__(self) -> str:
        return f"issued_before({moment_text(self.moment)})"


@dataclass(frozen=True, slots=True)
class UnsafeAcceptAnyValidSignature:
    """Everybody whose signature verifies, self-made certificates included.

    Fundamentally insecure: the name in the certificate is whatever its maker wrote. For
    looking at test material only.
    """

    def evaluate(self, facts: SignerFacts) -> Decision:
        """Accept whoever it is."""
        listed = "" if facts.trusted else "; the signer is on no list"
        return Decision(accepted=True, reason=f"any valid signature is accepted{listed}")

    def __str__(self) -> str:
        return "unsafe_accept_any_valid_signature"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of several policies accepts."""

    policies: tuple[SignerPolicy, ...]

    def __post_init__(self) -> None:
        _require_some(self.policies, "all_of")

    def evaluate(self, facts: SignerFacts) -> Decision:
        """Accept what nobody refuses; the reason is the first refusal."""
        decisions = [policy.evaluate(facts) for policy in self.policies]
        return next((d for d in decisions if not d.accepted), decisions[0])

    def __str__(self) -> str:
        return f"all_of({', '.join(map(str, self.policies))})"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of several policies accepts."""

    policies: tuple[SignerPolicy, ...]

    def __post_init__(self) -> None:
        _require_some(self.policies, "any_of")

    def evaluate(self, facts: SignerFacts) -> Decision:
        """Accept what somebody accepts; else the reason is every refusal."""
        decisions = [policy.evaluate(facts) for policy in self.policies]
        accepted = next((d for d in decisions if d.accepted), None)
        reasons = dict.fromkeys(d.reason for d in decisions)
        return accepted or Decision(accepted=False, reason="; ".join(reasons))

    def __str__(self) -> str:
        return f"any_of({', '.join(map(str, self.policies))})"


def _require_some(policies: tuple[SignerPolicy, ...], name: str) -> None:
    if not policies:
        raise TrustError(f"an empty {name} is not a policy", hint="name at least one policy in it")


def _require_zone(moment: datetime) -> None:
    if moment.tzinfo is None:
        raise TrustError("a moment without time zone is not a policy", hint="write it in UTC")


def _when(facts: SignerFacts, fits: Callable[[datetime], bool]) -> Decision:
    if not facts.trusted:
        return TrustedSigner().evaluate(facts)
    if facts.signed_at is None:
        return Decision(accepted=False, reason="no trusted time stamp proves when it was signed")
    reason = f"it was signed at {moment_text(facts.signed_at)}"
    return Decision(accepted=fits(facts.signed_at), reason=reason)
