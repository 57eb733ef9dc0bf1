"""`provenance verify --format` as a user, and a conformance test harness, sees it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.command import Command

from provenance import Generation, Workspace
from provenance.workspace.selftest import synthetic_picture


@pytest.fixture(scope="module")
def stamped(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("crjson") / "stamped.png"
    path.write_bytes(workspace.stamper().stamp(synthetic_picture(), Generation(model="m")).data)
    return path


def test_the_document_of_one_file_and_the_exit_code_of_its_verdict(
    command: Command, own_workspace: Path, stamped: Path
) -> None:
    result = command("verify", "-w", own_workspace, "--format", "crjson", stamped)
    assert result.code == 0
    assert result.out.isascii()
    document = json.loads(result.out)
    assert document["jsonGenerator"]["name"] == "c2pa-rs"
    (manifest,) = document["manifests"]
    assert manifest["validationResults"]["failure"] == []
    stranger = command("verify", "--format", "crjson", stamped)
    assert stranger.code == command("verify", stamped).code == 4
    (manifest,) = json.loads(stranger.out)["manifests"]
    codes = [entry["code"] for entry in manifest["validationResults"]["failure"]]
    assert codes == ["signingCredential.untrusted"]
    assert command("verify", "--exit-zero", "--format", "crjson", stamped).code == 0


def test_what_a_conformance_harness_gives(
    command: Command, own_workspace: Path, stamped: Path
) -> None:
    """An asset, a trust list, a TSA trust list, a validation time."""
    anchors = own_workspace / "trust" / "root.pem"
    lists = ("--trust-list", anchors, "--tsa-list", anchors)

    def failures(moment: datetime) -> list[str]:
        at = moment.isoformat(timespec="seconds").replace("+00:00", "Z")
        result = command("verify", *lists, "--at", at, "--format", "crjson", stamped)
        (manifest,) = json.loads(result.out)["manifests"]
        assert manifest["validationResults"]["validationTime"] == at
        return [entry["code"] for entry in manifest["validationResults"]["failure"]]

    now = datetime.now(UTC)
    assert failures(now) == []
    expired = ["signingCredential.untrusted", "signingCredential.expired"]
    assert failures(now + timedelta(days=3650)) == expired


def test_without_a_manifest_there_is_an_error_and_no_document(
    command: Command, own_workspace: Path, plain_png: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "plain.png"
    path.write_bytes(plain_png)
    result = command("verify", "-w", own_workspace, "--format", "crjson", path)
    assert (result.code, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert "no manifest" in line
    assert "E_MANIFEST" in line


def test_a_document_describes_one_file(command: Command, stamped: Path) -> None:
    for files in ((stamped, stamped), (stamped.parent / "none.png",)):
        result = command("verify", "--format", "crjson", *files)
        assert (result.code, result.out) == (2, "")
        assert result.err.splitlines()[-1].startswith("error: ")


def test_json_and_jsonl_are_short_forms(command: Command, stamped: Path) -> None:
    assert command("verify", "--format", "text", stamped).out == command("verify", stamped).out
    (long,) = command("verify", "--format", "jsonl", stamped).rows
    (short,) = command("verify", "--jsonl", stamped).rows
    del long["manifest"]["validity"], short["manifest"]["validity"]  # the time of the run
    assert long == short
    (result,) = json.loads(command("verify", "--format", "json", stamped).out)["results"]
    assert result["source"]["before"]["sha256"] == long["sha256"]
    assert command("verify", "--format", "json", "--json", stamped).code == 4


@pytest.mark.parametrize("options", [("--format", "crjson", "--json"), ("--json", "--jsonl")])
def test_contradicting_formats_are_refused(
    command: Command, stamped: Path, options: tuple[str, ...]
) -> None:
    result = command("verify", *options, stamped)
    assert (result.code, result.out) == (2, "")
    assert "exclude each other" in result.err
