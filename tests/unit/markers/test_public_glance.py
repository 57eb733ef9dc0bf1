"""What a glance at a picture says about public payloads."""

from __future__ import annotations

import numpy as np
import pytest
from support import copies, markers, pictures

from provenance.imaging import load
from provenance.manifest import read
from provenance.markers import catalogue, find
from provenance.markers.public_glance import _Blocks, _by_place, _half, _numbers, shows
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
    assert shows(marked, PAYLOADS)
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
    numbers = np.reshape(_numbers(_half(rgb, _Blocks(8, rgb.shape[1] // 8, 2))), (2, 2, 2, -1))
    seen = numbers.swapaxes(0, 1)
    assert np.abs(exact[0] - seen[0]).max() <= 3
    assert np.abs(exact[1] - seen[1]).max() <= 5


def test_places_are_those_of_the_payload_in_the_whole_picture():
    rows, columns, length = 20, 7, 32
    whole = (np.arange(rows * columns) % length).reshape(rows, columns)
    place = _Blocks(rows, columns, 2).of(np.arange(length))
    assert place.tolist() == np.concatenate([whole[:8].ravel(), whole[16:].ravel()]).tolist()
    assert _Blocks(rows, columns, 1).of(np.arange(length)).tolist() == whole.ravel().tolist()
    places = _by_place(np.stack([place, np.ones(len(place))]), place, length)
    assert places[0] == pytest.approx(np.arange(length) - (length - 1) / 2)
    assert not places[1].any()


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_a_glance_loses_no_fixture(path):
    image = load(path.read_bytes())
    manifest = read(image.data, image.header.format.mime, TrustStore())
    assert find(image, manifest, thorough=False) == find(image, manifest)
