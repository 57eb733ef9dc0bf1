"""Certification paths at a chosen moment (RFC 5280, clause 6, what C2PA needs of it).

The native validator judges certificates by its own clock or by a time stamp. Where another
moment is asked for, the path from a signing certificate to an anchor is built here. As in
RFC 5280 the anchor's own validity is not part of the path; reports name expired anchors.
The profile of the signing certificate itself is left to the native validator.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from provenance.trust.trust_list import TrustKind, TrustList, TrustStore

_MAX_DEPTH: Final = 8
_MAX_CERTIFICATES: Final = 64  # looked at in one manifest store; a chain has two or three
_MAX_SIGNATURES: Final = 256  # checked for one path
_DER: Final = re.compile(rb"\x59(..)\x30\x82(..)", re.DOTALL)
_DER_HEADER: Final = 4
#: Critical extensions that are understood here; any other makes a CA unusable (RFC 5280, 4.2).
_UNDERSTOOD: Final = frozenset(
    {x509.BasicConstraints.oid, x509.KeyUsage.oid, x509.ExtendedKeyUsage.oid}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """A signing certificate with the list that one of its paths ends at."""

    leaf: x509.Certificate
    trust_list: TrustList


def certificates_in(store: bytes) -> tuple[x509.Certificate, ...]:
    """Every certificate in a manifest store, at most 64; none of them is believed yet.

    A certificate chain is an array of CBOR byte strings (RFC 9360); what has the form of a
    byte string with a DER sequence that fills it is tried.
    """
    found: dict[x509.Certificate, None] = {}
    for tried, match in enumerate(_DER.finditer(store)):
        size = int.from_bytes(match[1])
        if tried >= 4 * _MAX_CERTIFICATES or len(found) >= _MAX_CERTIFICATES:
            break
        if size != int.from_bytes(match[2]) + _DER_HEADER:
            continue
        start = match.start() + 3
        try:
            found[x509.load_der_x509_certificate(store[start : start + size])] = None
        except ValueError:
            continue
    return tuple(found)


def anchored(
    leaf: x509.Certificate,
    others: Iterable[x509.Certificate],
    trust: TrustStore,
    moment: datetime | None,
    kind: TrustKind = TrustKind.SIGNERS,
) -> Anchored | None:
    """The first list at which a path from this certificate ends; None if there is none.

    Args:
        leaf: the signing certificate.
        others: certificates that the path may go through.
        trust: lists of anchors.
        moment: every certificate below the anchor must be valid then; None ignores time.
        kind: which of the lists count.
    """
    for trust_list in trust.of(kind):
        anchors = TrustStore(lists=(trust_list,)).certificates(kind)
        search = _Search(anchors=anchors, others=tuple(others), moment=moment)
        if search.reaches_anchor(leaf, below=0):
            return Anchored(leaf=leaf, trust_list=trust_list)
    return None


@dataclass(slots=True)
class _Search:
    """Depth first, with a budget: the certificates were chosen by an attacker."""

    anchors: tuple[x509.Certificate, ...]
    others: tuple[x509.Certificate, ...]
    moment: datetime | None
    left: int = field(default=_MAX_SIGNATURES)

    def reaches_anchor(self, certificate: x509.Certificate, *, below: int) -> bool:
        """True if a path leads from here to an anchor; `below` CAs were passed already."""
        if below > _MAX_DEPTH or not self._valid(certificate):
            return False
        if certificate in self.anchors and below > 0:
            return True
        for anchor in self.anchors:
            if _may_issue(anchor, below) and self._issued(certificate, anchor):
                return True
        return any(
            issuer != certificate
            and _may_issue(issuer, below)
            and self._issued(certificate, issuer)
            and self.reaches_anchor(issuer, below=below + 1)
            for issuer in self.others
        )

    def _valid(self, certificate: x509.Certificate) -> bool:
        if self.moment is None:
            return True
        return certificate.not_valid_before_utc <= self.moment <= certificate.not_valid_after_utc

    def _issued(self, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
        try:  # names are parsed only when they are looked at
            if certificate.issuer != issuer.subject or self.left <= 0:
                return False
            self.left -= 1
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            return False
        return True


def _may_issue(certificate: x509.Certificate, below: int) -> bool:
    """True for a CA whose path length allows that many CAs below it."""
    try:
        found = {item.oid: item.value for item in certificate.extensions}
        critical = {item.oid for item in certificate.extensions if item.critical}
    except (ValueError, x509.DuplicateExtension):
        return False
    constraints, usage = found.get(x509.BasicConstraints.oid), found.get(x509.KeyUsage.oid)
    if not isinstance(constraints, x509.BasicConstraints) or not constraints.ca:
        return False
    if isinstance(usage, x509.KeyUsage) and not usage.key_cert_sign:
        return False
    length = constraints.path_length
    return (length is None or below <= length) and critical <= _UNDERSTOOD
