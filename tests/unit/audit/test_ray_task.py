"""What a node of a cluster does, without the cluster."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from support import pictures

from provenance import Verifier
from provenance.audit import parts, ray_task
from provenance.audit.chunk import Chunk
from provenance.audit.isolate import Confinement
from provenance.audit.ray_task import Job, Outcome, Site, look, work
from provenance.audit.worker import Orders
from provenance.errors import ProvenanceError
from provenance.watermark import Depth

_KEY = b"\x5a" * 32


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The directory of a run; whatever enters it leaves nothing behind in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ray_task.resource, "setrlimit", lambda *_: None)
    (tmp_path / "run" / "parts").mkdir(parents=True)
    yield tmp_path / "run"
    while ray_task._workers:
        ray_task._workers.popitem()[1].stop()


@pytest.fixture
def site(run: Path) -> Iterator[Site]:
    with Site.opened(run) as site:
        yield site


@pytest.fixture
def job(site: Site) -> Job:
    confinement = Confinement(seconds=60)
    verifier = Verifier(depth=Depth.FAST)
    orders = Orders(verifier=verifier, memory=confinement.memory)
    return Job(site=site, orders=pickle.dumps(orders), confinement=confinement)


def _chunk(*names: str) -> Chunk:
    return Chunk(kind="files", address=names[0], count=len(names), names=names)


def test_a_node_that_sees_everything_takes_part(site: Site) -> None:
    assert look(site) == ""
    assert [path.name for path in site.directory.iterdir()].count(site.badge.name) == 1
    assert len(list(site.directory.iterdir())) == 2


def test_the_badge_goes_with_the_run_and_those_of_dead_runs_too(run: Path) -> None:
    (run / "ray-0123.badge").touch()
    with Site.opened(run) as site:
        assert [path.name for path in run.glob("*.badge")] == [site.badge.name]
    assert not list(run.glob("*.badge"))


def test_a_run_in_no_directory_says_so(tmp_path: Path) -> None:
    with pytest.raises(ProvenanceError, match="cannot write to"), Site.opened(tmp_path / "none"):
        pass


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"token": "0" * 32}, "does not see the run"),
        ({"directory": Path("/nowhere/run")}, "does not see the run"),
        ({"working": Path("/nowhere")}, "cannot enter /nowhere"),
        ({"versions": {"provenance": "0"}}, "and not 0"),
    ],
)
def test_a_node_that_differs_does_not(site: Site, changes: dict[str, object], words: str) -> None:
    assert words in look(replace(site, **changes))


def test_a_chunk_done_twice_gives_the_same_part(job: Job) -> None:
    Path("a.png").write_bytes(pictures.file(pictures.crop(), "PNG"))
    Path("b.png").write_text("not a picture")
    found = []
    for _ in range(2):
        outcome = work(job, 3, _chunk("a.png", "b.png"), here=True)
        assert outcome == Outcome(rows=2, errors=1)
        part = pq.read_table(parts.path_of(job.site.directory / "parts", 3))
        found.append(part.drop_columns(["milliseconds"]).to_pylist())
    assert found[0] == found[1]
    assert [row["key"] for row in found[0]] == ["a.png", "b.png"]
    assert len(ray_task._workers) == 1


def test_images_that_are_missing_everywhere_get_their_row(job: Job) -> None:
    assert work(job, 0, _chunk("none.png"), here=False) == Outcome(rows=1, errors=1)


def test_images_that_only_this_node_does_not_see_get_none(job: Job) -> None:
    outcome = work(job, 0, _chunk("none.png"), here=True)
    assert "does not see none.png" in outcome.problem
    assert not parts.done(job.site.directory / "parts")


def test_a_run_that_is_over_gets_no_part(job: Job) -> None:
    Path("b.png").write_text("not a picture")
    assert work(job, 0, _chunk("b.png"), here=True).rows == 1
    job.site.badge.unlink()
    assert "does not see the run" in work(job, 1, _chunk("b.png"), here=True).problem
    assert parts.done(job.site.directory / "parts") == {0}


def test_a_part_that_cannot_be_written_is_a_problem_and_not_an_exception(job: Job) -> None:
    Path("b.png").write_text("not a picture")
    (job.site.directory / "parts").rmdir()
    assert "cannot write" in work(job, 0, _chunk("b.png"), here=True).problem


def test_the_orders_are_not_shown(job: Job) -> None:
    assert repr(job) == repr(replace(job, orders=_KEY))
