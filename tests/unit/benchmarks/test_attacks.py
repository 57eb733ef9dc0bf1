"""Every attack gives a picture, always the same one, and keeps the area that it names."""

from __future__ import annotations

import numpy as np
import pytest
from support import pictures

from benchmarks.watermark.attacks import ATTACKS, QUICK, AttackSkippedError, Family, by_name, select
from benchmarks.watermark.attacks.marks import TILE
from benchmarks.watermark.scene import Scene
from benchmarks.watermark.seeds import generator
from provenance.errors import ArgumentError

HEIGHT, WIDTH = 96, 128
LINES = np.array([[5, 8], [-7, 11]])
DRAWS = 4
#: Families that neither scale a picture nor paint over it: area can be counted in pixels.
RIGID = (Family.CROP, Family.ROTATION, Family.FLIP)


def scene(picture=None, *, lines=LINES):
    original = pictures.crop(HEIGHT, WIDTH)
    marked = pictures.crop(HEIGHT, WIDTH, top=1) if picture is None else picture
    return Scene(
        original=original,
        marked=marked,
        companion=pictures.crop(HEIGHT, WIDTH, top=100, left=100),
        copies=lambda count: (marked, original, *[original] * 3)[:count],
        lines=lines,
    )


def attacked(attack, picture=None, *, draw=0):
    return attack.apply(scene(picture), generator(1, attack.name, draw))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_gives_an_rgb_picture(attack):
    result = attacked(attack)
    assert result.dtype == np.uint8
    assert result.ndim == 3
    assert result.shape[2] == 3
    assert min(result.shape) > 0
    assert result.flags.c_contiguous


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_the_same_seed_gives_the_same_picture_and_another_draw_does_not(attack):
    first = attacked(attack)
    assert np.array_equal(first, attacked(attack))
    others = [attacked(attack, draw=draw) for draw in range(1, DRAWS)]
    assert attack.random == any(not np.array_equal(first, other) for other in others)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_leaves_what_it_starts_from_alone(attack):
    start = scene()
    before = [start.marked.copy(), start.original.copy(), start.companion.copy()]
    attack.apply(start, generator(1, attack.name))
    after = [start.marked, start.original, start.companion]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize(
    "attack", [a for a in ATTACKS if a.family is not Family.NONE], ids=lambda attack: attack.name
)
def test_an_attack_changes_the_picture(attack):
    result = attacked(attack)
    marked = scene().marked
    assert result.shape != marked.shape or not np.array_equal(result, marked)


@pytest.mark.parametrize(
    "attack", [a for a in ATTACKS if a.family in RIGID], ids=lambda attack: attack.name
)
def test_the_kept_area_is_the_area_that_stays_visible(attack):
    white = np.full((HEIGHT * 5, WIDTH * 5, 3), 255, dtype=np.uint8)
    visible = np.count_nonzero(attacked(attack, white)[..., 0] > 127)
    assert visible / (white.size / 3) == pytest.approx(attack.kept_area, abs=0.02)


@pytest.mark.parametrize(
    "name", ["crop25-jpeg70", "crop15-jpeg70", "grey-crop15", "flip-crop60-jpeg60"]
)
def test_a_chain_keeps_what_its_crop_keeps(name):
    attack = by_name(name)
    result = attacked(attack)
    share = result.shape[0] * result.shape[1] / (HEIGHT * WIDTH)
    assert share == pytest.approx(attack.kept_area, abs=0.02)


def test_a_logo_covers_the_area_that_is_missing():
    logo = by_name("logo10")
    changed = (attacked(logo) != scene().marked).any(axis=2).mean()
    assert changed == pytest.approx(1 - logo.kept_area, abs=0.01)


def test_names_are_unique_and_every_family_has_an_attack():
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
    assert {attack.family for attack in ATTACKS} == set(Family)


def test_quick_is_a_selection_of_known_names():
    assert {attack.name for attack in select(["quick"])} == set(QUICK)


def test_attacks_are_selected_by_name_and_by_family_in_the_order_of_the_table():
    crops = [attack for attack in ATTACKS if attack.family is Family.CROP]
    assert select(["crop", "jpeg50"]) == (by_name("jpeg50"), *crops)
    assert select(["all"]) == ATTACKS


def test_an_unknown_word_selects_nothing_and_says_so():
    with pytest.raises(ArgumentError, match="unknown attack 'jpg'"):
        select(["jpeg", "jpg"])


def test_a_notch_is_skipped_visibly_where_there_are_no_lines():
    with pytest.raises(AttackSkippedError, match="no public synchronisation lines"):
        by_name("notch-50").apply(scene(lines=None), generator(1))


def test_averaging_finds_the_tile_that_is_repeated():
    rng = np.random.default_rng(0)
    tile = 6 * rng.standard_normal((TILE, TILE))
    clean = pictures.crop(512, 512).astype(np.float64)
    marked = np.clip(np.rint(clean + np.tile(tile, (4, 4))[..., None]), 0, 255).astype(np.uint8)
    result = by_name("average-tiles-41").apply(scene(marked), generator(1))
    removed = (marked.astype(float) - result).mean(axis=2).reshape(4, TILE, 4, TILE)
    found = np.corrcoef(removed.mean(axis=(0, 2)).ravel(), tile.ravel())[0, 1]
    assert found > 0.5


def test_collusion_is_the_mean_of_the_copies():
    start = scene()
    expected = (start.marked.astype(float) + start.original) / 2
    result = by_name("collusion2").apply(start, generator(1))
    assert np.abs(result - expected).max() <= 0.5


def test_a_transplant_carries_the_residual_over():
    grey = np.full((HEIGHT, WIDTH, 3), 128, dtype=np.uint8)
    start = scene()
    moved = Scene(original=start.original, marked=start.marked, companion=grey, copies=start.copies)
    result = by_name("transplant").apply(moved, generator(1)).astype(int) - 128
    residual = start.marked.astype(int) - start.original
    small = np.abs(residual) < 100
    assert np.array_equal(result[small], residual[small])
