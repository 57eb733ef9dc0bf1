"""Keys in a SoftHSM2 token of this test process; nothing of them is ever outside of it.

SoftHSM2 is a Debian package that `.ci/run` installs. Where it is not, the tests that need it are
skipped and say so; in continuous integration they fail instead.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import load_der_public_key
from support import chains

from provenance.keys import CertificateChain, PrivateText, SigningAlgorithm, write_private

if TYPE_CHECKING:
    from provenance.keys.pkcs11_signer import Pkcs11Signer

TOKEN, PIN = "provenance-test", "24680"
_PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
_CURVES = {
    SigningAlgorithm.ES256: "secp256r1",
    SigningAlgorithm.ES384: "secp384r1",
    SigningAlgorithm.ES512: "secp521r1",
    SigningAlgorithm.ED25519: "1.3.101.112",  # RFC 8410
}


def module() -> Path | None:
    """SoftHSM2's library, where it is installed."""
    return next((Path(place) for place in _PLACES if Path(place).exists()), None)


def need() -> Path:
    """The library; without it the test is skipped, in continuous integration it fails."""
    found = module()
    usable = found and shutil.which("softhsm2-util") and importlib.util.find_spec("pkcs11")
    if found is None or not usable:
        reason = "SoftHSM2 or python-pkcs11 is not installed: no test token"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def initialise(folder: Path) -> Path:
    """A directory for tokens with one token in it; its configuration file is returned."""
    need()
    folder.mkdir(parents=True)
    configuration = folder / "softhsm2.conf"
    (folder / "tokens").mkdir()
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    command = ["softhsm2-util", "--init-token", "--free", "--label", TOKEN]
    subprocess.run(
        [*command, "--pin", PIN, "--so-pin", "13579"],
        check=True,
        capture_output=True,
        env=os.environ | {"SOFTHSM2_CONF": str(configuration)},
        timeout=30,
    )
    return configuration


@dataclass(frozen=True)
class _Public:
    """What `chains.leaf_for` wants of a key."""

    key: object

    def public_key(self) -> object:
        """The public half."""
        return self.key


@dataclass(frozen=True)
class Token:
    """A token that this process sees; SOFTHSM2_CONF names its configuration."""

    folder: Path
    module: Path
    pin_file: Path

    @cache  # noqa: B019 - one token for the whole run
    def chain(self, algorithm: SigningAlgorithm) -> CertificateChain:
        """The chain of a key that was made in the token, under the common test authority."""
        public = generate(self.module, algorithm)
        authority = chains.authority()
        leaf = chains.leaf_for(_Public(public), authority, name=f"hsm {algorithm.value}")
        return CertificateChain.parse(leaf + authority.issuing_pem)

    def signer(self, algorithm: SigningAlgorithm, **changes: object) -> Pkcs11Signer:
        """A signer with that key."""
        from provenance.keys.pkcs11_signer import Pkcs11Signer

        fields = {
            "chain": self.chain(algorithm),
            "module": self.module,
            "token": TOKEN,
            "pin": PrivateText(what="PIN", path=self.pin_file),
            "key_label": algorithm.value,
        }
        return Pkcs11Signer(**fields | changes)


def token_in(folder: Path) -> Token:
    """A new token; SOFTHSM2_CONF must be set to what `initialise` returned, for as long."""
    pin_file = folder / "pin"
    write_private(pin_file, f"{PIN}\n".encode())
    return Token(folder, need(), pin_file)


def generate(library: Path, algorithm: SigningAlgorithm, label: str = "", key_id: bytes = b"\1"):
    """Make a key in the token that never leaves it, and return its public half."""
    import pkcs11
    from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters
    from pkcs11.util.rsa import encode_rsa_public_key

    session = _session(library)
    names = {"store": True, "label": label or algorithm.value, "id": key_id}
    if algorithm is SigningAlgorithm.PS256:
        public, _ = session.generate_keypair(pkcs11.KeyType.RSA, 2048, **names)
        return load_der_public_key(encode_rsa_public_key(public))
    edwards = algorithm is SigningAlgorithm.ED25519
    domain = session.create_domain_parameters(
        pkcs11.KeyType.EC_EDWARDS if edwards else pkcs11.KeyType.EC,
        {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters(_CURVES[algorithm])},
        local=True,
    )
    way = pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN if edwards else pkcs11.Mechanism.EC_KEY_PAIR_GEN
    public, _ = domain.generate_keypair(mechanism=way, **names)
    if edwards:
        point = public[pkcs11.Attribute.EC_POINT].removeprefix(b"\x04\x20")  # an OCTET STRING
        return ed25519.Ed25519PublicKey.from_public_bytes(point)
    return load_der_public_key(encode_ec_public_key(public))


def _session(library: Path):
    """A session for writing; where a signer has logged in already, its login counts."""
    import pkcs11

    token = pkcs11.lib(str(library)).get_token(token_label=TOKEN)
    try:
        return token.open(rw=True, user_pin=PIN)
    except pkcs11.exceptions.UserAlreadyLoggedIn:
        return token.open(rw=True)
