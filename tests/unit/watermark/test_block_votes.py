"""Every vote, held against the package that made the mark."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from support import pictures

from provenance.model import MarkId
from provenance.watermark import Layout, catalog, issue
from provenance.watermark.schemes.block_votes import BLOCK, STEP, BlockMethod, majority, votes
from provenance.watermark.schemes.imwatermark import _block_module

pywt = pytest.importorskip("pywt")
BITS = Layout.FULL.bits
REFERENCES = {
    BlockMethod.SVD: ("dwtDctSvd", "EmbedDwtDctSvd"),
    BlockMethod.MAX_DCT: ("maxDct", "EmbedMaxDct"),
}
PICTURES = {
    "colour": pictures.crop(272, 264),
    "odd sides": pictures.crop(283, 269, top=3),
    "grey": pictures.grey_texture(256, 264),
    "noise": np.random.default_rng(5).integers(0, 256, (264, 256, 3), dtype=np.uint8),
}


def marked(method, picture):
    scheme = catalog.scheme(f"imwatermark.{method.value}")
    payload = issue(
        Layout.FULL, system_id=0x5A5A5, mark_id=MarkId(0xC0FFEE123456), tag_key=bytes(32)
    )
    return scheme.embed(picture, payload, b""), payload


def reference(method, length):
    module, name = REFERENCES[method]
    return getattr(_block_module(module), name)(wmLen=length)


def low_band(rgb):
    """The plane that the package reads its blocks from."""
    height, width = (side // 4 * 4 for side in rgb.shape[:2])
    yuv = cv2.cvtColor(np.ascontiguousarray(rgb[:, :, ::-1]), cv2.COLOR_BGR2YUV)
    return pywt.dwt2(yuv[:height, :width, 1], "haar")[0]


def own_votes(method, rgb):
    """The package's vote of each block: with a payload as long as there are blocks."""
    band = low_band(rgb)
    count = (band.shape[0] // 4) * (band.shape[1] // 4)
    scores = reference(method, count).decode_frame(band, STEP, [[] for _ in range(count)])
    return np.array([score for (score,) in scores], dtype=bool)


@pytest.mark.parametrize("name", sorted(PICTURES))
@pytest.mark.parametrize("unmarked", [False, True], ids=["marked", "unmarked"])
def test_every_svd_vote_is_the_package_s_own(name, unmarked):
    picture = PICTURES[name]
    rgb = picture if unmarked else marked(BlockMethod.SVD, picture)[0]
    assert np.array_equal(votes(rgb, BlockMethod.SVD), own_votes(BlockMethod.SVD, rgb))


@pytest.mark.parametrize(
    "name",
    [
        "grey",
        *(
            pytest.param(
                name,
            )
            for name in ("colour", "noise", "odd sides")
        ),
    ],
)
def test_every_max_dct_vote_is_the_package_s_own(name):
    rgb = marked(BlockMethod.MAX_DCT, PICTURES[name])[0]
    assert np.array_equal(votes(rgb, BlockMethod.MAX_DCT), own_votes(BlockMethod.MAX_DCT, rgb))


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_max_dct_votes_differ_only_on_the_edge_of_a_step(name):
    rgb = marked(BlockMethod.MAX_DCT, PICTURES[name])[0]
    differ = np.flatnonzero(votes(rgb, BlockMethod.MAX_DCT) != own_votes(BlockMethod.MAX_DCT, rgb))
    band = low_band(rgb)
    rows, columns = (side // 4 for side in band.shape)
    blocks = band[: rows * 4, : columns * 4].reshape(rows, 4, columns, 4).swapaxes(1, 2)
    value = np.abs(blocks.reshape(-1, 16)[differ, 1:]).max(axis=1)
    to_edge = np.abs(value / (STEP / 2) - np.round(value / (STEP / 2)))
    assert (to_edge < 1e-9).all()


@pytest.mark.parametrize("method", list(BlockMethod))
def test_the_majority_is_the_package_s_own_decision(method):
    rgb, payload = marked(method, PICTURES["grey"])
    own = reference(method, BITS).decode(np.ascontiguousarray(rgb[:, :, ::-1]))
    assert np.array_equal(majority(votes(rgb, method), BITS), own)
    assert np.array_equal(own, payload.bits())


@pytest.mark.parametrize("method", list(BlockMethod))
@pytest.mark.parametrize("size", [(8, 8), (15, 23), (64, 1040)])
def test_there_is_one_vote_for_each_whole_block(method, size):
    ballots = votes(pictures.grey_texture(*size), method)
    assert len(ballots) == (size[0] // BLOCK) * (size[1] // BLOCK)


@pytest.mark.parametrize("method", list(BlockMethod))
def test_strips_of_a_tall_picture_have_no_seams(method):
    tall = pictures.grey_texture(2200, 40, seed=3)
    parts = [votes(tall[top : top + 80], method) for top in range(0, 2200 - 2200 % 8, 80)]
    assert np.array_equal(votes(tall, method), np.concatenate(parts))


def test_votes_do_not_depend_on_the_layout_in_memory():
    picture = pictures.crop(64, 64)
    view = np.asfortranarray(picture)
    for method in BlockMethod:
        assert np.array_equal(votes(view, method), votes(picture, method))


def test_the_majority_decides_each_place_on_its_own():
    ballots = np.array([True, False, True, True, False, False, False, False, True])
    assert majority(ballots, 3).tolist() == [1, 0, 1]  # 2 of 3, 0 of 3, 2 of 3


@pytest.mark.parametrize("ones", range(9))
def test_the_majority_is_taken_where_the_package_takes_it(ones):
    ballots = np.arange(8) < ones
    assert majority(ballots, 1).tolist() == [int(ballots.mean() * 255 > 127)]


def test_places_without_votes_are_zero():
    assert majority(np.ones(2, dtype=bool), 5).tolist() == [1, 1, 0, 0, 0]
