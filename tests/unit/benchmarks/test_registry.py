"""`python -m benchmarks.registry`, in small."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.registry import hashes
from benchmarks.registry.commands import main
from benchmarks.registry.hashes import KINDS, VIEWS
from provenance.fingerprint.search import nearest


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_question_has_an_answer_among_the_hashes(kind, monkeypatch):
    monkeypatch.setattr(hashes, "_SPECTRA", 20)
    material = KINDS[kind](500, 5, np.random.default_rng(1))
    assert material.hashes.shape == (500, 4)
    assert len({row.tobytes() for row in material.hashes}) > 400
    for views in material.questions:
        assert len(views) == VIEWS
        distance, _ = nearest(views[:1], material.hashes.tobytes())
        assert distance.min() <= hashes.MOST_BITS


def test_the_index_is_held_against_a_scan(capfd, tmp_path):
    small = ("--records", "3000", "--questions", "3", "--checked", "2", "--no-peers")
    assert main(["search", *small, "--folder", str(tmp_path)]) == 0
    said = capfd.readouterr().out
    assert "index: recall 1.000000, wrong 0" in said
    assert "of 2 hashes within 31 bits" in said
    assert not list(tmp_path.iterdir())


def test_a_registry_is_filled_and_searched(capfd, tmp_path):
    small = ("--records", "300", "--questions", "2", "--finds", "20")
    assert main(["store", *small, "--folder", str(tmp_path)]) == 0
    said = capfd.readouterr().out
    assert "300 hashes" in said
    assert "| find by mark id |" in said
    assert "the same candidates with the index and without: True" in said


def test_no_records_are_refused(capfd):
    with pytest.raises(SystemExit) as end:
        main(["search", "--records", "0"])
    assert end.value.code == 2
    assert "at least 1" in capfd.readouterr().err
