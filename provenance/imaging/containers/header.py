"""What a container says about its image, read without decoding a pixel."""

from __future__ import annotations

from dataclasses import dataclass

from provenance.errors import ErrorCode, InputError
from provenance.imaging.formats import ImageFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Facts from the container structure.

    `width` and `height` in stored pixels, before any EXIF orientation. `bit_depth` per
    sample. `frames` is counted up to `Limits.max_frames`. `truncated` means that the
    container ends before its own end mark; `trailing` counts bytes behind that mark.
    `fault` says in words what contradicts the format, and is empty for a sound file.
    `whole` is how many bytes from the start consist of whole segments; it matters for
    truncated files only.
    """

    format: ImageFormat
    width: int
    height: int
    frames: int = 1
    bit_depth: int = 8
    truncated: bool = False
    trailing: int = 0
    fault: str = ""
    whole: int = 0


def truncated_before_header(kind: ImageFormat) -> InputError:
    """The file stops before the size of the image is known."""
    return InputError(
        f"{kind.value.upper()} file ends before the image begins", code=ErrorCode.TRUNCATED
    )


def corrupt(message: str) -> InputError:
    """The structure contradicts the format so far that no image can be found."""
    return InputError(message, code=ErrorCode.CORRUPT)
