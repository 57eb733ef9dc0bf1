"""Arrays and tensors: what they mean is stated, or they are refused."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from support import pictures

from provenance.errors import ArgumentError, ErrorCode, InputError
from provenance.imaging import DEFAULT_LIMITS, Axes, Limits, ValueRange
from provenance.imaging.memory import pixels_of

torch = pytest.importorskip("torch")

PICTURE = pictures.crop(24, 36)
UNIT = PICTURE / 255


def read(image, value_range=None, axes=None, limits=DEFAULT_LIMITS):
    return pixels_of(image, limits, value_range=value_range, axes=axes)


def rgb(image, value_range=None, axes=None):
    return read(image, value_range, axes)[0]


# --- types and ranges --------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4"])
def test_floats_need_a_range(dtype):
    with pytest.raises(InputError, match="guessed") as caught:
        read(UNIT.astype(dtype))
    assert caught.value.code is ErrorCode.ARGUMENT
    assert "value_range" in caught.value.hint


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "int16", "int64", "uint32", "complex64", "object"]
)
@pytest.mark.parametrize("value_range", [None, *ValueRange])
def test_other_types_are_refused_whatever_is_said_of_them(dtype, value_range):
    with pytest.raises(InputError, match="range"):
        read((PICTURE // 255).astype(dtype), value_range)


def test_extended_precision_is_refused():
    with pytest.raises(InputError, match="range"):
        read(UNIT.astype(np.longdouble), ValueRange.UNIT)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("value_range", [ValueRange.UNIT, ValueRange.SIGNED])
def test_integers_are_of_no_other_range_than_their_own(dtype, value_range):
    with pytest.raises(InputError, match="its range is"):
        read(PICTURE.astype(dtype), value_range)


def test_uint16_is_rounded_to_the_nearest_step():
    values = np.array([[0, 128, 129, 65535 - 129, 65535 - 128, 65535]], dtype=np.uint16)
    assert rgb(values)[0, :, 0].tolist() == [0, 0, 1, 254, 255, 255]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(value):
    image = UNIT.copy()
    image[3, 5, 1] = value
    with pytest.raises(InputError, match="NaN"):
        read(image, ValueRange.UNIT)


@pytest.mark.parametrize(
    ("value_range", "low", "high", "step"),
    [
        (ValueRange.UNIT, 0, 1, 1 / 255),
        (ValueRange.SIGNED, -1, 1, 2 / 255),
        (ValueRange.UINT8, 0, 255, 1),
        (ValueRange.UINT16, 0, 65535, 257),
    ],
)
def test_half_a_step_beyond_the_range_is_rounding_and_more_is_an_error(
    value_range, low, high, step
):
    inside = np.full((8, 8), low - 0.49 * step)
    inside[0, 0] = high + 0.49 * step
    assert sorted(set(rgb(inside, value_range).ravel())) == [0, 255]
    for value in (low - 0.51 * step, high + 0.51 * step, 1e300):
        outside = np.full((8, 8), float(low))
        outside[7, 7] = value
        with pytest.raises(InputError, match="its values are"):
            read(outside, value_range)


def test_signed_values_taken_for_unit_ones_are_refused():
    with pytest.raises(InputError, match="its values are -0"):
        read(2 * UNIT - 1, ValueRange.UNIT)


@pytest.mark.parametrize("stated", [{"value_range": "0-1"}, {"axes": "WHC"}], ids=["range", "axes"])
def test_unknown_statements_are_named(stated):
    with pytest.raises(ArgumentError, match="is no"):
        read(UNIT, **stated)


def test_statements_may_be_given_as_text():
    assert np.array_equal(rgb(UNIT.transpose(2, 0, 1), "0..1", "CHW"), PICTURE)


def test_alpha_has_the_range_of_the_colours():
    alpha = PICTURE[:, :, 0]
    colours, found = read(np.dstack([2 * UNIT - 1, alpha / 127.5 - 1]), ValueRange.SIGNED)
    assert np.array_equal(colours, PICTURE)
    assert np.array_equal(found, alpha)


def test_masked_arrays_are_refused():
    with pytest.raises(InputError, match="mask"):
        read(np.ma.masked_less(PICTURE, 100))


# --- shapes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape",
    [(8,), (8, 8, 2), (2, 8, 8), (8, 8, 5), (2, 8, 8, 3), (0, 8, 8, 3), (1, 1, 8, 8, 3), ()],
    ids=str,
)
def test_other_shapes_are_refused(shape):
    with pytest.raises(InputError):
        read(np.zeros(shape, dtype=np.uint8))


@pytest.mark.parametrize(
    "shape", [(3, 9, 3), (3, 9, 4), (4, 9, 3), (1, 9, 3), (1, 3, 9, 3)], ids=str
)
def test_a_shape_that_fits_both_orders_needs_the_axes(shape):
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    with pytest.raises(InputError, match="guessed") as caught:
        read(array)
    assert "axes=CHW" in caught.value.hint
    three = array[0] if array.ndim == 4 else array
    assert read(array, axes=Axes.HWC)[0].shape[:2] == three.shape[:2]
    assert read(array, axes=Axes.CHW)[0].shape[:2] == three.shape[1:]


def test_axes_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="as CHW"):
        read(PICTURE, axes=Axes.CHW)


@pytest.mark.parametrize(
    "where", [(1, 24, 36), (24, 36, 1), (1, 24, 36, 1), (1, 1, 24, 36)], ids=str
)
def test_one_channel_is_grey(where):
    grey = PICTURE[:, :, 1]
    assert np.array_equal(rgb(grey.reshape(where)), np.repeat(grey[:, :, None], 3, axis=2))


def test_a_batch_says_where_it_belongs():
    with pytest.raises(InputError, match="batch of 2") as caught:
        read(np.stack([PICTURE, PICTURE]))
    assert "stamp_batch" in caught.value.hint


# --- tensors -------------------------------------------------------------------------


def test_a_tensor_is_read_without_its_graph():
    tensor = torch.tensor(UNIT, requires_grad=True) * 2 - 1
    assert np.array_equal(rgb(tensor.permute(2, 0, 1)[None], ValueRange.SIGNED), PICTURE)
    assert tensor.requires_grad


@pytest.mark.parametrize("dtype", ["float8_e4m3fn", "complex64", "int32", "bool"])
def test_tensors_of_other_types_are_refused(dtype):
    with pytest.raises(InputError, match="cannot stamp"):
        read(torch.zeros(8, 8, dtype=getattr(torch, dtype)), ValueRange.UNIT)


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.empty(8, 8, 3, device="meta"),
        lambda: torch.eye(8).to_sparse(),
        lambda: torch.quantize_per_tensor(torch.eye(8), 0.1, 0, torch.quint8),
        lambda: torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)], layout=torch.strided),
    ],
    ids=["meta", "sparse", "quantized", "ragged"],
)
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_tensors_without_plain_values_are_refused(make):
    with pytest.raises(InputError, match="cannot stamp"):
        read(make(), ValueRange.UNIT)


def test_the_limits_apply_before_a_tensor_is_fetched():
    class Elsewhere:
        shape, dtype = (3, 4000, 4000), "float32"

        def detach(self):
            raise AssertionError("it was fetched")

        cpu = numpy = detach

    with pytest.raises(InputError) as caught:
        read(Elsewhere(), ValueRange.UNIT, limits=Limits(max_pixels=1_000_000))
    assert caught.value.code is ErrorCode.LIMIT


def test_reading_tensors_imports_no_torch(tmp_path):
    """`torch` is the caller's."""
    import subprocess

    code = (
        "import sys, numpy as np\n"
        "from provenance.imaging import DEFAULT_LIMITS, ValueRange\n"
        "from provenance.imaging.memory import pixels_of\n"
        "pixels_of(np.zeros((8, 8, 3)), DEFAULT_LIMITS, value_range=ValueRange.UNIT)\n"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
