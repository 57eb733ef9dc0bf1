"""Witnesses: one history for everybody, or no signature."""

from __future__ import annotations

import pickle
from datetime import timedelta
from pathlib import Path

import pytest
from support.leaves import NOON, ORIGIN, MemorySource, make_log, signer, witness_signer

from provenance.errors import ArgumentError, LogError
from provenance.log import (
    IssuanceLog,
    Refusal,
    RefusedError,
    Witness,
    WitnessPolicy,
    open_checkpoint,
    verify_proof,
)


def make_witness(folder: Path, log: IssuanceLog, name: str = "witness.example/w") -> Witness:
    key = witness_signer(folder, name)
    return Witness(signer=key, logs={ORIGIN: log.key}, state_path=folder / f"{name[-1]}.state.json")


def make_pair(folder: Path) -> tuple[MemorySource, IssuanceLog, Witness]:
    """A log that requires a witness, and the witness."""
    source = MemorySource()
    policy = WitnessPolicy(
        required=1, witnesses=(witness_signer(folder, "witness.example/w").verifier,)
    )
    log = make_log(folder, source, witnesses=policy)
    source.issue(5)
    log.publish(NOON)
    return source, log, make_witness(folder, log)


def forked(folder: Path, log: IssuanceLog, count: int) -> IssuanceLog:
    """A second history under the same key, as only the owner of the key can make it."""
    other = folder / "forked"
    (other / "keys").mkdir(parents=True)
    (path,) = (folder / "keys").glob("*.key")
    (other / "keys" / path.name).write_bytes(path.read_bytes())
    (other / "keys" / path.name).chmod(0o600)
    source = MemorySource()
    fork = make_log(other, source, witnesses=log.witnesses)
    assert fork.key == log.key
    source.issue(count, "another history")
    fork.publish(NOON)
    return fork


def refusal(witness: Witness, request: bytes) -> RefusedError:
    state = witness.state_path.read_bytes() if witness.state_path.exists() else None
    with pytest.raises(RefusedError) as refused:
        witness.cosign(request, NOON)
    assert (witness.state_path.read_bytes() if witness.state_path.exists() else None) == state
    return refused.value


def test_a_witness_signs_each_head_that_continues_the_one_before(tmp_path: Path) -> None:
    source, log, witness = make_pair(tmp_path)
    assert log.seen_by("witness.example/w") == 0
    for minute, count in enumerate((0, 1, 300, 2), start=1):
        source.issue(count)
        log.publish(NOON + timedelta(minutes=minute))
        request = log.request(log.seen_by("witness.example/w"))
        stored = log.add_cosignatures(witness.cosign(request, NOON + timedelta(minutes=minute)))
        opened = open_checkpoint(stored.note, log.key, log.witnesses.known)
        (seen,) = opened.witnesses
        assert seen.seconds == int((NOON + timedelta(minutes=minute)).timestamp())
        assert (log.directory / "checkpoint").read_bytes() == stored.note
        assert log.seen_by("witness.example/w") == stored.size
    assert log.fsck() == []


def test_the_text_of_a_request(tmp_path: Path) -> None:
    source, log, _ = make_pair(tmp_path)
    source.issue(1)
    log.publish(NOON)
    head, _, note = log.request(5).partition(b"\n\n")
    assert head.split(b"\n")[0] == b"old 5"
    assert len(head.split(b"\n")) == 1 + len(log.consistency(5, 6))
    assert note == log.newest().note
    assert log.request(0).startswith(b"old 0\n\nexample.org/log\n6\n")
    with pytest.raises(ArgumentError, match="the log has 6"):
        log.request(7)


def test_a_policy_that_is_not_met_makes_a_proof_fail(tmp_path: Path) -> None:
    source, log, witness = make_pair(tmp_path)
    bare = log.prove(source.rows[1])
    verify_proof(bare, log.key)
    with pytest.raises(LogError, match="0 of the witnesses cosigned the checkpoint, and 1 must"):
        verify_proof(bare, log.key, policy=log.witnesses)
    log.add_cosignatures(witness.cosign(log.request(0), NOON))
    proven = verify_proof(log.prove(source.rows[1]), log.key, policy=log.witnesses)
    assert [item.key for item in proven.witnesses] == [witness.signer.verifier]


def test_a_proof_takes_the_newest_checkpoint_with_enough_cosignatures(tmp_path: Path) -> None:
    source, log, witness = make_pair(tmp_path)
    log.add_cosignatures(witness.cosign(log.request(0), NOON))
    source.issue(3)
    log.publish(NOON)
    assert verify_proof(log.prove(source.rows[1]), log.key, policy=log.witnesses).size == 5
    assert verify_proof(log.prove(source.rows[7]), log.key).size == 8


def test_an_answer_may_come_late(tmp_path: Path) -> None:
    source, log, witness = make_pair(tmp_path)
    line = witness.cosign(log.request(0), NOON)
    source.issue(3)
    newest = log.publish(NOON).checkpoint
    assert log.add_cosignatures(line).size == 5
    assert (log.directory / "checkpoint").read_bytes() == newest.note
    assert log.fsck() == []


def test_a_witness_that_knows_another_size_says_which(tmp_path: Path) -> None:
    source, log, witness = make_pair(tmp_path)
    stale = refusal(witness, log.request(5))
    assert (stale.refusal, stale.size) == (Refusal.STALE, 0)
    witness.cosign(log.request(0), NOON)
    source.issue(2)
    log.publish(NOON)
    for since in (0, 3, 7):
        stale = refusal(witness, log.request(since))
        assert (stale.refusal, stale.size) == (Refusal.STALE, 5)
    again = pickle.loads(pickle.dumps(stale))  # noqa: S301
    assert (again.refusal, again.size, again.message) == (stale.refusal, 5, stale.message)


def test_a_second_history_is_not_signed(tmp_path: Path) -> None:
    _, log, witness = make_pair(tmp_path)
    witness.cosign(log.request(0), NOON)
    fork = forked(tmp_path, log, 5)
    other = refusal(witness, fork.request(5))  # as large, with another root
    assert other.refusal is Refusal.STALE
    assert "two histories" in other.message
    fork.source.issue(4, "another history")
    fork.publish(NOON)
    assert refusal(witness, fork.request(5)).refusal is Refusal.INCONSISTENT


def test_a_witness_that_signs_two_histories_is_not_enough_where_two_are_required(
    tmp_path: Path,
) -> None:
    source, log, honest = make_pair(tmp_path)
    lying = make_witness(tmp_path, log, "witness.example/x")
    policy = WitnessPolicy(required=2, witnesses=(honest.signer.verifier, lying.signer.verifier))
    log = make_log(tmp_path, source, witnesses=policy)
    fork = make_log(tmp_path / "forked", forked(tmp_path, log, 5).source, witnesses=policy)
    for history in (log, fork):
        history.add_cosignatures(lying.cosign(history.request(0), NOON))
        lying.state_path.unlink()  # it forgets what it signed
    log.add_cosignatures(honest.cosign(log.request(0), NOON))
    refusal(honest, fork.request(0))
    assert len(verify_proof(log.prove(source.rows[1]), log.key, policy=policy).witnesses) == 2
    with pytest.raises(LogError, match="1 of the witnesses cosigned the checkpoint, and 2 must"):
        verify_proof(fork.prove(fork.source.rows[1]), fork.key, policy=policy)


def test_a_log_that_is_not_watched_and_one_that_did_not_sign(tmp_path: Path) -> None:
    _, log, witness = make_pair(tmp_path)
    request = log.request(0)
    nobody = Witness(signer=witness.signer, logs={}, state_path=witness.state_path)
    assert refusal(nobody, request).refusal is Refusal.UNKNOWN_LOG
    (tmp_path / "other").mkdir()
    false = signer(tmp_path / "other").verifier  # of the same name
    mistaken = Witness(signer=witness.signer, logs={ORIGIN: false}, state_path=witness.state_path)
    assert refusal(mistaken, request).refusal is Refusal.NOT_SIGNED
    note = log.newest().note
    changed = b"old 0\n\n" + note.replace(b"\n5\n", b"\n6\n")
    assert refusal(witness, changed).refusal is Refusal.NOT_SIGNED


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: data[4:],
        lambda data: data.replace(b"old 0", b"old 00"),
        lambda data: data.replace(b"old 0", b"old -1"),
        lambda data: data.replace(b"old 0", b"old 9"),
        lambda data: data.replace(b"old 0\n", b"old 0\nAAAA\n"),
        lambda data: data.replace(b"old 0\n", b"old 0\n" + b"A\n" * 64),
        lambda data: data.partition(b"\n\n")[0],
        lambda data: data.partition(b"\n\n")[0] + b"\n\nx\n",
        lambda data: b"old 0\n" + b"x" * 2_000_000,
        lambda data: data.replace(b"old 0\n", b"old 0\r\n"),
    ],
)
def test_malformed_requests(tmp_path: Path, change) -> None:
    _, log, witness = make_pair(tmp_path)
    assert refusal(witness, change(log.request(0))).refusal is Refusal.MALFORMED


def test_a_proof_from_nothing_is_empty(tmp_path: Path) -> None:
    _, log, witness = make_pair(tmp_path)
    hashed = log.request(0).replace(b"old 0\n", b"old 0\n" + b"A" * 43 + b"=\n")
    assert refusal(witness, hashed).refusal is Refusal.INCONSISTENT


def test_a_witness_stores_before_it_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from provenance.log import witness as module

    _, log, witness = make_pair(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise LogError("cannot write")

    monkeypatch.setattr(module, "replace_file", full)
    with pytest.raises(LogError, match="cannot write"):
        witness.cosign(log.request(0), NOON)
    monkeypatch.undo()
    witness.cosign(log.request(0), NOON)
    assert b"5 " in witness.state_path.read_bytes()


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{", b'{"example.org/log": 5}', b'{"example.org/log": "5 AAAA"}', b"[" * 100_000],
)
def test_a_damaged_state_file_signs_nothing(tmp_path: Path, data: bytes) -> None:
    _, log, witness = make_pair(tmp_path)
    witness.state_path.write_bytes(data)
    with pytest.raises(LogError, match="not the state of a witness"):
        witness.cosign(log.request(0), NOON)
    assert witness.state_path.read_bytes() == data


def test_the_key_of_a_log_is_no_witness(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="key of a log"):
        Witness(signer=signer(tmp_path), logs={}, state_path=tmp_path / "state")


def test_cosignatures_that_are_not_taken(tmp_path: Path) -> None:
    source, log, witness = make_pair(tmp_path)
    stranger = make_witness(tmp_path, log, "witness.example/s")
    line = stranger.cosign(log.request(0), NOON)
    with pytest.raises(LogError, match="none of the cosignatures"):
        log.add_cosignatures(line)
    good = witness.cosign(log.request(0), NOON)
    fork = forked(tmp_path, log, 5)
    with pytest.raises(LogError, match="over no checkpoint"):
        fork.add_cosignatures(good)
    for bad in (b"", b"x\n", good[:-1], good.replace(b"witness", b"wit ness"), b"\xff\n"):
        with pytest.raises(LogError):
            log.add_cosignatures(bad)
    before = source.backup()
    log.add_cosignatures(line + good)  # the stranger's is left aside
    assert b"witness.example/s" not in source.stored[5].note
    assert source != before
    once = source.backup()
    log.add_cosignatures(good)
    assert source == once
