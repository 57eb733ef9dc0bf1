"""Detached signatures over JSON reports."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from support import chains, tsa
from support.signed_reports import REPORT, report_signer

from provenance.attest import Integrity, check_json, sign_json
from provenance.attest.jws import seal
from provenance.errors import KeyMaterialError, SignerError, TimeStampError
from provenance.keys import FileSigner, SigningAlgorithm, TimeStampMode
from provenance.model.trust import TimeSource, TimeStampStatus
from provenance.trust import TrustStore

TRUST = chains.trust_in(chains.authority())


@pytest.fixture(scope="module")
def examiner(tmp_path_factory: pytest.TempPathFactory) -> FileSigner:
    return report_signer(tmp_path_factory.mktemp("examiner"), chains.authority())


@pytest.fixture(scope="module")
def signature(examiner: FileSigner) -> bytes:
    return sign_json(REPORT, examiner, trust=TRUST).data


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory):
    tsa.need_openssl()
    with tsa.authority(tmp_path_factory.mktemp("tsa")) as running:
        yield running


@pytest.fixture(scope="module")
def stamped(examiner: FileSigner, authority: tsa.Authority) -> bytes:
    asked = authority.asked(TimeStampMode.REQUIRE)
    return sign_json(REPORT, examiner, trust=authority.trust, time_stamping=asked).data


def _protected(signature: bytes) -> dict[str, Any]:
    text = json.loads(signature)["protected"]
    header: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=="))
    return header


def _resigned(header: dict[str, Any], sign: Callable[[bytes], bytes]) -> bytes:
    """A signature file with any header, made without the code under test."""
    protected = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    raw = sign(protected.encode() + b"." + REPORT)
    signature = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    members = {"protected": protected, "signature": signature}
    return json.dumps(members, separators=(",", ":")).encode() + b"\n"


# --- what holds ------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", list(SigningAlgorithm))
def test_every_kind_of_key_signs_and_verifies(tmp_path: Path, algorithm: SigningAlgorithm) -> None:
    signer = chains.files_for(tmp_path, algorithm).signer()
    result = check_json(REPORT, sign_json(REPORT, signer, trust=TRUST).data, TRUST)
    assert result.genuine
    assert result.signer is not None
    assert result.signer.common_name == algorithm.value


def test_a_callback_signs_too(examiner: FileSigner) -> None:
    signer = chains.callback_for(examiner)
    assert check_json(REPORT, sign_json(REPORT, signer, trust=TRUST).data, TRUST).genuine


def test_the_result_names_signer_time_and_list(signature: bytes) -> None:
    result = check_json(REPORT, signature, TRUST)
    assert result.time_source is TimeSource.CLOCK
    assert result.time_stamp.status is TimeStampStatus.NONE
    for words in ("examiner", "by its own word", "root.pem", "revocation was not checked"):
        assert words in result.sentence


def test_any_library_for_jws_can_check_it(examiner: FileSigner, signature: bytes) -> None:
    """RFC 7515, appendix F, by a library that knows nothing of reports."""
    members = json.loads(signature)
    compact = f"{members['protected']}..{members['signature']}"
    key = examiner.chain.leaf.public_key()
    checked = jwt.api_jws.decode_complete(
        compact, key, algorithms=["ES256"], detached_payload=REPORT
    )
    assert checked["header"]["typ"] == "provenance-report+jws"


# --- what does not ---------------------------------------------------------------------


@given(st.integers(0, len(REPORT) - 1), st.integers(1, 255))
def test_one_changed_byte_of_the_report_is_noticed(
    signature: bytes, position: int, change: int
) -> None:
    changed = bytearray(REPORT)
    changed[position] ^= change
    result = check_json(bytes(changed), signature, TRUST)
    assert result.integrity is Integrity.CHANGED
    assert "changed after it was signed" in result.sentence


@given(st.data(), st.integers(1, 255))
def test_one_changed_byte_of_the_signature_file_is_noticed(
    signature: bytes, data: st.DataObject, change: int
) -> None:
    changed = bytearray(signature)
    changed[data.draw(st.integers(0, len(signature) - 1))] ^= change
    result = check_json(REPORT, bytes(changed), TRUST)
    assert result.integrity in (Integrity.CHANGED, Integrity.INVALID)
    assert not result.trusted


@given(st.binary(max_size=300))
def test_garbage_is_no_signature(garbage: bytes) -> None:
    assert check_json(REPORT, garbage, TRUST).integrity is Integrity.INVALID


def test_a_signature_of_another_report_is_refused(examiner: FileSigner) -> None:
    other = sign_json(b"another report", examiner, trust=TRUST).data
    assert check_json(REPORT, other, TRUST).integrity is Integrity.CHANGED


def test_a_strangers_signature_is_intact_and_not_trusted(tmp_path: Path) -> None:
    stranger = report_signer(tmp_path, chains.authority("stranger"))
    result = check_json(REPORT, sign_json(REPORT, stranger, trust=TRUST).data, TRUST)
    assert result.integrity is Integrity.INTACT
    assert not result.trusted
    assert "nobody on the trust lists" in result.sentence


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda h: h | {"alg": "none"}, id="none"),
        pytest.param(lambda h: h | {"alg": "HS256"}, id="HS256"),
        pytest.param(lambda h: h | {"alg": "ES384"}, id="other algorithm"),
        pytest.param(lambda h: {k: v for k, v in h.items() if k != "b64"}, id="no b64"),
        pytest.param(lambda h: h | {"b64": 0}, id="b64 is a number"),
        pytest.param(lambda h: {k: v for k, v in h.items() if k != "crit"}, id="no crit"),
        pytest.param(lambda h: h | {"crit": ["b64", "x"], "x": 1}, id="unknown critical"),
        pytest.param(lambda h: h | {"typ": "JWT"}, id="other type"),
        pytest.param(lambda h: h | {"jku": "https://example.org"}, id="jku"),
        pytest.param(lambda h: h | {"x5c": []}, id="no certificate"),
        pytest.param(lambda h: h | {"x5c": h["x5c"][::-1]}, id="chain reversed"),
        pytest.param(lambda h: h | {"x5c": h["x5c"] * 2}, id="certificates twice"),
    ],
)
def test_a_header_of_another_kind_is_refused_though_signed(
    examiner: FileSigner, signature: bytes, spoil: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    header = _protected(signature)
    assert check_json(REPORT, _resigned(header, examiner.sign), TRUST).genuine
    result = check_json(REPORT, _resigned(spoil(header), examiner.sign), TRUST)
    assert result.integrity in (Integrity.INVALID, Integrity.CHANGED)


def test_the_public_key_is_no_secret_of_a_mac(examiner: FileSigner, signature: bytes) -> None:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.hmac import HMAC
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = examiner.chain.leaf.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def mac(data: bytes) -> bytes:
        code = HMAC(pem, SHA256())
        code.update(data)
        return code.finalize()

    forged = _resigned(_protected(signature) | {"alg": "HS256"}, mac)
    assert check_json(REPORT, forged, TRUST).integrity is Integrity.INVALID


def test_a_certificate_of_another_key_does_not_lend_its_name(
    tmp_path: Path, examiner: FileSigner, signature: bytes
) -> None:
    thief = report_signer(tmp_path, chains.authority("stranger"))
    forged = _resigned(_protected(signature), thief.sign)
    assert check_json(REPORT, forged, TRUST).integrity is Integrity.CHANGED


# --- who may sign ----------------------------------------------------------------------


def test_a_claim_signer_signs_no_reports(signer: FileSigner) -> None:
    with pytest.raises(KeyMaterialError, match="for signing C2PA claims, not reports"):
        sign_json(REPORT, signer, trust=TRUST)
    result = check_json(REPORT, seal(REPORT, signer, None), TRUST)
    assert result.integrity is Integrity.INTACT
    assert not result.trusted
    assert "C2PA claims" in result.sentence


def test_an_expired_signer_signs_no_reports(tmp_path: Path) -> None:
    key, chain = chains.new_key(), chains.authority()
    start = x509.load_pem_x509_certificate(chain.issuing_pem).not_valid_before_utc
    leaf = chains.leaf_for(key, chain, start=start, lifetime=timedelta(seconds=1))
    files = chains.key_files(tmp_path, chains.pkcs8(key), leaf + chain.issuing_pem)
    with pytest.raises(SignerError, match="expired"):
        sign_json(REPORT, files.signer(), trust=TRUST)
    late = check_json(REPORT, seal(REPORT, files.signer(), None), TRUST)
    assert late.integrity is Integrity.INTACT
    assert "was not valid at" in late.sentence
    assert check_json(REPORT, seal(REPORT, files.signer(), None), TRUST, start).genuine


# --- time stamps -----------------------------------------------------------------------


def test_a_trusted_time_stamp_outlives_the_certificate(
    signature: bytes, stamped: bytes, authority: tsa.Authority
) -> None:
    trust = TRUST + authority.trust
    later = datetime.now(UTC) + timedelta(days=3000)
    assert not check_json(REPORT, signature, trust, later).trusted
    result = check_json(REPORT, stamped, trust, later)
    assert result.genuine
    assert result.time_source is TimeSource.TIME_STAMP
    assert tsa.NAME in result.sentence
    unlisted = check_json(REPORT, stamped, TRUST, later)
    assert unlisted.time_stamp.status is TimeStampStatus.UNTRUSTED
    assert not unlisted.trusted


def test_a_time_stamp_of_another_signature_is_noticed(
    examiner: FileSigner, stamped: bytes, authority: tsa.Authority
) -> None:
    other = json.loads(sign_json(REPORT, examiner, trust=TRUST).data)
    moved = {"protected": other["protected"], "header": json.loads(stamped)["header"]}
    moved["signature"] = other["signature"]
    data = json.dumps(moved, separators=(",", ":")).encode() + b"\n"
    result = check_json(REPORT, data, TRUST + authority.trust)
    assert result.integrity is Integrity.INTACT
    assert result.time_stamp.status is TimeStampStatus.INVALID
    assert not result.genuine


def test_a_required_time_stamp_must_be_trusted(
    examiner: FileSigner, authority: tsa.Authority
) -> None:
    asked = authority.asked(TimeStampMode.REQUIRE)
    with pytest.raises(TimeStampError, match="on no list"):
        sign_json(REPORT, examiner, trust=TRUST, time_stamping=asked)


def test_a_missing_time_stamp_is_stated_or_refused(
    examiner: FileSigner, authority: tsa.Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authority, "spoil", tsa.other_nonce)
    asked = authority.asked(TimeStampMode.RECORD)
    made = sign_json(REPORT, examiner, trust=TRUST, time_stamping=asked)
    assert isinstance(made.no_time_stamp, TimeStampError)
    assert check_json(REPORT, made.data, TRUST).genuine
    required = authority.asked(TimeStampMode.REQUIRE)
    with pytest.raises(TimeStampError):
        sign_json(REPORT, examiner, trust=TRUST, time_stamping=required)


def test_nothing_is_trusted_by_default(signature: bytes) -> None:
    assert not check_json(REPORT, signature, TrustStore()).trusted
