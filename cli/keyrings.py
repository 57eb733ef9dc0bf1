"""Detector bundles that are named for one run: unsigned ones of version 1, and signed ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .signing import need_extra

if TYPE_CHECKING:
    from provenance import Verifier
    from provenance.trust import TrustStore


def with_keyrings(
    verifier: Verifier,
    paths: Iterable[Path],
    *,
    trust: TrustStore,
    fingerprints: list[str] | None,
) -> Verifier:
    """A verifier that looks for the marks of these bundles too.

    A signed one brings anchors for its own system, and what else is in it.

    Args:
        verifier: what is known without them.
        paths: the bundles.
        trust: lists; a signed bundle has to be by somebody on them,
        fingerprints: or by the signer with one of these certificates.

    Raises:
        KeyMaterialError: one is not a bundle, has expired, or contradicts what is known.
        TrustError: nobody vouches for the signer of one.
    """
    from provenance.exchange.fields import is_signed
    from provenance.exchange.systems import MAX_FILE
    from provenance.keys import read_private
    from provenance.watermark import load_bundle

    for path in paths:
        data = read_private(path, limit=MAX_FILE)
        if is_signed(data):
            verifier = _with_signed(verifier, data, path, trust, fingerprints or [])
        else:
            verifier = replace(verifier, keyring=verifier.keyring + load_bundle(path))
    return verifier


_OPTION = "--keyring-fingerprint"


def _with_signed(
    verifier: Verifier, data: bytes, path: Path, trust: TrustStore, texts: list[str]
) -> Verifier:
    need_extra()
    import hashlib

    from provenance.exchange.sealed import Vouchers, open_bundle
    from provenance.verify import SystemTrust
    from provenance.workspace.imports import fingerprints

    vouchers = Vouchers(trust=trust, pinned=fingerprints(texts), option=_OPTION)
    bundle, _ = open_bundle(data, str(path), vouchers)
    scoped = SystemTrust(system=bundle.system, trust=bundle.trust(hashlib.sha256(data).hexdigest()))
    return replace(
        verifier,
        keyring=verifier.keyring + bundle.keyring,
        schemes=tuple(dict.fromkeys((*verifier.schemes, *bundle.known_schemes))),
        system_trust=(*verifier.system_trust, scoped),
        signature_keys=(*verifier.signature_keys, *bundle.signature_keys),
    )
