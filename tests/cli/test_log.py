"""`provenance log`: the log itself, a verifier with a proof and a key, a witness with two files."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from provenance_cli.exit_codes import ExitCode
from support.command import Command, Result
from support.leaves import NOON, MemorySource, make_log

from provenance.log import (
    IssuanceLog,
    VerifierKey,
    WitnessPolicy,
    load_witness_policy,
    open_checkpoint,
    verify_proof,
)


@pytest.fixture
def source() -> MemorySource:
    return MemorySource()


@pytest.fixture
def log(tmp_path: Path, source: MemorySource) -> IssuanceLog:
    made = make_log(tmp_path, source)
    source.issue(5)
    made.publish(NOON)
    return made


@pytest.fixture
def proof(tmp_path: Path, log: IssuanceLog, source: MemorySource) -> Path:
    path = tmp_path / "leaf.tlog-proof"
    path.write_bytes(log.prove(source.rows[3]))
    return path


@pytest.fixture
def witness(command: Command, tmp_path: Path) -> VerifierKey:
    result = command(
        "log", "key", "--witness", "witness.example/w", "--out", tmp_path / "witness.key"
    )
    assert result.code == ExitCode.TRACED
    return VerifierKey.parse(result.out.strip())


def cosign(command: Command, tmp_path: Path, log: IssuanceLog, request: bytes) -> Result:
    path = tmp_path / "request"
    path.write_bytes(request)
    keys = ("--log", str(log.key), "--key", tmp_path / "witness.key")
    return command("log", "cosign", path, *keys, "--state", tmp_path / "state.json")


def policy_for(tmp_path: Path, witness: VerifierKey) -> Path:
    path = tmp_path / "witnesses.toml"
    path.write_text(f'required = 1\nwitnesses = ["{witness}"]\n')
    return path


def test_a_proof_is_checked_with_nothing_but_the_key(
    command: Command, log: IssuanceLog, source: MemorySource, proof: Path
) -> None:
    result = command("log", "verify", proof, "--key", str(log.key))
    assert result.code == ExitCode.TRACED
    assert result.err == ""
    assert result.out.splitlines() == [
        f"commitment   {source.rows[3].hex()}",
        "in the log   example.org/log, leaf 3 of 5",
        "signed       2026-11-27T12:00:00Z, by the log",
        "witnesses    none required: the log alone vouches that it shows everybody the same",
    ]
    result = command(
        "log",
        "verify",
        proof,
        "--key",
        str(log.key),
        "--json",
        "--commitment",
        source.rows[3].hex(),
    )
    assert json.loads(result.out) == {
        "commitment": source.rows[3].hex(),
        "log": "example.org/log",
        "index": 3,
        "size": 5,
        "root": source.stored[5].root.hex(),
        "signed_at": "2026-11-27T12:00:00Z",
        "witnesses": [],
    }


def test_a_proof_comes_from_standard_input(
    command: Command, log: IssuanceLog, proof: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(proof.read_bytes())))
    assert command("log", "verify", "-", "--key", str(log.key)).code == ExitCode.TRACED
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x" * 2_000_000)))
    result = command("log", "verify", "-", "--key", str(log.key))
    assert (result.code, "more than" in result.err) == (ExitCode.ERROR, True)


def test_a_proof_that_does_not_hold_is_a_conflict(
    command: Command, log: IssuanceLog, source: MemorySource, proof: Path
) -> None:
    key = ("--key", str(log.key))
    result = command("log", "verify", proof, *key, "--commitment", source.rows[2].hex())
    assert result.code == ExitCode.CONFLICT
    assert "another commitment" in result.err
    proof.write_bytes(proof.read_bytes().replace(b"index 3", b"index 2"))
    result = command("log", "verify", proof, *key)
    assert (result.code, result.out) == (ExitCode.CONFLICT, "")
    assert "does not lead" in result.err
    assert "[E_LOG]" in result.err


def test_what_cannot_be_checked_is_an_error_of_its_own(
    command: Command, log: IssuanceLog, tmp_path: Path, proof: Path
) -> None:
    for arguments in (
        (proof, "--key", "nonsense"),
        (tmp_path / "none", "--key", str(log.key)),
        (tmp_path, "--key", str(log.key)),
        (proof, "--key", str(log.key), "--commitment", "xyz"),
        (proof, "--key", str(log.key), "--witness-policy", tmp_path / "none"),
    ):
        result = command("log", "verify", *arguments)
        assert (result.code, result.out) == (ExitCode.ERROR, ""), arguments
        assert len(result.err.splitlines()) == 1


def test_a_hostile_name_is_spelled_out(command: Command, tmp_path: Path) -> None:
    name = "evil\u202elog"
    result = command("log", "key", "--witness", name, "--out", tmp_path / "key")
    vkey = result.out.strip()
    result = command("log", "verify", tmp_path / "key", "--key", vkey)
    assert result.code == ExitCode.CONFLICT
    assert "\u202e" not in result.err


def test_from_request_to_cosignature_to_a_proof_that_the_policy_accepts(
    command: Command,
    tmp_path: Path,
    log: IssuanceLog,
    source: MemorySource,
    proof: Path,
    witness: VerifierKey,
) -> None:
    key, policy = ("--key", str(log.key)), policy_for(tmp_path, witness)
    result = command("log", "verify", proof, *key, "--witness-policy", policy)
    assert result.code == ExitCode.CONFLICT
    assert "0 of the witnesses" in result.err
    answer = cosign(command, tmp_path, log, log.request(0))
    assert (answer.code, answer.err) == (ExitCode.TRACED, "")
    watched = make_log(tmp_path, source, witnesses=load_witness_policy(policy))
    stored = watched.add_cosignatures(answer.out.encode())
    assert len(open_checkpoint(stored.note, log.key, [witness]).witnesses) == 1
    proof.write_bytes(watched.prove(source.rows[3]))
    result = command("log", "verify", proof, *key, "--witness-policy", policy)
    assert result.code == ExitCode.TRACED
    assert "by witness.example/w" in result.out
    result = command("log", "verify", proof, *key, "--witness-policy", policy, "--json")
    assert [item["name"] for item in json.loads(result.out)["witnesses"]] == ["witness.example/w"]


def test_a_witness_refuses_what_does_not_continue(
    command: Command, tmp_path: Path, log: IssuanceLog, source: MemorySource, witness: VerifierKey
) -> None:
    assert cosign(command, tmp_path, log, log.request(0)).code == ExitCode.TRACED
    source.issue(1)
    log.publish(NOON + timedelta(minutes=1))
    result = cosign(command, tmp_path, log, log.request(0))
    assert (result.code, result.out) == (ExitCode.CONFLICT, "")
    assert "the witness signed 5 leaves of this log last, not 0" in result.err
    assert "--since 5" in result.err
    assert cosign(command, tmp_path, log, log.request(5)).code == ExitCode.TRACED
    assert cosign(command, tmp_path, log, b"rubbish").code == ExitCode.CONFLICT


def test_a_witness_needs_its_own_key(
    command: Command, tmp_path: Path, log: IssuanceLog, witness: VerifierKey
) -> None:
    request = tmp_path / "request"
    request.write_bytes(log.request(0))
    state = ("--state", tmp_path / "state.json")
    log_key = next((tmp_path / "keys").glob("*.key"))
    for name, key in ((str(log.key), log_key), (str(log.key), request), ("x", log_key)):
        result = command("log", "cosign", request, "--log", name, "--key", key, *state)
        assert (result.code, result.out) == (ExitCode.ERROR, ""), (name, key)
    twice = ("--log", str(log.key), "--log", str(log.key))
    result = command("log", "cosign", request, *twice, "--key", tmp_path / "witness.key", *state)
    assert result.code == ExitCode.ERROR
    assert not (tmp_path / "state.json").exists()


def test_keys_of_witnesses_are_private_and_never_overwritten(
    command: Command, tmp_path: Path, witness: VerifierKey
) -> None:
    path = tmp_path / "witness.key"
    assert path.stat().st_mode & 0o777 == 0o600
    again = command("log", "key", "--witness", "witness.example/w", "--out", path)
    assert again.code == ExitCode.ERROR
    assert "not overwritten" in again.err
    assert command("log", "key", "--witness", "witness.example/w").code == ExitCode.ERROR
    assert command("log", "key", "--witness", "a b", "--out", tmp_path / "n").code == 2


# --- with a log ------------------------------------------------------------------------


class Opened:
    """Stands in for a workspace: a log, and a store with one record in it and one outside."""

    def __init__(self, folder: Path, source: MemorySource, policy: WitnessPolicy) -> None:
        self._made = make_log(folder, source, witnesses=policy)
        self._source = source

    def log(self, *, read_only: bool) -> IssuanceLog:
        return replace(self._made, signer=None) if read_only else self._made

    def store(self, *, read_only: bool) -> Opened:
        assert read_only
        return self

    def find_by_id(self, record_id: str) -> object | None:
        return {"in the log": 1, "before the log": 2}.get(record_id)

    def commitment_of(self, record_id: str) -> bytes | None:
        return self._source.rows[1] if record_id == "in the log" else None


@pytest.fixture
def opened(
    tmp_path: Path,
    log: IssuanceLog,
    source: MemorySource,
    witness: VerifierKey,
    monkeypatch: pytest.MonkeyPatch,
) -> Opened:
    made = Opened(tmp_path, source, load_witness_policy(policy_for(tmp_path, witness)))
    monkeypatch.setattr("provenance_cli.commands.log.open_workspace", lambda path: made)
    return made


def test_a_checkpoint_is_made_printed_and_cosigned(
    command: Command, opened: Opened, source: MemorySource, tmp_path: Path, log: IssuanceLog
) -> None:
    source.issue(2)
    result = command("log", "checkpoint")
    assert (result.code, result.err) == (ExitCode.TRACED, "")
    assert result.out.encode() == source.stored[7].note
    request = command("log", "request", "--since", "0")
    assert request.out.startswith("old 0\n\nexample.org/log\n7\n")
    (tmp_path / "answer").write_text(cosign(command, tmp_path, log, request.out.encode()).out)
    source.issue(1)
    result = command("log", "checkpoint", "--cosignature", tmp_path / "answer", "--json")
    fields = json.loads(result.out)
    assert (fields["size"], fields["added"], fields["time_stamped"]) == (7, 0, False)
    assert fields["note"].encode() == source.stored[7].note
    assert "witness.example/w" in fields["note"]
    fields = json.loads(command("log", "checkpoint", "--json").out)
    assert (fields["size"], fields["added"]) == (8, 1)
    request = command("log", "request", "--witness", "witness.example/w")
    assert request.out.startswith("old 7\n")


def test_records_and_commitments_are_proven(
    command: Command, opened: Opened, source: MemorySource, log: IssuanceLog, tmp_path: Path
) -> None:
    for name, leaf in (("in the log", 1), (source.rows[4].hex(), 4)):
        result = command("log", "prove", name)
        assert result.code == ExitCode.TRACED
        proven = verify_proof(result.out.encode(), log.key)
        assert (proven.index, proven.commitment) == (leaf, source.rows[leaf])
    for name, reason in (
        ("before the log", "is not in the log"),
        ("unknown", "there is no record"),
        ("0" * 64, "in no checkpoint"),
    ):
        result = command("log", "prove", name)
        assert (result.code, result.out) == (ExitCode.ERROR, "")
        assert reason in result.err


def test_fsck_names_what_is_damaged_and_rebuild_mends_tiles(
    command: Command, opened: Opened, log: IssuanceLog
) -> None:
    assert command("log", "fsck").code == ExitCode.TRACED
    tile = log.directory / "tile/0/000.p/5"
    tile.write_bytes(b"\0" * 160)
    result = command("log", "fsck")
    assert result.code == ExitCode.CONFLICT
    assert result.out.startswith(f"FAIL  {tile}: leaf 0 differs")
    result = command("log", "fsck", "--json")
    assert {item["place"] for item in json.loads(result.out)} == {str(tile)}
    assert command("log", "checkpoint").code == ExitCode.ERROR
    assert command("log", "checkpoint", "--rebuild").code == ExitCode.TRACED
    result = command("log", "fsck", "--json")
    assert (result.code, json.loads(result.out)) == (ExitCode.TRACED, [])


def test_the_key_of_the_log_is_printed(command: Command, opened: Opened, log: IssuanceLog) -> None:
    assert command("log", "key").out == f"{log.key}\n"


# --- without one -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["checkpoint", "fsck", "key"])
def test_without_a_workspace_the_rest_says_what_is_missing(command: Command, name: str) -> None:
    result = command("log", name)
    assert result.code == ExitCode.ERROR
    assert "no workspace given" in result.err


def test_a_request_says_since_when(command: Command) -> None:
    assert command("log", "request").code == ExitCode.ERROR
    assert command("log", "request", "--since", "1", "--witness", "w").code == ExitCode.ERROR
