"""Accounts under a pseudonym: whoever holds the registry alone learns nobody's name.

From the system's pseudonym key, by HKDF-SHA256 (RFC 5869) with the use in `info`, one key each:

    pseudonym = the first 16 bytes of HMAC-SHA256(account), in hexadecimal
    sealed    = nonce (12 bytes, fresh) | AES-256-GCM (NIST SP 800-38D) of the padded account | tag
    keyed     = HMAC-SHA256(purpose and parts, each with its length in front)

The pseudonym is authenticated with the sealed account, so that none can be moved to another one.
It is keyed: a plain hash of an account is undone by hashing every account there is.

An account is normalised before anything else, so that what is typed twice is the same: Unicode
NFC, without blanks at either end. Capitals stay what they are, for there are places where they
tell two accounts apart. The padding hides how long it is, up to 254 bytes of UTF-8.

One key may seal at most 2^32 accounts with random nonces (SP 800-38D, 8.3).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from provenance.errors import ArgumentError, KeyMaterialError
from provenance.keys.secret import KEY_BYTES
from provenance.model.custody import Account

MAX_ACCOUNT: Final = 200  # characters, once normalised
BLOCK_BYTES: Final = 256
_DOMAIN: Final = b"provenance/pseudonyms/1/"
_PSEUDONYM_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_LENGTH_BYTES: Final = 2
_MAX_TYPED: Final = 4 * MAX_ACCOUNT  # characters that are looked at


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Gives accounts their pseudonyms and takes them back; held by the operator alone.

    The key is that of `Purpose.PSEUDONYM` at epoch 0: an account has the same pseudonym for as
    long as the system has the same secret.
    """

    _key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self._key) != KEY_BYTES:
            raise KeyMaterialError(f"a pseudonym key has {KEY_BYTES} bytes")

    def of(self, account: str) -> Account:
        """The account as the registry may keep it; sealed anew each time.

        Args:
            account: 1 to 200 printable characters, once it is normalised.

        Raises:
            ArgumentError: anything else. What was given is not repeated.
        """
        text = normalised(account)
        digest = hmac.digest(self._subkey(b"pseudonym"), text.encode(), hashlib.sha256)
        pseudonym = digest[:_PSEUDONYM_BYTES].hex()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        cipher = AESGCM(self._subkey(b"seal"))
        return Account(pseudonym, nonce + cipher.encrypt(nonce, _padded(text), pseudonym.encode()))

    def reveal(self, account: Account) -> str:
        """The account behind its pseudonym, normalised.

        Raises:
            KeyMaterialError: it does not open: sealed under another key, for another pseudonym,
                or changed.
        """
        nonce, body = account.sealed[:_NONCE_BYTES], account.sealed[_NONCE_BYTES:]
        try:
            cipher = AESGCM(self._subkey(b"seal"))
            plain = cipher.decrypt(nonce, body, account.pseudonym.encode())
        except (InvalidTag, ValueError) as error:  # ValueError: too short to hold nonce and tag
            raise KeyMaterialError(
                f"the account under pseudonym {account.pseudonym} does not open",
                hint="it was sealed under another system secret, or it was changed",
            ) from error
        size = int.from_bytes(plain[:_LENGTH_BYTES])
        return plain[_LENGTH_BYTES : _LENGTH_BYTES + size].decode()

    def keyed(self, purpose: bytes, *parts: bytes) -> bytes:
        """A hash of 32 bytes that nobody can try values against without the key.

        Args:
            purpose: what it is for; hashes for different purposes have nothing in common.
            *parts: what is hashed; each has its length in front, so that none runs into another.
        """
        message = b"".join(len(part).to_bytes(8) + part for part in (purpose, *parts))
        return hmac.digest(self._subkey(b"keyed"), message, hashlib.sha256)

    def _subkey(self, use: bytes) -> bytes:
        expansion = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=_DOMAIN + use)
        return expansion.derive(self._key)


def normalised(account: str) -> str:
    """An account as it is hashed: Unicode NFC, without blanks at either end.

    Raises:
        ArgumentError: not 1 to 200 printable characters. What was given is not repeated.
    """
    text = ""
    if len(account) <= _MAX_TYPED:  # normalising costs time
        text = unicodedata.normalize("NFC", account).strip(" ")
    if not text or len(text) > MAX_ACCOUNT or not text.isprintable():
        raise ArgumentError(f"an account is printable text of 1 to {MAX_ACCOUNT} characters")
    return text


def _padded(text: str) -> bytes:
    """Length, text, and zeros up to a whole number of blocks."""
    data = text.encode()
    data = len(data).to_bytes(_LENGTH_BYTES) + data
    return data + bytes(-len(data) % BLOCK_BYTES)
