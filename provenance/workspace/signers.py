"""The signer that a workspace's settings ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from provenance.errors import ConfigError
from provenance.keys import (
    CertificateChain,
    FileSigner,
    GuardedSigner,
    HttpSigner,
    PrivateText,
    Signer,
)
from provenance.workspace.config import PIN_VARIABLE
from provenance.workspace.settings import SignerKind, SignerSettings

#: The service's own limit comes first, so that its message is the one that is seen.
_AFTER: Final = 2.0


def signer_of(folder: Path, settings: SignerSettings) -> Signer:
    """The signer; one whose key is elsewhere is guarded.

    Raises:
        ConfigError: the settings do not fit together, or python-pkcs11 is not installed.
        KeyMaterialError: key or certificates cannot be read, or do not belong together.
    """
    chain_path = folder / settings.chain
    match settings.kind:
        case SignerKind.FILE:
            return FileSigner.load(key_path=folder / "keys" / "signer.key", chain_path=chain_path)
        case SignerKind.PKCS11:
            return GuardedSigner(
                _pkcs11(folder, settings, CertificateChain.load(chain_path)),
                seconds=settings.seconds,
            )
        case SignerKind.HTTP:
            return GuardedSigner(
                _http(folder, settings, CertificateChain.load(chain_path)),
                seconds=settings.seconds + _AFTER,
            )


def _pkcs11(folder: Path, settings: SignerSettings, chain: CertificateChain) -> Signer:
    try:
        from provenance.keys.pkcs11_signer import Pkcs11Signer  # an extra
    except ImportError as error:
        raise ConfigError(
            "signer.kind is pkcs11, and python-pkcs11 is not installed",
            hint="pip install 'provenance[pkcs11]'",
        ) from error
    pin_file = settings.pkcs11_pin_file
    return Pkcs11Signer(
        chain=chain,
        module=settings.pkcs11_module or Path(),
        token=settings.pkcs11_token,
        pin=PrivateText(
            what="PIN: signer.pkcs11_pin_file is not set",
            path=None if pin_file is None else folder / pin_file,
            variable=PIN_VARIABLE,
        ),
        key_label=settings.pkcs11_key_label,
        key_id=bytes.fromhex(settings.pkcs11_key_id),
    )


def _http(folder: Path, settings: SignerSettings, chain: CertificateChain) -> Signer:
    token_file, authorities = settings.http_token_file, settings.http_ca_file
    if authorities is not None:
        authorities = folder / authorities
        CertificateChain.load(authorities)  # one that cannot be read is said to be that
    return HttpSigner(
        chain=chain,
        url=settings.http_url,
        key_id=settings.http_key_id,
        token=None if token_file is None else PrivateText(what="token", path=folder / token_file),
        network=settings.http_network,
        seconds=settings.seconds,
        authorities=authorities,
    )
