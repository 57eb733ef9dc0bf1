"""Container walkers: one module per format, all before any decoder runs."""

from __future__ import annotations

from provenance.imaging.containers import gif, isobmff, jpeg, png, tiff, webp
from provenance.imaging.containers.header import Header
from provenance.imaging.formats import ImageFormat, sniff
from provenance.imaging.limits import Limits


def probe(data: bytes, limits: Limits) -> Header:
    """Format, size and soundness of an image file, without decoding it.

    Every limit that can be checked on the container is checked here.

    Raises:
        InputError: `E_FORMAT`, `E_LIMIT`, `E_TRUNC` or `E_CORRUPT`.
    """
    limits.check_bytes(len(data))
    kind = sniff(data)
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
    return header


__all__ = ["Header", "probe"]
