"""A small hostile dump: audited, held against what is known of it, and killed again and again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.audit import acceptance, dump, kills
from benchmarks.audit.command import Command

pytestmark = pytest.mark.slow

PLAN = dump.Plan(
    images=300,
    originals=2,
    side=320,
    attacks=("quick",),
    falls=("segfault", "sleep", "memory"),
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dump; its workspace and what is known lie beside it."""
    folder = tmp_path_factory.mktemp("dump")
    dump.build(folder, PLAN)
    return folder


def test_every_image_has_the_row_that_it_should(built: Path) -> None:
    outcome = acceptance.hold(Command(folder=built, seconds=8, chunk=16), sample=15, jobs=1)
    assert outcome.failures == []
    assert outcome.rows == outcome.images > PLAN.images  # members of archives come on top
    assert outcome.found > outcome.marked * 0.8
    assert 0 < outcome.worker_memory <= acceptance.MOST_MEMORY


def test_a_run_that_is_killed_comes_to_the_same_bytes(built: Path) -> None:
    sources = ("dump/marked", "dump/third-party")
    command = Command(folder=built, out="undisturbed", chunk=4, sources=sources)
    wanted = kills.undisturbed(command)
    found, done = kills.disturbed(replace(command, out="disturbed"), kills=6, seed=1, longest=1.0)
    assert found == wanted
    assert done == {"command": 3, "worker": 3}
