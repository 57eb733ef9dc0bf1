"""Pictures that are already in memory: PIL images and arrays, as generators hand them over."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from provenance.errors import ErrorCode, InputError, ProvenanceError
from provenance.imaging.limits import Limits

_WITH_ALPHA = frozenset({"RGBA", "RGBa", "LA", "PA"})
Pixels = npt.NDArray[np.uint8]
ImageInput = bytes | Image.Image | npt.NDArray[np.uint8]


def pixels_of(
    image: Image.Image | npt.NDArray[np.uint8], limits: Limits
) -> tuple[Pixels, Pixels | None]:
    """RGB and alpha of a picture in memory.

    Args:
        image: a PIL image of any 8-bit mode, or a uint8 array (H, W), (H, W, 3) or
            (H, W, 4) in the order R, G, B, A.
        limits: on the number of pixels.

    Returns:
        uint8 (H, W, 3), and uint8 (H, W) or None where every pixel is opaque.

    Raises:
        InputError: another type, shape or range; an animation; too large.
    """
    if isinstance(image, Image.Image):
        limits.check_dimensions(*image.size)
        return _split(_array_of(image), limits)
    if isinstance(image, np.ndarray):
        return _split(image, limits)
    raise InputError(
        f"cannot stamp a {type(image).__name__}",
        hint="pass encoded bytes, a PIL image or a uint8 array",
        code=ErrorCode.ARGUMENT,
    )


def _array_of(image: Image.Image) -> npt.NDArray[np.uint8]:
    """Pixels of a PIL image as they are meant to be seen."""
    try:
        if getattr(image, "n_frames", 1) > 1:
            raise InputError("animated images cannot be stamped", hint="stamp each frame alone")
        upright = ImageOps.exif_transpose(image)
        if upright.mode == "La":  # premultiplied; has no way to RGBA but through LA
            upright = upright.convert("LA")
        if upright.mode.startswith(("I", "F")):
            return np.asarray(upright)  # refused by the caller: the range is unknown
        has_alpha = upright.mode in _WITH_ALPHA or "transparency" in upright.info
        return np.asarray(upright.convert("RGBA" if has_alpha else "RGB"))
    except ProvenanceError:
        raise
    except Exception as error:  # a lazily opened file is decoded only here
        raise InputError(f"image does not decode: {error}"[:200], code=ErrorCode.CORRUPT) from error


def _split(array: npt.NDArray[np.uint8], limits: Limits) -> tuple[Pixels, Pixels | None]:
    if array.dtype != np.uint8:
        raise InputError(
            f"cannot stamp an array of {array.dtype}: its range would have to be guessed",
            hint="convert it to uint8, 0..255",
            code=ErrorCode.ARGUMENT,
        )
    if array.ndim == 2:
        array = np.repeat(array[:, :, None], 3, axis=2)
    if array.ndim != 3 or array.shape[2] not in (3, 4):
        raise InputError(
            f"cannot stamp an array of shape {array.shape}",
            hint="pass (H, W), (H, W, 3) or (H, W, 4)",
            code=ErrorCode.ARGUMENT,
        )
    limits.check_dimensions(array.shape[1], array.shape[0])
    alpha = np.ascontiguousarray(array[:, :, 3]) if array.shape[2] == 4 else None
    opaque = alpha is None or bool((alpha == 255).all())
    return np.ascontiguousarray(array[:, :, :3]), None if opaque else alpha
