"""Proofs that somebody without the log can check (C2SP tlog-proof).

c2sp.org/tlog-proof@v1
extra <the commitment in base64>
index 17
<hashes, one a line>

<the signed checkpoint>
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from provenance.errors import LogError
from provenance.log.canonical import base64_bytes, base64_text, decimal
from provenance.log.checkpoint import open_checkpoint
from provenance.log.merkle import HASH_BYTES, inclusion_holds, leaf_hash
from provenance.log.note import MAX_NOTE, Verified
from provenance.log.note_keys import VerifierKey
from provenance.log.policy import NO_WITNESSES, WitnessPolicy

MAX_HASHES: Final = 63  # a log has less than 2**63 leaves
MAX_PROOF: Final = MAX_NOTE + 8_192
_HEADER: Final = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The parts of a proof; nothing in it is true before `verify_proof`."""

    commitment: bytes
    index: int
    hashes: tuple[bytes, ...]
    note: bytes

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a proof that somebody else may have made.

        Raises:
            LogError: too large, or not exactly a proof with a commitment.
        """
        if len(data) > MAX_PROOF:
            raise LogError(f"a proof has at most {MAX_PROOF:,} bytes")
        head, gap, note = data.partition(b"\n\n")
        lines = head.decode("ascii", "replace").split("\n")
        if not gap or lines[0] != _HEADER:
            raise LogError(f"not a proof: its first line is {_HEADER}")
        if len(lines) < 3 or not lines[1].startswith("extra ") or not lines[2].startswith("index "):
            raise LogError("the proof has no line with the commitment (extra), or none with index")
        commitment = base64_bytes(lines[1].removeprefix("extra "))
        index = decimal(lines[2].removeprefix("index "))
        if commitment is None or len(commitment) != HASH_BYTES or index is None:
            raise LogError("the commitment or the index of the proof is malformed")
        return cls(commitment=commitment, index=index, hashes=parse_hashes(lines[3:]), note=note)

    def __bytes__(self) -> bytes:
        extra = f"extra {base64_text(self.commitment)}"
        lines = [_HEADER, extra, f"index {self.index}", *map(base64_text, self.hashes), "", ""]
        return "\n".join(lines).encode("ascii") + self.note


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What a proof shows: this commitment is leaf `index` of the log.

    `seconds` since 1970 is when, as the log says itself; `witnesses` saw the checkpoint too and
    say when they did.
    """

    commitment: bytes
    origin: str
    index: int
    size: int
    root: bytes
    seconds: int | None
    witnesses: tuple[Verified, ...]


def verify_proof(
    data: bytes,
    key: VerifierKey,
    *,
    commitment: bytes | None = None,
    policy: WitnessPolicy = NO_WITNESSES,
) -> Proven:
    """Check a proof, with nothing but the log's key.

    Args:
        data: the proof.
        key: of the log that it must be from.
        commitment: what it must be about; None takes the one that it names, which is then what
            was proven and has to be compared by whoever asks.
        policy: which witnesses must have cosigned.

    Raises:
        LogError: malformed, about something else, of another log, or it does not hold.
    """
    proof = Proof.parse(data)
    if commitment is not None and commitment != proof.commitment:
        raise LogError("the proof is about another commitment")
    opened = open_checkpoint(proof.note, key, policy.known)
    policy.check(opened.witnesses)
    head = opened.checkpoint
    leaf = leaf_hash(proof.commitment)
    if not inclusion_holds(leaf, proof.index, head.size, head.root, proof.hashes):
        raise LogError("the proof does not lead from the commitment to the checkpoint")
    return Proven(
        commitment=proof.commitment,
        origin=head.origin,
        index=proof.index,
        size=head.size,
        root=head.root,
        seconds=opened.seconds,
        witnesses=opened.witnesses,
    )


def parse_hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    """Hashes of a proof, one a line.

    Raises:
        LogError: too many, or one of them is not a hash.
    """
    if len(lines) > MAX_HASHES:
        raise LogError(f"a proof has at most {MAX_HASHES} hashes")
    found = [base64_bytes(line) for line in lines]
    if not all(item is not None and len(item) == HASH_BYTES for item in found):
        raise LogError(f"a line of the proof is not a hash of {HASH_BYTES} bytes in base64")
    return tuple(item for item in found if item is not None)
