"""Certificates and keys of every kind, made fresh: nothing here is ever trusted elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from provenance.keys import (
    CallbackSigner,
    CertificateChain,
    DevelopmentChain,
    FileSigner,
    SigningAlgorithm,
    create_chain,
    write_private,
)
from provenance.trust import TrustKind, TrustList, TrustStore

HASHES = {
    SigningAlgorithm.ES256: SHA256,
    SigningAlgorithm.ES384: SHA384,
    SigningAlgorithm.ES512: SHA512,
}


def authority(name: str = "test") -> DevelopmentChain:
    """A development chain, one for each name and test process."""
    return _authority(name)


@cache
def _authority(name: str) -> DevelopmentChain:
    return create_chain(name, name)


def trust_in(chain: DevelopmentChain, name: str = "root.pem") -> TrustStore:
    """A trust store with the root of this chain and nothing else."""
    return TrustStore(
        lists=(TrustList.parse(chain.root_pem, name=name, kind=TrustKind.SIGNERS),),
    )


def as_signers(trust: TrustStore) -> TrustStore:
    """The same anchors on lists that vouch for signers."""
    return TrustStore(
        lists=tuple(replace(item, kind=TrustKind.SIGNERS) for item in trust.lists),
    )


def as_der(pem: bytes) -> bytes:
    """A certificate as it stands in a manifest."""
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def serial_of(pem: bytes) -> int:
    """The serial number of a certificate."""
    return x509.load_pem_x509_certificate(pem).serial_number


@cache
def key_for(algorithm: SigningAlgorithm):
    """A private key for this algorithm."""
    match algorithm:
        case SigningAlgorithm.ES256:
            return ec.generate_private_key(ec.SECP256R1())
        case SigningAlgorithm.ES384:
            return ec.generate_private_key(ec.SECP384R1())
        case SigningAlgorithm.ES512:
            return ec.generate_private_key(ec.SECP521R1())
        case SigningAlgorithm.PS256:
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)
        case SigningAlgorithm.ED25519:
            return ed25519.Ed25519PrivateKey.generate()


def new_key() -> ec.EllipticCurvePrivateKey:
    """A private key that nobody else uses."""
    return ec.generate_private_key(ec.SECP256R1())


def usage(**granted: bool) -> x509.KeyUsage:
    """A key usage with nothing but what is granted."""
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**dict.fromkeys(names, False) | granted)


def pkcs8(key) -> bytes:
    """A private key as PEM."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def spki(public_key) -> bytes:
    """A public key as PEM."""
    return public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def leaf_for(
    key,
    chain: DevelopmentChain,
    *,
    name: str = "leaf",
    start: datetime | None = None,
    lifetime: timedelta = timedelta(days=30),
    serial: int | None = None,
) -> bytes:
    """A signing certificate for any kind of key, under the issuing CA of a chain."""
    issuer = x509.load_pem_x509_certificate(chain.issuing_pem)
    issuer_key = load_pem_private_key(chain.issuing_key_pem, password=None)
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)
    start = start or datetime.now(UTC) - timedelta(minutes=1)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "test"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + lifetime)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(digital_signature=True, content_commitment=True), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .sign(issuer_key, SHA256())
        .public_bytes(Encoding.PEM)
    )


@dataclass(frozen=True)
class KeyFiles:
    """A key and its chain on the disk."""

    key_path: Path
    chain_path: Path

    def signer(self) -> FileSigner:
        """The signer that reads them."""
        return FileSigner.load(key_path=self.key_path, chain_path=self.chain_path)


def key_files(folder: Path, key_pem: bytes, chain_pem: bytes, name: str = "signer") -> KeyFiles:
    """Write a key and its chain."""
    files = KeyFiles(folder / f"{name}.key", folder / f"{name}.pem")
    write_private(files.key_path, key_pem)
    files.chain_path.write_bytes(chain_pem)
    return files


def files_for(folder: Path, algorithm: SigningAlgorithm) -> KeyFiles:
    """A key of this algorithm and its chain under the common test authority."""
    key, chain = key_for(algorithm), authority()
    leaf = leaf_for(key, chain, name=algorithm.value)
    return key_files(folder, pkcs8(key), leaf + chain.issuing_pem, algorithm.value)


def callback_for(signer: FileSigner) -> CallbackSigner:
    """The same key behind a callback, as a key service would hold it."""
    return CallbackSigner(algorithm=signer.algorithm, chain=signer.chain, callback=signer.sign)


def verifies(chain: CertificateChain, algorithm: SigningAlgorithm, data: bytes, signature: bytes):
    """True if the raw signature is the leaf's over the data (RFC 9053, RFC 8037)."""
    public = chain.leaf.public_key()
    try:
        match public:
            case ed25519.Ed25519PublicKey():
                public.verify(signature, data)
            case rsa.RSAPublicKey():
                pss = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=32)
                public.verify(signature, data, pss, SHA256())
            case ec.EllipticCurvePublicKey():
                half = (public.curve.key_size + 7) // 8
                if len(signature) != 2 * half:
                    return False
                r, s = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
                public.verify(encode_dss_signature(r, s), data, ec.ECDSA(HASHES[algorithm]()))
    except InvalidSignature:
        return False
    return True
