"""Key material and who signs: secrets, signers, time-stamping authorities, a development chain."""

from provenance.keys.algorithms import SigningAlgorithm, raw_ecdsa
from provenance.keys.devchain import (
    SIGNS_REPORTS,
    DevelopmentChain,
    certify,
    create_chain,
    issue_leaf,
)
from provenance.keys.files import read_private, write_private
from provenance.keys.guarded import Circuit, GuardedSigner
from provenance.keys.http_signer import HttpSigner
from provenance.keys.network import Network
from provenance.keys.private_text import PrivateText
from provenance.keys.proof import checked_signature, prove_pair
from provenance.keys.pseudonyms import Pseudonyms
from provenance.keys.secret import Purpose, SystemSecret
from provenance.keys.signer import (
    CallbackSigner,
    CertificateChain,
    FileSigner,
    Signer,
)
from provenance.keys.timestamps import (
    TimeStampAuthority,
    TimeStamping,
    TimeStampMode,
)

__all__ = [
    "SIGNS_REPORTS",
    "CallbackSigner",
    "CertificateChain",
    "Circuit",
    "DevelopmentChain",
    "FileSigner",
    "GuardedSigner",
    "HttpSigner",
    "Network",
    "PrivateText",
    "Pseudonyms",
    "Purpose",
    "Signer",
    "SigningAlgorithm",
    "SystemSecret",
    "TimeStampAuthority",
    "TimeStampMode",
    "TimeStamping",
    "certify",
    "checked_signature",
    "create_chain",
    "issue_leaf",
    "prove_pair",
    "raw_ecdsa",
    "read_private",
    "write_private",
]
