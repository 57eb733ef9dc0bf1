"""What a signed report is worth: integrity, trust and time, each on its own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from provenance.model.evidence import SignerInfo
from provenance.model.trust import (
    RevocationStatus,
    TimeSource,
    TimeStampEvidence,
    TimeStampStatus,
)


class Integrity(StrEnum):
    """Is the report what was signed?"""

    INTACT = "INTACT"
    CHANGED = "CHANGED"  # the report or its signature is not what was signed
    INVALID = "INVALID"  # not a signature of the kind that is accepted here
    UNSIGNED = "UNSIGNED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """The result of checking one signed report.

    Attributes:
        integrity: is the report what was signed? Where it is not, nothing else is known and
            every other field but `sha256` and `problem` is empty.
        sha256: of the report's bytes as checked, hexadecimal.
        problem: why it is not intact, or not trusted; empty where nothing is wrong.
        signer: subject of the signing certificate; `time` is when it says it signed, which
            proves nothing.
        certificate_sha256: of the signing certificate in DER, hexadecimal.
        trusted: the certificate may sign reports and a path leads from it to `trust_list`.
        trust_list: the list that vouches for the signer; empty where none does.
        time_stamp: the RFC 3161 time stamp over the signature.
        judged_at: when the certificate had to be valid (RFC 3339, UTC).
        time_source: whose time that is.
        revocation: never checked: nothing is fetched.
    """

    integrity: Integrity
    sha256: str
    problem: str = ""
    signer: SignerInfo | None = None
    certificate_sha256: str = ""
    trusted: bool = False
    trust_list: str = ""
    time_stamp: TimeStampEvidence = TimeStampEvidence()
    judged_at: str = ""
    time_source: TimeSource = TimeSource.CLOCK
    revocation: RevocationStatus = RevocationStatus.NOT_CHECKED

    @property
    def genuine(self) -> bool:
        """True where nothing is wrong: intact, a trusted signer, no broken time stamp."""
        return (
            self.integrity is Integrity.INTACT
            and self.trusted
            and self.time_stamp.status is not TimeStampStatus.INVALID
        )

    @property
    def sentence(self) -> str:
        """The whole result in one line."""
        if self.integrity is not Integrity.INTACT:
            return f"{_BROKEN[self.integrity]}: {self.problem}"
        name = self.signer.name if self.signer else "unnamed signer"
        words = f"The report is exactly what {name} signed {self._when}"
        if not self.trusted:
            return f"{words}, but the signer is not trusted: {self.problem}"
        words += f"; the signer is vouched for by {self.trust_list}, revocation was not checked"
        return f"{words}. {self.problem}" if self.problem else f"{words}."

    @property
    def _when(self) -> str:
        stamp = self.time_stamp
        if stamp.status is TimeStampStatus.TRUSTED:
            return f"not later than {stamp.time} (time stamp of {stamp.authority})"
        claimed = self.signer.time if self.signer else ""
        return f"at {claimed} by its own word" if claimed else "at a time that it does not state"


_BROKEN = {
    Integrity.CHANGED: "The report is not what was signed",
    Integrity.INVALID: "The signature cannot be accepted",
    Integrity.UNSIGNED: "The report is not signed",
}
