"""Detector bundles: what a laboratory needs to know about somebody's generating system.

    {"kind": "provenance-detector-bundle", "version": 2,
     "system": {"id": 77, "name": "acme-images"},
     "created_at": "2026-11-01T12:00:00Z", "not_after": "2027-11-01T12:00:00Z",
     "keys": [{"epoch": 0, "carrier_key": "<64 hexadecimal digits>", "signature_key": ""}],
     "schemes": [{"name": "lattice-1", "alg": "..."}],
     "anchors": "<certificates in PEM>",
     "contact": "legal@acme.example", "resolution_url": "https://...",
     "log_key": "", "revoked": ""}

Keys of all epochs or of chosen ones. `signature_key` is empty for all of them, unless the
operator lets the laboratory open the grid signatures of its records. It never holds a tag key, a
signing key or the system secret. Version 1, without a signature, is `watermark.bundle`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self

from provenance.errors import TrustError
from provenance.exchange import fields
from provenance.exchange.fields import NotAcceptableError
from provenance.fingerprint import SignatureKey
from provenance.model.ids import SystemRef
from provenance.trust import (
    Revocations,
    TrustKind,
    TrustList,
    TrustStore,
    moment_text,
    parse_revocations,
)
from provenance.watermark import DetectionKey, Keyring, catalog

KIND: Final = "provenance-detector-bundle"
VERSION: Final = 2
MAX_BYTES: Final = 1_000_000
LIFETIME: Final = timedelta(days=365)  # unless the operator says otherwise
MAX_LIFETIME: Final = timedelta(days=5 * 366)
_MAX_KEYS: Final = 256
_MAX_SCHEMES: Final = 16
_MAX_ANCHORS: Final = 16
_MAX_EPOCH: Final = 0xFFFF
_KEY_BYTES: Final = 32
_MAX_CONTACT: Final = 500
_MAX_URL: Final = 500
_MAX_PEM: Final = 100_000
_MAX_REVOKED: Final = 65_536
_URL: Final = re.compile(r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[!-~]*)?", re.ASCII)
_NAMES: Final = {
    "system", "created_at", "not_after", "keys", "schemes", "anchors", "contact",
    "resolution_url", "log_key", "revoked",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorBundle:
    """What an operator says about its own system.

    Attributes:
        system: whose marks it is about; the id is not None.
        keys: carrier keys, one for each epoch.
        schemes: name and algorithm of every watermark scheme in use.
        anchors: certificates in PEM that the signer of the system's manifests chains to.
        created_at: whole seconds, UTC. A later bundle takes the place of an earlier one.
        not_after: it is not used after that.
        signature_keys: open the grid signatures of the system's records; none, or one for each
            of `keys`.
        contact: where a legal request goes: an address, an e-mail address or a URL.
        resolution_url: where records can be asked for. It is shown and never fetched.
        log_key: the key that verifies the operator's issuance log, as in a signed note.
        revoked: certificates that the operator has revoked, see `trust.format_revocations`.
    """

    system: SystemRef
    keys: tuple[DetectionKey, ...]
    schemes: tuple[tuple[str, str], ...]
    anchors: str
    created_at: datetime
    not_after: datetime
    signature_keys: tuple[SignatureKey, ...] = field(default=(), repr=False)
    contact: str = ""
    resolution_url: str = ""
    log_key: str = ""
    revoked: str = ""

    def document(self) -> bytes:
        """The bytes that are signed."""
        opens = {key.epoch: key.value.hex() for key in self.signature_keys}
        return fields.written(
            {
                "kind": KIND,
                "version": VERSION,
                "system": {"id": self.system.id, "name": self.system.name},
                "created_at": moment_text(self.created_at),
                "not_after": moment_text(self.not_after),
                "keys": [
                    {
                        "epoch": key.epoch,
                        "carrier_key": key.carrier_key.hex(),
                        "signature_key": opens.get(key.epoch, ""),
                    }
                    for key in self.keys
                ],
                "schemes": [{"name": name, "alg": alg} for name, alg in self.schemes],
                "anchors": self.anchors,
                "contact": self.contact,
                "resolution_url": self.resolution_url,
                "log_key": self.log_key,
                "revoked": self.revoked,
            }
        )

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read what `document` writes.

        Raises:
            NotAcceptableError: something else, a value out of bounds, or an anchor that cannot
                be one.
        """
        if len(data) > MAX_BYTES:
            raise NotAcceptableError(f"it has more than {MAX_BYTES:,} bytes")
        found = fields.parsed(data, KIND, VERSION, _NAMES)
        system = fields.system(found["system"])
        keys, opens = _keys(found["keys"], system)
        bundle = cls(
            system=system,
            keys=keys,
            signature_keys=opens,
            schemes=tuple(_scheme(item) for item in _list(found["schemes"], "schemes")),
            anchors=fields.lines(found["anchors"], "anchors", _MAX_PEM),
            created_at=fields.moment(found["created_at"], "created_at"),
            not_after=fields.moment(found["not_after"], "not_after"),
            contact=fields.text(found["contact"], "contact", _MAX_CONTACT),
            resolution_url=_url(found["resolution_url"]),
            log_key=fields.text(found["log_key"], "log_key", _MAX_CONTACT),
            revoked=fields.lines(found["revoked"], "revoked", _MAX_REVOKED),
        )
        if bundle.document() != data:
            raise NotAcceptableError("it is not in the one form that is accepted")
        bundle.check()
        return bundle

    @property
    def revocations(self) -> Revocations:
        """The certificates that the operator has revoked.

        Raises:
            NotAcceptableError: the text is not that of revocations.
        """
        try:
            return parse_revocations(self.revoked) if self.revoked else Revocations()
        except TrustError as error:
            raise NotAcceptableError(f"its revocations cannot be read: {error.message}") from error

    def check(self) -> None:
        """Raise unless dates, anchors and revocations can be used.

        Raises:
            NotAcceptableError: they cannot.
        """
        _ = self.revocations
        if not self.created_at < self.not_after <= self.created_at + MAX_LIFETIME:
            raise NotAcceptableError(
                f"it has to be valid for at most {MAX_LIFETIME.days} days after it was made"
            )
        self.trust("")

    @property
    def keyring(self) -> Keyring:
        """The keys with which marks of the system are looked for."""
        return Keyring(keys=self.keys)

    @property
    def known_schemes(self) -> tuple[str, ...]:
        """Names of the schemes in use that this installation knows under the same algorithm."""
        known = {name: catalog.scheme(name).info.alg for name in catalog.names()}
        return tuple(name for name, alg in self.schemes if known.get(name) == alg)

    @property
    def unknown_schemes(self) -> tuple[str, ...]:
        """Names of the others: their marks are not found here."""
        known = self.known_schemes
        return tuple(name for name, _ in self.schemes if name not in known)

    def trust(self, sha256: str) -> TrustStore:
        """The anchors as a trust list, under the name of the system and the file's digest.

        They vouch for manifests of this system and for nothing else: `verify.scope`.

        Raises:
            NotAcceptableError: one of them is not an anchor.
        """
        name = f"bundle of {self.system}"
        try:
            data = self.anchors.encode("utf-8")
            anchors = TrustList.parse(data, name=name, kind=TrustKind.SIGNERS)
        except TrustError as error:
            raise NotAcceptableError(error.message) from error
        if len(anchors.anchors) > _MAX_ANCHORS:
            raise NotAcceptableError(f"it has more than {_MAX_ANCHORS} anchors")
        return TrustStore(lists=(replace(anchors, sha256=sha256 or anchors.sha256),))


def _list(value: object, what: str) -> list[Any]:
    return fields.items(value, what, _MAX_SCHEMES)


def _keys(
    value: object, system: SystemRef
) -> tuple[tuple[DetectionKey, ...], tuple[SignatureKey, ...]]:
    keys: dict[int, DetectionKey] = {}
    opens = []
    for item in fields.items(value, "keys", _MAX_KEYS):
        found = fields.fields(item, {"epoch", "carrier_key", "signature_key"}, "a key")
        epoch = fields.number(found["epoch"], "an epoch", _MAX_EPOCH + 1)
        carrier = fields.hexadecimal(found["carrier_key"], "a carrier key", _KEY_BYTES)
        if epoch in keys:
            raise NotAcceptableError(f"there are two keys for epoch {epoch}")
        keys[epoch] = DetectionKey(system=system, epoch=epoch, carrier_key=carrier)
        if found["signature_key"] != "":
            opener = fields.hexadecimal(found["signature_key"], "a signature key", _KEY_BYTES)
            opens.append(SignatureKey(system_id=system.id or 0, epoch=epoch, value=opener))
    if opens and len(opens) != len(keys):
        raise NotAcceptableError("there has to be a signature key for every epoch, or for none")
    return tuple(keys.values()), tuple(opens)


def _scheme(value: object) -> tuple[str, str]:
    found = fields.fields(value, {"name", "alg"}, "a scheme")
    return (
        fields.text(found["name"], "a scheme's name", 100, least=1),
        fields.text(found["alg"], "a scheme's algorithm", 200, least=1),
    )


def _url(value: object) -> str:
    url = fields.text(value, "resolution_url", _MAX_URL)
    if url and not _URL.fullmatch(url):
        raise NotAcceptableError("resolution_url has to be an https address")
    return url
