"""Every exact representation of a picture is the same picture."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from provenance import Encoding, Generation
from provenance.imaging import DEFAULT_LIMITS, DEFAULT_STAMP, ValueRange
from provenance.imaging.memory import pixels_of
from provenance.keys import Pseudonyms
from provenance.stamp.picture import picture
from provenance.stamp.requests import request_of

torch = pytest.importorskip("torch")

#: Sides of 5 and more: nothing can be taken for channels.
PICTURES = arrays.arrays(
    np.uint8, st.tuples(st.integers(5, 12), st.integers(5, 12), st.sampled_from([3, 4]))
)
FLOATS = {
    ValueRange.UINT8: lambda x: x,
    ValueRange.UINT16: lambda x: x * 257,
    ValueRange.UNIT: lambda x: x / 255,
    ValueRange.SIGNED: lambda x: x / 127.5 - 1,
}
#: Half precision ends below 65535, and bfloat16 does not tell all 256 steps of 0..255 apart.
NUMPY = [
    (dtype, value_range)
    for dtype in ("float16", "float32", "float64", ">f4")
    for value_range in ValueRange
    if (dtype, value_range) != ("float16", ValueRange.UINT16)
]
TORCH = [
    *((dtype, value_range) for dtype in ("float32", "float64") for value_range in ValueRange),
    *((dtype, ValueRange.UNIT) for dtype in ("float16", "bfloat16")),
    *((dtype, ValueRange.SIGNED) for dtype in ("float16", "bfloat16")),
]


@st.composite
def representations(draw, pixels):
    """The picture in some other form, and what has to be said about that."""
    form = draw(st.sampled_from(["PIL", "uint8", "uint16", "numpy", "torch uint8", "torch"]))
    if form == "PIL":
        return Image.fromarray(pixels), {}
    stated = {}
    array = pixels
    if form == "uint16":
        array = pixels.astype(np.uint16) * 257
    elif form in ("numpy", "torch"):
        dtype, stated["value_range"] = draw(st.sampled_from(NUMPY if form == "numpy" else TORCH))
        exact = FLOATS[stated["value_range"]](pixels.astype(np.float64))
        array = exact.astype(dtype) if form == "numpy" else torch.tensor(exact)
    if form.startswith("torch"):
        array = torch.as_tensor(array.copy()) if form == "torch uint8" else array
        if "value_range" in stated:
            array = array.to(getattr(torch, dtype))
            array.requires_grad_(draw(st.booleans()))
        array = array.permute(2, 0, 1) if draw(st.booleans()) else array
    else:
        array = array.transpose(2, 0, 1) if draw(st.booleans()) else array
        if draw(st.booleans()):  # the same picture, stored backwards
            array = array[::-1, ::-1].copy()[::-1, ::-1]
    return (array[None] if draw(st.booleans()) else array), stated


def digest(source):
    request = request_of(
        Pseudonyms(bytes(32)),
        "job",
        7,
        source,
        generation=Generation(model="acme-1"),
        encoding=Encoding.parse("png"),
        scheme="lattice-1",
        parents=(),
    )
    return request.digest


@given(PICTURES, st.data())
def test_every_exact_representation_is_the_same_picture_and_the_same_request(pixels, data):
    image, stated = data.draw(representations(pixels))
    alpha = pixels[:, :, 3] if pixels.shape[2] == 4 else np.full(pixels.shape[:2], 255, np.uint8)
    rgb, found = pixels_of(image, DEFAULT_LIMITS, **stated)
    assert np.array_equal(rgb, pixels[:, :, :3])
    assert np.array_equal(np.full_like(alpha, 255) if found is None else found, alpha)
    if alpha.any():
        first, again = (
            digest(picture(item, formats=DEFAULT_STAMP, **about))
            for item, about in ((pixels, {}), (image, stated))
        )
        assert first == again


@given(arrays.arrays(np.float64, (6, 7), elements=st.floats(0, 1)))
def test_a_float_is_rounded_to_the_nearest_step(values):
    rgb, _ = pixels_of(values, DEFAULT_LIMITS, value_range=ValueRange.UNIT)
    assert np.abs(rgb[:, :, 0] - values * 255).max() <= 0.5 + 1e-9


@given(
    arrays.arrays(
        arrays.scalar_dtypes() | st.just(np.dtype("uint8")),
        arrays.array_shapes(min_dims=0, max_dims=5, max_side=6),
    ),
    st.sampled_from([None, *ValueRange]),
)
@pytest.mark.filterwarnings("error")
def test_whatever_array_comes_is_a_picture_or_our_error(array, value_range):
    from provenance import ProvenanceError

    before = hashlib.sha256(array.tobytes()).digest()
    try:
        rgb, alpha = pixels_of(array, DEFAULT_LIMITS, value_range=value_range)
    except ProvenanceError:
        pass
    else:
        assert rgb.dtype == np.uint8
        assert rgb.ndim == 3
        assert alpha is None or alpha.shape == rgb.shape[:2]
    assert hashlib.sha256(array.tobytes()).digest() == before
