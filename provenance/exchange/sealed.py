"""Signed bundles and statements: made, and believed or not. Needs the extra `report`.

They are signed with the key that signs reports, never with the one that signs pictures: that
one works unattended by the million, and whoever takes it must not be able to tell laboratories
which keys and which anchors they should believe.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from provenance.attest import (
    Attestation,
    Integrity,
    Kind,
    NotVerifiedError,
    Signed,
    attach,
    check_json,
    detach,
    sign_json,
)
from provenance.errors import KeyMaterialError, TrustError
from provenance.exchange import bundle as bundles
from provenance.exchange import statement as statements
from provenance.exchange.bundle import DetectorBundle
from provenance.exchange.fields import NotAcceptableError
from provenance.exchange.statement import ExtractStatement
from provenance.keys import Signer, TimeStamping
from provenance.trust import TrustStore

_LIMITS: Final = {Kind.BUNDLE: bundles.MAX_BYTES, Kind.EXTRACT: statements.MAX_BYTES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouchers:
    """Whom the caller believes about bundles and extracts.

    Attributes:
        trust: lists that the signer's certificate may lead to, and time-stamping authorities.
        pinned: SHA-256 of signing certificates, lower-case hexadecimal.
        subject: if not empty, only a signer of this name is believed by the lists.
        option: how the user names a certificate, for messages.
    """

    trust: TrustStore = TrustStore()
    pinned: frozenset[str] = frozenset()
    subject: str = ""
    option: str = "--fingerprint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A document whose signature verifies and whose signer is believed."""

    document: bytes
    attestation: Attestation

    @property
    def signer(self) -> str:
        """The name in the signer's certificate; see `name_of`."""
        return name_of(self.attestation)


def seal(
    made: DetectorBundle | ExtractStatement,
    signer: Signer,
    *,
    trust: TrustStore,
    time_stamping: TimeStamping = TimeStamping(),
) -> Signed:
    """Sign a bundle or a statement; the result's data is the whole file.

    Raises:
        KeyMaterialError, SignerError: the signer may not or cannot sign.
        TimeStampError: a required time stamp could not be had or is not trusted.
    """
    kind = Kind.BUNDLE if isinstance(made, DetectorBundle) else Kind.EXTRACT
    document = made.document()
    signed = sign_json(document, signer, trust=trust, time_stamping=time_stamping, kind=kind)
    return Signed(data=attach(document, signed.data), no_time_stamp=signed.no_time_stamp)


def open_bundle(data: bytes, name: str, vouchers: Vouchers) -> tuple[DetectorBundle, Opened]:
    """The bundle in a signed file.

    Args:
        data: the file.
        name: what messages call it.
        vouchers: who is believed.

    Raises:
        KeyMaterialError: it is damaged, not a signed bundle, not one of this version, or has
            expired.
        TrustError: nobody vouches for the signer.
    """
    opened = _opened(data, name, Kind.BUNDLE, vouchers)
    try:
        bundle = DetectorBundle.parse(opened.document)
    except NotAcceptableError as error:
        raise KeyMaterialError(f"{name} is not a detector bundle: {error}") from error
    if bundle.not_after < datetime.now(UTC):
        raise KeyMaterialError(
            f"{name} has expired on {bundle.not_after:%Y-%m-%d}", hint="ask for a new one"
        )
    return bundle, opened


def open_statement(data: bytes, name: str, vouchers: Vouchers) -> tuple[ExtractStatement, Opened]:
    """The statement about an extract in a signed file; see `open_bundle`."""
    opened = _opened(data, name, Kind.EXTRACT, vouchers)
    try:
        return ExtractStatement.parse(opened.document), opened
    except NotAcceptableError as error:
        raise KeyMaterialError(f"{name} is not a statement on an extract: {error}") from error


def name_of(attestation: Attestation) -> str:
    """The name in the certificate of a signer, as it is kept and compared."""
    signer = attestation.signer
    if signer is None:
        return ""
    names = (signer.common_name, signer.organization)
    text = " of ".join(filter(None, names))[:200]
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")[:400]


def _opened(data: bytes, name: str, kind: Kind, vouchers: Vouchers) -> Opened:
    try:
        document, signature = detach(data, limit=_LIMITS[kind])
    except NotVerifiedError as error:
        raise KeyMaterialError(f"{name} is not a signed {kind.noun}: {error}") from error
    found = check_json(document, signature, vouchers.trust, kind=kind, pinned=vouchers.pinned)
    if found.integrity is not Integrity.INTACT:
        raise KeyMaterialError(f"{name} is not acceptable: {found.problem}")
    if not found.genuine:
        raise _unknown(name, found, found.problem, vouchers.option)
    who, pinned = name_of(found), found.certificate_sha256 in vouchers.pinned
    if not pinned and vouchers.subject not in ("", who):
        problem = f"the one that is known here is {vouchers.subject}"
        raise _unknown(name, found, problem, vouchers.option)
    return Opened(document=document, attestation=found)


def _unknown(name: str, found: Attestation, problem: str, option: str) -> TrustError:
    return TrustError(
        f"nobody vouches for {name_of(found) or 'the signer'}, who signed {name}: {problem}",
        hint="ask the operator, by a way of your own choice, whether the SHA-256 of its "
        f"certificate is {found.certificate_sha256}; if so, name it with {option}",
    )
