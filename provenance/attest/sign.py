"""Signing reports. What was signed is checked before it is handed out."""

from __future__ import annotations

from dataclasses import dataclass

from provenance.attest import jws, pades
from provenance.attest.attestation import Attestation, Integrity
from provenance.attest.check import check_json, check_pdf
from provenance.attest.kind import Kind
from provenance.attest.profile import check_signer
from provenance.attest.time_stamp import with_time_stamp
from provenance.errors import SelfCheckError, TimeStampError
from provenance.keys import Signer, TimeStamping, TimeStampMode
from provenance.model.trust import TimeStampStatus
from provenance.trust import TrustStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature.

    Attributes:
        data: of a JSON report the signature file, of a PDF the signed PDF.
        no_time_stamp: why there is none although one was asked for (mode "record").
    """

    data: bytes
    no_time_stamp: TimeStampError | None


def sign_json(
    document: bytes,
    signer: Signer,
    *,
    trust: TrustStore,
    time_stamping: TimeStamping = TimeStamping(),
    kind: Kind = Kind.REPORT,
) -> Signed:
    """Sign a saved JSON report, or another document.

    Args:
        document: its bytes, exactly as they are saved.
        signer: key and chain; see `check_signer`.
        trust: a required time stamp must be of an authority on these lists.
        time_stamping: whether the signature is time-stamped, and by whom.
        kind: what is signed; `check_json` has to be told the same.

    Raises:
        KeyMaterialError, SignerError: the signer may not or cannot sign.
        TimeStampError: a required time stamp could not be had or is not trusted.
        SelfCheckError: the signature does not verify.
    """
    check_signer(signer)
    data, missing = with_time_stamp(
        time_stamping, lambda stamper: jws.seal(document, signer, stamper, kind)
    )
    _check(check_json(document, data, trust, kind=kind), time_stamping)
    return Signed(data=data, no_time_stamp=missing)


def sign_pdf(
    document: bytes,
    signer: Signer,
    *,
    trust: TrustStore,
    time_stamping: TimeStamping = TimeStamping(),
) -> Signed:
    """Sign a PDF report; see `sign_json`.

    Raises:
        InputError: not a PDF that can be signed, or it is signed already.
    """
    check_signer(signer)
    data, missing = with_time_stamp(
        time_stamping, lambda stamper: pades.seal(document, signer, stamper)
    )
    _check(check_pdf(data, trust), time_stamping)
    return Signed(data=data, no_time_stamp=missing)


def _check(made: Attestation, time_stamping: TimeStamping) -> None:
    stamp = made.time_stamp.status
    if made.integrity is not Integrity.INTACT:
        raise SelfCheckError(f"the signature that was made does not verify: {made.problem}")
    if stamp is TimeStampStatus.INVALID:
        raise TimeStampError("the time stamp that was given is not one over this signature")
    if time_stamping.mode is TimeStampMode.REQUIRE and stamp is not TimeStampStatus.TRUSTED:
        raise TimeStampError(
            "the time stamp is of an authority that is on no list",
            hint="name the list with its root: --tsa-list or verify.tsa_lists",
        )
