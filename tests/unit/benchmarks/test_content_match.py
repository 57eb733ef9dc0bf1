"""`python -m benchmarks.content_match attacks` on small pictures."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.content_match import attacks, commands, synthetic
from benchmarks.content_match.measure import Row
from benchmarks.content_match.pairs import upright
from benchmarks.content_match.report import render
from benchmarks.watermark.seeds import generator
from provenance.fingerprint import signature
from provenance.model import GridEvidence, MatchStatus


def test_every_attack_of_the_table_exists():
    names = [name for group in attacks.GROUPS.values() for name in group]
    assert len(names) == len(set(names))
    assert [attacks.attack(name).name for name in names] == names


def test_a_run_prints_where_how_and_what(material, monkeypatch, tmp_path, capsys):
    groups = {"whole picture": ("none", "x0.33"), attacks.TRANSPLANTED: ("transplant",)}
    monkeypatch.setattr(attacks, "GROUPS", groups)
    monkeypatch.setattr("benchmarks.content_match.report.GROUPS", groups)
    out = tmp_path / "report.md"
    words = ["attacks", "--sets", "kodak", "--images", "1", "--layouts", "2", "--jobs", "1"]
    assert commands.main([*words, "--seed", "5", "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert out.read_text() == text
    assert "seed 5" in text
    assert "numpy" in text
    assert "| natural | whole picture | 2 |" in text
    assert "| mark on another picture | transplant | 1 |" in text
    assert "| same drawing | recoloured | 2 | 2 " in text
    others = [name for name in synthetic.LAYOUTS if name != "recoloured"]
    assert all(f"| same layout | {name} | 2 |" in text for name in others)


def test_missing_material_is_one_line(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("TEST_DATA", str(tmp_path))
    assert commands.main(["attacks", "--jobs", "1"]) == 2
    assert "larger test images" in capsys.readouterr().err


@pytest.mark.parametrize("name", synthetic.LAYOUTS)
def test_pictures_of_a_layout_differ_and_have_structure(name):
    draw = synthetic.LAYOUTS[name]
    one, two, again = (draw(generator(3, name, number)) for number in (0, 1, 0))
    assert np.array_equal(one, again)
    assert np.abs(one.astype(int) - two).mean() > 3
    assert np.count_nonzero(signature(one, upright(one)).trits) > 300


def row(**changed):
    fields = {
        "group": "crop 25 %", "name": "crop25", "set": "kodak", "image": "a.png", "half": 0,
        "same": True, "grid": GridEvidence(status=MatchStatus.PARTIAL, agreement=0.8, offsets=9),
        "final": MatchStatus.PARTIAL,
    }  # fmt: skip
    return Row(**fields | changed)


def test_misses_are_counted_among_the_marks_that_were_read():
    missed = row(half=1, final=MatchStatus.NOT_COMPARABLE, grid=None)
    unread = row(read=False, grid=None, final=None)
    text = render([row(), row(), missed, unread], command="x", seed=1)
    line = next(line for line in text.splitlines() if "crop 25 %" in line)
    assert [cell.strip().partition(" (")[0] for cell in line.strip("|").split("|")] == [
        "natural", "crop 25 %", "4", "3", "1 of 3", "0 of 2", "1 of 1", "2", "1", "0", "0.80",
    ]  # fmt: skip


def test_false_matches_are_counted_for_each_half():
    matched = row(group="other half", name="left-right", half=1)
    other = row(
        group="other half", name="left-right",
        grid=GridEvidence(status=MatchStatus.MISMATCH, z=2.5, agreement=0.2, offsets=9),
    )  # fmt: skip
    text = render([matched, other, other], command="x", seed=1)
    line = next(line for line in text.splitlines() if "left-right" in line)
    cells = [cell.strip().partition(" (")[0] for cell in line.strip("|").split("|")]
    assert cells == ["other half", "left-right", "3", "1", "0", "1", "2", "0", "2.5", "0.20"]
