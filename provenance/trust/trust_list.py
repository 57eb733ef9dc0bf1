"""Trust lists: who may be believed. Injected by the caller, never taken from the system.

A list is a PEM file of CA certificates, as the C2PA conformance programme publishes its
own (`C2PA-TRUST-LIST.pem`, `C2PA-TSA-TRUST-LIST.pem`). The native validator accepts
nearly anything as PEM, garbage included, so every certificate is parsed here first.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from provenance.errors import TrustError
from provenance.model.trust import TrustListInfo

_MAX_BYTES: Final = 4_000_000
#: The C2PA list has about thirty. Every file that is verified pays for every anchor.
_MAX_CERTIFICATES: Final = 1_000
_BEGIN: Final = b"-----BEGIN"
_BEGIN_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"

#: Extended key usages a claim-signing certificate may have: emailProtection,
#: documentSigning and C2PA claim signing (C2PA 2.4, clause "X.509 Certificates").
SIGNER_EKUS: Final = (
    "1.3.6.1.5.5.7.3.4",
    "1.3.6.1.5.5.7.3.36",
    "1.3.6.1.4.1.62558.2.1",
)
#: Extended key usage of a time-stamping certificate (RFC 3161, 2.3).
TIME_STAMPING_EKU: Final = "1.3.6.1.5.5.7.3.8"
_ANY_EKU: Final = "2.5.29.37.0"


class TrustKind(StrEnum):
    """What a list vouches for."""

    SIGNERS = "signers"
    TIME_STAMPS = "time_stamps"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustList:
    """Validated trust anchors.

    Attributes:
        name: how reports call this list.
        kind: whom it vouches for.
        sha256: of the file as read, so that a report can be tied to the exact list.
        modified: when the file was last changed, RFC 3339 in UTC; empty without a file.
        anchors: DER-valid certificates in PEM, each once.
        expired: subjects of anchors that are past their validity; they are kept, since a
            time stamp can show that a signature is older.
    """

    name: str
    kind: TrustKind
    sha256: str
    anchors: tuple[str, ...]
    expired: tuple[str, ...] = ()
    modified: str = ""

    @classmethod
    def load(cls, path: Path, kind: TrustKind) -> Self:
        """Read and validate a PEM file.

        Raises:
            TrustError: unreadable, too large, empty, something else than certificates in
                it, or one certificate that does not parse or cannot be an anchor.
        """
        try:
            with path.open("rb") as file:
                data = file.read(_MAX_BYTES + 1)
                changed = os.fstat(file.fileno()).st_mtime
        except OSError as error:
            raise TrustError(f"cannot read trust list {path}: {error.strerror}") from error
        modified = datetime.fromtimestamp(changed, UTC).isoformat(timespec="seconds")
        return replace(cls.parse(data, name=path.name, kind=kind), modified=modified)

    @classmethod
    def parse(cls, data: bytes, *, name: str, kind: TrustKind) -> Self:
        """Validate PEM bytes; see `load`."""
        if len(data) > _MAX_BYTES:
            raise TrustError(f"trust list {name} is larger than {_MAX_BYTES:,} bytes")
        if data.count(_BEGIN) != data.count(_BEGIN_CERTIFICATE):
            raise TrustError(f"trust list {name} holds something else than certificates")
        if data.count(_BEGIN) > _MAX_CERTIFICATES:
            raise TrustError(
                f"trust list {name} holds more than {_MAX_CERTIFICATES:,} certificates",
                hint="a trust list names certificate authorities, not certificates",
            )
        try:
            certificates = dict.fromkeys(x509.load_pem_x509_certificates(data))
        except ValueError as error:
            raise TrustError(
                f"trust list {name} is not a PEM file of certificates",
                hint="use the .pem form of the list, not the .json form",
            ) from error
        now = datetime.now(UTC)
        expired = []
        for index, certificate in enumerate(certificates, 1):
            _check_anchor(certificate, kind, f"certificate {index} of trust list {name}")
            if certificate.not_valid_after_utc <= now:
                expired.append(certificate.subject.rfc4514_string())
        return cls(
            name=name,
            kind=kind,
            sha256=hashlib.sha256(data).hexdigest(),
            anchors=tuple(c.public_bytes(Encoding.PEM).decode("ascii") for c in certificates),
            expired=tuple(expired),
        )

    def only(self, pem: str) -> Self:
        """This list with one of its anchors and no other."""
        return replace(self, anchors=(pem,))

    @property
    def uri(self) -> str:
        """What the validator is told to call this list; comes back in its results."""
        return f"{self.name} (sha256 {self.sha256[:16]})"

    @property
    def info(self) -> TrustListInfo:
        """What a report says about this list."""
        return TrustListInfo(
            name=self.name,
            kind=self.kind.value,
            sha256=self.sha256,
            modified=self.modified,
            anchors=len(self.anchors),
            expired=self.expired,
        )


def _check_anchor(certificate: x509.Certificate, kind: TrustKind, what: str) -> None:
    """Raise unless this is a CA certificate that may vouch for this kind."""
    try:
        found = {extension.oid: extension.value for extension in certificate.extensions}
    except (ValueError, x509.DuplicateExtension) as error:
        raise TrustError(f"{what} has malformed extensions") from error
    constraints = found.get(x509.BasicConstraints.oid)
    if not isinstance(constraints, x509.BasicConstraints) or not constraints.ca:
        raise TrustError(
            f"{what} is not a CA certificate",
            hint="an anchor is a root or issuing CA, never a signing certificate",
        )
    key_usage = found.get(x509.KeyUsage.oid)
    if isinstance(key_usage, x509.KeyUsage) and not key_usage.key_cert_sign:
        raise TrustError(f"{what} may not sign certificates (key usage)")
    usages = found.get(x509.ExtendedKeyUsage.oid)
    if isinstance(usages, x509.ExtendedKeyUsage):
        _check_purpose({usage.dotted_string for usage in usages}, kind, what)


def _check_purpose(usages: set[str], kind: TrustKind, what: str) -> None:
    """The two lists are easily mixed up; an extended key usage shows it."""
    for_time_stamps = bool(usages & {TIME_STAMPING_EKU, _ANY_EKU})
    if kind is TrustKind.TIME_STAMPS and not for_time_stamps:
        raise TrustError(
            f"{what} may not vouch for time stamps (extended key usage)",
            hint="signer lists and time-stamping lists are separate files",
        )
    if kind is TrustKind.SIGNERS and usages == {TIME_STAMPING_EKU}:
        raise TrustError(
            f"{what} vouches for time stamps only (extended key usage)",
            hint="give this list as a time-stamping list: --tsa-list",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustStore:
    """All lists that a verification believes; empty means that nobody is trusted."""

    lists: tuple[TrustList, ...] = ()

    @classmethod
    def load(cls, signers: Iterable[Path], time_stamps: Iterable[Path]) -> Self:
        """Read lists of signers and lists of time-stamping authorities, in this order.

        Raises:
            TrustError: see `TrustList.load`.
        """
        named = [TrustList.load(path, TrustKind.SIGNERS) for path in signers]
        named += [TrustList.load(path, TrustKind.TIME_STAMPS) for path in time_stamps]
        return cls(lists=tuple(named))

    def __add__(self, other: TrustStore) -> TrustStore:
        return TrustStore(lists=self.lists + other.lists)

    def certificates(self, kind: TrustKind = TrustKind.SIGNERS) -> tuple[x509.Certificate, ...]:
        """Every anchor of one kind, parsed."""
        pems = (pem for item in self.of(kind) for pem in item.anchors)
        return tuple(x509.load_pem_x509_certificate(pem.encode("ascii")) for pem in pems)

    def of(self, kind: TrustKind) -> tuple[TrustList, ...]:
        """The lists of one kind."""
        return tuple(item for item in self.lists if item.kind is kind)

    def infos(self) -> tuple[TrustListInfo, ...]:
        """What a report says about the lists."""
        return tuple(item.info for item in self.lists)
