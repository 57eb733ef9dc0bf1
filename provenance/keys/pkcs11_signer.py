"""A signer whose key is in a PKCS#11 token: a hardware module, a smart card, SoftHSM2.

The digest is made here: not every token offers ECDSA with a hash of its own (SoftHSM2 2.6 does
not), and a picture has no business in one. A session belongs to a process: it is opened, and
the PIN read, where the first signature is made, again in every forked child, and once more
when the token has lost it. A login counts for a process and a token, so all signers of one
token share one session.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pkcs11
from pkcs11 import MGF, Attribute, KeyType, Mechanism, ObjectClass
from pkcs11 import exceptions as p11
from pkcs11.types import SignMixin

from provenance.errors import ConfigError, KeyMaterialError, SignerError
from provenance.keys.algorithms import SigningAlgorithm, digest_of
from provenance.keys.private_text import PrivateText
from provenance.keys.signer import CertificateChain

if TYPE_CHECKING:
    from pkcs11._pkcs11 import lib as Library  # noqa: N812 - the class has a function's name

_PSS: Final = (Mechanism.SHA256, MGF.SHA256, 32)
#: How each algorithm is asked for, with what parameter, and of what kind of key. A library may
#: not look: SoftHSM2 2.6 crashes the process where the mechanism is for another kind.
_MECHANISMS: Final = {
    SigningAlgorithm.ES256: (Mechanism.ECDSA, None, KeyType.EC),
    SigningAlgorithm.ES384: (Mechanism.ECDSA, None, KeyType.EC),
    SigningAlgorithm.ES512: (Mechanism.ECDSA, None, KeyType.EC),
    SigningAlgorithm.PS256: (Mechanism.RSA_PKCS_PSS, _PSS, KeyType.RSA),
    SigningAlgorithm.ED25519: (Mechanism.EDDSA, None, KeyType.EC_EDWARDS),
}
_PAUSES: Final = (0.02, 0.1, 0.3)  # seconds, before a token is looked for once more
#: What a token says when it no longer knows the session, and a new one may help.
_LOST: Final = (
    p11.SessionHandleInvalid,
    p11.SessionClosed,
    p11.UserNotLoggedIn,
    p11.ObjectHandleInvalid,
    p11.KeyHandleInvalid,
    p11.DeviceError,
    p11.DeviceRemoved,
    p11.TokenNotPresent,
    p11.GeneralError,
    p11.FunctionFailed,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pkcs11Signer:
    """A signer whose key is in a token. It holds no secret and no session; copies share one.

    Attributes:
        chain: the certificates to embed; the leaf's key says which algorithm is asked for.
        module: absolute path of the vendor's PKCS#11 library.
        token: label of the token.
        pin: where the user PIN is.
        key_label: CKA_LABEL of the private key; empty to look by `key_id` alone.
        key_id: CKA_ID of the private key; empty to look by `key_label` alone.
    """

    chain: CertificateChain
    module: Path
    token: str
    pin: PrivateText
    key_label: str = ""
    key_id: bytes = b""

    def __post_init__(self) -> None:
        if not self.module.is_absolute():
            raise ConfigError(f"{self.module} is not the absolute path of a PKCS#11 library")
        if not self.token or not (self.key_label or self.key_id):
            raise ConfigError("a key in a token is named by the token's label and by its own")

    @property
    def algorithm(self) -> SigningAlgorithm:
        """The one that goes with the certificate."""
        return self.chain.algorithm

    def sign(self, data: bytes) -> bytes:
        """Sign with the token.

        Raises:
            KeyMaterialError: library, token, PIN or key cannot be used.
            SignerError: the token failed, also with a new session, or cannot sign that way.
        """
        try:
            with _TOKENS.lock:
                token = _TOKENS.open.setdefault((self.module, self.token), _Token(self.module))
            with token.lock:
                try:
                    return token.sign(self, data)
                except _LOST:
                    return token.sign(self, data)
        except p11.PKCS11Error as error:
            raise _translated(error, self) from error


@dataclass(slots=True)
class _Token:
    """A token as this process knows it: one session, and the keys that were used."""

    module: Path
    lock: threading.Lock = field(default_factory=threading.Lock)
    session: pkcs11.Session | None = None
    mechanisms: frozenset[object] = frozenset()
    keys: dict[tuple[str, bytes, SigningAlgorithm], SignMixin] = field(default_factory=dict)

    def sign(self, signer: Pkcs11Signer, data: bytes) -> bytes:
        """Sign in the session, which is opened where there is none, and given up when lost."""
        try:
            return self._sign(signer, data)
        except p11.PKCS11Error as error:
            # The bare class stands for codes that python-pkcs11 has no name for.
            if isinstance(error, _LOST) or type(error) is p11.PKCS11Error:
                self._forget()
            raise

    def _sign(self, signer: Pkcs11Signer, data: bytes) -> bytes:
        mechanism, parameter, _ = _MECHANISMS[signer.algorithm]
        session = self.session or self._login(signer)
        if mechanism not in self.mechanisms:
            raise SignerError(
                f"token {signer.token} cannot sign {signer.algorithm.value}: it has no "
                f"CKM_{mechanism.name}",
                hint="use a certificate for a kind of key that the token can sign with",
            )
        digest = digest_of(signer.algorithm, data)
        key = self._key(session, signer)
        signature: bytes = key.sign(
            data if digest is None else digest, mechanism=mechanism, mechanism_param=parameter
        )
        return signature

    def _forget(self) -> None:
        # It is not closed: that would log out the whole process.
        self.session = None
        self.keys.clear()

    def _login(self, signer: Pkcs11Signer) -> pkcs11.Session:
        token = _TOKENS.find(self.module, signer.token)
        self.mechanisms = frozenset(token.slot.get_mechanisms())
        pin = signer.pin.read()
        tried = (signer.token, hashlib.sha256(pin.encode("utf-8")).digest())
        if tried in _TOKENS.refused:
            raise KeyMaterialError(
                f"the PIN of token {signer.token} was refused before and is not tried again",
                hint="a token locks itself after some wrong PINs: correct it before you try again",
            )
        try:
            self.session = token.open(user_pin=pin)
        except p11.UserAlreadyLoggedIn:  # by another part of this process
            self.session = token.open()
        except (p11.PinIncorrect, p11.PinLenRange, p11.PinInvalid):
            _TOKENS.refused.add(tried)
            raise
        return self.session

    def _key(self, session: pkcs11.Session, signer: Pkcs11Signer) -> SignMixin:
        name = (signer.key_label, signer.key_id, signer.algorithm)
        if name not in self.keys:
            wanted: dict[Attribute, object] = {Attribute.CLASS: ObjectClass.PRIVATE_KEY}
            if signer.key_label:
                wanted[Attribute.LABEL] = signer.key_label
            if signer.key_id:
                wanted[Attribute.ID] = signer.key_id
            found = list(session.get_objects(wanted))
            if len(found) != 1 or not isinstance(found[0], SignMixin):
                raise _not_one_key(len(found), signer)
            if found[0].key_type is not _MECHANISMS[signer.algorithm][2]:
                raise KeyMaterialError(
                    f"the key in token {signer.token} is not of the kind that signs "
                    f"{signer.algorithm.value}",
                    hint="the chain must start with the certificate of the key that signs",
                )
            self.keys[name] = found[0]
        return self.keys[name]


class _Tokens:
    """What this process has open."""

    def __init__(self) -> None:
        self.stale: set[Path] = set()  # libraries that only the parent has initialised
        self.loaded: set[Path] = set()
        self.refused: set[tuple[str, bytes]] = set()
        self.begin()

    def begin(self) -> None:
        self.lock = threading.RLock()
        self.open: dict[tuple[Path, str], _Token] = {}
        self.stale |= self.loaded

    def find(self, module: Path, label: str) -> pkcs11.Token:
        """The token with that label.

        A library may list its tokens when it is initialised and never again, and SoftHSM2
        misses one, or fails, while another process opens it. So it is initialised anew, as long as
        this process has no session that would be lost.
        """
        with self.lock:
            library = self._library(module)
            for pause in _PAUSES:
                try:
                    return library.get_token(token_label=label)
                except (p11.NoSuchToken, p11.GeneralError):
                    if any(t.module == module and t.session for t in self.open.values()):
                        raise
                    time.sleep(pause)
                    library.reinitialize()
            return library.get_token(token_label=label)

    def _library(self, module: Path) -> Library:
        """The library, initialised in this process."""
        library = pkcs11.lib(str(module))
        if module in self.stale:
            # A child has to initialise for itself (PKCS#11 2.40, "General functions").
            with contextlib.suppress(p11.PKCS11Error):
                library.finalize()
            library.initialize()
            self.stale.discard(module)
        self.loaded.add(module)
        return library


_TOKENS: Final = _Tokens()
os.register_at_fork(after_in_child=_TOKENS.begin)


# --- errors --------------------------------------------------------------------------


def _not_one_key(found: int, signer: Pkcs11Signer) -> KeyMaterialError:
    names = [f"label {signer.key_label!r}"] if signer.key_label else []
    names += [f"id {signer.key_id.hex()}"] if signer.key_id else []
    how_many = "no private key" if not found else "more than one private key"
    return KeyMaterialError(
        f"token {signer.token} has {how_many} with {' and '.join(names)}",
        hint="list the keys with: pkcs11-tool --module MODULE --login --list-objects",
    )


def _translated(error: p11.PKCS11Error, signer: Pkcs11Signer) -> KeyMaterialError | SignerError:
    match error:
        case p11.NoSuchToken() | p11.TokenNotPresent() | p11.TokenNotRecognised():
            return KeyMaterialError(
                f"there is no token with the label {signer.token!r}",
                hint=f"list the tokens with: pkcs11-tool --module {signer.module} --list-slots",
            )
        case p11.MultipleTokensReturned():
            return KeyMaterialError(
                f"more than one token has the label {signer.token!r}", hint="rename one of them"
            )
        case p11.PinIncorrect() | p11.PinInvalid() | p11.PinLenRange():
            return KeyMaterialError(
                f"token {signer.token} refuses the PIN",
                hint="correct it before you try again: a token locks itself after some wrong ones",
            )
        case p11.PinLocked() | p11.PinExpired() | p11.UserPinNotInitialized():
            return KeyMaterialError(
                f"the PIN of token {signer.token} is locked, expired or not set",
                hint="its security officer can set a new one",
            )
    if signer.module not in _TOKENS.loaded:
        return KeyMaterialError(
            f"the PKCS#11 library {signer.module} cannot be used: {_reason(error)}",
            hint="signer.pkcs11_module is the library of the token's vendor, for this machine",
        )
    return SignerError(f"token {signer.token} failed: {_reason(error)}", hint="nothing was signed")


def _reason(error: p11.PKCS11Error) -> str:
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
