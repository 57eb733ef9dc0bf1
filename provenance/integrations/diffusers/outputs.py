"""What comes out of a pipeline: found, stamped, and put back in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from provenance.errors import ArgumentError
from provenance.imaging import Axes, Limits
from provenance.imaging.arrays import is_array, shape_of
from provenance.integrations.diffusers.pixels import axes_of, like
from provenance.integrations.pillow import StampedImage, is_image, pixels_in
from provenance.stamp import Stamped

#: The fields of an output that hold its pictures.
FIELDS: Final = ("images", "image")
#: Stamps all pictures or raises: PIL images, or arrays and tensors of 0..1 in the order named.
StampAll = Callable[[list[Any], Axes | None], tuple[Stamped, ...]]


def stamp_output(
    result: Any,  # noqa: ANN401 - diffusers' output
    stamp_all: StampAll,
    limits: Limits,
) -> Any:  # noqa: ANN401
    """The same output with stamped pictures; the records in `.provenance` of an output object.

    Raises:
        ArgumentError: there is something in it that cannot be told from an unstamped picture.
        BatchError: one of the pictures cannot be stamped; none leaves.
    """
    if isinstance(result, tuple) and result and not hasattr(result, "_fields"):
        _require_no_pixels(result[1:])
        return _replaced(result[0], stamp_all, limits)[0], *result[1:]
    fields = [name for name in FIELDS if name in getattr(result, "keys", tuple)()]
    if len(fields) != 1:
        raise _unknown(result)
    _require_no_pixels(value for name, value in result.items() if name != fields[0])
    pictures, stamped = _replaced(result[fields[0]], stamp_all, limits)
    setattr(result, fields[0], pictures)
    result.provenance = stamped
    return result


def _replaced(
    pictures: Any,  # noqa: ANN401 - of any output type
    stamp_all: StampAll,
    limits: Limits,
) -> tuple[Any, tuple[Stamped, ...]]:
    """The pictures, stamped, and their records."""
    if isinstance(pictures, list) and pictures and all(is_image(item) for item in pictures):
        stamped = stamp_all(pictures, None)
        return [StampedImage.of(item, limits) for item in stamped], stamped
    if is_array(pictures):
        axes, shape = axes_of(pictures), shape_of(pictures)
        if len(shape) == 4 and shape[3 if axes is Axes.HWC else 1] == 3:
            batch: Any = pictures
            stamped = stamp_all([batch[number] for number in range(shape[0])], axes)
            return like(pictures, np.stack([pixels_in(item, limits) for item in stamped])), stamped
    raise _unknown(pictures)


def require_latents(result: Any) -> None:  # noqa: ANN401 - diffusers' output
    """Make sure that what a pipeline calls latents are none of its pictures.

    Raises:
        ArgumentError: they look like pictures.
    """
    values = result if isinstance(result, tuple) else result.values()
    for value in values:
        shape = tuple(getattr(value, "shape", ()))
        if isinstance(value, list | np.ndarray) or (len(shape) == 4 and shape[1] == 3):
            raise _unknown(value)


def _require_no_pixels(values: Any) -> None:  # noqa: ANN401 - any iterable
    for value in values:
        if isinstance(value, list | tuple):
            _require_no_pixels(value)
        elif is_image(value) or (is_array(value) and len(shape_of(value)) >= 3):
            raise _unknown(value)


def _unknown(value: object) -> ArgumentError:
    about = type(value).__name__
    if is_array(value):
        about += f" of shape {shape_of(value)}"
    return ArgumentError(
        f"the pipeline returned what may be unstamped pictures: a {about}",
        hint="it is not one that protect knows; stamp what it makes yourself: Stamper.stamp",
    )
