"""Arrays and tensors in the orders of diffusers; torch is not imported."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from provenance.imaging import Axes


def axes_of(value: object) -> Axes:
    """The order of one picture in diffusers' arrays and tensors."""
    return Axes.HWC if isinstance(value, np.ndarray) else Axes.CHW


def array_of(value: Any) -> npt.NDArray[Any]:  # noqa: ANN401 - NumPy's or torch's
    """(..., H, W, C) as NumPy has it, of an array in that order or a tensor (..., C, H, W)."""
    if isinstance(value, np.ndarray):
        return value
    values = value.detach().cpu()
    if values.is_floating_point():
        values = values.float()  # NumPy has no bfloat16
    array: npt.NDArray[Any] = values.numpy()
    return np.moveaxis(array, -3, -1) if array.ndim >= 3 else array


def like(original: Any, pixels: npt.NDArray[np.uint8]) -> Any:  # noqa: ANN401
    """Pixels (B, H, W, C) in the type, range, order and place of the array or tensor `original`."""
    if isinstance(original, np.ndarray):
        return (pixels.astype(np.float64) / 255).astype(original.dtype)
    return original.new_tensor(np.moveaxis(pixels, -1, -3) / 255)
