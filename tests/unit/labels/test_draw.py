"""What is drawn, measured in the pixels."""

from __future__ import annotations

import hashlib
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import pictures

from provenance.errors import ArgumentError, CapacityError
from provenance.labels import Label, labelled, words
from provenance.labels.draw import MIN_HEIGHT
from provenance.labels.glyphs import GLYPHS

BACKGROUNDS = {
    "black": np.zeros((512, 512, 3), np.uint8),
    "white": np.full((512, 512, 3), 255, np.uint8),
    "picture": pictures.sample("kitchen.png", 512, 512),
}

#: Of all labels in two sizes, on black.
DIGEST = "3a2593d185c54dfaeb1822d0fec281804b1594fbddf98bcbf592c893fed965c7"


def plate_of(before: pictures.Pixels, after: pictures.Pixels) -> tuple[slice, slice]:
    """Where a label was drawn."""
    changed = (before != after).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def ink_of(plate: pictures.Pixels) -> tuple[int, int]:
    """Height and width of the letters, inside of the rim."""
    inner = plate[3:-3, 3:-3, 0] > 128
    rows, columns = np.flatnonzero(inner.any(axis=1)), np.flatnonzero(inner.any(axis=0))
    return int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)


def luminance(value: float) -> float:
    """WCAG 2.2, relative luminance of a grey."""
    share = value / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("edited", [False, True], ids=["made", "edited"])
@pytest.mark.parametrize("label", list(Label))
@pytest.mark.parametrize("name", list(BACKGROUNDS))
def test_it_is_in_the_top_right_corner_and_can_be_read(
    name: str, label: Label, edited: bool
) -> None:
    before = BACKGROUNDS[name]
    after, _ = labelled(before, None, label, edited=edited)
    rows, columns = plate_of(before, after)
    assert rows.stop < 512 / 4
    assert columns.start > 512 / 3
    height, _ = ink_of(after[rows, columns])
    assert height >= math.ceil(0.05 * 512)  # GB 45438-2025
    plate = after[rows, columns, 0].astype(float)
    ink, ground = luminance(np.percentile(plate, 99.5)), luminance(np.median(plate))
    assert (ink + 0.05) / (ground + 0.05) >= 4.5  # WCAG 2.2, 1.4.3
    outside = after.copy()
    outside[rows, columns] = before[rows, columns]
    assert np.array_equal(outside, before)


@given(st.integers(160, 2400), st.integers(160, 2400), st.sampled_from(list(Label)))
def test_letters_are_high_enough_in_every_picture_or_it_is_refused(
    height: int, width: int, label: Label
) -> None:
    before = np.full((height, width, 3), 90, np.uint8)
    try:
        after, _ = labelled(before, None, label, edited=False)
    except CapacityError:
        assert width < 200
        return
    rows, columns = plate_of(before, after)
    assert ink_of(after[rows, columns])[0] >= max(
        MIN_HEIGHT - 1, math.ceil(0.05 * min(height, width))
    )
    assert rows.start > 0
    assert columns.stop < width


def test_a_small_picture_is_refused() -> None:
    with pytest.raises(CapacityError) as caught:
        labelled(np.zeros((64, 100, 3), np.uint8), None, Label.EU, edited=False)
    assert "too small for a visible label" in caught.value.message
    assert "--label none" in caught.value.hint


def test_what_was_given_is_not_changed_and_the_plate_is_opaque() -> None:
    before, alpha = np.zeros((256, 256, 3), np.uint8), np.zeros((256, 256), np.uint8)
    after, seen = labelled(before, alpha, Label.CN, edited=False)
    assert not before.any()
    assert not alpha.any()
    assert seen is not None
    rows, columns = plate_of(before, after)
    assert (seen[rows, columns] == 255).all()
    seen[rows, columns] = 0
    assert not seen.any()


def test_every_label_says_something_else_of_an_edit() -> None:
    assert words(Label.EU, edited=False) == "AI GENERATED"
    assert words(Label.EU, edited=True) == "AI MODIFIED"
    assert words(Label.CN, edited=False) == "AI生成"
    assert words(Label.CN, edited=True) == "AI合成"
    for label, edited in itertools.product(Label, (False, True)):
        text = words(label, edited=edited)
        assert text.startswith("AI")
        assert set(text) <= set(GLYPHS)


def test_no_letter_leaves_its_box() -> None:
    for letter, glyph in GLYPHS.items():
        for x, y in itertools.chain(*glyph.strokes):
            assert x - glyph.pen / 2 >= -0.001, letter
            assert x + glyph.pen / 2 <= glyph.width + 0.011, letter
            assert y - glyph.pen / 2 >= -0.001, letter
            assert y + glyph.pen / 2 <= 1.001, letter


def test_the_same_label_is_the_same_everywhere() -> None:
    """A request that is made again has to give the same bytes, on another machine too."""
    drawn = [
        labelled(np.zeros((side, side, 3), np.uint8), None, label, edited=edited)[0].tobytes()
        for side, label, edited in itertools.product((256, 777), Label, (False, True))
    ]
    assert hashlib.sha256(b"".join(drawn)).hexdigest() == DIGEST


def test_an_unknown_label() -> None:
    with pytest.raises(ArgumentError):
        Label.parse("uk")
    assert Label.parse("EU") is Label.EU
