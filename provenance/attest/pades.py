"""PAdES signatures inside PDF reports (ETSI EN 319 142-1, levels B-B and B-T), by pyHanko.

A hostile PDF is never parsed. A signature is accepted only if it covers the whole file but
its own hexadecimal digits, and there is only one: then the bytes are the ones that were
signed, whatever they mean to a PDF reader, and no reader's view of the structure (shadow
attacks, later revisions) comes into it.
"""

from __future__ import annotations

import binascii
import hashlib
import io
import re
from datetime import UTC, datetime
from typing import Final

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from asn1crypto.algos import RSASSAPSSParams
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import Signer as PdfSignerKey
from pyhanko.sign.validation.generic_cms import (
    extract_certs_for_validation,
    validate_sig_integrity,
)
from pyhanko_certvalidator.registry import SimpleCertificateStore

from provenance.attest.jws import NotVerifiedError, Verified
from provenance.attest.profile import MAX_CERTIFICATES, load_certificate
from provenance.attest.time_stamp import HASHES, Stamper
from provenance.errors import InputError, ProvenanceError, SignerError
from provenance.keys import Signer, SigningAlgorithm

_DIGESTS: Final = {
    SigningAlgorithm.ES256: "sha256",
    SigningAlgorithm.ES384: "sha384",
    SigningAlgorithm.ES512: "sha512",
    SigningAlgorithm.PS256: "sha256",
    SigningAlgorithm.ED25519: "sha512",  # RFC 8419
}
_ECDSA: Final = (SigningAlgorithm.ES256, SigningAlgorithm.ES384, SigningAlgorithm.ES512)
_MECHANISMS: Final = frozenset(
    {"sha256_ecdsa", "sha384_ecdsa", "sha512_ecdsa", "ed25519", "rsassa_pss"}
)
_FIELD: Final = "Report"
_RESERVED: Final = 65_536  # hexadecimal digits: a chain and a time stamp of 32 KB together
_MAX_CONTENTS: Final = 1_048_576
_MAX_DEPTH: Final = 32
_RANGE: Final = re.compile(
    rb"/ByteRange\s{0,4}\[\s{0,4}0\s{1,4}(\d{1,10})\s{1,4}(\d{1,10})\s{1,4}(\d{1,10})\s{0,64}\]"
)
_MARK: Final = b"/ByteRange"
_DATE: Final = re.compile(rb"/M \(D(?::|\\072)(\d{14})(Z|[+-]\d\d'\d\d'?)\)")


class _Key(PdfSignerKey):
    """Our signer as pyHanko wants one."""

    def __init__(self, signer: Signer) -> None:
        ders = [c.public_bytes(Encoding.DER) for c in signer.chain.certificates]
        certificates = [asn1_x509.Certificate.load(der) for der in ders]
        super().__init__(
            signing_cert=certificates[0],
            cert_registry=_store(certificates[1:]),
            signature_mechanism=_mechanism(signer.algorithm),
        )
        self._signer = signer

    async def async_sign_raw(
        self,
        data: bytes,
        digest_algorithm: str,  # noqa: ARG002 - follows from the key
        dry_run: bool = False,  # noqa: FBT001, FBT002, ARG002 - never dry: the space is given
    ) -> bytes:
        raw = self._signer.sign(data)
        if self._signer.algorithm not in _ECDSA:
            return raw
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))


def _store(issuers: list[asn1_x509.Certificate]) -> SimpleCertificateStore:
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple(issuers)
    return store


def _mechanism(algorithm: SigningAlgorithm) -> cms.SignedDigestAlgorithm:
    digest = {"algorithm": _DIGESTS[algorithm]}
    if algorithm in _ECDSA:
        return cms.SignedDigestAlgorithm({"algorithm": f"{digest['algorithm']}_ecdsa"})
    if algorithm is SigningAlgorithm.ED25519:
        return cms.SignedDigestAlgorithm({"algorithm": "ed25519"})
    mask = {"algorithm": "mgf1", "parameters": digest}
    values = {"hash_algorithm": digest, "mask_gen_algorithm": mask, "salt_length": 32}
    return cms.SignedDigestAlgorithm(
        {"algorithm": "rsassa_pss", "parameters": RSASSAPSSParams(values)}
    )


class _Revision(IncrementalPdfFileWriter):
    """Appends to a PDF and leaves its metadata as it is.

    pyHanko would write the XMP anew in a form that is no longer PDF/A-1 (ISO 19005-1, 6.7).
    """

    def _update_meta(self) -> None:
        pass


def _add_field(writer: IncrementalPdfFileWriter) -> None:
    """An invisible signature field, with the appearance that PDF/A wants (6.5.3)."""
    append_signature_field(writer, SigFieldSpec(_FIELD))
    (field,) = writer.root["/AcroForm"]["/Fields"]
    form = {
        generic.pdf_name("/Type"): generic.pdf_name("/XObject"),
        generic.pdf_name("/Subtype"): generic.pdf_name("/Form"),
        generic.pdf_name("/BBox"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 0, 0))),
    }
    empty = writer.add_object(generic.StreamObject(form, stream_data=b""))
    appearance = {generic.pdf_name("/N"): empty}
    field.get_object()["/AP"] = generic.DictionaryObject(appearance)  # type: ignore[no-untyped-call]


def seal(document: bytes, signer: Signer, stamper: Stamper | None) -> bytes:
    """The PDF with an invisible signature field, appended as its last revision.

    Raises:
        InputError: not a PDF that can be signed, or one with a signature.
        SignerError: the key refused.
        TimeStampError: as `Stamper` says.
    """
    if _MARK in document:
        raise InputError("the PDF is signed already")
    metadata = PdfSignatureMetadata(
        field_name=_FIELD,
        md_algorithm=_DIGESTS[signer.algorithm],
        subfilter=SigSeedSubFilter.PADES,
        name=signer.chain.subject,
    )
    output = io.BytesIO()
    try:
        writer = _Revision(io.BytesIO(document))
        _add_field(writer)
    except (PdfError, ValueError) as error:
        raise InputError("not a PDF that can be signed") from error
    try:
        PdfSigner(metadata, _Key(signer), timestamper=stamper).sign_pdf(
            writer, bytes_reserved=_RESERVED, output=output
        )
    except ProvenanceError:
        raise
    except (PdfError, SigningError, ValueError) as error:
        raise SignerError(f"the PDF could not be signed: {error}") from error
    return output.getvalue()


def verify(document: bytes) -> Verified:
    """Verify the signature inside a PDF with the key that it brings.

    Raises:
        NotVerifiedError: there is not exactly one, it does not cover the whole file, or it is
            over other bytes.
    """
    start, end = _gap(document)
    try:
        der = binascii.unhexlify(document[start + 1 : end - 1])
        return _verify(document, start, end, der)
    except NotVerifiedError:
        raise
    except Exception as error:  # whatever a parser makes of it, it is no signature
        raise NotVerifiedError("the signature inside the PDF is damaged", changed=True) from error


def is_signed(document: bytes) -> bool:
    """True if there is something that calls itself a signature."""
    return _MARK in document


def _gap(document: bytes) -> tuple[int, int]:
    """Where the one part of the file is that its signature does not cover: ``<digits>``."""
    found = _RANGE.search(document)
    if document.count(_MARK) != 1 or found is None:
        raise NotVerifiedError("the PDF does not hold exactly one signature over all of it")
    start, end, rest = (int(number) for number in found.groups())
    if not start < end < end + rest == len(document):
        raise NotVerifiedError("the PDF was added to after it was signed", changed=True)
    gap = document[start:end]
    if len(gap) > _MAX_CONTENTS or gap[:1] + gap[-1:] != b"<>":
        raise NotVerifiedError("the PDF holds more that is not signed than its signature")
    if re.fullmatch(rb"[0-9A-F]*", gap[1:-1]) is None:
        raise NotVerifiedError("the signature inside the PDF is damaged", changed=True)
    return start, end


def _verify(document: bytes, start: int, end: int, der: bytes) -> Verified:
    size = _element(der, 0)[1]
    _check_filled(der[:size])
    if any(der[size:]):
        raise NotVerifiedError("the signature inside the PDF is damaged", changed=True)
    signed = cms.ContentInfo.load(der[:size], strict=True)["content"]
    signer_info = signed["signer_infos"][0]
    digest = signer_info["digest_algorithm"]["algorithm"].native
    mechanism = signer_info["signature_algorithm"]["algorithm"].native
    _check_kind(signed, digest, mechanism)
    hashed = hashlib.new(digest, document[:start])
    hashed.update(memoryview(document)[end:])
    found = extract_certs_for_validation(signed)
    if not all(validate_sig_integrity(signer_info, found.signer_cert, "data", hashed.digest())):
        raise NotVerifiedError("the PDF was changed after it was signed", changed=True)
    loaded = (found.signer_cert, *found.other_certs)
    return Verified(
        certificates=tuple(load_certificate(c.dump()) for c in loaded),
        algorithm=mechanism,
        claimed_at=_claimed(document),
        token=_token(signer_info),
        stamped=signer_info["signature"].native,
    )


def _element(der: bytes, start: int) -> tuple[int, int]:
    """Where the content of a DER element begins and ends."""
    tag, first = der[start], der[start + 1]
    digits = first & 0x7F if first & 0x80 else 0
    content = start + 2 + digits
    length = int.from_bytes(der[start + 2 : content]) if digits else first
    shortest = length >= max(0x80, 1 << 8 * (digits - 1)) if digits else first != 0x80
    if tag == 0 or tag & 0x1F == 0x1F or digits > 3 or not shortest or content + length > len(der):
        raise ValueError("not DER")
    return content, content + length


def _check_filled(der: bytes, depth: int = 0) -> None:
    """Raise unless every constructed element is filled by elements: nothing hides in between."""
    start = 0
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deeply")
    while start < len(der):
        content, end = _element(der, start)
        if der[start] & 0x20:
            _check_filled(der[content:end], depth + 1)
        start = end


def _check_kind(signed: cms.SignedData, digest: str, mechanism: str) -> None:
    """The parts of a CMS structure that its own signature does not cover."""
    algorithms = [item["algorithm"].native for item in signed["digest_algorithms"]]
    alone = len(signed["signer_infos"]) == 1 and not signed["crls"].native
    versions = signed["version"].native, signed["signer_infos"][0]["version"].native
    if not alone or algorithms != [digest] or versions != ("v1", "v1"):
        raise NotVerifiedError("the signature inside the PDF has not exactly one signer")
    signer_info, inside = signed["signer_infos"][0], signed["encap_content_info"]
    hashes = signed["digest_algorithms"][0], signer_info["digest_algorithm"]
    if {item["parameters"].dump() for item in hashes} - {b"", b"\x05\x00"}:  # absent or NULL
        raise NotVerifiedError("the signature inside the PDF is damaged", changed=True)
    if inside["content_type"].native != "data" or inside["content"].native is not None:
        raise NotVerifiedError("the signature inside the PDF is over something else", changed=True)
    if digest not in HASHES or mechanism not in _MECHANISMS:
        raise NotVerifiedError(f"{mechanism} with {digest} is too weak or not accepted here")
    if not 1 <= len(signed["certificates"]) <= MAX_CERTIFICATES:
        raise NotVerifiedError(f"the signature brings no chain of 1 to {MAX_CERTIFICATES}")


def _token(signer_info: cms.SignerInfo) -> bytes:
    attributes = signer_info["unsigned_attrs"]
    if not attributes.native:
        return b""
    if [item["type"].native for item in attributes] != ["signature_time_stamp_token"]:
        raise NotVerifiedError("the signature holds an attribute that is not understood")
    (token,) = attributes[0]["values"]
    der: bytes = token.dump()
    return der


def _claimed(document: bytes) -> datetime | None:
    """The time in the signature dictionary; it is signed like everything else."""
    found = _DATE.findall(document)
    if not found:
        return None
    digits, zone = (part.decode("ascii") for part in found[-1])
    offset = "+0000" if zone == "Z" else zone.replace("'", "")
    return datetime.strptime(digits + offset, "%Y%m%d%H%M%S%z").astimezone(UTC)
