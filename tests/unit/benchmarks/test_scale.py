"""`python -m benchmarks.content_match scale` and `collect` on small pictures."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from support import pictures

from benchmarks.content_match import (
    attacks,
    collect,
    commands,
    moved,
    run,
    scale,
    scale_null,
    scale_report,
)
from benchmarks.content_match.corpus import Picture
from benchmarks.content_match.pairs import Kind, Marker, Pair, Record, Window
from benchmarks.watermark.attacks import ATTACKS, Family, by_name
from provenance.fingerprint import combine, compare, is_whole, match_grid
from provenance.model import MatchStatus

SIDE = 300
#: Families that leave every pixel where it was, or that are about the mark alone.
NOT_GEOMETRIC = {
    Family.NONE, Family.JPEG, Family.WEBP, Family.AVIF, Family.PHOTOMETRIC, Family.FILTER,
    Family.NOISE, Family.QUANTISE, Family.OVERLAY, Family.DENOISE, Family.MARK,
    Family.TRANSPLANT,
}  # fmt: skip
PICTURES = {
    "a": pictures.sample("kitchen.png", SIDE, SIDE),
    "b": pictures.sample("canyon.jpg", SIDE, SIDE),
    "b--dark": pictures.sample("canyon.jpg", SIDE, SIDE) // 2,
    "c": pictures.sample("satellite.jpg", 512, 512),  # large enough for marks in its halves
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Four pictures in one folder, two of which are versions of one."""
    folder = tmp_path_factory.mktemp("held-out")
    (folder / "photographs").mkdir()
    for name, rgb in PICTURES.items():
        (folder / "photographs" / f"{name}.png").write_bytes(pictures.file(rgb, "PNG"))
    return folder


def settings(corpus, **changed):
    wanted = {
        "sets": (), "held_out": str(corpus), "images": 0, "attacks": 3, "copies": 2, "others": 9,
        "layouts": 0, "checks": 0, "seed": 3,
    }  # fmt: skip
    return scale.Settings(**wanted | changed)


@pytest.fixture(scope="module")
def done(corpus, tmp_path_factory):
    """A finished run: its settings and its folder."""
    wanted, folder = settings(corpus, layouts=2, checks=2), tmp_path_factory.mktemp("work")
    assert run.run(wanted, folder, jobs=1) == 0
    return wanted, folder


@pytest.fixture(scope="module")
def results(done):
    return run.load(*done)


# --- what is done -----------------------------------------------------------------------


def test_every_family_is_geometric_or_known_not_to_be():
    families = {attack.family for attack in attacks.GEOMETRIC}
    assert families | NOT_GEOMETRIC == set(Family)
    assert not families & NOT_GEOMETRIC
    assert {"crop25", "rotate-any", "flip-x", "screenshot", "print-scan", "crop25-jpeg70"} <= {
        attack.name for attack in attacks.GEOMETRIC
    }
    assert len(attacks.GEOMETRIC) == sum(attack.family in families for attack in ATTACKS)


def test_a_picture_is_compared_with_its_own_record_and_with_all_that_are_not_versions(results):
    for name in PICTURES:
        mine = [p for p in results.pairs if p.query == f"held-out photographs/{name}.png"]
        own = [p for p in mine if p.kind is Kind.OWN]
        assert len(own) == 3
        assert all(p.matched for p in own if p.read and by_name(p.attack).kept_area >= 0.25)
        others = [p.record.rpartition("/")[2] for p in mine if p.kind is Kind.OTHER]
        assert len(others) == len(set(others))  # each pair once
        assert f"{name}.png" not in others
        if name.startswith("b"):  # two versions of one picture
            assert not {"b.png", "b--dark.png"} & set(others)


def test_nothing_but_the_same_drawing_is_taken_for_another(results):
    kinds = {kind: [p for p in results.pairs if p.kind is kind] for kind in Kind}
    assert all(kinds.values())
    for kind in (Kind.OTHER, Kind.HALF, Kind.LAYOUT):
        assert not [p for p in kinds[kind] if p.matched]
    assert all(p.matched for p in kinds[Kind.DRAWING] if p.read)


def test_the_long_way_round_says_the_same(results):
    assert {check.way for check in results.checks} == {"payload", "residual"}
    for check in results.checks:
        assert check.query.partition("--")[0] != check.record.partition("--")[0]
        assert not check.matched
        if check.read:
            assert check.same_final


def test_a_transplanted_mark_is_read_and_reports_the_same_geometry(corpus):
    marker, attack = Marker(3), by_name("rotate17-whole")
    victim, bearer = (Picture("s", str(corpus / "photographs" / f"{n}.png")) for n in "ab")
    rgb = bearer.load()
    copies = []
    for name in (victim.name, bearer.name):
        payload = marker.payload(rgb, name)
        marked = marker.embed(rgb, payload)
        changed = attack.apply(moved.scene(rgb, marked, rgb), np.random.default_rng(0))
        copies.append(marker.find(changed, payload, query="q", attack=attack.name))
    transplanted, own = (copy.geometry for copy in copies)
    assert marker.payload(rgb, victim.name) != marker.payload(rgb, bearer.name)
    for name in ("xx", "xy", "yx", "yy"):
        assert getattr(transplanted, name) == pytest.approx(getattr(own, name), abs=2e-3)


def test_a_row_says_what_the_library_says(corpus):
    marker, picture = Marker(3), Picture("s", str(corpus / "photographs" / "a.png"))
    rgb = picture.load()
    payload = marker.payload(rgb, picture.name)
    copy = marker.find(marker.embed(rgb, payload), payload, query="q", attack="none")
    other = Picture("s", str(corpus / "photographs" / "b.png"))
    records = [Record.of(p.load(), name=p.name) for p in (picture, other)]
    for record, row in zip(records, copy.pairs(records, Kind.OTHER), strict=True):
        grid = match_grid(copy.rgb, copy.geometry, record.grid)
        pdq = compare(copy.rgb, record.pdq)
        whole = is_whole(copy.geometry, (SIDE, SIDE), (SIDE, SIDE))
        assert (row.record, row.grid, row.pdq) == (record.name, grid.status, pdq.status)
        assert row.final is combine(pdq, grid, whole=whole)
        assert (row.z, row.log10_p, row.agreement) == (grid.z, grid.log10_p, grid.agreement)


def test_a_mark_that_is_not_there_is_no_copy(corpus):
    marker, rgb = Marker(3), Picture("s", str(corpus / "photographs" / "a.png")).load()
    payload = marker.payload(rgb, "x")
    assert marker.find(rgb, payload, query="q", attack="none") is None
    marked = marker.embed(rgb, marker.payload(rgb, "y"))
    assert marker.find(marked, payload, query="q", attack="none") is None


# --- going on, and reading again --------------------------------------------------------


def test_a_run_goes_on_where_it_was_stopped(done, results, capsys):
    wanted, folder = done
    todo = scale.tasks(wanted, scale.load_records(folder))
    lost = folder / next(task.file for task in todo if task.kind == "picture")
    before = lost.read_text()
    lost.unlink()
    assert run.load(wanted, folder).done == results.done - 1
    assert run.run(wanted, folder, jobs=1) == 0
    assert capsys.readouterr().err.startswith("[1/1] ")
    assert lost.read_text() == before


def test_a_folder_of_another_run_is_refused(done):
    wanted, folder = done
    with pytest.raises(run.ArgumentError, match="other settings"):
        run.run(replace(wanted, seed=4), folder, jobs=1)
    with pytest.raises(run.ArgumentError, match="other settings"):
        run.load(replace(wanted, others=8), folder)


def test_a_folder_of_other_code_is_read_but_not_gone_on_with(done, monkeypatch):
    monkeypatch.setattr(run, "code_digest", lambda: "0" * 12)
    with pytest.raises(run.ArgumentError, match="other code"):
        run.run(*done, jobs=1)
    assert run.load(*done).done


def test_a_failed_picture_is_counted_and_the_others_are_done(corpus, tmp_path, capsys, monkeypatch):
    wanted = settings(corpus, images=2, attacks=1)
    halves = moved.halves

    def broken(seed, picture, original):
        if picture.name.endswith("/a.png"):
            raise ValueError("broken")
        return halves(seed, picture, original)

    monkeypatch.setattr(moved, "halves", broken)
    assert run.run(wanted, tmp_path, jobs=1) == 1
    assert "FAILED: ValueError: broken" in capsys.readouterr().err
    assert len(list(tmp_path.glob("picture-*.json"))) == 1


def test_rows_and_records_are_read_as_they_were_written(results, done):
    for pair in results.pairs:
        assert Pair.from_json(json.loads(json.dumps(pair.to_json()))) == pair
    for record in scale.load_records(done[1]):
        again = Record.from_json(json.loads(json.dumps(record.to_json())))
        assert np.array_equal(again.grid.trits, record.grid.trits)
        assert (again.pdq, again.name, again.width) == (record.pdq, record.name, record.width)


# --- the report -------------------------------------------------------------------------


def cells(text, start):
    line = next(line for line in text.splitlines() if line.startswith(f"| {start}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_command_prints_where_how_and_what(corpus, done, tmp_path, capsys):
    _, folder = done
    words = [
        "scale", "--sets", "", "--held-out", str(corpus), "--work", str(folder), "--attacks", "3",
        "--copies", "2", "--others", "9", "--layouts", "2", "--checks", "2", "--seed", "3",
        "--jobs", "1", "--out", str(tmp_path / "r.md"), "--list", str(tmp_path / "l.txt"),
    ]  # fmt: skip
    assert commands.main(words) == 0
    text = capsys.readouterr().out
    assert (tmp_path / "r.md").read_text() == text
    assert "seed 3" in text
    assert "numpy" in text
    assert "not finished" not in text
    assert cells(text, "held-out photographs")[1:3] == ["4", "4"]
    listed = (tmp_path / "l.txt").read_text().splitlines()
    files = sorted((corpus / "photographs").iterdir())
    assert [line.split("/")[-1] for line in listed] == [path.name for path in files]
    picture = Picture("held-out photographs", str(files[0]))
    assert listed[0] == f"{picture.sha256}  {picture.name}"


def other(**changed):
    fields = {
        "kind": Kind.OTHER, "query": "held-out x/q.png", "attack": "crop50", "record": "r",
        "grid": MatchStatus.MISMATCH, "pdq": MatchStatus.MISMATCH, "final": MatchStatus.MISMATCH,
        "z": 2.0, "log10_p": -0.5, "agreement": 0.2, "power": 15.0, "offsets": 20,
    }  # fmt: skip
    return Pair(**fields | changed)


def with_pairs(results, pairs):
    found = (Picture("held-out x", "/q.png"), Picture("held-out x", "/w.png"))
    return replace(results, pairs=pairs, pictures=found)


def test_a_false_match_is_counted_and_named(results):
    wrong = other(
        query="held-out x/w.png", record="taken", grid=MatchStatus.PARTIAL, z=7.5,
        final=MatchStatus.PARTIAL, log10_p=-6.5, agreement=0.65,
    )  # fmt: skip
    text = scale_null.false_matches(with_pairs(results, [other(), other(record="s"), wrong]))
    assert cells(text, "**other pictures, all**")[1:4] == ["3", "3", "1 (rate 0.8-90.6 %)"]
    assert cells(text, "held-out, half A")[3] == "0 (rate below 7.8e-01)"
    assert cells(text, "another picture's record")[1:5] == [
        "held-out x/w.png", "crop50", "taken", "PARTIAL",
    ]  # fmt: skip
    limits = scale_null.thresholds(with_pairs(results, [other(), wrong]))
    row = next(line for line in limits.splitlines() if "all" in line and "1e-6" in line)
    assert [cell.strip() for cell in row.strip("|").split("|")][2:] == [
        "1",
        "1",
        "1",
        "1",
        "1",
        "0",
    ]


def test_the_tail_of_p_is_counted(results):
    pairs = [other(log10_p=-level) for level in (0.0, 1.0, 2.5, 4.0)] + [other(offsets=0)]
    text = scale_null.model(with_pairs(results, pairs))
    found = cells(text, "**other pictures, all**")
    assert found[1] == "4"
    assert [cell.partition(";")[0] for cell in found[2:]] == [
        "3 of 0.4", "2 of 0.04", "1 of 0.004", "1 of 0.0004", "0 of 4e-05", "0 of 4e-06",
    ]  # fmt: skip


def test_the_nearest_pairs_are_named(results):
    pairs = [other(record=str(n), log10_p=-n / 10) for n in range(30)]
    text = scale_null.nearest(with_pairs(results, pairs)).splitlines()
    assert [line.split("|")[3].strip() for line in text[2:]] == [str(n) for n in range(29, 14, -1)]


def test_quantiles_that_so_few_pairs_cannot_show_are_left_out(results):
    pairs = [other(z=number / 100) for number in range(100)]
    text = scale_null.tails(with_pairs(results, pairs))
    assert cells(text, "**other pictures, all**")[2:] == [
        "100", "0.49", "0.89", "0.98", "-", "-", "0.99",
    ]  # fmt: skip


def test_windows_are_held_against_their_limits(results):
    near = Window(z=8.0, offsets=100, weight=300.0, agreement=0.7)
    light = Window(z=3.0, offsets=100, weight=100.0, agreement=0.9)
    text = scale_null.windows(with_pairs(results, [other(window=near), other(window=light)]))
    row = cells(text, "**other pictures, all**")
    assert row[1:] == ["2", "1", "1", "1", "0", "1", "0.70", "8.0"]


def test_misses_are_counted_among_the_marks_that_were_read_and_named(results):
    own = [
        other(kind=Kind.OWN, final=MatchStatus.MATCH, grid=MatchStatus.MATCH, covered=0.9),
        other(kind=Kind.OWN, read=False, attack="x0.5"),
        other(kind=Kind.OWN, attack="rotate2"),
        other(kind=Kind.OWN, attack="crop10"),
    ]
    text = scale_report.render(with_pairs(results, own), command="x", seed=1)
    assert cells(text, "**held-out, all**")[1:8] == ["3", "1", "2", "1", "0", "0", "1"]
    assert cells(text, "crops below 25 %, held-out")[1:4] == ["1", "0", "1"]
    assert cells(text, "held-out x/q.png")[1:5] == ["rotate2", *["MISMATCH"] * 3]
    assert text.count("| held-out x/q.png |") == 1


# --- the corpus -------------------------------------------------------------------------


def test_what_is_transparent_lies_on_white(tmp_path):
    rgba = np.zeros((8, 8, 4), np.uint8)
    rgba[:4] = (10, 20, 30, 255)
    Image.fromarray(rgba).save(tmp_path / "a.png")
    rgb = Picture("s", str(tmp_path / "a.png")).load()
    assert rgb[0, 0].tolist() == [10, 20, 30]
    assert rgb[7, 7].tolist() == [255, 255, 255]


def test_large_pictures_are_brought_down_and_huge_ones_refused(tmp_path, monkeypatch):
    Image.new("RGB", (3000, 1500)).save(tmp_path / "a.png")
    picture = Picture("s", str(tmp_path / "a.png"))
    assert picture.load().shape == (724, 1448, 3)
    monkeypatch.setattr("benchmarks.content_match.corpus._LARGEST", 1000)
    with pytest.raises(collect.InputError, match="more than 1000 pixels"):
        picture.load()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--held-out", "EMPTY"], "holds no folders"),
        (["--held-out", "EMPTY/none"], "holds no folders"),
        (["--report-only", "--held-out", "CORPUS"], "holds no run"),
        (["--jobs", "0", "--held-out", "CORPUS"], "at least one job"),
    ],
)
def test_bad_input_is_one_line(corpus, tmp_path, capsys, words, said):
    (tmp_path / "empty").mkdir()
    places = {"EMPTY": str(tmp_path / "empty"), "CORPUS": str(corpus)}
    for name, path in places.items():
        words = [word.replace(name, path) for word in words]
    work = ["--work", str(tmp_path / "work"), "--sets", ""]
    assert commands.main(["scale", *work, *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_packages_that_are_missing_are_named(tmp_path, capsys):
    (tmp_path / "sway-backgrounds").mkdir()
    assert commands.main(["collect", str(tmp_path), str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert "opencv-doc" in error
    assert "sway-backgrounds" not in error
    assert not (tmp_path / "out").exists()


def test_pictures_of_packages_are_copied_by_class(tmp_path, capsys):
    packages = tmp_path / "packages"
    wesnoth = "wesnoth-1.16-data/usr/share/games/wesnoth/1.16/data/core/images"
    files = {
        "lomiri-wallpapers-16.04/usr/share/backgrounds/one.jpg": "photographs/lomiri.{}",
        "lomiri-wallpapers-16.04/usr/share/backgrounds/readme.txt": "",
        f"{wesnoth}/story/bridge_sun.jpg": "drawings/wesnoth.story.bridge--sun.jpg",
        f"{wesnoth}/portraits/undead/zombie-gryphon.png":
            "portraits/wesnoth.gryphon--undead-zombie-gryphon.png",
        f"{wesnoth}/portraits/orcs/tiny.png": "",
    }  # fmt: skip
    for part in collect.PARTS:
        (packages / part.package).mkdir(parents=True, exist_ok=True)
    for name in files:
        path = packages / name
        path.parent.mkdir(parents=True, exist_ok=True)
        side = 64 if "tiny" in name else 300
        kind = "PNG" if path.suffix == ".png" else "JPEG"
        path.write_bytes(pictures.file(pictures.crop(side, side), kind))
    plasma = packages / "plasma-workspace-wallpapers/usr/share/wallpapers/Kite/contents/images"
    plasma.mkdir(parents=True)
    for side in (256, 512):
        data = pictures.file(pictures.crop(side, side), "PNG")
        (plasma / f"{side}x{side}.png").write_bytes(data)
    out = tmp_path / "out"
    assert commands.main(["collect", str(packages), str(out)]) == 0
    assert "portraits: 1" in capsys.readouterr().out
    found = {str(path.relative_to(out)) for path in out.rglob("*.*")}
    assert found == {
        "photographs/lomiri.backgrounds.one.jpg",
        "drawings/wesnoth.story.bridge--sun.jpg",
        "drawings/plasma.Kite.png",
        "portraits/wesnoth.gryphon--undead-zombie-gryphon.png",
    }
    with Image.open(out / "drawings/plasma.Kite.png") as image:
        assert image.width == 512
    assert commands.main(["collect", str(packages), str(out)]) == 2
    assert "already there" in capsys.readouterr().err
