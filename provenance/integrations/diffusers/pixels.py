"""Arrays and tensors, known by their shape; torch is not imported."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from provenance.errors import ErrorCode, InputError

#: How far a value may lie outside of 0..1: half a step of 8 bits, as rounding would leave it.
_SLACK = 0.5 / 255


def is_tensor(value: object) -> bool:
    """Whether this is a torch tensor."""
    return all(hasattr(value, name) for name in ("detach", "cpu", "new_tensor", "permute"))


def is_array(value: object) -> bool:
    """Whether this is a NumPy array or a torch tensor."""
    return isinstance(value, np.ndarray) or is_tensor(value)


def array_of(value: Any) -> npt.NDArray[Any]:  # noqa: ANN401 - NumPy's or torch's
    """(..., H, W, C) as NumPy has it, of an array in that order or a tensor (..., C, H, W)."""
    if isinstance(value, np.ndarray):
        return value
    values = value.detach().cpu()
    if values.is_floating_point():
        values = values.float()  # NumPy has no bfloat16
    array: npt.NDArray[Any] = values.numpy()
    return np.moveaxis(array, -3, -1) if array.ndim >= 3 else array


def unit_to_bytes(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Floats of 0..1 as uint8 0..255, rounded as diffusers does.

    Raises:
        InputError: another range, or a value that is no number.
    """
    if not np.issubdtype(array.dtype, np.floating):
        raise InputError(f"expected floats of 0..1, not {array.dtype}", code=ErrorCode.ARGUMENT)
    if not np.isfinite(array).all():
        raise InputError("the picture has values that are no numbers", code=ErrorCode.ARGUMENT)
    if array.min() < -_SLACK or array.max() > 1 + _SLACK:
        raise InputError(
            f"expected values of 0..1, not {array.min():.3g}..{array.max():.3g}",
            code=ErrorCode.ARGUMENT,
        )
    return (array.clip(0, 1) * 255).round().astype(np.uint8)


def like(original: Any, pixels: npt.NDArray[np.uint8]) -> Any:  # noqa: ANN401
    """Pixels (B, H, W, C) in the type, range, order and place of the array or tensor `original`."""
    if isinstance(original, np.ndarray):
        return (pixels.astype(np.float64) / 255).astype(original.dtype)
    return original.new_tensor(np.moveaxis(pixels, -1, -3) / 255)
