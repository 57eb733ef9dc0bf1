"""The picture sets, on stand-ins of the larger material."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from support import pictures

from benchmarks.watermark.sets import SETS, picture_set
from provenance.errors import ArgumentError, InputError

SIZES = [(400, 300), (1000, 800), (1500, 1000), (512, 512), (300, 1200)]


@pytest.fixture
def sizes(material):
    """One more picture of each size in every folder."""
    for folder in material.iterdir():
        for width, height in SIZES:
            Image.new("RGBA", (width, height), (9, 99, 199, 0)).save(
                folder / f"{width}x{height}.png"
            )
    return material


def shapes(name):
    chosen = picture_set(name)
    return {path.stem: chosen.load(path).shape for path in chosen.files()}


def test_generated_pictures_are_about_a_megapixel_and_small_ones_are_left_out(sizes):
    found = shapes("generated")
    assert set(found) == {"1000x800", "1500x1000"}
    areas = {name: shape[0] * shape[1] for name, shape in found.items()}
    assert areas["1500x1000"] == pytest.approx(2**20, rel=0.002)
    assert areas["1000x800"] == pytest.approx(0.9e6, rel=0.002)


def test_kodak_and_hard_stay_as_they_are(sizes):
    for name in ("kodak", "hard"):
        assert shapes(name)["300x1200"] == (1200, 300, 3)


def test_photos_have_the_area_of_their_name(sizes):
    for height, width, _ in shapes("photos-0.4").values():
        assert height * width == pytest.approx(0.4e6, rel=0.005)


def test_a_square_of_its_own_size_is_left_as_it_is(material):
    exact = pictures.crop(512, 512)
    Image.fromarray(exact).save(material / "kodak" / "exact.png")
    chosen = picture_set("512")
    path = next(path for path in chosen.files() if path.stem == "exact")
    assert np.array_equal(chosen.load(path), exact)


@pytest.mark.parametrize("side", [512, 256])
def test_squares_are_squares(sizes, side):
    found = shapes(str(side))
    assert found["1500x1000"] == (side, side, 3)
    assert found["512x512"] == (side, side, 3)
    assert found["300x1200"] == (side, side, 3)


def test_transparency_is_dropped_and_colours_stay(sizes):
    chosen = picture_set("kodak")
    path = next(path for path in chosen.files() if path.stem == "512x512")
    assert np.array_equal(np.unique(chosen.load(path).reshape(-1, 3), axis=0), [[9, 99, 199]])


def test_a_missing_folder_is_said_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("TEST_DATA", str(tmp_path))
    for chosen in SETS.values():
        with pytest.raises(InputError, match=r"not here .*TEST_DATA"):
            chosen.files()


def test_an_unknown_set_names_the_known_ones():
    with pytest.raises(ArgumentError, match="generated, kodak"):
        picture_set("coco")
