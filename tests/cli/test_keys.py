"""`provenance keys export`, and verifying with what it wrote."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from support import pictures
from support.command import Command
from support.tamper import strip_manifest

from provenance import Generation, Workspace


@pytest.fixture(scope="module")
def leaked(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    picture = pictures.sample("kitchen.png", 256, 256)
    stamped = workspace.stamper().stamp(picture, Generation(model="m"))
    path = tmp_path_factory.mktemp("leaked") / "leaked.png"
    path.write_bytes(strip_manifest(stamped.data))
    return path


def test_a_verifier_with_the_exported_keys_reads_the_mark_and_names_whom_to_ask(
    command: Command, own_workspace: Path, leaked: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle.json"
    exported = command("keys", "export", "-w", own_workspace, "--out", bundle)
    assert (exported.code, exported.out) == (0, "")
    assert stat.S_IMODE(bundle.stat().st_mode) == 0o600
    row = command("verify", "--keyring", bundle, "--jsonl", leaked).rows[0]
    assert row["verdict"] == "INDETERMINATE"
    assert {r["code"] for r in row["reasons"]} == {
        "manifest.none",
        "mark.read_unverified",  # the tag key stayed with the operator
        "record.not_asked",
    }
    assert row["statement"].startswith("The picture carries a mark assigned to test-system")
    assert row["mark_id"] in row["next_step"]


def test_a_bundle_is_never_replaced_and_never_guessed(
    command: Command, own_workspace: Path, leaked: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle.json"
    bundle.write_text("{}")
    refused = command("keys", "export", "-w", own_workspace, "--out", bundle)
    assert refused.code == 2
    assert "not overwritten" in refused.err
    bundle.chmod(0o600)
    garbage = command("verify", "--keyring", bundle, leaked)
    assert garbage.code == 2
    assert "not a detector bundle" in garbage.err
    assert "provenance keys export" in garbage.err
    assert command("keys", "export", "--out", tmp_path / "x.json").code == 2
