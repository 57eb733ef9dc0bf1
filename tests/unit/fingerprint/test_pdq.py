"""The perceptual hash: what it must not notice, and what it must."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from support import pictures

from provenance.fingerprint import fingerprint, spectrum
from provenance.fingerprint.pdq import CONFIDENT_DISTANCE, MIN_QUALITY, _bands
from provenance.model import Fingerprint

PICTURE = pictures.crop(512, 512)
RECTANGLE = pictures.crop(300, 480)
#: What was done to the picture, and what the orientation is then called.
TURNS = {
    "upright": lambda p: p,
    "mirrored": np.fliplr,
    "flipped": np.flipud,
    "rotated 180": lambda p: np.rot90(p, 2),
    "transposed": lambda p: p.swapaxes(0, 1),
    "rotated 90": lambda p: np.rot90(p, 1),
    "rotated 270": lambda p: np.rot90(p, 3),
    "transverse": lambda p: np.rot90(p, 2).swapaxes(0, 1),
}


def turned(name, picture=PICTURE):
    return np.ascontiguousarray(TURNS[name](picture))


@pytest.mark.parametrize(
    "change",
    [
        lambda p: cv2.resize(p, (256, 256), interpolation=cv2.INTER_AREA),
        lambda p: cv2.resize(p, (1024, 900), interpolation=cv2.INTER_CUBIC),
        lambda p: pictures.decoded(pictures.file(p, "JPEG", quality=30)),
        lambda p: np.clip(p.astype(int) + 15, 0, 255).astype(np.uint8),
        lambda p: np.repeat(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY)[:, :, None], 3, axis=2),
    ],
    ids=["smaller", "larger and squeezed", "jpeg 30", "brighter", "grey"],
)
def test_the_same_picture_stays_within_the_confident_distance(change):
    distance = fingerprint(PICTURE).distance(fingerprint(change(PICTURE)))
    assert distance <= CONFIDENT_DISTANCE


def test_another_picture_is_far_away():
    other = pictures.grey_texture(512, 512)
    assert fingerprint(PICTURE).distance(fingerprint(other)) > 3 * CONFIDENT_DISTANCE


@pytest.mark.parametrize("name", sorted(TURNS))
@pytest.mark.parametrize("picture", [PICTURE, RECTANGLE], ids=["square", "rectangle"])
def test_an_orientation_is_named_after_what_was_done_to_the_picture(name, picture):
    original = fingerprint(picture)
    hashes = spectrum(turned(name, picture)).orientations()
    distances = {key: original.distance(value) for key, value in hashes.items()}
    assert min(distances, key=distances.get) == name
    assert distances[name] <= CONFIDENT_DISTANCE  # the filter is not symmetric


def test_orientations_are_the_hashes_of_the_turned_pixels():
    for name, value in spectrum(PICTURE).orientations().items():
        inverse = {"rotated 90": "rotated 270", "rotated 270": "rotated 90"}.get(name, name)
        assert fingerprint(turned(inverse)).distance(value) <= CONFIDENT_DISTANCE, name


def test_there_are_eight_orientations_and_the_first_is_the_picture_itself():
    found = spectrum(PICTURE)
    assert len(found.orientations()) == 8
    assert found.orientations()["upright"] == found.fingerprint() == fingerprint(PICTURE)


def test_half_of_the_bits_are_set():
    bits = int.from_bytes(fingerprint(PICTURE).bits)
    assert bits.bit_count() == 128


def test_a_tall_picture_is_hashed_in_strips_without_seams():
    tall = cv2.resize(PICTURE, (200, 2500), interpolation=cv2.INTER_LINEAR)
    small = cv2.resize(tall, (200, 1000), interpolation=cv2.INTER_AREA)
    assert fingerprint(tall).distance(fingerprint(small)) <= 10


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (63, 65), (64, 64)])
def test_a_picture_of_any_size_has_a_fingerprint(shape):
    found = fingerprint(np.full((*shape, 3), 77, dtype=np.uint8))
    assert isinstance(found, Fingerprint)
    assert found.quality == 0


def test_flat_pictures_have_no_quality_and_textured_ones_have():
    assert fingerprint(np.full((200, 200, 3), 128, dtype=np.uint8)).quality == 0
    assert fingerprint(PICTURE).quality > MIN_QUALITY


def test_quality_falls_with_the_contrast():
    values = [
        fingerprint((128 + (PICTURE.astype(int) - 128) * share // 100).astype(np.uint8)).quality
        for share in (100, 30, 10, 3)
    ]
    assert values == sorted(values, reverse=True)
    assert values[0] > values[-1]


@pytest.mark.parametrize(
    "picture",
    [
        PICTURE,
        RECTANGLE,
        pictures.crop(333, 127, top=60, left=200),
        pictures.grey_texture(400, 640, seed=4),
        np.random.default_rng(1).integers(0, 256, (90, 1300, 3), dtype=np.uint8),
    ],
    ids=["square", "rectangle", "part", "texture", "noise"],
)
def test_the_hash_is_that_of_the_reference_package(picture):
    pdqhash = pytest.importorskip("pdqhash")
    bits, quality = pdqhash.compute(picture)
    reference = Fingerprint(bits=np.packbits(bits.astype(np.uint8)).tobytes(), quality=quality)
    made = fingerprint(picture)
    assert made.distance(reference) <= 10
    assert abs(made.quality - quality) <= 1


@pytest.mark.parametrize("length", [1, 2, 63, 64, 65, 300, 1024, 1999])
def test_the_bands_are_two_passes_of_the_box_filter(length):
    made = np.zeros((64, length))
    for cells, first, weights in _bands(length):
        made[cells, first : first + weights.shape[1]] = weights
    window = (length + 127) // 128
    ahead = (window + 2) // 2
    box = np.zeros((length, length))
    for place in range(length):
        used = slice(max(0, place + ahead - window), min(length, place + ahead))
        box[place, used] = 1 / (used.stop - used.start)
    centres = ((np.arange(64) + 0.5) * length / 64).astype(int)
    assert made == pytest.approx(
        (box @ box)[centres], abs=1 / (2 * 65536) + 1e-7
    )  # weights are whole parts of 1/65536


def test_bands_hold_little_more_than_what_their_cells_use():
    for length in (887, 1024, 1182, 3343):
        assert all(weights.shape[1] < length / 6 for _, _, weights in _bands(length))
