"""Arrays and tensors as pictures: what their values and their axes mean, stated or refused.

A float may be black at 0 or at -1, and three rows may be three channels. Whoever guesses stamps
another picture than the one that was made, and nobody notices: so nothing is guessed here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final, Protocol, TypeGuard, TypeVar

import numpy as np
import numpy.typing as npt

from provenance.errors import ArgumentError, ErrorCode, InputError
from provenance.imaging.limits import Limits

Pixels = npt.NDArray[np.uint8]
_Statement = TypeVar("_Statement", bound=StrEnum)


class ValueRange(StrEnum):
    """What the values of an array mean: black and white, or transparent and opaque."""

    UINT8 = "0..255"
    UINT16 = "0..65535"
    UNIT = "0..1"
    SIGNED = "-1..1"


class Axes(StrEnum):
    """The order of height, width and channels."""

    HWC = "HWC"
    CHW = "CHW"


class Tensor(Protocol):
    """What torch calls a tensor; torch itself is never imported."""

    @property
    def shape(self) -> Any:  # noqa: ANN401
        """Its lengths, a tuple of integers."""
        ...

    @property
    def dtype(self) -> Any:  # noqa: ANN401
        """The type of its values."""
        ...

    def detach(self) -> Tensor:
        """Without the graph that made it."""
        ...

    def cpu(self) -> Tensor:
        """In the memory of the processor."""
        ...

    def numpy(self) -> npt.NDArray[Any]:
        """As an array."""
        ...


ArrayInput = npt.NDArray[Any] | Tensor

_METHODS: Final = ("detach", "cpu", "numpy")
_CHANNELS: Final = (1, 3, 4)
_INTEGERS: Final = {("u", 1): ValueRange.UINT8, ("u", 2): ValueRange.UINT16}
_FLOAT_BYTES: Final = (2, 4, 8)
#: Factor and summand that bring a range to 0..255.
_SCALES: Final = {
    ValueRange.UINT8: (1.0, 0.0),
    ValueRange.UINT16: (1 / 257, 0.0),
    ValueRange.UNIT: (255.0, 0.0),
    ValueRange.SIGNED: (127.5, 127.5),
}
#: How far beyond the range a float may lie, in steps of 8 bits: what rounding it takes back.
_SLACK: Final = 0.5


def pixels_of_array(
    array: ArrayInput, limits: Limits, value_range: ValueRange | None, axes: Axes | None
) -> Pixels:
    """The pixels of an array or a tensor, in memory of their own.

    Args:
        array: uint8, uint16 or float16, float32, float64, on any device; tensors bfloat16 too.
            (H, W), (H, W, C) or (C, H, W) with C of 1, 3 or 4 in the order R, G, B, A, or one
            of these after a leading 1.
        limits: on the number of pixels; applied before anything is fetched or converted.
        value_range: of the values, alpha included. Integers imply theirs, floats need it.
        axes: needed where the shape fits both.

    Returns:
        uint8 (H, W, 3) or (H, W, 4). Floats are rounded to the nearest of the 256 steps.

    Raises:
        InputError: another type or shape; a range or an order that was not stated, or cannot be;
            values that are outside, or no numbers; too large.
    """
    shape = _without_batch(shape_of(array))
    order = _order(shape, None if axes is None else stated(Axes, axes))
    height, width = (shape[axis] for axis in order[:2])
    limits.check_dimensions(width, height)
    fetched = _fetched(array).reshape(shape)
    ranged = None if value_range is None else stated(ValueRange, value_range)
    levels = _levels(fetched, ranged).transpose(order)
    if levels.ndim == 2 or levels.shape[2] == 1:
        return np.repeat(levels.reshape(height, width, 1), 3, axis=2)
    return np.array(levels, order="C")


def stated(kind: type[_Statement], value: str) -> _Statement:
    """What a caller states, also as the text of it.

    Raises:
        ArgumentError: there is no such range or order.
    """
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(kind)
        raise ArgumentError(f"{value!r} is no {kind.__name__}", hint=f"one of {known}") from None


def is_array(image: object) -> TypeGuard[ArrayInput]:
    """Whether it is an array or a tensor."""
    return isinstance(image, np.ndarray) or all(
        callable(getattr(image, name, None)) for name in _METHODS
    )


def shape_of(array: ArrayInput) -> tuple[int, ...]:
    """The lengths of its axes.

    Raises:
        InputError: it has none, as a ragged tensor.
    """
    try:
        return tuple(int(length) for length in array.shape)
    except Exception as error:  # whatever the library of the tensor raises
        raise _unreadable(array, error) from error


# --- axes ------------------------------------------------------------------------------------


def _without_batch(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of one picture."""
    if len(shape) != 4:
        return shape
    if shape[0] != 1:
        raise _refused(
            f"a batch of {shape[0]} pictures as one",
            "pass one picture, or the batch to stamp_batch",
        )
    return shape[1:]


def _order(shape: tuple[int, ...], axes: Axes | None) -> tuple[int, ...]:
    """Where height, width and, if there are any, channels are."""
    if len(shape) == 2:
        return 0, 1
    possible = _possible(shape) if len(shape) == 3 else ()
    fitting = [item for item in possible if axes in (None, item)]
    if not fitting:
        named = f" as {axes}" if axes else ""
        hint = "pass (H, W), (H, W, C) or (C, H, W) with 1, 3 or 4 channels"
        raise _refused(f"an array of shape {shape}{named}", hint)
    if len(fitting) > 1:
        raise _refused(
            f"an array of shape {shape}: its axes would have to be guessed",
            f"state them: axes={Axes.HWC} or axes={Axes.CHW}",
        )
    return (0, 1, 2) if fitting == [Axes.HWC] else (1, 2, 0)


def _possible(shape: Sequence[int]) -> tuple[Axes, ...]:
    return tuple(
        axes
        for axes, channels in ((Axes.HWC, shape[2]), (Axes.CHW, shape[0]))
        if channels in _CHANNELS
    )


# --- values ----------------------------------------------------------------------------------


def _fetched(array: ArrayInput) -> npt.NDArray[Any]:
    """The array itself, or that of a tensor on whatever device."""
    if isinstance(array, np.ma.MaskedArray):
        raise _refused("an array with a mask", "fill what is masked")
    if isinstance(array, np.ndarray):
        return np.asarray(array)
    try:
        here = array.detach().cpu()
        if str(here.dtype) == "torch.bfloat16":  # NumPy has no such type
            here = here.float()  # type: ignore[attr-defined]
        return np.asarray(here.numpy())
    except Exception as error:  # whatever the library of the tensor raises
        raise _unreadable(array, error) from error


def _levels(array: npt.NDArray[Any], value_range: ValueRange | None) -> Pixels:
    """The values as 0..255."""
    kind = array.dtype.kind, array.dtype.itemsize
    if kind in _INTEGERS:
        own = _INTEGERS[kind]
        if value_range not in (None, own):
            raise _refused(
                f"an array of {array.dtype} as {value_range}: its range is {own}",
                "convert it first",
            )
        if own is ValueRange.UINT8:
            return array
        return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if array.dtype.kind != "f" or array.dtype.itemsize not in _FLOAT_BYTES:
        raise _refused(
            f"an array of {array.dtype}: its range would have to be guessed",
            "convert it to uint8, 0..255",
        )
    if value_range is None:
        known = ", ".join(ValueRange)
        raise _refused(
            f"an array of {array.dtype}: its range would have to be guessed",
            f"state it: value_range= one of {known}",
        )
    return _rounded(array, value_range)


def _rounded(array: npt.NDArray[Any], value_range: ValueRange) -> Pixels:
    low, high = float(array.min()), float(array.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise _refused("an array with NaN or infinity in it")
    factor, summand = _SCALES[value_range]
    if low * factor + summand < -_SLACK or high * factor + summand > 255 + _SLACK:
        raise _refused(
            f"an array as {value_range}: its values are {low:.6g} to {high:.6g}",
            "state the right range, or clip the values",
        )
    # Half precision is too coarse to be multiplied by 255 and hit the step it came from.
    values = array.astype(np.result_type(array.dtype, np.float32))
    values *= factor
    values += summand
    np.rint(values, out=values)
    return np.clip(values, 0, 255, out=values).astype(np.uint8)


def _unreadable(array: ArrayInput, error: Exception) -> InputError:
    reason = " ".join(str(error).split())[:120] or type(error).__name__
    return _refused(f"this {type(array).__name__}: {reason}")


def _refused(what: str, hint: str = "") -> InputError:
    return InputError(f"cannot stamp {what}", hint=hint, code=ErrorCode.ARGUMENT)
