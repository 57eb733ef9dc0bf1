"""Pictures that are already in memory: PIL images, arrays and tensors, as generators make them."""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image, ImageOps

from provenance.errors import ErrorCode, InputError, ProvenanceError
from provenance.imaging.arrays import (
    ArrayInput,
    Axes,
    Pixels,
    ValueRange,
    is_array,
    pixels_of_array,
    stated,
)
from provenance.imaging.limits import Limits

_WITH_ALPHA: Final = frozenset({"RGBA", "RGBa", "LA", "PA"})
MemoryInput = Image.Image | ArrayInput
ImageInput = bytes | MemoryInput


def pixels_of(
    image: MemoryInput,
    limits: Limits,
    *,
    value_range: ValueRange | None = None,
    axes: Axes | None = None,
) -> tuple[Pixels, Pixels | None]:
    """RGB and alpha of a picture in memory.

    Args:
        image: a PIL image of any 8-bit mode, or what `imaging.arrays.pixels_of_array` takes.
        limits: on the number of pixels.
        value_range: of an array; floats need it.
        axes: of an array; needed where its shape fits both.

    Returns:
        uint8 (H, W, 3), and uint8 (H, W) or None where every pixel is opaque. Neither shares
        memory with the input, which the caller may go on to use.

    Raises:
        InputError: another type, shape or range; an animation; too large.
    """
    if isinstance(image, Image.Image):
        refuse_statements("a PIL image", value_range, axes)
        limits.check_dimensions(*image.size)
        return _split(_pixels_of_pil(image))
    if is_array(image):
        return _split(pixels_of_array(image, limits, value_range, axes))
    raise InputError(
        f"cannot stamp a {type(image).__name__}",
        hint="pass encoded bytes, a PIL image, an array or a tensor",
        code=ErrorCode.ARGUMENT,
    )


def refuse_statements(what: str, value_range: ValueRange | None, axes: Axes | None) -> None:
    """Refuse what is stated about a picture that says so itself, unless it is true.

    Raises:
        InputError: it is not.
        ArgumentError: there is no such range or order.
    """
    for value, kind, own in (
        (value_range, ValueRange, ValueRange.UINT8),
        (axes, Axes, Axes.HWC),
    ):
        if value is not None and stated(kind, value) != own:
            raise InputError(
                f"{what} was said to be {value}, and is not",
                hint="value_range and axes are for arrays and tensors",
                code=ErrorCode.ARGUMENT,
            )


def _pixels_of_pil(image: Image.Image) -> Pixels:
    """Pixels of a PIL image as they are meant to be seen."""
    try:
        if getattr(image, "n_frames", 1) > 1:
            raise InputError("animated images cannot be stamped", hint="stamp each frame alone")
        if image.mode.startswith(("I", "F")):
            raise InputError(
                f"cannot stamp a PIL image of mode {image.mode}: its range is not known",
                hint="pass its array as uint16, or as floats with a value_range",
                code=ErrorCode.ARGUMENT,
            )
        upright = ImageOps.exif_transpose(image)
        if upright.mode == "La":  # premultiplied; has no way to RGBA but through LA
            upright = upright.convert("LA")
        has_alpha = upright.mode in _WITH_ALPHA or "transparency" in upright.info
        return np.array(upright.convert("RGBA" if has_alpha else "RGB"))
    except ProvenanceError:
        raise
    except Exception as error:  # a lazily opened file is decoded only here
        raise InputError(f"image does not decode: {error}"[:200], code=ErrorCode.CORRUPT) from error


def _split(pixels: Pixels) -> tuple[Pixels, Pixels | None]:
    """uint8 (H, W, 3 or 4) as RGB and alpha."""
    if pixels.shape[2] == 3:
        return pixels, None
    alpha = np.ascontiguousarray(pixels[:, :, 3])
    return np.ascontiguousarray(pixels[:, :, :3]), None if (alpha == 255).all() else alpha
