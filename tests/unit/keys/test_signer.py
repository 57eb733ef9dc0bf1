"""Signers that read a key from a file."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from support import chains

from provenance.errors import KeyMaterialError
from provenance.keys import CallbackSigner, FileSigner, Signer, SigningAlgorithm

AUTHORITY = chains.authority()


def files(folder, key_pem, key=None):
    """A key file beside a chain for `key`, or for the key of the common authority."""
    leaf = chains.leaf_for(key, AUTHORITY) if key else AUTHORITY.leaf_pem
    return chains.key_files(folder, key_pem, leaf + AUTHORITY.issuing_pem)


@pytest.mark.parametrize("algorithm", list(SigningAlgorithm))
def test_the_algorithm_follows_from_the_key(tmp_path, algorithm):
    assert chains.files_for(tmp_path, algorithm).signer().algorithm is algorithm


def test_the_key_of_another_certificate_is_refused(tmp_path):
    other = chains.pkcs8(chains.key_for(SigningAlgorithm.ES256))
    with pytest.raises(KeyMaterialError, match="is not the key of") as caught:
        files(tmp_path, other).signer()
    assert "start with the signing certificate" in caught.value.hint


def test_the_key_of_another_kind_is_refused(tmp_path):
    other = chains.pkcs8(chains.key_for(SigningAlgorithm.ED25519))
    with pytest.raises(KeyMaterialError, match="is not the key of"):
        files(tmp_path, other).signer()


def test_the_key_of_the_issuer_is_refused(tmp_path):
    with pytest.raises(KeyMaterialError, match="is not the key of"):
        files(tmp_path, AUTHORITY.issuing_key_pem).signer()


@pytest.mark.parametrize(
    "make",
    [
        lambda: ec.generate_private_key(ec.SECP256K1()),
        lambda: ec.generate_private_key(ec.BrainpoolP256R1()),
        lambda: rsa.generate_private_key(public_exponent=65537, key_size=1024),  # noqa: S505
    ],
    ids=["secp256k1", "brainpool", "rsa1024"],
)
def test_kinds_of_key_that_c2pa_does_not_allow_are_refused(tmp_path, make):
    key = make()
    with pytest.raises(KeyMaterialError, match="does not allow") as caught:
        files(tmp_path, chains.pkcs8(key), key).signer()
    assert "P-256" in caught.value.hint


def test_an_encrypted_key_is_refused(tmp_path):
    key = chains.key_for(SigningAlgorithm.ES256)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pw"))
    with pytest.raises(KeyMaterialError, match="unencrypted"):
        files(tmp_path, pem, key).signer()


@pytest.mark.parametrize("content", [b"", b"garbage", AUTHORITY.leaf_pem])
def test_something_else_is_no_key(tmp_path, content):
    with pytest.raises(KeyMaterialError, match="PEM private key"):
        files(tmp_path, content).signer()


def test_a_key_in_the_older_form_is_read_and_handed_on_in_the_newer_one(tmp_path):
    key = chains.key_for(SigningAlgorithm.ES256)
    sec1 = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    assert sec1.startswith(b"-----BEGIN EC PRIVATE KEY-----")
    assert files(tmp_path, sec1, key).signer().private_key_pem == chains.pkcs8(key)


def test_a_key_that_others_can_read_is_refused(tmp_path):
    written = chains.files_for(tmp_path, SigningAlgorithm.ES256)
    written.key_path.chmod(0o644)
    with pytest.raises(KeyMaterialError, match="0644"):
        written.signer()


def test_a_missing_key_is_our_error(tmp_path):
    written = chains.files_for(tmp_path, SigningAlgorithm.ES256)
    written.key_path.unlink()
    with pytest.raises(KeyMaterialError, match="cannot read"):
        written.signer()


def test_keys_are_not_shown(tmp_path):
    signer = chains.files_for(tmp_path, SigningAlgorithm.ES256).signer()
    assert "PRIVATE" not in repr(signer)
    assert "callback=" not in repr(chains.callback_for(signer))


def test_both_kinds_of_signer_satisfy_the_protocol(tmp_path):
    signer = chains.files_for(tmp_path, SigningAlgorithm.ES256).signer()
    assert isinstance(signer, FileSigner)
    assert isinstance(signer, Signer)
    assert isinstance(chains.callback_for(signer), CallbackSigner)
    assert isinstance(chains.callback_for(signer), Signer)
