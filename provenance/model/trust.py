"""Evidence about trust: when certificates were judged, by which lists, on whose word."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustListInfo:
    """One trust list that was in use, so that a report can be tied to it.

    `sha256` is of the file as read, `modified` when that file was last changed (RFC 3339,
    UTC; empty for a list that was not read from a file), `anchors` how many certificates
    it holds, `expired` the subjects of those past their validity.
    """

    name: str
    kind: str
    sha256: str
    modified: str
    anchors: int
    expired: tuple[str, ...] = ()


class TimeSource(StrEnum):
    """Whose time the certificates were judged at."""

    CLOCK = "clock"  # of the machine that verifies
    CHOSEN = "--at"  # the caller named it
    TIME_STAMP = "time stamp"  # a trusted time stamp proves when the claim was signed


class TimeStampStatus(StrEnum):
    """What an RFC 3161 time stamp in the manifest is worth."""

    NONE = "NONE"
    TRUSTED = "TRUSTED"  # valid, and its authority is on a time-stamping list of ours
    UNTRUSTED = "UNTRUSTED"  # valid, but of an authority that anybody could have made
    INVALID = "INVALID"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeStampEvidence:
    """The time stamp of the active manifest.

    `time` is what it says (RFC 3339, UTC), `authority` the name in its certificate,
    `trust_list` the list that anchors it, `codes` the validator's status codes verbatim.
    """

    status: TimeStampStatus = TimeStampStatus.NONE
    time: str = ""
    authority: str = ""
    trust_list: str = ""
    codes: tuple[str, ...] = ()

    @property
    def unlisted_by_design(self) -> bool:
        """True where the validator believes any authority: claims of version 1, "legacy"."""
        return self.status is TimeStampStatus.UNTRUSTED and "timeStamp.trusted" in self.codes


class Unproven(StrEnum):
    """Why no time stamp shows that a certificate was valid when it signed."""

    NO_TIME_STAMP = "no time stamp"
    INVALID = "the time stamp does not verify"
    VERSION_1 = "the authority of a claim of version 1 is held against no list"
    UNLISTED = "the authority is on no time-stamping list"
    LATER = "the time stamp is from after the moment"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidityEvidence:
    """The moment at which the signer's certificates were judged.

    `at` is that moment (RFC 3339, UTC) and `source` where it came from. `not_before` and
    `not_after` are those of the signing certificate, read only where they mattered. `unproven`
    is set where the certificate had expired and nothing shows that it was valid before.
    """

    at: str
    source: TimeSource
    not_before: str = ""
    not_after: str = ""
    unproven: Unproven | None = None


class RevocationStatus(StrEnum):
    """What is known about the revocation of the signing certificate. Nothing is fetched."""

    NOT_CHECKED = "not checked"
    STAPLED_GOOD = "not revoked, by an OCSP answer in the manifest"
    REVOKED = "revoked, by an OCSP answer in the manifest"
    WITHDRAWN = "revoked here, and no record shows that it was signed before"
    REVOKED_LATER = "revoked here after its record was logged"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyEvidence:
    """What the verifier's policy, or its list of revocations, said about the signer.

    `policy` is its text.
    """

    policy: str
    accepted: bool
    reason: str
