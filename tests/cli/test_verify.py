"""`provenance verify` and `inspect` as a user sees them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import Command, run
from support.tamper import give_manifest, strip_manifest

from provenance import Encoding, Generation, Workspace
from provenance.imaging import Metadata, encode
from provenance.report.document import Document
from provenance.report.result import SCHEMA_VERSION
from provenance.workspace.selftest import synthetic_picture


@pytest.fixture(scope="module")
def stamped(workspace: Workspace) -> bytes:
    return workspace.stamper().stamp(synthetic_picture(), Generation(model="m")).data


@pytest.fixture(scope="module")
def small_png() -> bytes:
    """An unmarked picture below the size in which a mark is searched for, which takes seconds."""
    return encode(synthetic_picture()[:24, :24], None, Encoding.parse("png"), Metadata())


@pytest.fixture
def mixed(tmp_path: Path, stamped: bytes, small_png: bytes) -> Path:
    """One file for each of several exit codes."""
    pictures = tmp_path / "mixed"
    pictures.mkdir()
    (pictures / "0-traced.png").write_bytes(stamped)
    (pictures / "1-unknown.png").write_bytes(small_png)
    (pictures / "2-broken.png").write_bytes(b"nothing")
    (pictures / "5-open.png").write_bytes(give_manifest(small_png, stamped))
    return pictures


def test_rows_have_the_promised_fields(command: Command, own_workspace: Path, mixed: Path) -> None:
    result = command("verify", "-w", own_workspace, "--jsonl", mixed)
    assert result.code == 6
    assert [row["verdict"] for row in result.rows] == ["TRACED", "NOT_FOUND", None, "INDETERMINATE"]
    for row in result.rows:
        promised = ("path", "verdict", "system", "mark_id", "log10_p", "manifest", "reasons")
        assert set(promised) <= set(row)
    first = result.rows[0]
    assert first["system"]["name"] == "test-system"
    assert first["manifest"]["status"] == "TRUSTED"
    assert first["log10_p"] < -7
    assert result.rows[2]["error"]["code"] == "E_FORMAT"


@pytest.mark.parametrize("name", ["0-traced.png", "1-unknown.png", "2-broken.png", "5-open.png"])
def test_exit_code_of_one_file(
    command: Command, own_workspace: Path, mixed: Path, name: str
) -> None:
    assert command("verify", "-w", own_workspace, mixed / name).code == int(name[0])


def test_exit_code_precedence(command: Command, own_workspace: Path, mixed: Path) -> None:
    def code(*names: str) -> int:
        return command("verify", "-w", own_workspace, *(mixed / n for n in names)).code

    assert code("0-traced.png", "0-traced.png") == 0
    assert code("0-traced.png", "1-unknown.png") == 1
    assert code("1-unknown.png", "5-open.png") == 5
    assert code("5-open.png", "2-broken.png") == 6
    assert command("verify", "-w", own_workspace, "--exit-zero", mixed / "1-unknown.png").code == 0
    assert command("verify", "-w", own_workspace, "--exit-zero", mixed / "2-broken.png").code == 2


def test_json_document(command: Command, own_workspace: Path, mixed: Path) -> None:
    document = json.loads(command("verify", "-w", own_workspace, "--json", mixed).out)
    assert document["schema_version"] == SCHEMA_VERSION
    assert len(document["results"]) == 4
    assert Document.from_json(json.dumps(document).encode()).run.exit_code == 6


def test_text_says_why(command: Command, own_workspace: Path, mixed: Path) -> None:
    result = command("verify", "-w", own_workspace, mixed / "0-traced.png")
    assert result.out.startswith("TRACED")
    assert "Traced to test-system" in result.out
    assert "The registry holds the record that is named." in result.out


def test_absence_is_never_called_authentic(
    command: Command, own_workspace: Path, tmp_path: Path, plain_png: bytes
) -> None:
    """In a picture that was searched, unlike the small one of the other tests."""
    (tmp_path / "plain.png").write_bytes(plain_png)
    result = command("verify", "-w", own_workspace, tmp_path / "plain.png")
    assert result.code == 1
    text = result.out.lower()
    assert "no known mark found" in text
    for word in ("authentic", "genuine", "not ai", "is real"):
        assert word not in text


def test_without_workspace_only_manifests_are_checked(
    command: Command, mixed: Path, stamped: bytes, tmp_path: Path
) -> None:
    result = command("verify", mixed / "0-traced.png")
    assert result.code == 4
    assert "no workspace given" in result.err
    stripped = tmp_path / "stripped.png"
    stripped.write_bytes(strip_manifest(stamped))
    # Nothing was found, but the mark could not be looked for: that is not "not found".
    assert command("verify", stripped).code == 5


def test_trust_list_option(
    command: Command, own_workspace: Path, mixed: Path, tmp_path: Path
) -> None:
    anchor = own_workspace / "trust" / "root.pem"
    assert command("verify", "--trust-list", anchor, mixed / "0-traced.png").code == 0
    garbage = tmp_path / "list.pem"
    garbage.write_text("not a list")
    refused = command("verify", "--trust-list", garbage, mixed / "0-traced.png")
    assert refused.code == 2
    assert "trust list" in refused.err


def test_names_patterns_and_missing_files(
    command: Command, own_workspace: Path, mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mixed)
    assert command("verify", "-w", own_workspace, "0-*.png").code == 0
    missing = command("verify", "-w", own_workspace, "--jsonl", "no-such.png")
    assert missing.code == 2
    assert missing.rows[0]["error"]["code"] == "E_IO"
    unmatched = command("verify", "-w", own_workspace, "--jsonl", "x-*.png")
    assert unmatched.rows[0]["error"]["message"] == "no file matches this pattern"
    (mixed / "empty").mkdir()
    empty = command("verify", "-w", own_workspace, "--jsonl", "empty")
    assert empty.rows[0]["error"]["message"] == "directory holds no files"


def test_links_below_a_directory_are_rows_and_not_followed(
    command: Command, own_workspace: Path, mixed: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.png"
    outside.write_bytes((mixed / "0-traced.png").read_bytes())
    (mixed / "9-link.png").symlink_to(outside)
    row = command("verify", "-w", own_workspace, "--jsonl", mixed).rows[-1]
    assert row["error"]["code"] == "E_IO"
    assert "symbolic link" in row["error"]["message"]
    assert command("verify", "-w", own_workspace, mixed / "9-link.png").code == 0


def test_file_names_of_any_bytes(command: Command, own_workspace: Path, mixed: Path) -> None:
    name = os.fsdecode(b"\xff\x1b[31m.png")
    os.rename(mixed / "0-traced.png", mixed / name)  # noqa: PTH104
    result = command("verify", "-w", own_workspace, mixed)
    assert "\x1b" not in result.out
    assert "\\xff\\x1b[31m.png" in result.out
    rows = command("verify", "-w", own_workspace, "--jsonl", mixed).rows
    assert any(row.get("path_base64") for row in rows)


def test_extension_mismatch_is_reported(command: Command, own_workspace: Path, mixed: Path) -> None:
    (mixed / "0-traced.png").rename(mixed / "photo.jpg")
    row = command("verify", "-w", own_workspace, "--jsonl", mixed / "photo.jpg").rows[0]
    assert row["verdict"] == "TRACED"
    assert row["flags"] == ["extension_mismatch"]


def test_workspace_from_environment(own_workspace: Path, stamped: bytes) -> None:
    env = {"PROVENANCE_WORKSPACE": str(own_workspace)}
    assert run("verify", "-", stdin=stamped, env=env).returncode == 0


def test_inspect_shows_raw_values(command: Command, own_workspace: Path, mixed: Path) -> None:
    picture = mixed / "0-traced.png"
    document = json.loads(command("inspect", "-w", own_workspace, "--json", picture).out)
    manifest = document["evidence"]["manifest"]
    assert manifest["state"] == "Trusted"
    assert "claimSignature.validated" in manifest["success"]
    assert manifest["actions"] == ["c2pa.created", "c2pa.watermarked.bound"]
    assert document["evidence"]["content_match"]["distance"] == 0
    text = command("inspect", "-w", own_workspace, picture).out
    assert "claimSignature.validated" in text
    assert manifest["manifest_id"] in text


def test_usage_errors(command: Command, own_workspace: Path, mixed: Path) -> None:
    assert command("verify", "-w", own_workspace).code == 2
    both = command("verify", "-w", own_workspace, "--json", "--jsonl", mixed)
    assert both.code == 2
    assert "exclude each other" in both.err
    assert command("inspect", "-w", own_workspace, mixed).code == 2
    assert command("no-such-command").code == 2
    assert command("verify", "-w", mixed, mixed / "0-traced.png").code == 2


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_has_gone_costs_no_report(
    mixed: Path, tmp_path: Path, unbuffered: str
) -> None:
    report = tmp_path / "report.json"
    arguments = ("verify", "--jsonl", str(mixed / "1-unknown.png"), "--report", str(report))
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, "-m", "provenance_cli", *arguments],
        stdout=writing,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        check=False,
    )
    os.close(writing)
    assert Document.from_json(report.read_bytes()).run.exit_code == 1
    assert ended.returncode == 1  # the verdict's: nothing was lost
    assert b"Exception" not in ended.stderr


def test_output_that_nobody_takes_is_an_error_and_no_verdict(mixed: Path) -> None:
    """Exit code 1 would say that no mark was found."""
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, "-m", "provenance_cli", "verify", str(mixed / "1-unknown.png")],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert ended.returncode == 2
    assert b"Exception" not in ended.stderr
