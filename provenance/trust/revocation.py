"""Signing certificates that are not believed from some size of an issuance log on.

Whoever steals a signing key can sign with any date. What cannot be made afterwards is a place
in a log whose checkpoints others have seen. So a stolen key is revoked from the size that the
log had when it was certainly not stolen yet: what was logged below it stays believed, and
everything else that this certificate signed does not.

    version = 1

    [[revoked]]
    certificate_sha256 = "<64 hexadecimal digits>"
    serial = "1234567890"
    subject = "acme-images"
    log = "example.com/acme-images"
    from_size = 1234
    revoked_at = 2026-11-27T20:00:00Z
    reason = "key-compromise"
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from provenance.errors import TrustError
from provenance.trust.moment import moment_text

_VERSION: Final = 1
_MAX_BYTES: Final = 1 << 20
_MAX_ENTRIES: Final = 1000
_MAX_TEXT: Final = 200
_MAX_SIZE: Final = 1 << 63
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_SERIAL: Final = re.compile(r"[1-9][0-9]{0,59}|0")  # at most 20 octets (RFC 5280, 4.1.2.2)
_FIELDS: Final = frozenset(
    {"certificate_sha256", "serial", "subject", "log", "from_size", "revoked_at", "reason"}
)
_HEADER: Final = "# Signing certificates that are not believed; see: provenance keys revoke --help"


class RevocationReason(StrEnum):
    """Why a certificate is revoked; names as in RFC 5280, clause 5.3.1."""

    KEY_COMPROMISE = "key-compromise"
    PRIVILEGE_WITHDRAWN = "privilege-withdrawn"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessation-of-operation"

    @classmethod
    def parse(cls, name: str) -> RevocationReason:
        """The reason of that name.

        Raises:
            TrustError: there is none.
        """
        try:
            return cls(name)
        except ValueError:
            known = ", ".join(reason.value for reason in cls)
            raise TrustError(
                f"{name[:60]!r} is not a reason to revoke", hint=f"one of {known}"
            ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """One certificate that is revoked.

    `certificate_sha256` is of the certificate in DER, `serial` its serial number in decimal,
    `subject` its common name, for people. `log` is the origin of the log that counts and
    `from_size` the first size at which nothing more is believed: what has a position below it
    was logged before.
    """

    certificate_sha256: str
    serial: str
    subject: str
    log: str
    from_size: int
    revoked_at: datetime
    reason: RevocationReason

    def __post_init__(self) -> None:
        if not _SHA256.fullmatch(self.certificate_sha256) or not _SERIAL.fullmatch(self.serial):
            raise TrustError("a revoked certificate is named by SHA-256 and serial number")
        for text in (self.subject, self.log):
            if not 0 < len(text) <= _MAX_TEXT or not text.isprintable():
                raise TrustError(f"names are printable text of 1 to {_MAX_TEXT} characters")
        if not 0 <= self.from_size < _MAX_SIZE:
            raise TrustError("the size of a log is a number from 0 on")
        if self.revoked_at.tzinfo is None:
            raise TrustError("the time of a revocation has a zone")

    @classmethod
    def of(
        cls,
        certificate: x509.Certificate,
        *,
        log: str,
        from_size: int,
        reason: RevocationReason,
        at: datetime | None = None,
    ) -> Self:
        """Revoke a certificate, by default now."""
        names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        subject = str(names[0].value) if names else certificate.subject.rfc4514_string()
        return cls(
            certificate_sha256=certificate.fingerprint(SHA256()).hex(),
            serial=str(certificate.serial_number),
            subject="".join(c for c in subject if c.isprintable())[:_MAX_TEXT] or "unnamed",
            log=log,
            from_size=from_size,
            revoked_at=(at or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0),
            reason=reason,
        )


@dataclass(frozen=True, slots=True)
class Revocations:
    """Everything that is revoked; each certificate once."""

    items: tuple[Revocation, ...] = ()

    def __post_init__(self) -> None:
        if len({item.certificate_sha256 for item in self.items}) < len(self.items):
            raise TrustError("a certificate is revoked twice")

    def __str__(self) -> str:
        """What they are, for reports; empty where there are none."""
        if not self.items:
            return ""
        digest = hashlib.sha256(format_revocations(self).encode("utf-8")).hexdigest()
        return f"{len(self.items)} revoked certificates (sha256 {digest[:16]})"

    def get(self, certificate_sha256: str) -> Revocation | None:
        """The revocation of this certificate."""
        return next((i for i in self.items if i.certificate_sha256 == certificate_sha256), None)

    def with_serial(self, serial: str) -> tuple[Revocation, ...]:
        """Those of certificates with this serial number, which other issuers may have used too."""
        return tuple(item for item in self.items if item.serial == serial)

    def plus(self, new: Revocation) -> Revocations:
        """These and one more; an earlier size replaces a later one.

        Raises:
            TrustError: it is revoked already, from that size or an earlier one, or by another
                log.
        """
        old = self.get(new.certificate_sha256)
        if old is not None and (old.log != new.log or old.from_size <= new.from_size):
            raise TrustError(
                f"the certificate is revoked already, from size {old.from_size} of {old.log} on",
                hint="only an earlier size of the same log replaces that",
            )
        return Revocations((*(item for item in self.items if item is not old), new))

    def merged(self, others: Revocations) -> Revocations:
        """Both; of a certificate that is in both, the earlier size counts."""
        held = {item.certificate_sha256: item for item in self.items}
        for item in others.items:
            known = held.setdefault(item.certificate_sha256, item)
            if item.from_size < known.from_size:
                held[item.certificate_sha256] = item
        return Revocations(tuple(held.values()))


def format_revocations(revocations: Revocations) -> str:
    """The text of a file of revocations; `parse_revocations` reads it."""
    lines = [_HEADER, f"version = {_VERSION}"]
    for item in revocations.items:
        lines += [
            "",
            "[[revoked]]",
            f"certificate_sha256 = {_quoted(item.certificate_sha256)}",
            f"serial = {_quoted(item.serial)}",
            f"subject = {_quoted(item.subject)}",
            f"log = {_quoted(item.log)}",
            f"from_size = {item.from_size}",
            f"revoked_at = {moment_text(item.revoked_at)}",
            f"reason = {_quoted(item.reason.value)}",
        ]
    return "\n".join(lines) + "\n"


def parse_revocations(text: str) -> Revocations:
    """Read what `format_revocations` writes.

    Raises:
        TrustError: too large, not TOML, an unknown version or field, or a value that does not
            fit. Nothing of a file with a mistake is used.
    """
    if len(text) > _MAX_BYTES:
        raise TrustError(f"revocations have at most {_MAX_BYTES:,} bytes")
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise TrustError(f"not valid TOML: {' '.join(str(error).split())}") from error
    entries = document.get("revoked", [])
    if document.keys() - {"version", "revoked"} or not isinstance(entries, list):
        raise TrustError("revocations have a version and tables [[revoked]], and nothing else")
    if type(document.get("version")) is not int or document["version"] != _VERSION:
        raise TrustError(f"the version of the revocations is not {_VERSION}")
    if len(entries) > _MAX_ENTRIES:
        raise TrustError(f"there are more than {_MAX_ENTRIES} revocations")
    return Revocations(tuple(_entry(entry) for entry in entries))


def load_revocations(path: Path) -> Revocations:
    """Read a file of revocations; without a file nothing is revoked.

    Raises:
        TrustError: it cannot be read, or see `parse_revocations`.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES + 1).decode("utf-8")
        return parse_revocations(text)
    except FileNotFoundError:
        return Revocations()
    except OSError as error:
        raise TrustError(f"cannot read revocations {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TrustError(f"revocations {path}: not UTF-8") from error
    except TrustError as error:
        raise TrustError(f"revocations {path}: {error.message}", hint=error.hint) from error


def _entry(entry: Any) -> Revocation:  # noqa: ANN401 - from a file
    if not isinstance(entry, dict) or entry.keys() != _FIELDS:
        raise TrustError(f"a revocation has the fields {', '.join(sorted(_FIELDS))}")
    texts = ("certificate_sha256", "serial", "subject", "log", "reason")
    if not all(isinstance(entry[name], str) for name in texts):
        raise TrustError(f"{', '.join(texts)} of a revocation are texts")
    if type(entry["from_size"]) is not int or not isinstance(entry["revoked_at"], datetime):
        raise TrustError("from_size of a revocation is a number, revoked_at a time with zone")
    return Revocation(**entry | {"reason": RevocationReason.parse(entry["reason"])})


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string (both escape the same characters).
    return json.dumps(text, ensure_ascii=False)
