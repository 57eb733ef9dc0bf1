"""Error rates without a mark."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from support import pictures

from benchmarks.watermark import null
from benchmarks.watermark.null import Counted, Kind
from benchmarks.watermark.seeds import generator

SCHEME = "imwatermark.dwtDctSvd"


def settings(**other):
    given = {"trials": 1000, "full": 16, "seed": 1, "depth": "standard", **other}
    return null.Settings(schemes=(SCHEME,), sets=("kodak",), **given)


def test_full_detections_are_counted_for_both_kinds_and_nothing_is_accepted(
    material, tmp_path, capsys
):
    for path in (material / "kodak").iterdir():  # large enough to be read after a crop
        Image.fromarray(pictures.crop(500, 500)).save(path)
    assert null.run(settings(), tmp_path / "out", jobs=1, command="the command") == 0
    output = capsys.readouterr()
    counts = json.loads((tmp_path / "out" / "null.json").read_text())
    assert {(c["kind"], c["accepted"]) for c in counts} == {(k.value, 0) for k in Kind}
    assert 0 < sum(c["n"] for c in counts) <= 16
    assert "the command" in output.out
    assert f"{SCHEME} offers no keyed trials" in output.err
    assert "The scheme offers none." in output.out


def test_keyed_trials_of_a_scheme_that_offers_them_are_told_and_plotted(material, tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="the bench extra is not installed")
    asked = replace(settings(trials=3001, full=4), schemes=("lattice-1",))
    assert null.run(asked, tmp_path / "out", jobs=1, command="the command") == 0
    (line,) = [text for text in capsys.readouterr().out.splitlines() if text.startswith("| all")]
    assert line.split("|")[2].strip() == "3,002"
    assert (tmp_path / "out" / "null-lattice-1.png").read_bytes().startswith(b"\x89PNG")


def test_parts_are_crops_that_depend_on_the_seed_only():
    picture = pictures.crop(200, 300)
    first = null.random_part(picture, generator(1))
    assert np.array_equal(first, null.random_part(picture, generator(1)))
    assert not np.array_equal(first, null.random_part(picture, generator(2)))
    for seed in range(20):
        height, width, _ = null.random_part(picture, generator(seed)).shape
        assert 0.44 * 200 <= height <= 0.96 * 200
        assert 0.44 * 300 <= width <= 0.96 * 300


def test_tasks_try_at_least_what_was_asked(material):
    asked = settings(trials=1001, full=15)
    found = null.tasks(asked, {SCHEME: True})
    assert sum(task.trials for task in found) >= 1001
    assert sum(task.full for task in found) >= 15
    assert all(task.trials == 0 for task in null.tasks(asked, {SCHEME: False}))


def test_counts_of_one_kind_are_added():
    parts = [
        Counted("s", "k", Kind.UNMARKED, 10, 0, -3.0),
        Counted("s", "k", Kind.UNMARKED, 20, 1, -9.0),
        Counted("s", "k", Kind.OTHER_SYSTEM, 5, 0, 0.0),
    ]
    assert null.merge(parts) == [
        Counted("s", "k", Kind.OTHER_SYSTEM, 5, 0, 0.0),
        Counted("s", "k", Kind.UNMARKED, 30, 1, -9.0),
    ]


def test_without_acceptance_the_rate_is_bounded_by_three_in_n():
    document = null.render_counts([Counted("s", "k", Kind.UNMARKED, 3000, 0, 0.0)])
    assert "0 of 3000 accepted; the rate is below 0.001 with" in document


@pytest.mark.parametrize(("scale", "fits"), [(1.0, True), (1.1, False)])
def test_scores_are_held_against_the_normal_distribution(scale, fits):
    values = scale * np.random.default_rng(0).standard_normal(20_000)
    document = null.render_scores({"kodak": values})
    (line,) = [line for line in document.splitlines() if line.startswith("| all")]
    p_value = float(line.strip("| ").split("|")[-1])
    assert (p_value > 0.01) == fits
    assert f"{values.std():.4f}" in line
