"""Signs saved reports and checks the signatures; needs the extra `report`.

A JSON report is signed beside itself (a detached JSON Web Signature), a PDF report inside
itself (PAdES). Both are signed and checked as bytes: what a report says is not looked at.
"""

from provenance.attest.attestation import Attestation, Integrity
from provenance.attest.check import check_json, check_pdf, unsigned
from provenance.attest.profile import check_signer
from provenance.attest.sign import Signed, sign_json, sign_pdf
from provenance.attest.stamps import TimeStamps

__all__ = [
    "Attestation",
    "Integrity",
    "Signed",
    "TimeStamps",
    "check_json",
    "check_pdf",
    "check_signer",
    "sign_json",
    "sign_pdf",
    "unsigned",
]
