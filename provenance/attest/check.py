"""Checking what was signed: integrity first, then trust at the time that counts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from provenance.attest import jws, pades
from provenance.attest.attestation import Attestation, Integrity
from provenance.attest.jws import NotVerifiedError, Verified
from provenance.attest.kind import Kind
from provenance.attest.profile import in_order, named, unfit, vouched
from provenance.attest.time_stamp import common_name, examine
from provenance.errors import ErrorCode, InputError
from provenance.model.evidence import SignerInfo
from provenance.model.trust import TimeSource, TimeStampEvidence, TimeStampStatus
from provenance.trust import TrustKind, TrustStore, moment_text, parse_moment

MAX_BYTES: Final = 256_000_000


def check_json(
    document: bytes,
    signature: bytes,
    trust: TrustStore,
    at: datetime | None = None,
    *,
    kind: Kind = Kind.REPORT,
    pinned: frozenset[str] = frozenset(),
) -> Attestation:
    """Check a JSON report, or another signed document, against its signature file.

    Args:
        document: the report, byte for byte as it was saved.
        signature: the `.jws` file beside it.
        trust: lists of those who may sign, and of time-stamping authorities.
        at: judge the certificate then; default: now. A trusted time stamp comes first.
        kind: what it has to be a signature of.
        pinned: SHA-256 of certificates, lower-case hexadecimal, that the caller vouches for
            by himself. Their purpose and their dates count all the same.

    Raises:
        InputError: the report has more than 256 MB.
    """
    return _checked(document, lambda: jws.verify(document, signature, kind), trust, at, pinned)


def check_pdf(document: bytes, trust: TrustStore, at: datetime | None = None) -> Attestation:
    """Check the signature inside a PDF report; see `check_json`.

    It must be the only one and cover the whole file.
    """
    if len(document) <= MAX_BYTES and not pades.is_signed(document):
        return unsigned(document, "the PDF holds no signature")
    return _checked(document, lambda: pades.verify(document), trust, at)


def unsigned(document: bytes, reason: str) -> Attestation:
    """The result for a report that there is no signature to."""
    sha256 = hashlib.sha256(document).hexdigest()
    return Attestation(integrity=Integrity.UNSIGNED, sha256=sha256, problem=reason)


def _checked(
    document: bytes,
    verify: Callable[[], Verified],
    trust: TrustStore,
    at: datetime | None,
    pinned: frozenset[str] = frozenset(),
) -> Attestation:
    if len(document) > MAX_BYTES:
        raise InputError(f"the report has more than {MAX_BYTES:,} bytes", code=ErrorCode.LIMIT)
    sha256 = hashlib.sha256(document).hexdigest()
    try:
        verified = verify()
        leaf, *others = verified.certificates
        if not in_order(leaf, others):
            raise NotVerifiedError("the certificates that it brings are not one chain")
    except NotVerifiedError as error:
        broken = Integrity.CHANGED if error.changed else Integrity.INVALID
        return Attestation(integrity=broken, sha256=sha256, problem=str(error))
    stamp = TimeStampEvidence()
    if verified.token:
        stamp = examine(verified.token, verified.stamped, trust)
    moment, source = _moment(stamp, at)
    trust_list, problem = "", unfit(leaf)
    digest = hashlib.sha256(leaf.public_bytes(Encoding.DER)).hexdigest()
    if not problem and digest in pinned:
        trust_list, problem = named(leaf, moment)
    elif not problem:
        trust_list, problem = vouched(leaf, others, trust, moment, TrustKind.SIGNERS)
    if not problem and stamp.status is TimeStampStatus.INVALID:
        problem = "The time stamp is damaged or belongs to another signature."
    return Attestation(
        integrity=Integrity.INTACT,
        sha256=sha256,
        problem=problem,
        signer=_signer(leaf, verified),
        certificate_sha256=digest,
        trusted=bool(trust_list),
        trust_list=trust_list,
        time_stamp=stamp,
        judged_at=moment_text(moment),
        time_source=source,
    )


def _moment(stamp: TimeStampEvidence, at: datetime | None) -> tuple[datetime, TimeSource]:
    if stamp.status is TimeStampStatus.TRUSTED:
        return parse_moment(stamp.time), TimeSource.TIME_STAMP
    if at is not None:
        return at, TimeSource.CHOSEN
    return datetime.now(UTC), TimeSource.CLOCK


def _signer(leaf: x509.Certificate, verified: Verified) -> SignerInfo:
    organizations = leaf.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
    return SignerInfo(
        organization=str(organizations[0].value) if organizations else "",
        common_name=common_name(leaf),
        serial_number=str(leaf.serial_number),
        algorithm=verified.algorithm,
        time=moment_text(verified.claimed_at) if verified.claimed_at else "",
    )
