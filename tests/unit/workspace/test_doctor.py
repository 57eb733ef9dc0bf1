"""The doctor: what is wrong, and what to do about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from provenance import Workspace
from provenance.keys import create_chain, write_private
from provenance.model import AccessAction, AccessEntry
from provenance.watermark import catalog
from provenance.workspace.doctor import Level, examine


@pytest.fixture
def made(tmp_path):
    return Workspace.create(tmp_path / "workspace", system_name="acme-images")


def checks(made):
    return {check.name: check for check in examine(made.path)}


def failed(made):
    return {name for name, check in checks(made).items() if check.level is Level.FAIL}


def with_leaf(made, lifetime):
    """The workspace with a chain whose leaf lives for so long."""
    chain = create_chain("acme", "acme", leaf_lifetime=lifetime)
    (made.path / "keys" / "signer.key").unlink()
    write_private(made.path / "keys" / "signer.key", chain.leaf_key_pem)
    (made.path / "certs" / "chain.pem").write_bytes(chain.chain_pem)


def test_a_new_workspace_is_healthy(made):
    found = checks(made)
    assert {check.level for check in found.values()} <= {Level.OK, Level.WARN}
    for name in ("workspace", "system secret", "trust lists", "registry", "signer", "clock"):
        assert found[name].level is Level.OK, name


def test_the_installation_is_looked_at_without_a_workspace():
    names = {check.name for check in examine(None)}
    assert {"python", "packages", "clock", "network"} <= names
    assert {f"scheme {name}" for name in catalog.names()} <= names
    assert "workspace" not in names


def test_what_is_kept_for_too_long_is_a_warning(made):
    assert checks(made)["retention"].level is Level.OK
    entry = AccessEntry(
        at=datetime.now(UTC) - timedelta(days=366),
        action=AccessAction.REVEAL,
        subject="x",
        operator="",
        reason="long ago",
    )
    made.store().note_access(entry)
    found = checks(made)["retention"]
    assert found.level is Level.WARN
    assert found.detail == "expired: accounts 0, access log entries 1"
    assert found.remedy == f"provenance registry purge --expired -w {made.path}"


@pytest.mark.parametrize(
    ("file", "check"), [("signer.key", "signer"), ("system.secret", "system secret")]
)
def test_a_key_that_others_can_read_fails_with_the_remedy(made, file, check):
    path = made.path / "keys" / file
    path.chmod(0o644)
    assert failed(made) == {check}
    assert checks(made)[check].remedy == f"chmod 600 {path}"


@pytest.mark.parametrize(
    ("file", "check"),
    [
        ("keys/signer.key", "signer"),
        ("certs/chain.pem", "signer"),
        ("keys/system.secret", "system secret"),
        ("trust/root.pem", "trust lists"),
        ("registry.sqlite3", "registry"),
    ],
)
@pytest.mark.parametrize("damage", ["missing", "garbage", "empty"])
def test_a_damaged_file_fails_where_it_is_used(made, file, check, damage):
    path = made.path / file
    path.unlink()
    if damage != "missing":
        write_private(path, b"garbage" * 999 if damage == "garbage" else b"")
    assert failed(made) == {check}
    assert checks(made)[check].detail


def test_something_else_is_no_workspace(tmp_path):
    found = {check.name: check for check in examine(tmp_path)}
    assert found["workspace"].level is Level.FAIL
    assert "provenance init" in found["workspace"].remedy
    assert "signer" not in found


def test_a_configuration_that_is_not_valid_fails(made):
    (made.path / "config.toml").write_text("[stamp]\nshceme = 1\n")
    assert failed(made) == {"workspace"}


def test_an_expired_certificate_fails_with_the_remedy(made):
    with_leaf(made, timedelta(seconds=1))
    assert failed(made) == {"signer"}
    assert "--renew-certificate" in checks(made)["signer"].remedy


def test_the_key_of_another_certificate_fails(made):
    other = create_chain("o", "s")
    (made.path / "certs" / "chain.pem").write_bytes(other.chain_pem)
    assert failed(made) == {"signer"}


def test_the_doctor_names_no_secret(made):
    secret = (made.path / "keys" / "system.secret").read_text().splitlines()[1]
    text = str(examine(made.path))
    assert secret not in text
    assert "PRIVATE" not in text


def test_the_registry_is_named_and_a_server_that_may_lose_records_is_pointed_out(
    made, postgres_url, monkeypatch
):
    assert checks(made)["registry"].detail.startswith(str(made.path / "registry.sqlite3"))
    monkeypatch.setenv("PROVENANCE_REGISTRY_URL", postgres_url)
    found = checks(made)
    assert found["registry"].level is Level.OK
    assert found["registry"].detail.startswith("postgresql://provenance@/registry")
    assert found["registry server"].level is Level.WARN
    monkeypatch.setenv("PROVENANCE_REGISTRY_URL", postgres_url.replace("/registry?", "/nothing?"))
    assert failed(made) == {"registry"}
