"""Processes are killed at each step of signing what was marked before."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support import crashes

from provenance import Workspace
from provenance.errors import PendingError
from provenance.model import RecordState, Verdict
from provenance.stamp import Fsck, Sweep

COMMITTED = {"7 committed", "8 linked", "8 published", "9 released"}


class Scene:
    """A workspace, and what was left by a process for each step at which it was killed."""

    def __init__(self, top, mode):
        self.workspace = Workspace.create(top / "ws", system_name="acme-images")
        self.stamper = self.workspace.stamper()
        self.out = top / "out"
        self.out.mkdir()
        subprocess.run(
            [sys.executable, "-m", "support.crashes", self.workspace.path, self.out, mode],
            cwd=Path(crashes.__file__).parents[1],
            check=True,
            timeout=120,
        )

    def record(self, step):
        record_id = (self.out / f"{step}.record").read_text()
        return self.workspace.store().find_by_id(record_id)

    def host(self, step):
        return crashes.host_file(self.out / step)

    def left(self, step):
        return list((self.out / step).iterdir())

    def sweep(self):
        later = datetime.now(UTC) + timedelta(seconds=1)
        list(Sweep(store=self.workspace.store(), before=later).run([self.out]))

    def broken(self):
        later = datetime.now(UTC) + timedelta(seconds=1)
        trust = self.workspace.trust()
        store, system = self.workspace.store(), self.stamper.system
        found = Fsck(store=store, system=system, trust=trust, before=later).run([self.out])
        return {rule: broken for rule, broken in found.items() if broken}

    def is_traced(self, data):
        finding = self.workspace.verifier().verify(data).finding
        return finding.verdict is Verdict.TRACED


@pytest.mark.parametrize("first", ["sweep", "retry"])
def test_whatever_was_killed_is_signed_in_the_end_and_once(tmp_path, first):
    scene = Scene(tmp_path, "sign")
    if first == "sweep":
        scene.sweep()
    for step in crashes.STEPS:
        again, target = scene.host(step).read_bytes(), scene.out / step / "again.png"
        if step in COMMITTED:
            with pytest.raises(PendingError, match="signed already"):
                scene.stamper.sign(again, to=target)
            continue
        assert scene.record(step).pending
        signed = scene.stamper.sign(again, to=target)
        assert signed.record_id == scene.record(step).record_id
    scene.sweep()
    for step in crashes.STEPS:
        assert scene.record(step).state is RecordState.RELEASED
        (file,) = scene.left(step)
        assert scene.is_traced(file.read_bytes())
    assert scene.broken() == {}


def test_the_file_that_is_replaced_is_the_hosts_or_the_signed_one_never_a_part(tmp_path):
    scene = Scene(tmp_path, "replace")
    for step in crashes.REPLACING:
        data = scene.host(step).read_bytes()
        assert scene.is_traced(data) is (step in {"8 published", "9 released"})
        assert scene.record(step).pending is (step not in COMMITTED)
        if step not in COMMITTED:
            scene.stamper.sign(data, to=scene.host(step), overwrite=True)
    scene.sweep()
    for step in crashes.REPLACING:
        assert scene.record(step).state is RecordState.RELEASED
    assert scene.broken() == {}
