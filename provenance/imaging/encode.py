"""Writing pixels as an image file, with the metadata of the input kept."""

from __future__ import annotations

import io
import os
import sys
from dataclasses import dataclass
from typing import IO, Any, Final, Self

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from provenance.errors import ArgumentError, ErrorCode, InputError
from provenance.imaging.formats import ImageFormat
from provenance.imaging.metadata import Metadata

Pixels = npt.NDArray[np.uint8]

_NAMES: Final = {
    "png": (ImageFormat.PNG, True),
    "jpeg": (ImageFormat.JPEG, False),
    "jpg": (ImageFormat.JPEG, False),
    "webp": (ImageFormat.WEBP, False),
    "webp-lossless": (ImageFormat.WEBP, True),
    "tiff": (ImageFormat.TIFF, True),
    "avif": (ImageFormat.AVIF, False),
}
_DEFAULT_QUALITY: Final = {ImageFormat.JPEG: 95, ImageFormat.WEBP: 92, ImageFormat.AVIF: 90}
_AVIF_THREADS: Final = 4
_NO_ALPHA: Final = frozenset({ImageFormat.JPEG})


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How a picture is written.

    Attributes:
        format: the file format.
        lossless: PNG and TIFF always are, whatever is given; WebP can be; JPEG and AVIF
            are not.
        quality: 1..100 for lossy formats, None for the default (JPEG 95, WebP 92, AVIF 90).
        chroma_subsampling: False writes JPEG and AVIF as 4:4:4. A mark that lives in
            chroma does not survive 4:2:0, so that has to be asked for.
        background: red, green, blue to put behind transparent pixels where the format
            has no transparency; None refuses such pictures.
    """

    format: ImageFormat
    lossless: bool = False
    quality: int | None = None
    chroma_subsampling: bool = False
    background: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        if self.format in (ImageFormat.PNG, ImageFormat.TIFF):
            object.__setattr__(self, "lossless", True)
        if self.background is not None and not all(0 <= v <= 255 for v in self.background):
            raise ArgumentError("a background colour has three values of 0 to 255")
        if self.format not in {kind for kind, _ in _NAMES.values()}:
            raise ArgumentError(f"{self.format.value.upper()} can be read but not written")
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise ArgumentError("quality must be between 1 and 100")
        if self.quality is not None and self.lossless:
            raise ArgumentError("quality applies to lossy formats only")
        if self.lossless and self.format in (ImageFormat.JPEG, ImageFormat.AVIF):
            raise ArgumentError(f"{self.format.value.upper()} is always lossy here")

    @classmethod
    def parse(
        cls,
        name: str,
        *,
        quality: int | None = None,
        background: tuple[int, int, int] | None = None,
    ) -> Self:
        """An encoding from its name: png, jpeg, webp, webp-lossless, tiff, avif.

        Raises:
            ArgumentError: unknown name, or a quality where none applies.
        """
        try:
            kind, lossless = _NAMES[name.lower()]
        except KeyError:
            known = ", ".join(sorted(_NAMES))
            raise ArgumentError(f"unknown output format {name!r}", hint=f"one of {known}") from None
        return cls(format=kind, lossless=lossless, quality=quality, background=background)

    @property
    def extension(self) -> str:
        """File name extension, with the dot."""
        return self.format.extensions[0]

    def __str__(self) -> str:
        if self.lossless:
            return f"{self.format.value} lossless"
        return f"{self.format.value} quality {self.effective_quality}"

    @property
    def effective_quality(self) -> int:
        """The quality that a lossy format is written with."""
        return self.quality or _DEFAULT_QUALITY.get(self.format, 100)


def flatten(rgb: Pixels, alpha: Pixels | None, encoding: Encoding) -> tuple[Pixels, Pixels | None]:
    """Put a background behind transparent pixels where the format cannot hold them.

    This happens before marking: the mark has to be embedded in what will be seen.

    Args:
        rgb: uint8 (H, W, 3).
        alpha: uint8 (H, W) or None.
        encoding: the target.

    Returns:
        The pixels to mark and encode, and their alpha (None where it is gone).

    Raises:
        InputError: transparency, a format without it, and no background given.
    """
    if alpha is None or encoding.format not in _NO_ALPHA:
        return rgb, alpha
    if encoding.background is None:
        raise InputError(
            f"{encoding.format.value.upper()} cannot hold transparency",
            hint="choose PNG or WebP, or give a background colour",
        )
    weight = alpha[:, :, None].astype(np.uint16)
    behind = np.array(encoding.background, dtype=np.uint16)
    mixed = (rgb * weight + behind * (255 - weight) + 127) // 255
    return mixed.astype(np.uint8), None


def encode(rgb: Pixels, alpha: Pixels | None, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write pixels and metadata as one image file.

    Args:
        rgb: uint8 (H, W, 3).
        alpha: uint8 (H, W) or None; must be None for formats without transparency.
        encoding: format and quality.
        metadata: EXIF, XMP and ICC to put into the file.

    Raises:
        InputError: the format cannot hold this picture or its metadata.
    """
    pixels = rgb if alpha is None else np.dstack([rgb, alpha])
    image = Image.fromarray(np.ascontiguousarray(pixels))
    try:
        with _file_in_memory(encoding.format) as file:
            image.save(file, encoding.format.value.upper(), **_options(encoding, metadata))
            file.seek(0)
            return file.read()
    except (OSError, ValueError, OverflowError) as error:
        raise InputError(
            f"cannot be written as {encoding.format.value.upper()}: {str(error)[:160]}",
            code=ErrorCode.LIMIT,
        ) from error


def _file_in_memory(kind: ImageFormat) -> IO[bytes]:
    # Pillow's JPEG encoder lets other threads run only where it writes to a descriptor.
    if kind is ImageFormat.JPEG and sys.platform == "linux":
        return os.fdopen(os.memfd_create("picture"), "w+b", buffering=0)
    return io.BytesIO()


def _options(encoding: Encoding, metadata: Metadata) -> dict[str, Any]:
    return _metadata_options(encoding.format, metadata) | _codec_options(encoding)


def _metadata_options(kind: ImageFormat, metadata: Metadata) -> dict[str, Any]:
    exif = b"Exif\0\0" + metadata.exif if metadata.exif else b""
    options: dict[str, Any] = {}
    if metadata.icc:
        options["icc_profile"] = metadata.icc
    if exif:
        options["exif"] = exif
    if not metadata.xmp:
        return options
    match kind:
        case ImageFormat.PNG:
            text = PngInfo()
            text.add_itxt("XML:com.adobe.xmp", metadata.xmp.decode("utf-8", "replace"))
            options["pnginfo"] = text
        case ImageFormat.TIFF:
            options["tiffinfo"] = {700: metadata.xmp}  # XMP specification part 3, TIFF
        case _:
            options["xmp"] = metadata.xmp
    return options


def _codec_options(encoding: Encoding) -> dict[str, Any]:
    quality = encoding.effective_quality
    match encoding.format:
        case ImageFormat.JPEG | ImageFormat.AVIF:
            subsampling = "4:2:0" if encoding.chroma_subsampling else "4:4:4"
            options: dict[str, Any] = {"quality": quality, "subsampling": subsampling}
            if encoding.format is ImageFormat.AVIF:
                # One thread gives other bytes than two or more (libaom 3.14), and the default
                # is the number of processors. The same picture must always be the same file.
                options["max_threads"] = _AVIF_THREADS
            return options
        case ImageFormat.WEBP if encoding.lossless:
            # `exact` keeps the colour of transparent pixels: nothing may change unasked.
            return {"lossless": True, "exact": True, "quality": 50, "method": 4}
        case ImageFormat.WEBP:
            return {"quality": quality, "method": 4}
        case ImageFormat.TIFF:
            return {"compression": "tiff_adobe_deflate"}
        case _:
            return {}
