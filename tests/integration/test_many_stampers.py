"""Several processes stamp at once, into one registry of either kind."""

from __future__ import annotations

import multiprocessing

import pytest
from support import pictures

from provenance import Generation, Workspace
from provenance.model import RecordState
from provenance.registry import StoreRule

PROCESSES, ROUNDS = 4, 2


def stamp(path: str, environment: dict[str, str]) -> list[tuple[str, str]]:
    """What one process does."""
    stamper = Workspace.open(path, environment).stamper()
    made = [stamper.stamp(pictures.crop(), Generation(model="acme-1")) for _ in range(ROUNDS)]
    return [(stamped.record_id, str(stamped.mark_id)) for stamped in made]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_every_picture_gets_a_record_and_a_mark_of_its_own(kind, tmp_path, request):
    environment = {}
    if kind == "postgresql":
        environment["PROVENANCE_REGISTRY_URL"] = request.getfixturevalue("postgres_url")
    path = Workspace.create(tmp_path / "ws", system_name="acme-images").path
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        parts = pool.starmap(stamp, [(str(path), environment)] * PROCESSES)
    made = [pair for part in parts for pair in part]
    store = Workspace.open(path, environment).store()
    assert len({record_id for record_id, _ in made}) == PROCESSES * ROUNDS
    assert len({mark_id for _, mark_id in made}) == PROCESSES * ROUNDS
    assert store.count()[RecordState.RELEASED] == PROCESSES * ROUNDS
    assert store.sequence() == PROCESSES * ROUNDS
    assert store.broken_rules() == dict.fromkeys(StoreRule, ())
