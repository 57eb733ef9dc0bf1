"""The matched filter, held against the package that writes the marks."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from support import markers, pictures

from provenance.markers import catalogue
from provenance.markers.public_payload import (
    CHANCE,
    PayloadFinding,
    _extremes,
    _folded,
    _halved,
    _log10_bounds,
    _residual,
    _values,
    search,
    strongest,
)

pytest.importorskip("imwatermark")
KNOWN = catalogue().payloads
SIGNS = {entry.id: 2.0 * np.array(entry.bits) - 1 for entry in KNOWN}
REAL = [
    pytest.param(name, *path, id=f"{name} {path[0]} {path[1]}")
    for name, paths in markers.PATHS.items()
    for path in paths
]


@pytest.fixture(scope="module")
def scene():
    return pictures.crop(512, 512)


def best(rgb):
    return max(search(rgb, KNOWN), key=lambda finding: finding.agreement)


def jpeg(rgb, **options):
    target = io.BytesIO()
    Image.fromarray(rgb).save(target, "JPEG", **options)
    return np.asarray(Image.open(target))


@pytest.mark.parametrize(("name", "sample", "order"), REAL)
def test_every_real_embedding_path_is_read(scene, name, sample, order):
    found = best(markers.watermarked(scene, name, sample, order))
    assert found.payload.id == name
    assert found.found


@pytest.mark.parametrize(("name", "sample", "order"), REAL)
def test_marks_survive_jpeg_95_with_halved_chroma(scene, name, sample, order):
    found = best(jpeg(markers.watermarked(scene, name, sample, order), quality=95))
    if name == "stable-diffusion-v2":  # 32 bits have the least to lose
        assert found.log10_p < -2
    else:
        assert found.found
    assert found.payload.id == name


@pytest.mark.parametrize(("name", "sample", "order"), REAL)
@pytest.mark.parametrize("seed", [0, 1])
def test_no_other_payload_is_named_than_the_one_that_was_embedded(name, sample, order, seed):
    """Where one text is embedded, another text may pass the gate as well."""
    texture = pictures.grey_texture(640, 1024, seed=seed)
    marked = markers.watermarked(texture, name, sample, order)
    for rgb in (marked, jpeg(marked, quality=95)):
        found = strongest(search(rgb, KNOWN))
        assert found is None or found.payload.id == name


def test_of_several_findings_the_one_that_agrees_most_is_named():
    def finding(index, log10_p, agreement):
        return PayloadFinding(
            payload=KNOWN[index], log10_p=log10_p, agreement=agreement, reading=""
        )

    echo, mark, chance = finding(0, -60, 0.7), finding(1, -38, 0.99), finding(2, -1, 1)
    assert strongest([echo, mark, chance]) is mark
    assert strongest([chance]) is None


def test_flux_has_46_bits_because_the_first_two_are_dropped():
    (flux,) = [entry for entry in KNOWN if entry.id == "flux"]
    assert len(flux.bits) == 46
    assert int("".join(map(str, flux.bits)), 2) == markers.CONTENTS["flux"]


@pytest.mark.parametrize("seed", range(6))
def test_unmarked_pictures_stay_far_from_the_gate(seed):
    rng = np.random.default_rng(seed)
    size = tuple(int(side) for side in rng.integers(256, 640, 2))
    for picture in (
        pictures.grey_texture(*size, seed=seed),
        rng.integers(0, 256, (*size, 3), dtype=np.uint8),
        np.full((*size, 3), rng.integers(0, 256, 3), dtype=np.uint8),
    ):
        assert min(finding.log10_p for finding in search(picture, KNOWN)) > -3


@pytest.mark.parametrize("period", [8, 16, 32, 64, 128, 256])
@pytest.mark.parametrize("axis", [0, 1])
def test_regular_patterns_are_no_payload(period, axis):
    place = np.arange(1024) // (period // 2) % 2
    colours = np.array([[200, 40, 90], [30, 160, 220]], dtype=np.uint8)
    line = colours[place]
    tall = np.repeat(line[None], 512, axis=0)
    picture = np.ascontiguousarray(tall if axis else tall.swapaxes(0, 1))
    assert not any(finding.found for finding in search(picture, KNOWN))


def test_a_picture_that_draws_the_byte_pattern_of_a_text_is_no_payload():
    """Columns whose values follow the bits that all letters have in common."""
    common = [0, 1, 1, 0, 0, 1, 0, 0]
    columns = np.repeat(np.tile([40, 200], 1)[common * 16], 8)
    picture = np.zeros((512, len(columns), 3), dtype=np.uint8)
    picture[:, :, 2] = columns
    assert not any(finding.found for finding in search(picture, KNOWN))


@pytest.mark.parametrize("shape", [(255, 256), (7, 20_000), (200, 200)])
def test_pictures_that_the_package_refuses_are_not_searched(shape):
    assert search(np.zeros((*shape, 3), dtype=np.uint8), KNOWN) == ()


def test_nothing_is_found_where_nothing_is_looked_for(scene):
    assert search(scene, ()) == ()


def test_strips_of_a_tall_picture_have_no_seams():
    marked = markers.watermarked(
        pictures.grey_texture(2304, 256), "stable-diffusion-xl", "float32", "BGR"
    )
    whole = _values(marked)
    parts = [_values(marked[top : top + 1024]) for top in range(0, 2304, 1024)]
    plain = len(whole) // 2  # the other half looks across the seam by three cells
    assert np.allclose(np.concatenate(parts, axis=1)[:plain], whole[:plain])
    assert best(marked).found


# --- the bound ---------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [32, 46, 136])
def test_the_bound_of_full_agreement_is_that_of_as_many_coins(bits):
    signs = np.resize([1.0, -1.0, 1.0], bits)
    assert _log10_bounds(signs[None], signs)[0] == pytest.approx(-bits * np.log10(2), rel=1e-3)


def test_the_bound_holds_for_random_signs():
    """As many random payloads pass a level as the level allows, or fewer."""
    rng = np.random.default_rng(3)
    weights = rng.normal(size=48) * rng.choice([0.2, 1, 4], size=48)
    trials = 40_000
    signs = rng.choice([-1.0, 1.0], (trials, 48))
    # Turning a sign over in the payload is the same as turning it over in the weight.
    bounds = _log10_bounds(signs * weights, np.ones(48))
    for level in (-1, -2, -3):
        assert (bounds <= level).mean() <= 10**level


@pytest.mark.parametrize("weights", [np.zeros(48), np.full(48, 1e-12)])
def test_no_weights_are_no_evidence(weights):
    assert _log10_bounds(weights[None], SIGNS["stable-diffusion-xl"])[0] > -1e-3


def test_disagreement_is_no_evidence():
    signs = SIGNS["stable-diffusion-xl"]
    assert _log10_bounds(-signs[None], signs)[0] == 0


def test_the_residual_of_a_pattern_with_the_period_of_a_byte_is_nothing():
    assert np.allclose(_residual(np.resize(np.arange(8.0), 64)[None]), 0)


@pytest.mark.parametrize("blocks", [5, 47, 48, 1000])
def test_blocks_are_averaged_by_their_place_in_the_payload(blocks):
    rng = np.random.default_rng(blocks)
    points = (rng.normal(size=(2, blocks)) + 1j * rng.normal(size=(2, blocks))).astype(np.complex64)
    mean = np.array(
        [[row[place::48].mean() if place < blocks else 0 for place in range(48)] for row in points]
    )
    expected = mean - mean.mean(axis=1, keepdims=True)
    assert np.allclose(_folded(points, 48), expected, atol=1e-5)


def test_the_gate_is_the_chance_over_all_tests():
    passing = PayloadFinding(payload=KNOWN[0], log10_p=np.log10(CHANCE), agreement=1, reading="")
    failing = PayloadFinding(
        payload=KNOWN[0], log10_p=np.log10(CHANCE) + 0.01, agreement=1, reading=""
    )
    assert passing.found
    assert not failing.found


@given(arrays(np.uint8, st.tuples(st.integers(1, 70), st.integers(1, 9), st.just(3))))
def test_means_of_four_pixels_are_exact(half):
    rgb = np.random.default_rng(half.size).permuted(
        half.repeat(2, axis=0).repeat(2, axis=1), axis=0
    )
    rows, columns = half.shape[:2]
    expected = rgb.reshape(rows, 2, columns, 2, 3).astype(np.float64).mean(axis=(1, 3))
    assert np.array_equal(_halved(np.ascontiguousarray(rgb)), expected)


@given(arrays(np.float32, (8, 12), elements=st.floats(-900, 900, width=32)))
def test_the_first_coefficient_of_a_block_is_never_its_extreme(plane):
    blocks = plane.reshape(2, 4, 3, 4).transpose(0, 2, 1, 3).reshape(2, 3, 16)[..., 1:]
    most, least = _extremes(plane.copy())
    assert np.array_equal(most, blocks.max(axis=-1))
    assert np.array_equal(least, blocks.min(axis=-1))


def test_what_is_not_found_has_no_reading():
    findings = search(pictures.crop(300, 300), KNOWN)
    assert not any(finding.found for finding in findings)
    assert {(finding.agreement, finding.reading) for finding in findings} == {(0.0, "")}
