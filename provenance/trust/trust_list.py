"""Trust lists: who may be believed. Injected by the caller, never taken from the system.

A list is a PEM file of CA certificates, as the C2PA conformance programme publishes its
own (`C2PA-TRUST-LIST.pem`, `C2PA-TSA-TRUST-LIST.pem`). The native validator accepts
nearly anything as PEM, garbage included, so every certificate is parsed here first.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from provenance.errors import TrustError

_MAX_BYTES: Final = 4_000_000
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
        anchors: DER-valid certificates in PEM.
        expired: subjects of anchors that are past their validity; they are kept, since a
            time stamp can show that a signature is older.
    """

    name: str
    kind: TrustKind
    sha256: str
    anchors: tuple[str, ...]
    expired: tuple[str, ...] = ()

    @classmethod
    def load(cls, path: Path, kind: TrustKind) -> Self:
        """Read and validate a PEM file.

        Raises:
            TrustError: unreadable, too large, empty, something else than certificates in
                it, or one certificate that does not parse or cannot be an anchor.
        """
        try:
            data = path.read_bytes()
        except OSError as error:
            raise TrustError(f"cannot read trust list {path}: {error.strerror}") from error
        return cls.parse(data, name=path.name, kind=kind)

    @classmethod
    def parse(cls, data: bytes, *, name: str, kind: TrustKind) -> Self:
        """Validate PEM bytes; see `load`."""
        if len(data) > _MAX_BYTES:
            raise TrustError(f"trust list {name} is larger than {_MAX_BYTES:,} bytes")
        if data.count(_BEGIN) != data.count(_BEGIN_CERTIFICATE):
            raise TrustError(f"trust list {name} holds something else than certificates")
        try:
            certificates = x509.load_pem_x509_certificates(data)
        except ValueError as error:
            raise TrustError(
                f"trust list {name} is not a PEM file of certificates",
                hint="use the .pem form of the list, not the .json form",
            ) from error
        now = datetime.now(UTC)
        expired = []
        for index, certificate in enumerate(certificates, 1):
            _check_anchor(certificate, f"certificate {index} of trust list {name}")
            if certificate.not_valid_after_utc <= now:
                expired.append(certificate.subject.rfc4514_string())
        return cls(
            name=name,
            kind=kind,
            sha256=hashlib.sha256(data).hexdigest(),
            anchors=tuple(c.public_bytes(Encoding.PEM).decode("ascii") for c in certificates),
            expired=tuple(expired),
        )

    @property
    def uri(self) -> str:
        """What the validator is told to call this list; comes back in its results."""
        return f"{self.name} (sha256 {self.sha256[:16]})"


def _check_anchor(certificate: x509.Certificate, what: str) -> None:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound as error:
        raise TrustError(f"{what} is not a CA certificate") from error
    except ValueError as error:
        raise TrustError(f"{what} has malformed extensions") from error
    if not constraints.value.ca:
        raise TrustError(
            f"{what} is not a CA certificate",
            hint="an anchor is a root or issuing CA, never a signing certificate",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustStore:
    """All lists that a verification believes; empty means that nobody is trusted."""

    lists: tuple[TrustList, ...] = ()

    def __add__(self, other: TrustStore) -> TrustStore:
        return TrustStore(lists=self.lists + other.lists)

    def certificates(self) -> tuple[x509.Certificate, ...]:
        """Every anchor for signers, parsed."""
        pems = (pem for item in self.of(TrustKind.SIGNERS) for pem in item.anchors)
        return tuple(x509.load_pem_x509_certificate(pem.encode("ascii")) for pem in pems)

    def of(self, kind: TrustKind) -> tuple[TrustList, ...]:
        """The lists of one kind."""
        return tuple(item for item in self.lists if item.kind is kind)
