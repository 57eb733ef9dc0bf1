"""Key material and who signs: secrets, signers, time-stamping authorities, a development chain."""

from provenance.keys.devchain import SIGNS_REPORTS, DevelopmentChain, create_chain, issue_leaf
from provenance.keys.files import read_private, write_private
from provenance.keys.pseudonyms import Pseudonyms
from provenance.keys.secret import Purpose, SystemSecret
from provenance.keys.signer import (
    CallbackSigner,
    CertificateChain,
    FileSigner,
    Signer,
    SigningAlgorithm,
)
from provenance.keys.timestamps import (
    Network,
    TimeStampAuthority,
    TimeStamping,
    TimeStampMode,
)

__all__ = [
    "SIGNS_REPORTS",
    "CallbackSigner",
    "CertificateChain",
    "DevelopmentChain",
    "FileSigner",
    "Network",
    "Pseudonyms",
    "Purpose",
    "Signer",
    "SigningAlgorithm",
    "SystemSecret",
    "TimeStampAuthority",
    "TimeStampMode",
    "TimeStamping",
    "create_chain",
    "issue_leaf",
    "read_private",
    "write_private",
]
