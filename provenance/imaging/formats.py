"""Image formats by their magic bytes; the file name never decides.

Sources: ITU-T T.81 (JPEG), W3C PNG Third Edition, RFC 9649 (WebP), GIF89a,
TIFF 6.0, ISO/IEC 23008-12 and 14496-12 (HEIC, AVIF).
"""

from __future__ import annotations

from enum import StrEnum

from provenance.errors import ArgumentError, InputError


class ImageFormat(StrEnum):
    """A format that this library can read."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    GIF = "gif"
    TIFF = "tiff"
    AVIF = "avif"
    HEIC = "heic"

    @classmethod
    def parse(cls, name: str) -> ImageFormat:
        """The format of that name.

        Raises:
            ArgumentError: there is none.
        """
        try:
            return cls(name.lower())
        except ValueError:
            known = ", ".join(kind.value for kind in cls)
            raise ArgumentError(f"unknown image format {name!r}", hint=f"one of {known}") from None

    @property
    def mime(self) -> str:
        """Media type, as C2PA and HTTP want it."""
        return f"image/{self.value}"

    @property
    def extensions(self) -> tuple[str, ...]:
        """Usual file name extensions, the preferred one first."""
        return _EXTENSIONS[self]


_EXTENSIONS: dict[ImageFormat, tuple[str, ...]] = {
    ImageFormat.JPEG: (".jpg", ".jpeg", ".jpe", ".jfif"),
    ImageFormat.PNG: (".png", ".apng"),
    ImageFormat.WEBP: (".webp",),
    ImageFormat.GIF: (".gif",),
    ImageFormat.TIFF: (".tif", ".tiff"),
    ImageFormat.AVIF: (".avif",),
    ImageFormat.HEIC: (".heic", ".heif", ".hif"),
}

#: Formats that are read unless the caller asks for more. GIF is read because leaked
#: pictures are reposted as GIF; it is never written.
DEFAULT_READ = frozenset({ImageFormat.JPEG, ImageFormat.PNG, ImageFormat.WEBP, ImageFormat.GIF})
#: Formats that may be stamped unless the caller asks for more.
DEFAULT_STAMP = frozenset({ImageFormat.JPEG, ImageFormat.PNG, ImageFormat.WEBP})

_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset(
    {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1"}
)

# Things people do hand in; naming them makes the message useful.
_OTHER_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript document"),
    (b"BM", "a BMP image"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL image"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image"),
    (b"8BPS", "a Photoshop document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
)


def sniff(data: bytes) -> ImageFormat:
    """Tell the format from the first bytes of a file.

    Raises:
        InputError: `E_FORMAT` if the file is empty or not an image of a known kind.
    """
    if not data:
        raise InputError("empty file")
    if data.startswith(b"\xff\xd8\xff"):
        return ImageFormat.JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return ImageFormat.PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ImageFormat.WEBP
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return ImageFormat.GIF
    if data[:4] in (b"II*\x00", b"MM\x00*"):
        return ImageFormat.TIFF
    if data[4:8] == b"ftyp":
        return _isobmff_brand(data)
    raise InputError(f"not an image: {_describe(data)}")


def _isobmff_brand(data: bytes) -> ImageFormat:
    size = min(int.from_bytes(data[:4]), 256, len(data))
    brands = {data[8:12], *(data[i : i + 4] for i in range(16, size, 4))}
    if brands & _AVIF_BRANDS:
        return ImageFormat.AVIF
    if brands & _HEIC_BRANDS:
        return ImageFormat.HEIC
    raise InputError("not an image: a video or another ISO media file")


def _describe(data: bytes) -> str:
    for magic, name in _OTHER_MAGIC:
        if data.startswith(magic):
            return f"the file is {name}"
    head = data[:512].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return "the file is an HTML page"
    if head.startswith((b"<svg", b"<?xml")):
        return "the file is SVG or other XML"
    return "the file starts like no known image format"
