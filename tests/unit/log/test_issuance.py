"""Publishing: what gets signed, what refuses to be, and what proofs are worth."""

from __future__ import annotations

import os
import shutil
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.leaves import (
    NOON,
    DiskSource,
    MemorySource,
    commitment,
    make_log,
    signer,
    witness_signer,
)

from benchmarks import rfc6962
from provenance.errors import ArgumentError, ErrorCode, LogError
from provenance.log import (
    IssuanceLog,
    Proof,
    Refusal,
    RefusedError,
    Witness,
    open_checkpoint,
    verify_proof,
)
from provenance.log.merkle import EMPTY_ROOT, consistency_holds


def published(folder: Path, *counts: int) -> tuple[MemorySource, IssuanceLog]:
    """A log with one checkpoint for each count of new leaves, a minute apart."""
    source = MemorySource()
    log = make_log(folder, source)
    for minute, count in enumerate(counts):
        source.issue(count)
        log.publish(NOON + timedelta(minutes=minute))
    return source, log


def files(log: IssuanceLog) -> dict[str, bytes]:
    """Everything that is served."""
    return {
        path.relative_to(log.directory).as_posix(): path.read_bytes()
        for path in sorted(log.directory.rglob("*"))
        if path.is_file()
    }


# --- what holds ------------------------------------------------------------------------


def test_a_checkpoint_says_what_is_in_the_log_and_when(tmp_path: Path) -> None:
    source, log = published(tmp_path, 3)
    stored = source.stored[3]
    opened = open_checkpoint(stored.note, log.key)
    assert opened.checkpoint.root == stored.root == rfc6962.mth(source.rows)
    assert (opened.seconds, stored.signed_at) == (int(NOON.timestamp()), NOON)
    assert (log.directory / "checkpoint").read_bytes() == stored.note == log.head_path.read_bytes()
    assert stored.note.startswith(b"example.org/log\n3\n")
    assert stat.S_IMODE(log.head_path.stat().st_mode) == 0o600
    assert log.fsck() == []


def test_an_empty_log_can_be_published(tmp_path: Path) -> None:
    source, log = published(tmp_path, 0, 2)
    assert source.stored[0].root == EMPTY_ROOT
    assert sorted(source.stored) == [0, 2]
    assert log.fsck() == []


def test_what_is_served_is_laid_out_as_specified(tmp_path: Path) -> None:
    source, log = published(tmp_path, 200, 100)
    assert sorted(files(log)) == [
        "checkpoint",
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/44",
    ]
    assert files(log)["tile/0/001.p/44"] == b"".join(map(rfc6962.leaf, source.rows[256:]))
    assert files(log)["tile/1/000.p/1"] == rfc6962.mth(source.rows[:256])
    assert files(log)["tile/entries/001.p/44"] == b"".join(
        b"\x00\x20" + leaf for leaf in source.rows[256:]
    )


def test_publishing_again_without_new_leaves_changes_nothing(tmp_path: Path) -> None:
    source, log = published(tmp_path, 5)
    before = files(log), log.head_path.read_bytes(), source.backup()
    again = log.publish(NOON + timedelta(days=1))
    assert again.checkpoint == source.stored[5]
    assert again.added == 0
    assert (files(log), log.head_path.read_bytes(), source) == before


@settings(max_examples=12)
@given(counts=st.lists(st.integers(1, 300), min_size=1, max_size=6), data=st.data())
def test_every_leaf_is_proven_and_every_checkpoint_continues_the_one_before(
    tmp_path_factory: pytest.TempPathFactory, counts: list[int], data: st.DataObject
) -> None:
    source, log = published(tmp_path_factory.mktemp("log"), *counts)
    sizes = sorted(source.stored)
    for size in sizes:
        assert source.stored[size].root == rfc6962.mth(source.rows[:size])
    for _ in range(5):
        index = data.draw(st.integers(0, sizes[-1] - 1))
        proof = log.prove(source.rows[index])
        assert verify_proof(proof, log.key, commitment=source.rows[index]).index == index
        assert rfc6962.check_proof(proof, str(log.key), source.rows[index]) == index
    old, new = sorted(data.draw(st.tuples(st.sampled_from(sizes), st.sampled_from(sizes))))
    hashes = log.consistency(old, new)
    roots = source.stored[old].root, source.stored[new].root
    assert consistency_holds(old, roots[0], new, roots[1], hashes)
    assert rfc6962.roots_from_proof(old, new, hashes, roots[0]) == roots
    assert log.fsck() == []


def test_the_order_of_leaves_is_that_of_the_registry_and_not_of_the_caller(tmp_path: Path) -> None:
    source, log = published(tmp_path, 2)
    source.issue(1)
    log.check()  # what waits is no contradiction
    assert source.waiting() == 1
    with pytest.raises(LogError, match="no checkpoint") as refused:
        log.prove(source.pending[0])
    assert "log checkpoint" in refused.value.hint
    assert log.publish(NOON).added == 1


def test_a_leaf_that_is_not_there_is_not_proven(tmp_path: Path) -> None:
    _, log = published(tmp_path, 2)
    with pytest.raises(LogError, match="no checkpoint"):
        log.prove(commitment(99))


@pytest.mark.parametrize(("old", "new"), [(3, 2), (0, 6), (-1, 2)])
def test_there_is_no_consistency_proof_beyond_the_log(tmp_path: Path, old: int, new: int) -> None:
    _, log = published(tmp_path, 5)
    with pytest.raises(ArgumentError, match="the log has 5"):
        log.consistency(old, new)


# --- proofs of others ------------------------------------------------------------------


def test_a_proof_for_another_log_another_leaf_or_another_place_is_refused(tmp_path: Path) -> None:
    source, log = published(tmp_path, 5)
    (tmp_path / "other").mkdir()
    other = signer(tmp_path / "other", "example.org/other").verifier
    data = log.prove(source.rows[2])
    with pytest.raises(LogError, match="nobody known"):
        verify_proof(data, other)
    with pytest.raises(LogError, match="another commitment"):
        verify_proof(data, log.key, commitment=source.rows[3])
    proof = Proof.parse(data)
    for changed in (
        Proof(commitment=source.rows[3], index=2, hashes=proof.hashes, note=proof.note),
        Proof(commitment=source.rows[2], index=3, hashes=proof.hashes, note=proof.note),
        Proof(commitment=source.rows[2], index=2, hashes=proof.hashes[1:], note=proof.note),
    ):
        with pytest.raises(LogError, match="does not lead"):
            verify_proof(bytes(changed), log.key)


def test_no_bit_of_a_proof_can_be_changed(tmp_path: Path) -> None:
    source, log = published(tmp_path, 3)
    data = log.prove(source.rows[1])
    for at in range(len(data)):
        for bit in range(0, 8, 3):
            changed = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
            # The log's second signature becomes that of an unknown key: it only said when.
            try:
                proven = verify_proof(changed, log.key, commitment=source.rows[1])
            except LogError:
                continue
            assert (proven.index, proven.root) == (1, source.stored[3].root)
            assert proven.seconds is None


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda data: b"", "not a proof"),
        (lambda data: b"x" * 2_000_000, "at most"),
        (lambda data: data.replace(b"@v1", b"@v2"), "not a proof"),
        (lambda data: data.replace(b"extra ", b"more "), "no line with the commitment"),
        (lambda data: data.replace(b"index 1", b"index 01"), "malformed"),
        (lambda data: data.replace(b"index 1", b"index -1"), "malformed"),
        (lambda data: data.replace(b"index 1", b"index 9223372036854775808"), "malformed"),
        (lambda data: data.replace(b"index 1\n", b"index 1\nAAAA\n"), "not a hash"),
        (lambda data: data.replace(b"index 1\n", b"index 1\n" + b"A\n" * 64), "at most 63"),
        (lambda data: data.partition(b"\n\n")[0] + b"\n\n", "no signatures"),
    ],
)
def test_what_is_not_exactly_a_proof_is_refused(tmp_path: Path, change, match: str) -> None:
    source, log = published(tmp_path, 3)
    with pytest.raises(LogError, match=match):
        verify_proof(change(log.prove(source.rows[1])), log.key)


def test_a_damaged_tile_is_not_served_as_a_proof(tmp_path: Path) -> None:
    source, log = published(tmp_path, 3)
    tile = log.directory / "tile/0/000.p/3"
    data = tile.read_bytes()
    tile.write_bytes(b"\0" + data[1:])
    with pytest.raises(LogError, match="damaged"):
        log.prove(source.rows[1])


# --- old backups -----------------------------------------------------------------------


def test_a_registry_from_an_old_backup_signs_nothing(tmp_path: Path) -> None:
    source, log = published(tmp_path, 5)
    backup = source.backup()
    source.issue(4)
    log.publish(NOON)
    restored = make_log(tmp_path, backup)
    for act in (restored.check, lambda: restored.publish(NOON)):
        with pytest.raises(LogError, match="has 5 leaves in order, and 9 were signed"):
            act()
    backup.issue(4, "another history")  # it goes on, and gets as far as before
    with pytest.raises(LogError, match="were signed"):
        restored.publish(NOON)
    backup.sequence()
    with pytest.raises(LogError, match="leaf 8 of the registry is not the one"):
        restored.check()


def test_a_directory_from_an_old_backup_is_found_out_and_can_be_made_anew(tmp_path: Path) -> None:
    source, log = published(tmp_path, 5)
    shutil.copytree(log.directory, tmp_path / "backup")
    source.issue(400)
    log.publish(NOON + timedelta(minutes=1))
    source.issue(20)
    log.publish(NOON + timedelta(minutes=2))
    whole = files(log)
    shutil.rmtree(log.directory)
    shutil.copytree(tmp_path / "backup", log.directory)
    source.issue(1)
    for act in (log.check, lambda: log.publish(NOON)):
        with pytest.raises(LogError, match="directory is behind what was signed"):
            act()
    log.rebuild()
    assert files(log) == whole
    assert log.fsck() == []
    log.publish(NOON + timedelta(minutes=3))
    assert log.fsck() == []


def test_registry_and_directory_from_an_old_backup_sign_nothing(tmp_path: Path) -> None:
    source, log = published(tmp_path, 5)
    backup = source.backup()
    shutil.copytree(log.directory, tmp_path / "backup")
    source.issue(4)
    log.publish(NOON)
    shutil.rmtree(log.directory)
    shutil.copytree(tmp_path / "backup", log.directory)
    restored = make_log(tmp_path, backup)
    backup.issue(7, "another history")
    backup.sequence()
    with pytest.raises(LogError, match="directory is behind"):
        restored.publish(NOON)
    with pytest.raises(LogError, match="do not give the root"):
        restored.rebuild()


def test_a_head_file_from_an_old_backup_or_none_signs_nothing(tmp_path: Path) -> None:
    source, log = published(tmp_path, 5)
    old = log.head_path.read_bytes()
    source.issue(4)
    log.publish(NOON)
    new = log.head_path.read_bytes()
    log.head_path.write_bytes(old)
    source.issue(1)
    with pytest.raises(LogError, match="says 5 leaves, and the log directory has a checkpoint"):
        log.publish(NOON)
    (log.directory / "checkpoint").write_bytes(old)
    with pytest.raises(LogError, match="says 5 leaves, and the registry has a checkpoint of 9"):
        log.publish(NOON)
    (log.directory / "checkpoint").write_bytes(new)
    log.head_path.unlink()
    with pytest.raises(LogError, match="missing, and the log is not new"):
        log.publish(NOON)
    # What the hint says: the served checkpoint is a head.
    log.head_path.write_bytes((log.directory / "checkpoint").read_bytes())
    assert log.head_path.read_bytes() == new
    assert log.publish(NOON).checkpoint.size == 10


def test_head_file_and_registry_from_an_old_backup_sign_nothing(tmp_path: Path) -> None:
    source, log = published(tmp_path, 5)
    backup, old = source.backup(), log.head_path.read_bytes()
    source.issue(4)
    log.publish(NOON)
    log.head_path.write_bytes(old)
    restored = make_log(tmp_path, backup)
    backup.issue(2, "another history")
    for act in (restored.check, lambda: restored.publish(NOON), restored.rebuild):
        with pytest.raises(LogError, match="says 5 leaves, and the log directory has a checkpoint"):
            act()


def test_all_three_from_an_old_backup_are_noticed_by_a_witness_alone(tmp_path: Path) -> None:
    source, log = published(tmp_path, 5)
    key = witness_signer(tmp_path, "witness.example/w")
    witness = Witness(signer=key, logs={log.key.name: log.key}, state_path=tmp_path / "state")
    backup, old = source.backup(), log.head_path.read_bytes()
    shutil.copytree(log.directory, tmp_path / "backup")
    source.issue(4)
    log.publish(NOON)
    witness.cosign(log.request(0), NOON)
    log.head_path.write_bytes(old)
    shutil.rmtree(log.directory)
    shutil.copytree(tmp_path / "backup", log.directory)
    restored = make_log(tmp_path, backup)
    restored.check()  # docs/known-limits.md
    backup.issue(6, "another history")
    restored.publish(NOON)
    with pytest.raises(RefusedError) as refused:
        witness.cosign(restored.request(9), NOON)
    assert refused.value.refusal is Refusal.INCONSISTENT


def test_a_damaged_checkpoint_in_the_directory_signs_nothing_and_is_written_anew(
    tmp_path: Path,
) -> None:
    source, log = published(tmp_path, 5)
    path = log.directory / "checkpoint"
    path.write_bytes(path.read_bytes().replace(b"\n5\n", b"\n7\n"))
    source.issue(1)
    with pytest.raises(LogError, match="not a checkpoint of this log") as refused:
        log.publish(NOON)
    assert "--rebuild" in refused.value.hint
    log.rebuild()
    log.publish(NOON)
    assert log.fsck() == []


def test_a_head_file_of_another_log_or_a_damaged_one_signs_nothing(tmp_path: Path) -> None:
    source, log = published(tmp_path, 5)
    source.issue(1)
    good = log.head_path.read_bytes()
    for bad in (b"", good.replace(b"\n5\n", b"\n4\n"), good.replace(b"example", b"exemple")):
        log.head_path.write_bytes(bad)
        with pytest.raises(LogError, match="not a head of this log"):
            log.publish(NOON)


def test_a_leaf_that_was_changed_in_the_tile_that_is_filling_is_found_when_publishing(
    tmp_path: Path,
) -> None:
    source, log = published(tmp_path, 5)
    source.rows[2] = commitment(99)
    source.issue(1)
    with pytest.raises(LogError, match="leaf 2 of the registry is not the one"):
        log.publish(NOON)
    assert sorted(source.stored) == [5]


def test_a_full_tile_is_never_overwritten(tmp_path: Path) -> None:
    source, log = published(tmp_path, 250)
    source.issue(10)
    there = log.directory / "tile/0/000"
    there.write_bytes(b"\0" * 8192)
    with pytest.raises(LogError, match="not overwritten"):
        log.publish(NOON)
    assert there.read_bytes() == b"\0" * 8192
    assert log.head_path.read_bytes() == source.stored[250].note


def test_a_registry_that_gives_fewer_or_other_leaves_than_it_says_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, log = published(tmp_path, 5)
    source.issue(3)
    monkeypatch.setattr(
        source, "leaves", lambda start, stop: iter(source.rows[start : min(stop, 7)])
    )
    with pytest.raises(LogError, match="gave 7 of the 8 leaves from 0 on"):
        log.publish(NOON)
    monkeypatch.undo()
    source.rows[-1] = b"short"
    with pytest.raises(LogError, match="32 bytes"):
        log.publish(NOON)


# --- time ------------------------------------------------------------------------------


def test_a_clock_that_jumped_back_signs_nothing(tmp_path: Path) -> None:
    source, log = published(tmp_path, 5)
    source.issue(1)
    with pytest.raises(LogError, match=r"clock says 2026-11-26 12:00:00 UTC.*2026-11-27 12:00:00"):
        log.publish(NOON - timedelta(days=1))
    with pytest.raises(ArgumentError, match="time zone"):
        log.publish(datetime(2026, 11, 28))  # noqa: DTZ001
    with pytest.raises(LogError, match="clock"):
        make_log(tmp_path, source).publish(datetime(1969, 1, 1, tzinfo=UTC))
    assert log.publish(NOON).checkpoint.signed_at == NOON  # not earlier is enough


# --- many at once ----------------------------------------------------------------------


def test_a_log_that_is_only_read_signs_nothing(tmp_path: Path) -> None:
    source, log = published(tmp_path, 5)
    reader = IssuanceLog(
        source=source, directory=log.directory, head_path=log.head_path, key=log.key
    )
    reader.check()
    assert reader.fsck() == []
    with pytest.raises(ArgumentError, match="reading only"):
        reader.publish(NOON)


def test_the_signer_has_the_key_of_the_log(tmp_path: Path) -> None:
    _, log = published(tmp_path, 1)
    with pytest.raises(ArgumentError, match="the log's key"):
        IssuanceLog(
            source=log.source,
            directory=log.directory,
            head_path=log.head_path,
            key=log.key,
            signer=signer(tmp_path, "example.org/other"),
        )


def test_a_lock_that_is_held_is_an_error_in_the_end(tmp_path: Path) -> None:
    source, log = published(tmp_path, 1)
    impatient = make_log(tmp_path, source, lock_seconds=0.1)
    with log._alone(), pytest.raises(LogError, match="stayed locked") as busy:
        impatient.publish(NOON)
    assert busy.value.code is ErrorCode.BUSY


def test_publishers_in_threads_and_processes_sign_one_history(tmp_path: Path) -> None:
    source = DiskSource(tmp_path / "registry")
    make_log(tmp_path, source).publish(NOON)

    def work(name: str) -> None:
        log = make_log(tmp_path, DiskSource(tmp_path / "registry"))
        for _ in range(6):
            log.source.issue(7, name)
            log.publish(NOON)

    children = []
    for child in range(2):
        pid = os.fork()
        if pid == 0:
            try:
                work(f"process {child}")
                os._exit(0)
            finally:
                os._exit(1)
        children.append(pid)
    threads = [threading.Thread(target=work, args=(f"thread {n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0]
    log = make_log(tmp_path, source)
    assert log.fsck() == []
    assert source.log_size() == 4 * 6 * 7
    assert log.newest().size == 4 * 6 * 7
