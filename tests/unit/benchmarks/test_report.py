"""The report and the acceptance summary, from rows written by hand."""

from __future__ import annotations

import json

import pytest

from benchmarks.watermark import plots, report, rows
from benchmarks.watermark.acceptance import REQUIREMENTS, Fidelity, Recovery
from benchmarks.watermark.attacks import ATTACKS, Family, by_name
from benchmarks.watermark.metrics import Quality
from benchmarks.watermark.rows import AttackRow, StampRow
from benchmarks.watermark.sets import SETS
from provenance.errors import InputError

RUN = {
    "command": "python -m benchmarks.watermark run --seed 7",
    "settings": {"seed": 7, "images": 2, "draws": 1, "depth": "deep"},
    "code": "0123456789ab",
    "environment": {"machine": "a machine", "numpy": "9.9"},
}


def stamp(image, psnr, **other):
    quality = Quality(psnr=psnr, ssim=0.99, delta_e_mean=0.5, delta_e_p99=2.0, ssimulacra2=psnr * 2)
    given = {"quality": quality, "embed_ms": 100.0, **other}
    return StampRow(scheme="s", set="kodak", image=image, width=768, height=512, **given)


def read(image, attack, *, recovered, **other):
    given = {"scheme": "s", "set": "kodak", "draw": 0, "log10_p": -20.0 * recovered, **other}
    return AttackRow(image=image, attack=attack, recovered=recovered, **given)


ROWS = (
    stamp("a", 40.0),
    stamp("b", 44.0),
    stamp("c", 0.0, quality=None, refused="too few pixels"),
    read("a", "jpeg50", recovered=True),
    read("b", "jpeg50", recovered=False),
    read("a", "crop25-jpeg70", recovered=True),
    read("b", "crop25-jpeg70", recovered=True),
    read("a", "crop10", recovered=False, wrong=True),
    read("a", "notch-50", recovered=False, skipped="no lines"),
    read("a", "average-tiles-41", recovered=False),
)


def text(*more, plots=None):
    return report.render(report.Results((*ROWS, *more), (RUN,)), plots or {})


def cells(line_start, document):
    """The cells of the one line that begins so."""
    (line,) = [line for line in document.splitlines() if line.startswith(line_start)]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_share_of_an_attack_is_told_with_its_number_and_median_bound():
    assert cells("| jpeg50 | s", text())[2] == "50 (2; -10)"
    assert cells("| crop25-jpeg70 | s", text())[2] == "100 (2; -20)"


def test_a_skipped_attack_says_why():
    assert cells("| notch-50 | s", text())[2] == "skipped: no lines"


def test_wrong_payloads_are_counted_and_named():
    assert cells("| s | 1 |", text()) == ["s", "1", "6", "crop10 (1)"]


def test_quality_is_mean_and_worst_over_what_was_stamped():
    line = cells("| s | kodak | 2", text())
    assert line[3] == "42.00 / 40.00"
    assert line[-1] == "84.0 / 80.0"


def test_refusals_are_listed_and_not_part_of_the_percentages():
    document = text()
    assert "## Refused: 1 of 3" in document
    assert "s, kodak/c: too few pixels" in document


def test_the_report_says_where_and_how_it_was_measured():
    document = text()
    for fact in (
        RUN["command"],
        "seed 7",
        "2 images",
        "depth deep",
        "0123456789ab",
        "a machine",
        "numpy 9.9",
    ):
        assert fact in document


def test_plots_are_shown_in_their_family():
    assert "![jpeg](x-jpeg.png)" in text(plots={Family.JPEG: "x-jpeg.png"})


def test_two_schemes_stand_side_by_side():
    document = text(read("a", "jpeg50", recovered=True, scheme="t"))
    assert cells("| jpeg50 | t", document)[2] == "100 (1; -20)"
    assert "## Acceptance: t" in document


def test_acceptance_measures_what_was_run_and_says_what_was_not():
    kodak = [item for item in REQUIREMENTS if item.sets == ("kodak",)]
    overall, *_ = [item for item in kodak if isinstance(item, Recovery)]
    measured = overall.measure(ROWS)
    # jpeg50 one of two, crop25-jpeg70 two of two; crop10 keeps too little, and the attack
    # by somebody who knows the algorithm is not asked for.
    assert measured.value == pytest.approx(75)
    assert (measured.n, measured.coverage) == (4, f"2 of {len(overall.attacks)}")
    generated = next(item for item in REQUIREMENTS if item.sets == ("generated",))
    assert generated.measure(ROWS).n == 0


def test_acceptance_takes_mean_and_least_of_a_metric():
    values = {
        item.title: item.measure(ROWS).value
        for item in REQUIREMENTS
        if isinstance(item, Fidelity) and item.sets == ("kodak",)
    }
    assert values == {"PSNR, mean": 42.0, "SSIMULACRA2, mean": 84.0, "SSIMULACRA2, least": 80.0}


def test_met_and_not_met_and_not_measured_are_told_apart():
    document = text()
    assert cells("| kodak | crop 25 %, JPEG 70 ", document)[-1] == "yes"
    assert cells("| kodak | PSNR, mean", document)[-1] == "NO"
    assert cells("| photos-0.4 | WebP 50", document)[-1] == "not measured"


def test_requirements_name_known_sets_and_attacks():
    names = {attack.name for attack in ATTACKS}
    for item in REQUIREMENTS:
        assert set(item.sets) <= set(SETS)
        if isinstance(item, Recovery):
            assert item.attacks
            assert set(item.attacks) <= names


def test_what_is_asked_overall_leaves_out_small_crops_and_informed_attackers():
    overall = set(REQUIREMENTS[0].attacks)
    left_out = {attack.name for attack in ATTACKS} - overall
    assert left_out == {"crop10"} | {
        attack.name for attack in ATTACKS if attack.family in (Family.MARK, Family.TRANSPLANT)
    }
    assert by_name("crop15").name in overall


def folder(path, found):
    rows.write(path / "rows" / "a.jsonl", found)
    (path / "run-1of1.json").write_text(json.dumps(RUN))
    return path


def test_shards_are_merged(tmp_path):
    parts = [folder(tmp_path / "one", ROWS[:5]), folder(tmp_path / "two", ROWS[5:])]
    merged = report.load(parts)
    assert set(map(repr, merged.rows)) == set(map(repr, ROWS))
    assert len(merged.runs) == 2


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no run"):
        report.load([tmp_path])


def test_there_is_a_plot_for_each_family_with_results(tmp_path):
    pytest.importorskip("matplotlib", reason="the bench extra is not installed")
    names = plots.families(report.Results(ROWS), tmp_path, "x")
    assert set(names) == {Family.JPEG, Family.CROP, Family.COMBINATION, Family.MARK}
    for name in names.values():
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
