"""Time stamps over anything, with the authority that is asked and the lists that count."""

from __future__ import annotations

from dataclasses import dataclass

from provenance.attest.time_stamp import Stamper, examine
from provenance.errors import TimeStampError
from provenance.keys import TimeStamping, TimeStampMode
from provenance.model.trust import TimeStampEvidence
from provenance.trust import TrustStore


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeStamps:
    """Asks for time stamps and examines them; what `provenance.log` needs of them.

    `trust` says which authorities count.
    """

    time_stamping: TimeStamping
    trust: TrustStore

    @property
    def mode(self) -> TimeStampMode:
        """What is done about time stamps."""
        return self.time_stamping.mode

    def token(self, data: bytes) -> bytes:
        """The DER of a token over these bytes.

        Raises:
            TimeStampError: no authority is configured, or it gave no usable answer.
        """
        if self.time_stamping.authority is None:
            raise TimeStampError("no time-stamping authority is named", hint="set stamp.tsa_url")
        return Stamper(self.time_stamping.authority).stamp(data)

    def examine(self, token: bytes, data: bytes) -> TimeStampEvidence:
        """What a token says about these bytes."""
        return examine(token, data, self.trust)
