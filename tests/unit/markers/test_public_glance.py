"""What a glance at half of a picture says about public payloads."""

from __future__ import annotations

import numpy as np
import pytest
from support import copies, markers, pictures

from provenance.imaging import load
from provenance.manifest import read
from provenance.markers import catalogue, find
from provenance.markers.public_glance import GATE, _half, _looked_at, _signs, _sizes, score, shows
from provenance.markers.public_payload import _values
from provenance.trust import TrustStore

PAYLOADS = catalogue().payloads
FIXTURES = [path for path in sorted(markers.FOLDER.iterdir()) if path.suffix != ".py"]
REAL = [
    pytest.param(name, *path, id=f"{name} {path[0]} {path[1]}")
    for name, paths in markers.PATHS.items()
    for path in paths
]


@pytest.mark.parametrize(("name", "sample", "order"), REAL)
def test_every_real_embedding_path_shows(name, sample, order):
    pytest.importorskip("imwatermark")
    marked = markers.watermarked(pictures.crop(512, 512), name, sample, order)
    assert score(marked, PAYLOADS) > 3 * GATE
    assert shows(copies.jpeg(marked, 95), PAYLOADS)


@pytest.mark.parametrize("name", ["kitchen.png", "camera.png"])
def test_an_unmarked_picture_shows_nothing(name):
    assert not shows(pictures.sample(name, 512, 512), PAYLOADS)


@pytest.mark.parametrize("shape", [(8, 8), (7, 900), (300, 8), (257, 1031)])
def test_any_shape_can_be_looked_at(shape):
    rgb = np.zeros((*shape, 3), dtype=np.uint8)
    assert shows(rgb, PAYLOADS) is False


def test_whole_numbers_of_8_bits_are_near_the_exact_ones():
    rgb = pictures.crop(512, 64)[:64]  # all of its block rows are looked at
    exact = _values(np.ascontiguousarray(rgb)).reshape(2, 2, 2, -1)  # sharpened, order, centre
    seen = np.reshape(_sizes(_half(rgb, 8, rgb.shape[1] // 8)), (2, 2, 2, -1)).swapaxes(0, 1)
    assert np.abs(exact[0] - seen[0]).max() <= 3
    assert np.abs(exact[1] - seen[1]).max() <= 5


def test_signs_follow_the_places_of_the_blocks():
    rows, columns = 21, 13
    signs = _signs(PAYLOADS, rows, columns)
    places = np.flatnonzero(np.repeat(_looked_at(rows), columns))
    for payload, sign in zip(PAYLOADS, signs, strict=True):
        bits = np.array(payload.bits)[places % len(payload.bits)]
        assert np.array_equal(sign > 0, bits == 1)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_a_glance_loses_no_fixture(path):
    image = load(path.read_bytes())
    manifest = read(image.data, image.header.format.mime, TrustStore())
    assert find(image, manifest, thorough=False) == find(image, manifest)
