"""Runs on small pictures with a real scheme."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from benchmarks.watermark import rows, runner, schemes, workers
from benchmarks.watermark.rows import AttackRow, StampRow
from benchmarks.watermark.sets import SETS
from provenance.errors import ArgumentError, SchemeError
from provenance.model.evidence import WatermarkStatus
from provenance.watermark import Keyring, catalog

SCHEME = "imwatermark.dwtDctSvd"
SETTINGS = runner.Settings(
    schemes=(SCHEME,),
    sets=("kodak",),
    attacks=("none", "crop50", "invert", "notch-50", "collusion2"),
    draws=2,
    ssimulacra2=False,
)
FEW = replace(SETTINGS, attacks=("none", "crop50"), draws=1)
READS = 1 + 2 + 1 + 1  # the random crop twice; the notch is skipped


def run(out, settings=SETTINGS, *, part="1/1", jobs=1):
    return runner.run(settings, out, part=part, jobs=jobs, command="the command")


def results(out):
    return rows.read(sorted((out / "rows").glob("*.jsonl")))


def without_cost(row):
    """A row without what differs between runs."""
    if isinstance(row, StampRow):
        return replace(row, embed_ms=0)
    return replace(row, detect_ms=0)


def everything(out):
    return sorted(map(repr, map(without_cost, results(out))))


def test_a_run_gives_a_stamp_and_all_reads_of_every_picture(material, tmp_path):
    assert run(tmp_path / "out") == 0
    found = results(tmp_path / "out")
    stamps = [row for row in found if isinstance(row, StampRow)]
    reads = [row for row in found if isinstance(row, AttackRow) and not row.skipped]
    assert {(row.set, row.image) for row in stamps} == {
        (name, f"picture{number}.png") for name in SETTINGS.sets for number in (1, 2)
    }
    assert all(row.quality is not None and 25 < row.quality.psnr < 60 for row in stamps)
    assert all((row.width, row.height) == (300, 260) for row in stamps)
    assert len(reads) == READS * len(stamps)


def test_a_mark_that_was_not_attacked_is_recovered_and_a_cropped_one_is_not(material, tmp_path):
    run(tmp_path / "out")
    reads = [row for row in results(tmp_path / "out") if isinstance(row, AttackRow)]
    by_attack = {name: [row for row in reads if row.attack == name] for name in SETTINGS.attacks}
    assert all(row.recovered for row in by_attack["none"])
    assert not any(row.recovered for row in by_attack["crop50"])
    assert all(row.skipped for row in by_attack["notch-50"])
    assert not any(row.wrong for row in reads)


def test_shards_together_are_the_whole_and_give_the_same_rows(material, tmp_path):
    run(tmp_path / "whole")
    for part in ("1/3", "2/3", "3/3"):
        run(tmp_path / "parts", part=part)
    assert everything(tmp_path / "whole") == everything(tmp_path / "parts")


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_no_task_is_in_two_shards_and_none_is_lost(material, count):
    whole = runner.tasks(SETTINGS)
    parts = [runner.shard(whole, f"{number}/{count}") for number in range(1, count + 1)]
    assert sorted(task for part in parts for task in part) == sorted(whole)
    assert sum(map(len, parts)) == len(whole)


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/", "-1/2", ""])
def test_what_is_not_a_shard_is_refused(material, text):
    with pytest.raises(ArgumentError, match="is not a shard"):
        runner.shard(runner.tasks(SETTINGS), text)


def test_what_is_done_is_not_done_again(material, tmp_path):
    out = tmp_path / "out"
    run(out)
    before = {path: path.stat().st_mtime_ns for path in (out / "rows").iterdir()}
    first, *_ = before
    first.unlink()
    run(out)
    after = {path: path.stat().st_mtime_ns for path in (out / "rows").iterdir()}
    assert set(after) == set(before)
    assert [path for path in before if after[path] != before[path]] == [first]


def test_a_folder_of_another_run_is_refused(material, tmp_path):
    run(tmp_path / "out", part="9/9")
    with pytest.raises(ArgumentError, match="other settings"):
        run(tmp_path / "out", replace(SETTINGS, seed=2))


def test_a_folder_of_a_run_of_other_code_is_refused(material, tmp_path, monkeypatch):
    run(tmp_path / "out", part="9/9")
    monkeypatch.setattr(runner, "code_digest", lambda: "other")
    with pytest.raises(ArgumentError, match="other code"):
        run(tmp_path / "out")


def test_both_schemes_are_in_both_halves(material):
    whole = runner.tasks(
        replace(SETTINGS, sets=tuple(SETS), schemes=(SCHEME, "imwatermark.dwtDct"))
    )
    for part in ("1/2", "2/2"):
        assert len({task.scheme for task in runner.shard(whole, part)}) == 2


def test_the_record_of_a_run_says_what_where_and_how(material, tmp_path):
    run(tmp_path / "out", part="2/2")
    record = json.loads((tmp_path / "out" / "run-2of2.json").read_text())
    assert record["command"] == "the command"
    assert record["settings"]["seed"] == SETTINGS.seed
    assert record["environment"]["numpy"] == np.__version__


def test_a_picture_that_is_too_small_is_a_counted_refusal(material, tmp_path):
    Image.new("RGB", (100, 100)).save(material / "kodak" / "tiny.png")
    assert run(tmp_path / "out") == 0
    refused = [r for r in results(tmp_path / "out") if isinstance(r, StampRow) and r.refused]
    assert [(row.set, row.image) for row in refused] == [("kodak", "tiny.png")]
    assert not [r for r in results(tmp_path / "out") if r.image == "tiny.png" and r not in refused]


def test_a_broken_picture_fails_with_the_one_that_it_accompanies_and_no_other(
    material, tmp_path, capsys
):
    (material / "kodak" / "broken.png").write_bytes(b"not a picture")
    assert run(tmp_path / "out", FEW) == 2
    failed = [line for line in capsys.readouterr().err.splitlines() if "FAILED" in line]
    assert sorted(line.split()[2] for line in failed) == ["broken.png", "picture2.png"]
    done = {(row.set, row.image) for row in results(tmp_path / "out")}
    assert done == {("kodak", "picture1.png")}


def test_an_unknown_scheme_is_refused_before_anything_is_written(material, tmp_path):
    with pytest.raises(SchemeError, match="unknown watermark scheme"):
        run(tmp_path / "out", replace(SETTINGS, schemes=("nothing",)))
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_two_workers_give_the_rows_of_one(material, tmp_path):
    run(tmp_path / "one")
    run(tmp_path / "two", jobs=2)
    assert everything(tmp_path / "one") == everything(tmp_path / "two")


def test_a_piece_that_raises_does_not_stop_the_others():
    found = dict(workers.each(lambda divisor: 12 // divisor, [3, 0, 4], 1))
    assert found[3] == 4
    assert found[4] == 3
    assert isinstance(found[0], ZeroDivisionError)


def test_no_workers_are_refused():
    with pytest.raises(ArgumentError, match="at least one job"):
        next(workers.each(str, [1], 0))


def test_the_depth_is_given_by_its_name():
    picture = np.zeros((64, 64, 3), dtype=np.uint8)
    scheme = catalog.scheme("lattice-1")
    assert schemes.detect(scheme, picture, Keyring(), "deep").status is WatermarkStatus.NOT_CHECKED
    with pytest.raises(ValueError, match="deeper"):
        schemes.detect(scheme, picture, Keyring(), "deeper")


def test_only_the_lattice_has_public_lines():
    assert schemes.sync_lines(catalog.scheme("imwatermark.dwtDct")) is None
    assert schemes.sync_lines(catalog.scheme("lattice-1")).shape == (32, 2)
