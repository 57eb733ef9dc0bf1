"""A signed document in one file, and what keeps one kind of document from passing for another."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st
from support import chains
from support.signed_reports import report_signer

from provenance.attest import Integrity, Kind, NotVerifiedError, attach, check_json, detach
from provenance.attest.jws import seal
from provenance.keys import FileSigner
from provenance.trust import TrustStore

TRUST = chains.trust_in(chains.authority())
DOCUMENT = b'{"kind": "anything", "text": "a \\" and a \\\\ and \\u00e9"}'
LIMIT = 10_000


@pytest.fixture(scope="module")
def examiner(tmp_path_factory: pytest.TempPathFactory) -> FileSigner:
    return report_signer(tmp_path_factory.mktemp("examiner"), chains.authority())


@pytest.fixture(scope="module")
def file(examiner: FileSigner) -> bytes:
    return attach(DOCUMENT, seal(DOCUMENT, examiner, None, Kind.BUNDLE))


def test_the_document_comes_back_and_verifies(file: bytes) -> None:
    document, signature = detach(file, limit=LIMIT)
    assert document == DOCUMENT
    assert check_json(document, signature, TRUST, kind=Kind.BUNDLE).genuine


def test_any_library_for_jws_can_check_it(examiner: FileSigner, file: bytes) -> None:
    """RFC 7797, 5.2: the payload is the document itself."""
    members = json.loads(file)
    checked = jwt.api_jws.decode_complete(
        f"{members['protected']}..{members['signature']}",
        examiner.chain.leaf.public_key(),
        algorithms=["ES256"],
        detached_payload=members["payload"].encode(),
    )
    assert checked["header"]["typ"] == "provenance-bundle+jws"


@given(st.data(), st.integers(1, 255))
def test_one_changed_byte_anywhere_is_noticed(
    file: bytes, data: st.DataObject, change: int
) -> None:
    changed = bytearray(file)
    changed[data.draw(st.integers(0, len(file) - 1))] ^= change
    try:
        document, signature = detach(bytes(changed), limit=LIMIT)
    except NotVerifiedError:
        return
    found = check_json(document, signature, TRUST, kind=Kind.BUNDLE)
    assert found.integrity in (Integrity.CHANGED, Integrity.INVALID)


@given(st.binary(max_size=200) | st.just(b'{"payload":1}\n') | st.just(b"[" * 100_000))
def test_garbage_is_no_signed_document(garbage: bytes) -> None:
    with pytest.raises(NotVerifiedError):
        detach(garbage, limit=LIMIT)


def test_what_is_too_large_is_not_parsed(examiner: FileSigner) -> None:
    long = b'"' + b"x" * LIMIT + b'"'
    file = attach(long, seal(long, examiner, None, Kind.BUNDLE))
    with pytest.raises(NotVerifiedError, match="document in it has more"):
        detach(file, limit=LIMIT)
    with pytest.raises(NotVerifiedError, match="it has more than"):
        detach(b" " * 10_000_000, limit=LIMIT)


@pytest.mark.parametrize("signed", list(Kind))
@pytest.mark.parametrize("asked", list(Kind))
def test_one_kind_never_passes_for_another(examiner: FileSigner, signed: Kind, asked: Kind) -> None:
    signature = seal(DOCUMENT, examiner, None, signed)
    found = check_json(DOCUMENT, signature, TRUST, kind=asked)
    assert found.genuine is (signed is asked)
    if signed is not asked:
        assert found.integrity is Integrity.INVALID
        assert f"not that of a {asked.noun}'s signature" in found.problem


# --- certificates that the caller names --------------------------------------------------


def pin(signer: FileSigner) -> frozenset[str]:
    return frozenset({signer.chain.leaf.fingerprint(SHA256()).hex()})


def test_a_named_certificate_needs_no_list(examiner: FileSigner, tmp_path: Path) -> None:
    signature = seal(DOCUMENT, examiner, None)
    found = check_json(DOCUMENT, signature, TrustStore(), pinned=pin(examiner))
    assert found.genuine
    assert found.trust_list == "its fingerprint"
    other = report_signer(tmp_path, chains.authority("stranger"))
    assert not check_json(DOCUMENT, signature, TrustStore(), pinned=pin(other)).trusted


def test_naming_it_gives_it_no_other_purpose(signer: FileSigner) -> None:
    found = check_json(DOCUMENT, seal(DOCUMENT, signer, None), TrustStore(), pinned=pin(signer))
    assert not found.trusted
    assert "C2PA claims" in found.problem


def test_naming_it_gives_it_no_longer_life(tmp_path: Path) -> None:
    key, chain = chains.new_key(), chains.authority()
    start = x509.load_pem_x509_certificate(chain.issuing_pem).not_valid_before_utc
    leaf = chains.leaf_for(key, chain, start=start, lifetime=timedelta(seconds=1))
    late = chains.key_files(tmp_path, chains.pkcs8(key), leaf + chain.issuing_pem).signer()
    signature = seal(DOCUMENT, late, None)
    found = check_json(DOCUMENT, signature, TrustStore(), pinned=pin(late))
    assert not found.trusted
    assert "was not valid at" in found.problem
    assert check_json(DOCUMENT, signature, TrustStore(), start, pinned=pin(late)).genuine
