"""Signatures inside PDF reports."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from asn1crypto import keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, SimpleSigner
from pyhanko.sign import sign_pdf as sign_pdf_with_pyhanko
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore
from support import chains, tsa
from support.signed_reports import report_signer, small_pdf

from provenance.attest import Integrity, check_pdf, sign_pdf
from provenance.errors import InputError, KeyMaterialError
from provenance.keys import FileSigner, SigningAlgorithm, TimeStampMode
from provenance.model.trust import TimeStampStatus

TRUST = chains.trust_in(chains.authority())
PDF = small_pdf()


@pytest.fixture(scope="module")
def examiner(tmp_path_factory: pytest.TempPathFactory) -> FileSigner:
    return report_signer(tmp_path_factory.mktemp("examiner"), chains.authority())


@pytest.fixture(scope="module")
def signed(examiner: FileSigner) -> bytes:
    return sign_pdf(PDF, examiner, trust=TRUST).data


@pytest.mark.parametrize("algorithm", list(SigningAlgorithm))
def test_every_kind_of_key_signs_and_verifies(tmp_path: Path, algorithm: SigningAlgorithm) -> None:
    signer = chains.files_for(tmp_path, algorithm).signer()
    result = check_pdf(sign_pdf(PDF, signer, trust=TRUST).data, TRUST)
    assert result.genuine
    assert result.signer is not None
    assert result.signer.common_name == algorithm.value
    assert result.signer.time


def test_the_report_itself_is_only_added_to(signed: bytes) -> None:
    assert signed.startswith(PDF)


def test_a_validator_of_pdf_signatures_agrees(signed: bytes) -> None:
    (embedded,) = PdfFileReader(io.BytesIO(signed)).embedded_signatures
    root = asn1_x509.Certificate.load(chains.as_der(chains.authority().root_pem))
    believed = ValidationContext(trust_roots=[root], allow_fetching=False)
    status = validate_pdf_signature(embedded, believed)
    assert status.bottom_line
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert embedded.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"


def _contents(signed: bytes) -> tuple[int, int]:
    start = signed.index(b"/Contents <") + len(b"/Contents <")
    return start, signed.index(b">", start)


def test_one_changed_byte_anywhere_is_noticed(signed: bytes) -> None:
    start, end = _contents(signed)
    live = start + len(signed[start:end].rstrip(b"0"))
    draw = random.Random(0)  # noqa: S311 - repeatable, not secret
    covered = [*range(start), *range(end, len(signed))]
    positions = [*draw.sample(covered, 60), *draw.sample(range(start - 1, live), 120)]
    positions += [live + 1, (live + end) // 2, end - 1, end, 0, len(signed) - 1]
    for position in positions:
        changed = bytearray(signed)
        changed[position] = ord("1" if changed[position] != ord("1") else "2")
        result = check_pdf(bytes(changed), TRUST)
        assert not result.genuine, position
        assert result.problem, position


def test_a_hash_of_other_content_says_that_it_was_changed(signed: bytes) -> None:
    result = check_pdf(signed.replace(b"[0 0 9 9]", b"[0 0 9 8]"), TRUST)
    assert result.integrity is Integrity.CHANGED
    assert "changed after it was signed" in result.sentence


@pytest.mark.parametrize("added", [b"\n", b"\0" * 9, b"%%EOF\n", PDF[9:]])
def test_nothing_may_be_added(signed: bytes, added: bytes) -> None:
    result = check_pdf(signed + added, TRUST)
    assert result.integrity is Integrity.CHANGED
    assert "added to after it was signed" in result.sentence


def test_a_later_revision_is_refused(signed: bytes, examiner: FileSigner) -> None:
    with pytest.raises(InputError, match="signed already"):
        sign_pdf(signed, examiner, trust=TRUST)


def test_lower_case_digits_are_another_file(signed: bytes) -> None:
    start, end = _contents(signed)
    lower = signed[:start] + signed[start:end].lower() + signed[end:]
    assert check_pdf(lower, TRUST).integrity is Integrity.CHANGED


def test_sha1_is_refused_though_it_verifies(examiner: FileSigner) -> None:
    der = [c.public_bytes(Encoding.DER) for c in examiner.chain.certificates]
    leaf, issuer = map(asn1_x509.Certificate.load, der)
    key = load_pem_private_key(examiner.private_key_pem, None).private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
    )
    weak = SimpleSigner(leaf, keys.PrivateKeyInfo.load(key), SimpleCertificateStore())
    weak.cert_registry.register(issuer)
    metadata = PdfSignatureMetadata(
        field_name="Report", md_algorithm="sha1", subfilter=SigSeedSubFilter.PADES
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(PDF))
    made = sign_pdf_with_pyhanko(writer, metadata, signer=weak).getvalue()
    result = check_pdf(made, TRUST)
    assert result.integrity is Integrity.INVALID
    assert "sha1 is too weak" in result.sentence


def test_a_pdf_without_signature_is_called_unsigned() -> None:
    result = check_pdf(PDF, TRUST)
    assert result.integrity is Integrity.UNSIGNED
    assert not result.genuine


def test_garbage_is_no_pdf_to_sign(examiner: FileSigner) -> None:
    with pytest.raises(InputError, match="not a PDF"):
        sign_pdf(b"%PDF-1.7\nnothing", examiner, trust=TRUST)


def test_a_claim_signer_signs_no_reports(signer: FileSigner) -> None:
    with pytest.raises(KeyMaterialError, match="C2PA claims"):
        sign_pdf(PDF, signer, trust=TRUST)


def test_a_strangers_signature_is_not_trusted(signed: bytes) -> None:
    result = check_pdf(signed, chains.trust_in(chains.authority("stranger")))
    assert result.integrity is Integrity.INTACT
    assert not result.trusted


@tsa.openssl_needed
def test_a_time_stamp_lies_in_the_signature(examiner: FileSigner, tmp_path: Path) -> None:
    with tsa.authority(tmp_path) as authority:
        trust = TRUST + authority.trust
        asked = authority.asked(TimeStampMode.REQUIRE)
        made = sign_pdf(PDF, examiner, trust=trust, time_stamping=asked)
        assert len(authority.queries) == 1
    result = check_pdf(made.data, trust)
    assert result.genuine
    assert result.time_stamp.status is TimeStampStatus.TRUSTED
    assert result.time_stamp.authority == tsa.NAME
