"""The law of the log: whatever happens, all heads that were ever signed are of one history."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from support.leaves import NOON, MemorySource, make_log, witness_signer

from benchmarks import rfc6962
from provenance.errors import LogError
from provenance.log import (
    Checkpoint,
    IssuanceLog,
    Note,
    RefusedError,
    Signature,
    VerifierKey,
    Witness,
    load_witness_policy,
    verify_proof,
)

OPERATIONS = ("open", "write", "replace", "mkdir", "unlink", "rmdir")
PLACES = ("registry", "directory", "head file")


class CrashError(BaseException):
    """The process ends here."""


class LogMachine(RuleBasedStateMachine):
    """Leaves, publications, crashes, and backups of up to two of the three places."""

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.history: list[bytes] = []
        self.restored = 0
        self.now = NOON
        self.source = MemorySource()
        self.log = self.make()
        self.save()

    def make(self) -> IssuanceLog:
        made = make_log(self.folder, self.source)
        assert made.signer is not None
        raw = made.signer.raw

        def watched(message: bytes) -> bytes:
            if not message.startswith(b"cosignature/v1\n"):
                self.signed(Checkpoint.parse(message))
            return raw(message)

        return replace(made, signer=replace(made.signer, raw=watched))

    def signed(self, head: Checkpoint) -> None:
        """Every head that leaves the key: the leaves under it continue all that went before."""
        rows = self.source.rows[: head.size]
        assert head.root == rfc6962.mth(rows)
        both = min(len(rows), len(self.history))
        assert rows[:both] == self.history[:both], "two histories"
        self.history = max(self.history, rows, key=len)

    @rule()
    def save(self) -> None:
        self.saved = self.source.backup()
        backup = self.folder / "backup"
        shutil.rmtree(backup, ignore_errors=True)
        backup.mkdir()
        if self.log.directory.exists():
            shutil.copytree(self.log.directory, backup / "log")
        if self.log.head_path.exists():
            shutil.copy(self.log.head_path, backup / "log.head")

    @rule(which=st.sets(st.sampled_from(PLACES), min_size=1, max_size=2))
    @precondition(lambda self: not self.restored)
    def restore(self, which: set[str]) -> None:
        """Once, and not all three places: that is what only a witness notices."""
        self.restored += 1
        backup = self.folder / "backup"
        if "registry" in which:
            self.source = self.saved.backup()
            self.log = self.make()
        if "directory" in which:
            shutil.rmtree(self.log.directory, ignore_errors=True)
            if (backup / "log").exists():
                shutil.copytree(backup / "log", self.log.directory)
        if "head file" in which:
            self.log.head_path.unlink(missing_ok=True)
            if (backup / "log.head").exists():
                shutil.copy(backup / "log.head", self.log.head_path)

    @rule(count=st.integers(1, 150))
    def issue(self, count: int) -> None:
        self.source.issue(count, f"after {self.restored} restorations")

    @rule(minutes=st.integers(-1, 3))
    def publish(self, minutes: int) -> None:
        at = self.now + timedelta(minutes=minutes)
        self.now = max(self.now, at)
        self.attempt(lambda: self.log.publish(at), needed=minutes >= 0)

    @rule()
    def rebuild(self) -> None:
        self.attempt(self.log.rebuild, needed=bool(self.history) and self.log.head_path.exists())

    @rule(step=st.integers(0, 60))
    def crash(self, step: int) -> None:
        with pytest.MonkeyPatch.context() as patch:
            left = step

            def stepping(original: Callable[..., Any]) -> Callable[..., Any]:
                def call(*arguments: Any, **named: Any) -> Any:
                    nonlocal left
                    left -= 1
                    if left < 0:
                        raise CrashError
                    return original(*arguments, **named)

                return call

            for name in OPERATIONS:
                patch.setattr(os, name, stepping(getattr(os, name)))
            with contextlib.suppress(CrashError):
                self.attempt(lambda: self.log.publish(self.now), needed=False)

    def attempt(self, act: Callable[[], object], *, needed: bool) -> None:
        """Refusing is always safe; where nothing was restored it is not allowed either."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "fsync", lambda descriptor: None)
            try:
                act()
            except LogError:
                assert self.restored or not needed

    def teardown(self) -> None:
        if hasattr(self, "log") and not self.restored:
            self.now += timedelta(days=1)
            self.attempt(lambda: self.log.publish(self.now), needed=True)
            assert self.log.fsck() == []
            assert self.log.newest().size == len(self.history)
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)


TestLog = LogMachine.TestCase
TestLog.settings = settings(max_examples=40, stateful_step_count=12, deadline=None)


# --- hostile texts -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> tuple[IssuanceLog, Witness, bytes, bytes]:
    """A log, a witness of it, a proof and a request."""
    folder = tmp_path_factory.mktemp("texts")
    source = MemorySource()
    log = make_log(folder, source)
    source.issue(5)
    log.publish(NOON)
    key = witness_signer(folder, "witness.example/w")
    witness = Witness(signer=key, logs={log.key.name: log.key}, state_path=folder / "state")
    return log, witness, log.prove(source.rows[2]), log.request(0)


PIECES = st.one_of(
    st.binary(max_size=8),
    st.sampled_from([b"\n", b"\n\n", b" ", b"=", b"+", b"0", b"-", "—".encode(), b"\r", b"\0"]),
)
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), PIECES), min_size=1, max_size=4)


def edited(data: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    for where, count, piece in edits:
        at = int(where * len(data))
        data = data[:at] + piece + data[at + count :]
    return data


@given(edits=EDITS)
def test_an_edited_proof_says_the_same_or_is_refused(texts, edits) -> None:
    log, _, proof, _ = texts
    right = verify_proof(proof, log.key)
    with contextlib.suppress(LogError):
        proven = verify_proof(edited(proof, edits), log.key)
        assert (proven.commitment, proven.index, proven.root, proven.size) == (
            right.commitment,
            right.index,
            right.root,
            right.size,
        )
        assert proven.seconds in (right.seconds, None)


@given(edits=EDITS)
def test_an_edited_request_is_refused_or_over_the_same_head(texts, edits) -> None:
    log, witness, _, request = texts
    witness.state_path.unlink(missing_ok=True)
    with contextlib.suppress(RefusedError):
        line = witness.cosign(edited(request, edits), NOON)
        text = log.newest().note.partition(b"\n\n")[0] + b"\n"
        (made,) = Note(text=text, signatures=(Signature.parse(line.decode()[:-1]),)).verify(
            [witness.signer.verifier]
        )
        assert made.seconds == int(NOON.timestamp())


@given(edits=EDITS)
def test_an_edited_policy_or_key_is_refused_with_a_reason(texts, tmp_path_factory, edits) -> None:
    log, witness, _, _ = texts
    with contextlib.suppress(LogError):
        VerifierKey.parse(edited(str(log.key).encode(), edits).decode("utf-8", "replace"))
    path = witness.state_path.with_name("policy.toml")
    text = f'required = 1\nwitnesses = ["{witness.signer.verifier}"]\n'
    path.write_bytes(edited(text.encode(), edits))
    with contextlib.suppress(LogError):
        load_witness_policy(path)
