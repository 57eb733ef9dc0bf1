"""Time stamps over signatures (RFC 3161): asking for one, and what one is worth."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Final, TypeVar

from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.generic_cms import (
    extract_certs_for_validation,
    validate_sig_integrity,
)

from provenance.attest.profile import MAX_CERTIFICATES, load_certificate, vouched
from provenance.errors import ProvenanceError, TimeStampError
from provenance.keys import TimeStampAuthority, TimeStamping, TimeStampMode
from provenance.model.trust import TimeStampEvidence, TimeStampStatus
from provenance.trust import TrustKind, TrustStore, moment_text

MAX_TOKEN: Final = 65_536
HASHES: Final = ("sha256", "sha384", "sha512")
_T = TypeVar("_T")


class Stamper(TimeStamper):
    """pyHanko's stamper over our own client, so that its limits hold here too."""

    def __init__(self, authority: TimeStampAuthority) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._authority = authority

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Ask the authority."""
        return tsp.TimeStampResp.load(self._authority.answer(req.dump()), strict=True)

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """A token with the nonce of the question.

        Raises:
            TimeStampError: it could not be had, or is not one.
        """
        try:
            token = await super().async_timestamp(message_digest, md_algorithm)
            token.dump()
        except ProvenanceError:
            raise
        except Exception as error:  # the answer was made by somebody else
            raise TimeStampError(
                "the time-stamping authority gave no usable time stamp",
                hint="try again, or set stamp.time_stamp to record or off",
            ) from error
        return token

    def stamp(self, data: bytes) -> bytes:
        """The DER of a token over these bytes."""
        digest = hashlib.sha256(data).digest()
        token: bytes = asyncio.run(self.async_timestamp(digest, "sha256")).dump()
        return token


def with_time_stamp(
    stamping: TimeStamping, make: Callable[[Stamper | None], _T]
) -> tuple[_T, TimeStampError | None]:
    """Make something with a time stamp where one is wanted.

    Returns:
        What was made, and why it has no time stamp where one was asked for (mode "record").

    Raises:
        TimeStampError: mode "require", and none could be had.
    """
    if stamping.mode is TimeStampMode.OFF or stamping.authority is None:
        return make(None), None
    try:
        return make(Stamper(stamping.authority)), None
    except TimeStampError as error:
        if stamping.mode is TimeStampMode.REQUIRE:
            raise
        return make(None), error


def examine(token: bytes, stamped: bytes, trust: TrustStore) -> TimeStampEvidence:
    """What a time stamp says about the bytes that it should be over.

    The authority's certificate is judged at the time that the stamp states: its list vouches
    for the authority not to state another one.
    """
    try:
        return _examine(token, stamped, trust)
    except Exception:  # noqa: BLE001 - whatever a parser makes of it, it proves nothing
        return TimeStampEvidence(status=TimeStampStatus.INVALID)


def _examine(token: bytes, stamped: bytes, trust: TrustStore) -> TimeStampEvidence:
    if len(token) > MAX_TOKEN:
        raise ValueError("too large")
    signed = cms.ContentInfo.load(token, strict=True)["content"]
    content = signed["encap_content_info"]["content"]
    info, signer_info = content.parsed, signed["signer_infos"][0]
    imprint = info["message_imprint"]
    hashes = imprint["hash_algorithm"], signer_info["digest_algorithm"]
    names = [item["algorithm"].native for item in hashes]
    if not set(names) <= set(HASHES) or len(signed["signer_infos"]) != 1:
        raise ValueError("not a kind of time stamp that is accepted")
    if hashlib.new(names[0], stamped).digest() != imprint["hashed_message"].native:
        raise ValueError("over other data")
    if len(signed["certificates"]) > MAX_CERTIFICATES:
        raise ValueError("too many certificates")
    found = extract_certs_for_validation(signed)
    digest = hashlib.new(names[1], content.contents).digest()
    if not all(validate_sig_integrity(signer_info, found.signer_cert, "tst_info", digest)):
        raise ValueError("does not verify")
    leaf = load_certificate(found.signer_cert.dump())
    others = [load_certificate(c.dump()) for c in found.other_certs]
    moment = info["gen_time"].native
    trust_list = ""
    if _may_stamp_time(leaf):
        trust_list, _ = vouched(leaf, others, trust, moment, TrustKind.TIME_STAMPS)
    return TimeStampEvidence(
        status=TimeStampStatus.TRUSTED if trust_list else TimeStampStatus.UNTRUSTED,
        time=moment_text(moment),
        authority=common_name(leaf),
        trust_list=trust_list,
    )


def _may_stamp_time(leaf: x509.Certificate) -> bool:
    """True for the extended key usage that RFC 3161, 2.3 demands: alone and critical."""
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    return usage.critical and list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING]


def common_name(certificate: x509.Certificate) -> str:
    """The subject's common name, else its whole subject."""
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()
