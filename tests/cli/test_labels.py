"""`--label` and the setting."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support import pictures
from support.command import Command

from provenance import Workspace
from provenance.imaging.quality import psnr
from provenance.labels import Label, labelled


def picture() -> pictures.Pixels:
    return pictures.sample("kitchen.png", 320, 320)


@pytest.fixture
def owner(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "workspace")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "a.png"
    path.parent.mkdir()
    path.write_bytes(pictures.file(picture(), "PNG"))
    return path


def shows(path: Path, label: Label | None, *, edited: bool = False) -> bool:
    """It is this picture with that label, and with no other."""
    seen = np.asarray(Image.open(path).convert("RGB"))
    expected = picture() if label is None else labelled(picture(), None, label, edited=edited)[0]
    return psnr(expected, seen) > 30


def test_the_option_draws_and_the_picture_is_traced(
    command: Command, owner: Workspace, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert command("stamp", "-w", owner.path, source, "-o", out, "--label", "cn").code == 0
    assert shows(out / "a.png", Label.CN)
    report = command("verify", "-w", owner.path, "--jsonl", out / "a.png")
    assert report.code == 0
    assert report.rows[0]["verdict"] == "TRACED"
    inspected = command("inspect", "-w", owner.path, "--json", out / "a.png")
    assert "tc260-label" in inspected.out


def test_the_setting_draws_and_the_option_may_leave_it_out(
    command: Command,
    owner: Workspace,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = owner.path / "config.toml"
    config.write_text(config.read_text().replace('# label = "eu"', 'label = "eu"'))
    shown = command("config", "show", "-w", owner.path, "--json").out
    assert {"key": "stamp.label", "value": "eu", "origin": "config.toml"} in json.loads(shown)
    command("stamp", "-w", owner.path, source, "-o", tmp_path / "1")
    assert shows(tmp_path / "1" / "a.png", Label.EU)
    command("stamp", "-w", owner.path, source.parent, "-o", tmp_path / "2", "--workers", "1")
    assert shows(tmp_path / "2" / "a.png", Label.EU)
    command("stamp", "-w", owner.path, source, "-o", tmp_path / "3", "--label", "none")
    assert shows(tmp_path / "3" / "a.png", None)
    monkeypatch.setenv("PROVENANCE_STAMP_LABEL", "in")
    command("stamp", "-w", owner.path, source, "-o", tmp_path / "4")
    assert shows(tmp_path / "4" / "a.png", Label.IN)
    monkeypatch.setenv("PROVENANCE_STAMP_LABEL", "uk")
    refused = command("stamp", "-w", owner.path, source, "-o", tmp_path / "5")
    assert refused.code == 2
    assert "PROVENANCE_STAMP_LABEL" in refused.err


def test_an_edit_is_labelled_as_one(
    command: Command, owner: Workspace, source: Path, tmp_path: Path
) -> None:
    parent = tmp_path / "parent.png"
    parent.write_bytes(pictures.file(pictures.crop(), "PNG"))
    options = ("--label", "eu", "--parent", parent)
    command("stamp", "-w", owner.path, source, "-o", tmp_path / "out", *options)
    assert shows(tmp_path / "out" / "a.png", Label.EU, edited=True)


def test_nothing_is_drawn_unasked(
    command: Command, owner: Workspace, source: Path, tmp_path: Path
) -> None:
    command("stamp", "-w", owner.path, source, "-o", tmp_path / "out")
    assert shows(tmp_path / "out" / "a.png", None)
