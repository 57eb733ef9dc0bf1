"""Container walkers: one module per format, all before any decoder runs."""

from __future__ import annotations

from collections.abc import Collection

from provenance.errors import InputError
from provenance.imaging.containers import gif, isobmff, jpeg, png, tiff, webp
from provenance.imaging.containers.header import Header
from provenance.imaging.formats import DEFAULT_READ, ImageFormat, sniff
from provenance.imaging.limits import Limits


def probe(
    data: bytes, limits: Limits, formats: Collection[ImageFormat] = tuple(ImageFormat)
) -> Header:
    """Format, size and soundness of an image file, without decoding it.

    Every limit that can be checked on the container is checked here. Formats that have to
    be asked for are refused before anything but their first bytes is looked at.

    Raises:
        InputError: `E_FORMAT`, `E_LIMIT`, `E_TRUNC` or `E_CORRUPT`.
    """
    limits.check_bytes(len(data))
    kind = sniff(data)
    if kind not in formats and kind not in DEFAULT_READ:
        raise not_accepted(kind)
    match kind:
        case ImageFormat.JPEG:
            header = jpeg.walk(data, limits)
        case ImageFormat.PNG:
            header = png.walk(data, limits)
        case ImageFormat.WEBP:
            header = webp.walk(data, limits)
        case ImageFormat.GIF:
            header = gif.walk(data, limits)
        case ImageFormat.TIFF:
            header = tiff.walk(data, limits)
        case ImageFormat.AVIF | ImageFormat.HEIC:
            header = isobmff.walk(data, kind, limits)
    limits.check_dimensions(header.width, header.height)
    limits.check_expansion(header.width, header.height, len(data))
    if kind not in formats:
        raise not_accepted(kind)
    return header


def not_accepted(kind: ImageFormat) -> InputError:
    """The error for a format that the caller did not allow."""
    return InputError(
        f"{kind.value.upper()} is not accepted here",
        hint=f"allow it with --formats {kind.value}",
    )


__all__ = ["Header", "probe"]
