"""The files of a new workspace, and its development certificates.

A development chain is trusted by its own workspace alone. It is there so that everything can be
tried at once; a deployment brings certificates of an authority that others trust.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from provenance.errors import KeyMaterialError
from provenance.keys import (
    SIGNS_REPORTS,
    CertificateChain,
    SystemSecret,
    certify,
    create_chain,
    issue_leaf,
    read_private,
    write_private,
)
from provenance.registry import create_store
from provenance.workspace import issuance
from provenance.workspace.config import write_settings
from provenance.workspace.settings import SystemSettings


def fill(path: Path, system: SystemSettings) -> None:
    """Make the directory of a new workspace and everything in it.

    Raises:
        OSError: something cannot be written.
    """
    path.mkdir(mode=0o700)
    keys = path / "keys"
    keys.mkdir(mode=0o700)
    (path / "certs").mkdir()
    (path / "trust").mkdir()
    SystemSecret.generate().save(keys / "system.secret")
    chain = create_chain(system.organization, system.name)
    write_private(keys / "signer.key", chain.leaf_key_pem)
    write_private(keys / "issuing-ca.key", chain.issuing_key_pem)
    (path / "certs" / "chain.pem").write_bytes(chain.chain_pem)
    leaf, key = _report_leaf(chain.issuing_pem, chain.issuing_key_pem, system.name)
    write_private(keys / "report.key", key)
    (path / "certs" / "report-chain.pem").write_bytes(leaf + chain.issuing_pem)
    (path / "trust" / "root.pem").write_bytes(chain.root_pem)
    store = create_store(path / "registry.sqlite3")
    issuance.make_key(path, store, system.id)
    write_settings(path / "config.toml", system)


def renew(path: Path, chain_path: Path, system: str) -> None:
    """Give the signers of pictures and of reports fresh keys for 366 days.

    Args:
        path: the workspace.
        chain_path: where the chain of the signer of pictures is.
        system: name of the generating system.

    Raises:
        KeyMaterialError: not a development chain.
    """
    issuers, ca_key = _issuing_ca(path)
    leaf, key = issue_leaf(issuers, ca_key, system)
    _replace_pair(path, "signer.key", key, chain_path, leaf + issuers)
    leaf, key = _report_leaf(issuers, ca_key, system)
    reports = path / "certs" / "report-chain.pem"
    _replace_pair(path, "report.key", key, reports, leaf + issuers)


def certified(path: Path, system: str, public_key: bytes) -> bytes:
    """The chain in PEM of a development certificate for a key that is elsewhere.

    Raises:
        KeyMaterialError: no such key, or not a development chain.
    """
    issuers, ca_key = _issuing_ca(path)
    return certify(issuers, ca_key, system, public_key) + issuers


def _issuing_ca(path: Path) -> tuple[bytes, bytes]:
    chain_path = path / "certs" / "chain.pem"
    issuers = CertificateChain.load(chain_path).issuers_pem
    if not issuers:
        raise KeyMaterialError(f"{chain_path} does not contain the issuing CA")
    return issuers, read_private(path / "keys" / "issuing-ca.key")


def _replace_pair(path: Path, key_name: str, key: bytes, chain_path: Path, chain: bytes) -> None:
    """Put a key and its chain in the place of those that are there, if any."""
    key_path = path / "keys" / key_name
    suffix = secrets.token_hex(4)
    new_key, new_chain = (p.with_name(f"{p.name}.{suffix}") for p in (key_path, chain_path))
    write_private(new_key, key)
    new_chain.write_bytes(chain)
    new_key.replace(key_path)
    new_chain.replace(chain_path)


def _report_leaf(issuing_pem: bytes, issuing_key_pem: bytes, system: str) -> tuple[bytes, bytes]:
    name = f"{system[:56]} reports"  # a common name has 64 characters
    return issue_leaf(issuing_pem, issuing_key_pem, name, usages=SIGNS_REPORTS)
