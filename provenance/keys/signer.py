"""Signers: who signs the claim, by a key in a file or by a callback to anything else.

The certificate profile is that of the C2PA specification 2.4, clause "X.509 Certificates".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol, Self, runtime_checkable

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from provenance.errors import KeyMaterialError, SignerError
from provenance.keys.algorithms import (
    HASHES,
    KEY_KINDS,
    SigningAlgorithm,
    algorithm_of,
    pss,
    raw_ecdsa,
)
from provenance.keys.files import read_private

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
_WARN_FRACTION: Final = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateChain:
    """Signing certificate and its issuers, leaf first, without the root.

    `pem` is what goes into the manifest.
    """

    certificates: tuple[x509.Certificate, ...]

    def __post_init__(self) -> None:
        if not self.certificates:
            raise KeyMaterialError("certificate chain is empty")
        for child, issuer in zip(self.certificates, self.certificates[1:], strict=False):
            if child.issuer != issuer.subject:
                raise KeyMaterialError(
                    "certificates are not in order", hint="leaf first, then each issuer in turn"
                )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a PEM file with the leaf first.

        Raises:
            KeyMaterialError: unreadable, no certificate, or not in order.
        """
        try:
            return cls.parse(path.read_bytes())
        except OSError as error:
            raise KeyMaterialError(f"cannot read {path}: {error.strerror}") from error

    @classmethod
    def parse(cls, pem: bytes) -> Self:
        """Parse PEM certificates, leaf first."""
        try:
            return cls(certificates=tuple(x509.load_pem_x509_certificates(pem)))
        except ValueError as error:
            raise KeyMaterialError("certificate chain is not valid PEM") from error

    @property
    def leaf(self) -> x509.Certificate:
        """The signing certificate."""
        return self.certificates[0]

    def __reduce__(self) -> tuple[object, ...]:
        # Certificates cannot be pickled; a signer that holds no key crosses process borders.
        return (CertificateChain.parse, (self.pem,))

    @property
    def algorithm(self) -> SigningAlgorithm:
        """The algorithm that the leaf's key signs with.

        Raises:
            KeyMaterialError: C2PA does not allow such a key.
        """
        algorithm = algorithm_of(self.leaf.public_key())
        if algorithm is None:
            raise KeyMaterialError(
                f"the certificate of {self.subject} is for a kind of key that C2PA does not allow",
                hint=KEY_KINDS,
            )
        return algorithm

    @property
    def sha256(self) -> str:
        """SHA-256 of the signing certificate in DER, in lower-case hexadecimal."""
        return self.leaf.fingerprint(SHA256()).hex()

    @property
    def pem(self) -> bytes:
        """All certificates in PEM, leaf first."""
        return b"".join(c.public_bytes(Encoding.PEM) for c in self.certificates)

    @property
    def issuers_pem(self) -> bytes:
        """The certificates above the leaf in PEM."""
        return b"".join(c.public_bytes(Encoding.PEM) for c in self.certificates[1:])

    @property
    def subject(self) -> str:
        """The leaf's common name, or its whole subject."""
        names = self.leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return str(names[0].value) if names else self.leaf.subject.rfc4514_string()

    @property
    def expires_at(self) -> datetime:
        """The first moment at which some certificate of the chain is no longer valid."""
        return min(c.not_valid_after_utc for c in self.certificates)

    def ends_at(self, anchors: Iterable[x509.Certificate]) -> bool:
        """True if one of the anchors is in the chain or issued its last certificate."""
        return any(anchor in self.certificates or self._issued_by(anchor) for anchor in anchors)

    def _issued_by(self, anchor: x509.Certificate) -> bool:
        try:
            self.certificates[-1].verify_directly_issued_by(anchor)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def check_valid(self, at: datetime | None = None) -> None:
        """Raise unless every certificate is valid at the given time (default: now).

        Raises:
            SignerError: expired or not yet valid.
        """
        moment = at or datetime.now(UTC)
        for certificate in self.certificates:
            if moment < certificate.not_valid_before_utc:
                raise SignerError(
                    f"certificate is not valid before {certificate.not_valid_before_utc:%Y-%m-%d}",
                    hint="check the clock of this machine",
                )
            if moment >= certificate.not_valid_after_utc:
                raise SignerError(
                    f"certificate expired on {certificate.not_valid_after_utc:%Y-%m-%d}",
                    hint="get a new one; one of a development chain is renewed with: "
                    "provenance init --renew-certificate DIR",
                )

    def expires_soon(self, at: datetime | None = None) -> bool:
        """True once less than 30 % of the leaf's validity is left."""
        moment = at or datetime.now(UTC)
        lifetime = self.leaf.not_valid_after_utc - self.leaf.not_valid_before_utc
        left: timedelta = self.expires_at - moment
        return left < lifetime * _WARN_FRACTION


@runtime_checkable
class Signer(Protocol):
    """Anything that signs a claim.

    `sign` receives the bytes to be signed (COSE Sig_structure) and returns the raw
    signature: r||s for ECDSA, PSS with a 32-byte salt for PS256. It may raise whatever
    it likes: the exception is kept and becomes the cause of a `SignerError`. What it returns
    is checked against the certificate before it is used.
    """

    @property
    def algorithm(self) -> SigningAlgorithm:
        """Which signature algorithm `sign` uses."""
        ...

    @property
    def chain(self) -> CertificateChain:
        """The certificates to embed."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Sign `data`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackSigner:
    """A signer whose key lives elsewhere (HSM, key service, remote signer)."""

    algorithm: SigningAlgorithm
    chain: CertificateChain
    callback: Callable[[bytes], bytes] = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """Ask the callback for a signature."""
        return self.callback(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSigner:
    """A signer with its private key in a file; for development and small deployments."""

    algorithm: SigningAlgorithm
    chain: CertificateChain
    _key: PrivateKey = field(repr=False)

    @classmethod
    def load(cls, *, key_path: Path, chain_path: Path) -> Self:
        """Load key and certificates and prove that they belong together.

        Raises:
            KeyMaterialError: unreadable, too permissive, unsupported or not a pair.
        """
        chain = CertificateChain.load(chain_path)
        try:
            found = load_pem_private_key(read_private(key_path), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyMaterialError(f"{key_path} is not an unencrypted PEM private key") from error
        key, algorithm = _supported(found, key_path)
        spki = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if key.public_key().public_bytes(*spki) != chain.leaf.public_key().public_bytes(*spki):
            raise KeyMaterialError(
                f"{key_path} is not the key of the first certificate in {chain_path}",
                hint="the chain must start with the signing certificate",
            )
        return cls(algorithm=algorithm, chain=chain, _key=key)

    @property
    def private_key_pem(self) -> bytes:
        """The key in PKCS#8 PEM, for a native signer: smaller manifests, no callback."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, data: bytes) -> bytes:
        """Sign with the key (RFC 9053: ECDSA as r||s, PSS with a salt of hash length)."""
        match self._key:
            case ed25519.Ed25519PrivateKey():
                return self._key.sign(data)
            case rsa.RSAPrivateKey():
                return self._key.sign(data, pss(), SHA256())
            case ec.EllipticCurvePrivateKey():
                signature = self._key.sign(data, ec.ECDSA(HASHES[self.algorithm]))
                return raw_ecdsa(signature, self._key.curve.key_size)


def _supported(key: object, path: Path) -> tuple[PrivateKey, SigningAlgorithm]:
    if isinstance(key, PrivateKey):
        algorithm = algorithm_of(key.public_key())
        if algorithm is not None:
            return key, algorithm
    raise KeyMaterialError(f"{path} holds a kind of key that C2PA does not allow", hint=KEY_KINDS)
