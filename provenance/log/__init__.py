"""The issuance log: nobody can take back, add or change unseen what was issued and when.

Leaves are salted commitments; they tell nothing of the records. Formats are those of C2SP
(signed-note, tlog-checkpoint, tlog-tiles, tlog-proof, tlog-cosignature, tlog-witness), the tree is
that of RFC 6962. See docs/log.md.
"""

from provenance.log.checkpoint import Checkpoint, open_checkpoint
from provenance.log.fsck import Violation
from provenance.log.issuance import IssuanceLog, Published
from provenance.log.note import Note, Signature, Verified
from provenance.log.note_keys import NoteSigner, SignatureType, VerifierKey
from provenance.log.policy import NO_WITNESSES, WitnessPolicy, load_witness_policy
from provenance.log.proof import MAX_PROOF, Proof, Proven, verify_proof
from provenance.log.published import PublishedLog
from provenance.log.source import LeafSource, StoredCheckpoint
from provenance.log.stamps import TimeStamps, token_in
from provenance.log.witness import MAX_REQUEST, Refusal, RefusedError, Witness

__all__ = [
    "MAX_PROOF",
    "MAX_REQUEST",
    "NO_WITNESSES",
    "Checkpoint",
    "IssuanceLog",
    "LeafSource",
    "Note",
    "NoteSigner",
    "Proof",
    "Proven",
    "Published",
    "PublishedLog",
    "Refusal",
    "RefusedError",
    "Signature",
    "SignatureType",
    "StoredCheckpoint",
    "TimeStamps",
    "Verified",
    "VerifierKey",
    "Violation",
    "Witness",
    "WitnessPolicy",
    "load_witness_policy",
    "open_checkpoint",
    "token_in",
    "verify_proof",
]
