"""Limits that are checked before a decoder sees the file.

The numbers are measured, not guessed: what they stop, and what it cost without them,
is in `docs/threat-model.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

from provenance.errors import ErrorCode, InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Upper bounds for one image file.

    Attributes:
        max_bytes: size of the file in bytes.
        max_pixels: width x height has to stay *below* this many pixels.
        max_side: longest side in pixels; libjpeg cannot encode more than 65,500.
        max_expansion: decoded bytes for each byte of the file, for images of more than
            `free_pixels`. Flat pictures compress a thousandfold; bombs a millionfold.
        free_pixels: images up to this size may expand as much as they like.
        max_segments: marker segments of a JPEG, chunks of any other container.
        max_scans: scans of a progressive JPEG; encoders write about ten.
        max_metadata: bytes of metadata, after decompression.
        max_frames: frames of an animation that are ever looked at.
        sampled_frames: how many of those frames are decoded and checked.
        max_decoded: pixels decoded to reach the sampled frames, all frames together.
    """

    max_bytes: int = 64_000_000
    max_pixels: int = 100_000_000
    max_side: int = 65_500
    max_expansion: int = 10_000
    free_pixels: int = 16_000_000
    max_segments: int = 4_096
    max_scans: int = 64
    max_metadata: int = 8_000_000
    max_frames: int = 10_000
    sampled_frames: int = 8
    max_decoded: int = 100_000_000

    def check_bytes(self, size: int) -> None:
        """Raise `E_LIMIT` if a file of `size` bytes is too large."""
        if size > self.max_bytes:
            raise over("file size", size, self.max_bytes, "bytes")

    def check_dimensions(self, width: int, height: int) -> None:
        """Raise `E_LIMIT` if the image is too large, `E_CORRUPT` if it has no area."""
        if width <= 0 or height <= 0:
            raise InputError(f"image has no area ({width}x{height})", code=ErrorCode.CORRUPT)
        if max(width, height) > self.max_side:
            raise over("longest side", max(width, height), self.max_side, "pixels")
        if width * height >= self.max_pixels:
            raise InputError(
                f"image has {width}x{height} pixels; it must have fewer than {self.max_pixels:,}",
                code=ErrorCode.LIMIT,
            )

    def check_expansion(self, width: int, height: int, size: int) -> None:
        """Raise `E_LIMIT` if a large image comes from implausibly few bytes."""
        area = width * height
        if area > self.free_pixels and 3 * area > self.max_expansion * size:
            raise InputError(
                f"{size:,} bytes expand to {width}x{height} pixels", code=ErrorCode.LIMIT
            )

    def check_scans(self, count: int) -> None:
        """Raise `E_LIMIT` if a progressive JPEG has too many scans."""
        if count > self.max_scans:
            raise InputError(f"more than {self.max_scans} scans in a JPEG", code=ErrorCode.LIMIT)

    def check_segments(self, count: int) -> None:
        """Raise `E_LIMIT` if the container has too many segments or chunks."""
        if count > self.max_segments:
            raise InputError(
                f"more than {self.max_segments:,} segments in the file", code=ErrorCode.LIMIT
            )

    def check_metadata(self, size: int) -> None:
        """Raise `E_LIMIT` if metadata takes too many bytes."""
        if size > self.max_metadata:
            raise InputError(
                f"more than {self.max_metadata:,} bytes of metadata", code=ErrorCode.LIMIT
            )


def over(what: str, value: int, limit: int, unit: str) -> InputError:
    """The error for an exceeded limit, worded in one place."""
    return InputError(f"{what} is {value:,} {unit}; the limit is {limit:,}", code=ErrorCode.LIMIT)


DEFAULT_LIMITS = Limits()
