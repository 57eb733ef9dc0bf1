"""The choice of an engine: what cannot be is refused before anything is read."""

from __future__ import annotations

import importlib.util
import socket
import sys
from pathlib import Path

import pytest
from support.command import Command, run

needs_ray = pytest.mark.skipif(not importlib.util.find_spec("ray"), reason="Ray is not installed")


def test_an_address_is_for_a_cluster(command: Command, folder: Path, tmp_path: Path) -> None:
    result = command("audit", folder, "--out", tmp_path / "run", "--address", "auto")
    assert result.code == 2
    assert "--address is for --engine ray" in result.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("address", ["", "here", "ray://head:10001", "head:", "a b:1", "x:1\n"])
def test_an_address_that_is_none_is_refused(
    command: Command, folder: Path, tmp_path: Path, address: str
) -> None:
    chosen = ("--engine", "ray", "--address", address)
    result = command("audit", folder, "--out", tmp_path / "run", *chosen)
    assert result.code == 2
    assert "neither auto nor HOST:PORT" in result.err
    assert not (tmp_path / "run").exists()


def test_without_ray_it_says_what_to_install(
    command: Command, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "provenance.audit.ray_run", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    result = command("audit", folder, "--out", tmp_path / "run", "--engine", "ray")
    assert result.code == 2
    assert "provenance[ray]" in result.err


@needs_ray
def test_a_cluster_that_is_not_there_is_said_at_once(folder: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        chosen = ("--engine", "ray", "--address", address)
        result = run("audit", folder, "--out", tmp_path / "run", *chosen)
    assert result.returncode == 2
    assert f"nobody answers at {address}".encode() in result.stderr
    assert b"Traceback" not in result.stderr
