"""Key material: private files, the system secret, signers, a development chain."""

from provenance.keys.devchain import DevelopmentChain, create_chain, issue_leaf
from provenance.keys.files import read_private, write_private
from provenance.keys.secret import Purpose, SystemSecret
from provenance.keys.signer import (
    CallbackSigner,
    CertificateChain,
    FileSigner,
    Signer,
    SigningAlgorithm,
)

__all__ = [
    "CallbackSigner",
    "CertificateChain",
    "DevelopmentChain",
    "FileSigner",
    "Purpose",
    "Signer",
    "SigningAlgorithm",
    "SystemSecret",
    "create_chain",
    "issue_leaf",
    "read_private",
    "write_private",
]
