"""Key and certificate belong together, or nothing is signed."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from support import chains

from provenance.errors import ErrorCode, KeyMaterialError, SignerError
from provenance.keys import (
    CallbackSigner,
    CertificateChain,
    SigningAlgorithm,
    checked_signature,
    prove_pair,
    raw_ecdsa,
)
from provenance.keys.algorithms import algorithm_of, verifies

ALGORITHMS = pytest.mark.parametrize("algorithm", list(SigningAlgorithm))


def callback(signer, function):
    return CallbackSigner(algorithm=signer.algorithm, chain=signer.chain, callback=function)


@pytest.fixture
def pair(algorithm, tmp_path):
    return chains.files_for(tmp_path, algorithm).signer()


@ALGORITHMS
def test_a_pair_is_proven(pair, algorithm):
    prove_pair(pair)
    prove_pair(chains.callback_for(pair))
    assert pair.chain.algorithm is algorithm


@ALGORITHMS
def test_the_key_of_another_certificate_is_refused(pair, algorithm):
    other = chains.leaf_for(chains.new_key(), chains.authority())
    chain = CertificateChain.parse(other + chains.authority().issuing_pem)
    foreign = CallbackSigner(algorithm=chain.algorithm, chain=chain, callback=pair.sign)
    with pytest.raises(KeyMaterialError, match="does not belong to the certificate"):
        prove_pair(foreign)


def test_the_algorithm_must_be_that_of_the_certificate(signer):
    other = CallbackSigner(
        algorithm=SigningAlgorithm.ED25519, chain=signer.chain, callback=signer.sign
    )
    with pytest.raises(KeyMaterialError, match="signs ed25519, but its certificate is for es256"):
        prove_pair(other)


@ALGORITHMS
@pytest.mark.parametrize(
    "garbage", [b"", b"x", bytes(64), bytes(5000), None, "text", 5], ids=lambda g: str(g)[:8]
)
def test_garbage_is_no_signature(pair, garbage):
    broken = callback(pair, lambda _: garbage)
    with pytest.raises(KeyMaterialError):
        prove_pair(broken)
    with pytest.raises(SignerError) as caught:
        checked_signature(broken, b"data")
    assert caught.value.code is ErrorCode.SIGNER


@ALGORITHMS
def test_a_signature_over_something_else_is_refused(pair):
    with pytest.raises(SignerError, match="not by the key of its certificate"):
        checked_signature(callback(pair, lambda data: pair.sign(data + b"x")), b"data")


def test_a_signature_in_der_is_refused_and_the_form_is_named(signer):
    der = callback(signer, lambda data: chains.key_for(SigningAlgorithm.ES256).sign(
        data, ec.ECDSA(chains.HASHES[SigningAlgorithm.ES256]())
    ))  # fmt: skip
    with pytest.raises(SignerError) as caught:
        checked_signature(der, b"data")
    assert "r||s, not DER" in caught.value.hint


def test_what_the_signer_raises_is_the_cause(signer):
    def fail(_):
        raise ConnectionError("gone")

    with pytest.raises(SignerError, match="ConnectionError: gone") as caught:
        prove_pair(callback(signer, fail))
    assert isinstance(caught.value.__cause__, ConnectionError)


def test_every_proof_signs_something_else(signer):
    seen = []

    def sign(data):
        seen.append(data)
        return signer.sign(data)

    for _ in range(3):
        prove_pair(callback(signer, sign))
    assert len(set(seen)) == 3
    # COSE signs a CBOR array of four (RFC 9052, 4.4): a proof can never be used as a claim.
    assert {data[0] for data in seen} == {ord("p")}


@pytest.mark.parametrize(
    ("start", "lifetime", "said"),
    [
        (timedelta(days=-3), timedelta(days=2), "expired on"),
        (timedelta(days=1), timedelta(days=2), "not valid before"),
    ],
)
def test_a_certificate_that_is_not_valid_now_signs_nothing(start, lifetime, said):
    key, authority = chains.new_key(), chains.authority()
    leaf = chains.leaf_for(key, authority, start=datetime.now(UTC) + start, lifetime=lifetime)
    chain = CertificateChain.parse(leaf + authority.issuing_pem)
    asked = []
    outdated = CallbackSigner(algorithm=chain.algorithm, chain=chain, callback=asked.append)
    with pytest.raises(SignerError, match=said):
        prove_pair(outdated)
    assert asked == []


def test_a_key_that_c2pa_does_not_allow_has_no_algorithm():
    for key in (
        rsa.generate_private_key(public_exponent=65537, key_size=1024),  # noqa: S505 - refused
        ec.generate_private_key(ec.SECP256K1()),
    ):
        assert algorithm_of(key.public_key()) is None
    assert algorithm_of("no key") is None
    assert not verifies("no key", SigningAlgorithm.ES256, b"", b"")


def test_a_chain_crosses_process_borders(signer):
    again = pickle.loads(pickle.dumps(signer.chain))  # noqa: S301 - our own bytes
    assert again == signer.chain
    assert again.sha256 == signer.chain.sha256


# --- r||s ------------------------------------------------------------------------------------


@given(data=st.binary(max_size=64), algorithm=st.sampled_from(tuple(chains.HASHES)))
def test_der_and_raw_are_the_same_signature(data, algorithm):
    key = chains.key_for(algorithm)
    signature = key.sign(data, ec.ECDSA(chains.HASHES[algorithm]()))
    raw = raw_ecdsa(signature, key.key_size)
    assert verifies(key.public_key(), algorithm, data, raw)
    assert len(raw) == 2 * ((key.key_size + 7) // 8)


@pytest.mark.parametrize("algorithm", [SigningAlgorithm.ES384, SigningAlgorithm.ES512])
def test_a_signature_of_a_larger_key_is_refused(algorithm):
    signature = chains.key_for(algorithm).sign(b"", ec.ECDSA(chains.HASHES[algorithm]()))
    with pytest.raises(ValueError):
        raw_ecdsa(signature, 128)
    with pytest.raises(ValueError):
        raw_ecdsa(b"garbage", 256)


def test_a_callback_of_another_algorithm_never_verifies(signer):
    for algorithm in set(SigningAlgorithm) - {signer.algorithm}:
        public = signer.chain.leaf.public_key()
        assert not verifies(public, algorithm, b"data", signer.sign(b"data"))
    assert replace(signer) == signer
