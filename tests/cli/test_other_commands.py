"""init, config, schemes, doctor, selftest, help and version."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from support.command import Command, run

from provenance import __version__
from provenance.watermark import catalog


def test_init_makes_a_working_workspace(command: Command, tmp_path: Path) -> None:
    target = tmp_path / "ws"
    result = command("init", target, "--system-name", "acme", "--system-id", "77")
    assert result.code == 0
    assert "acme (#77)" in result.out
    assert "development certificate" in result.err
    for secret in ("system.secret", "signer.key", "issuing-ca.key"):
        assert stat.S_IMODE((target / "keys" / secret).stat().st_mode) == 0o600
    assert command("doctor", "-w", target).code == 0
    again = command("init", target)
    assert again.code == 2
    assert "not an empty directory" in again.err
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    "arguments", [("--system-id", "1048576"), ("--system-id", "-1"), ("--system-name", "x" * 65)]
)
def test_init_refuses_bad_values(
    command: Command, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    assert command("init", tmp_path / "ws", *arguments).code == 2
    assert not list(tmp_path.iterdir())


def test_renew_certificate(command: Command, tmp_path: Path) -> None:
    command("init", tmp_path / "ws")
    before = (tmp_path / "ws" / "certs" / "chain.pem").read_bytes()
    assert command("init", "--renew-certificate", tmp_path / "ws").code == 0
    assert (tmp_path / "ws" / "certs" / "chain.pem").read_bytes() != before
    assert command("doctor", "-w", tmp_path / "ws").code == 0


def test_config_show_names_origins(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("init", tmp_path / "ws")
    monkeypatch.setenv("PROVENANCE_STAMP_FORMAT", "webp-lossless")
    rows = json.loads(command("config", "show", "-w", tmp_path / "ws", "--json").out)
    by_key = {row["key"]: row for row in rows}
    assert by_key["stamp.format"] == {
        "key": "stamp.format", "value": "webp-lossless", "origin": "PROVENANCE_STAMP_FORMAT",
    }  # fmt: skip
    assert by_key["system.name"]["origin"] == "config.toml"
    assert by_key["stamp.scheme"]["origin"] == "default"


def test_misspelt_settings_never_pass(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("init", tmp_path / "ws")
    config = tmp_path / "ws" / "config.toml"
    good = config.read_text()
    config.write_text(good.replace("[stamp]", "[stamp]\nformatt = 'png'"))
    refused = command("config", "show", "-w", tmp_path / "ws")
    assert refused.code == 2
    assert "stamp.formatt" in refused.err
    config.write_text(good)
    monkeypatch.setenv("PROVENANCE_STAMP_FORMATT", "png")
    refused = command("config", "show", "-w", tmp_path / "ws")
    assert refused.code == 2
    assert "PROVENANCE_STAMP_FORMATT" in refused.err


def test_schemes_lists_every_scheme(command: Command) -> None:
    rows = json.loads(command("schemes", "--json").out)
    assert [row["name"] for row in rows] == list(catalog.names())
    assert [row["name"] for row in rows if row["default"]] == [catalog.DEFAULT]
    text = command("schemes").out
    for name in catalog.names():
        assert name in text


def test_doctor_names_the_remedy(command: Command, tmp_path: Path) -> None:
    command("init", tmp_path / "ws")
    (tmp_path / "ws" / "keys" / "signer.key").chmod(0o644)
    result = command("doctor", "-w", tmp_path / "ws")
    assert result.code == 2
    assert "chmod 600" in result.out
    assert command("doctor", "-w", tmp_path / "nowhere").code == 2


def test_selftest(command: Command) -> None:
    result = command("selftest")
    assert result.code == 0
    assert "FAIL" not in result.out


def test_version_and_help() -> None:
    assert run("--version").stdout.decode().strip() == f"provenance {__version__}"
    for arguments in (("--help",), ("stamp", "--help"), ("verify", "-h"), ("config", "-h")):
        result = run(*arguments)
        assert result.returncode == 0
        assert b"Usage" in result.stdout


def test_no_color_is_honoured() -> None:
    assert b"\x1b" not in run("--help", env={"NO_COLOR": "1", "FORCE_COLOR": ""}).stdout


def test_completion_is_offered() -> None:
    result = run("--show-completion", env={"SHELL": "/bin/bash", "_TYPER_COMPLETE_TEST": "1"})
    assert b"provenance" in result.stdout + result.stderr
