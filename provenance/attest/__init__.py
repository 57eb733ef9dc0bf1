"""Signs saved reports and other documents, checks the signatures; needs the extra `report`.

A JSON report is signed beside itself (a detached JSON Web Signature), a PDF report inside
itself (PAdES). Bundles and statements of extracts carry theirs with them (`attached`). All are
signed and checked as bytes: what they say is not looked at.
"""

from provenance.attest.attached import attach, detach
from provenance.attest.attestation import Attestation, Integrity
from provenance.attest.check import check_json, check_pdf, unsigned
from provenance.attest.jws import NotVerifiedError
from provenance.attest.kind import Kind
from provenance.attest.profile import check_signer
from provenance.attest.sign import Signed, sign_json, sign_pdf
from provenance.attest.stamps import TimeStamps

__all__ = [
    "Attestation",
    "Integrity",
    "Kind",
    "NotVerifiedError",
    "Signed",
    "TimeStamps",
    "attach",
    "check_json",
    "check_pdf",
    "check_signer",
    "detach",
    "sign_json",
    "sign_pdf",
    "unsigned",
]
