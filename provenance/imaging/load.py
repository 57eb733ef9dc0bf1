"""The ONE image loader. Stamping, verifying and auditing all see the pixels it gives.

Decoders disagree on orientation, 16-bit scaling, CMYK and truncated files, and a mark
that one of them reads another may not. So nothing else in this project decodes images.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile

from provenance.errors import ErrorCode, InputError, ProvenanceError
from provenance.imaging.containers import Header, probe
from provenance.imaging.containers import jpeg as jpeg_container
from provenance.imaging.containers import png as png_container
from provenance.imaging.formats import DEFAULT_READ, ImageFormat
from provenance.imaging.limits import DEFAULT_LIMITS, Limits
from provenance.imaging.metadata import Metadata, bare_exif, icc_space, orientation, upright
from provenance.model.evidence import ImageFlag, InputFacts

if TYPE_CHECKING:
    from collections.abc import Collection

Pixels = npt.NDArray[np.uint8]

_WIDE_MODES: Final = frozenset({"I;16", "I;16B", "I;16L", "I;16N"})
_WHOLE_PIXELS: Final = 2 << 20  # of a picture that is copied in one piece
_STRIP_PIXELS: Final = 1 << 18  # of the pieces of a larger one: their memory stays in the process
# Description, maker, model, software, date, artist, copyright; Exif and GPS directories
# (EXIF 3.0, clause 4.6).
_EXIF_TAGS: Final = frozenset({270, 271, 272, 305, 306, 315, 33432})
_EXIF_POINTERS: Final = (34665, 34853)
_ALPHA_MODES: Final = frozenset({"LA", "RGBA", "PA", "La", "RGBa"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedImage:
    """A decoded image file, upright, 8 bits per sample.

    Attributes:
        rgb: uint8 (H, W, 3), order R, G, B, as displayed (EXIF orientation applied); not to be
            written to.
        alpha: uint8 (H, W) or None where every pixel is opaque.
        data: the bytes of the file, exactly as read.
        sha256: of `data`, lower-case hexadecimal.
        header: what the container says; its width and height are as stored.
        metadata: EXIF (orientation already reset), XMP and ICC of the file.
        flags: what was done or noticed on the way.
    """

    rgb: Pixels = field(repr=False)
    alpha: Pixels | None = field(repr=False)
    data: bytes = field(repr=False)
    sha256: str
    header: Header
    metadata: Metadata = field(repr=False)
    flags: tuple[ImageFlag, ...]

    @property
    def facts(self) -> InputFacts:
        """The description of this input that goes into reports."""
        return InputFacts(
            sha256=self.sha256,
            byte_size=len(self.data),
            format=self.header.format.value,
            width=self.rgb.shape[1],
            height=self.rgb.shape[0],
            frames=self.header.frames,
            flags=self.flags,
        )


def load(
    data: bytes,
    *,
    name: str = "",
    strict: bool = False,
    formats: Collection[ImageFormat] = DEFAULT_READ,
    limits: Limits = DEFAULT_LIMITS,
    sha256: str = "",
) -> LoadedImage:
    """Decode an image file after its container has passed every limit.

    Args:
        data: the whole file.
        name: file name, only to report an extension that contradicts the content.
        strict: for stamping. Truncated, corrupt and animated files are errors; without
            it they are decoded as far as possible and flagged.
        formats: what may be decoded.
        limits: checked before the decoder starts.
        sha256: of `data`, where the caller knows it already.

    Raises:
        InputError: `E_FORMAT`, `E_TRUNC`, `E_CORRUPT` or `E_LIMIT`.
    """
    header = probe(data, limits, formats)
    if strict:
        _require_sound(header)
    flags = list(_container_flags(header, name))
    source = data if strict else _decodable(data, header)
    image = _open(source, header)
    rgb, alpha, pixel_flags = _pixels(image, header)
    flags += pixel_flags
    exif = bare_exif(image.info.get("exif")) or _tiff_exif(image, header)
    turn = orientation(exif)
    if turn != 1:
        rgb, alpha = _turn(rgb, turn), None if alpha is None else _turn(alpha, turn)
        flags.append(ImageFlag.ORIENTATION_APPLIED)
    if image.info.get("exif") and not exif:
        flags.append(ImageFlag.METADATA_IGNORED)
    icc = image.info.get("icc_profile") or b""
    if icc and icc_space(icc) != "RGB":
        icc = b""
        flags.append(ImageFlag.ICC_DROPPED)
    return LoadedImage(
        rgb=rgb,
        alpha=alpha,
        data=data,
        sha256=sha256 or hashlib.sha256(data).hexdigest(),
        header=header,
        metadata=Metadata(exif=upright(exif), xmp=_xmp(image), icc=icc),
        flags=tuple(flags),
    )


def later_frames(
    image: LoadedImage, limits: Limits = DEFAULT_LIMITS
) -> Iterator[tuple[int, Pixels]]:
    """Sampled frames of an animation after the first: (index, uint8 (H, W, 3) RGB).

    At most `Limits.sampled_frames` - 1 frames, evenly spaced over those that can be
    reached within `Limits.max_decoded` pixels (decoders have to pass every frame).
    A frame that does not decode ends the sampling.

    Raises:
        InputError: `E_LIMIT`; memory did not suffice for a frame.
    """
    header = image.header
    area = header.width * header.height
    reachable = min(header.frames, limits.max_frames, max(1, limits.max_decoded // area))
    wanted = min(limits.sampled_frames, reachable)
    if wanted < 2:
        return
    indices = [round(i * (reachable - 1) / (wanted - 1)) for i in range(1, wanted)]
    try:
        opened = _open(_decodable(image.data, header), header, load=False)
        for index in dict.fromkeys(indices):
            opened.seek(index)
            opened.load()
            yield index, _pixels(opened, header)[0]
    except Exception as error:  # any decoder error; the frames before it were checked
        if isinstance(error, MemoryError) or isinstance(error.__cause__, MemoryError):
            raise InputError(
                "later frames need more memory than there is", code=ErrorCode.LIMIT
            ) from error


# --- steps -------------------------------------------------------------------


def _require_sound(header: Header) -> None:
    kind = header.format
    if header.frames > 1:
        raise InputError(
            f"animated or multi-page {kind.value.upper()} ({header.frames} frames)",
            hint="stamp each frame as a picture of its own",
        )
    if header.truncated:
        raise InputError(f"{kind.value.upper()} file is truncated", code=ErrorCode.TRUNCATED)
    if header.fault:
        raise InputError(header.fault, code=ErrorCode.CORRUPT)


def _container_flags(header: Header, name: str) -> Iterator[ImageFlag]:
    suffix = PurePath(name).suffix.lower()
    if suffix and suffix not in header.format.extensions:
        yield ImageFlag.EXTENSION_MISMATCH
    if header.trailing:
        yield ImageFlag.TRAILING_DATA
    if header.truncated:
        yield ImageFlag.PARTIAL
    if header.fault:
        yield ImageFlag.CORRUPT
    if header.frames > 1:
        yield ImageFlag.FRAMES_SAMPLED


def _decodable(data: bytes, header: Header) -> bytes:
    """For verification: a damaged file in a form that still gives what is left of it."""
    if header.truncated and header.format is ImageFormat.JPEG:
        return jpeg_container.close(data, header)
    if header.format is not ImageFormat.PNG:
        return data
    sound = png_container.without_damage(data) if header.fault else data
    return (png_container.repair(sound, header) or sound) if header.truncated else sound


def _plugin(kind: ImageFormat) -> type[ImageFile.ImageFile]:
    """The decoder for a format, named directly: no guessing, no other decoder tried."""
    match kind:
        case ImageFormat.JPEG:
            from PIL.JpegImagePlugin import JpegImageFile

            return JpegImageFile
        case ImageFormat.PNG:
            from PIL.PngImagePlugin import PngImageFile

            return PngImageFile
        case ImageFormat.WEBP:
            from PIL.WebPImagePlugin import WebPImageFile

            return WebPImageFile
        case ImageFormat.GIF:
            from PIL.GifImagePlugin import GifImageFile

            return GifImageFile
        case ImageFormat.TIFF:
            from PIL.TiffImagePlugin import TiffImageFile

            return TiffImageFile
        case ImageFormat.AVIF:
            from PIL.AvifImagePlugin import AvifImageFile

            return AvifImageFile
        case ImageFormat.HEIC:
            return _heic_plugin()


def _heic_plugin() -> type[ImageFile.ImageFile]:
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        raise InputError(
            "HEIC cannot be decoded in this installation", hint="pip install 'provenance[heic]'"
        ) from error
    plugin: type[ImageFile.ImageFile] = HeifImageFile
    return plugin


def _open(data: bytes, header: Header, *, load: bool = True) -> ImageFile.ImageFile:
    """Decode with the format's own plug-in; whatever it throws becomes an `InputError`."""
    try:
        image = _plugin(header.format)(io.BytesIO(data))
        if not _same_size(image.size, header):
            raise InputError(
                f"decoder sees {image.size[0]}x{image.size[1]} pixels, the container says "
                f"{header.width}x{header.height}",
                code=ErrorCode.CORRUPT,
            )
        if load:
            image.load()
    except ProvenanceError:
        raise
    except Exception as error:  # decoders raise nearly anything on hostile input
        code = ErrorCode.TRUNCATED if header.truncated else _code_of(error)
        raise InputError(
            f"{header.format.value.upper()} image does not decode: {_first_line(error)}", code=code
        ) from error
    return image


def _same_size(size: tuple[int, int], header: Header) -> bool:
    stated = (header.width, header.height)
    if header.format is ImageFormat.TIFF:  # Pillow applies the orientation of a TIFF itself
        return sorted(size) == sorted(stated)
    return size == stated


def _code_of(error: Exception) -> ErrorCode:
    text = str(error).lower()
    if isinstance(error, MemoryError) or "too large" in text or "max_text" in text:
        return ErrorCode.LIMIT
    return ErrorCode.TRUNCATED if "truncated" in text else ErrorCode.CORRUPT


def _first_line(error: Exception) -> str:
    line = (str(error) or type(error).__name__).splitlines()[0]
    return "".join(c for c in line if c.isprintable())[:160]


def _pixels(image: Image.Image, header: Header) -> tuple[Pixels, Pixels | None, list[ImageFlag]]:
    """RGB and alpha of a decoded image: uint8 (H, W, 3) and uint8 (H, W) or None."""
    flags: list[ImageFlag] = []
    keyed = "transparency" in image.info
    if header.bit_depth == 16:
        flags.append(ImageFlag.REDUCED_TO_8_BIT)
        if keyed and image.mode == "RGB":
            # The transparent colour has 16 bits per sample and these pixels only 8.
            keyed = False
            flags.append(ImageFlag.TRANSPARENCY_IGNORED)
    if image.mode in _WIDE_MODES:
        # 0..65535 -> 0..255 with rounding; Pillow's own conversion clips at 255.
        wide = np.asarray(image).astype(np.uint32)
        grey = ((wide + 128) // 257).astype(np.uint8)
        opaque = np.where(wide == image.info.get("transparency"), 0, 255).astype(np.uint8)
        alpha = None if opaque.all() else opaque
        return np.repeat(grey[:, :, None], 3, axis=2), alpha, flags
    if image.mode in ("I", "F"):
        raise InputError(f"{header.format.value.upper()} with 32-bit samples is not supported")
    if image.mode == "CMYK":
        flags.append(ImageFlag.CMYK_CONVERTED)
    if image.mode in ("P", "PA"):
        flags.append(ImageFlag.PALETTE_EXPANDED)
    has_alpha = image.mode in _ALPHA_MODES or keyed
    rgb, alpha = _in_strips(image, "RGBA" if has_alpha else "RGB")
    if alpha is not None and not alpha.any():
        flags.append(ImageFlag.FULLY_TRANSPARENT)
    return rgb, None if alpha is None or (alpha == 255).all() else alpha, flags


def _in_strips(image: Image.Image, mode: str) -> tuple[Pixels, Pixels | None]:
    """Arrays of an image without a second whole copy of it in between."""
    width, height = image.size
    if mode == image.mode == "RGB" and width * height <= _WHOLE_PIXELS:
        return np.asarray(image), None
    rgb = np.empty((height, width, 3), dtype=np.uint8)
    alpha = np.empty((height, width), dtype=np.uint8) if mode == "RGBA" else None
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(top + rows, height)))
        # A crop loses the transparency of a palette image, which is kept beside its pixels.
        strip.info = image.info
        values = np.asarray(strip if strip.mode == mode else strip.convert(mode))
        rgb[top : top + rows] = values[:, :, :3]
        if alpha is not None:
            alpha[top : top + rows] = values[:, :, 3]
    return rgb, alpha


def _turn(pixels: Pixels, turn: int) -> Pixels:
    """Undo an EXIF orientation (EXIF 3.0, tag 274): the array as it is meant to be seen."""
    match turn:
        case 2:
            turned = pixels[:, ::-1]
        case 3:
            turned = pixels[::-1, ::-1]
        case 4:
            turned = pixels[::-1]
        case 5:
            turned = pixels.swapaxes(0, 1)
        case 6:
            turned = pixels.swapaxes(0, 1)[:, ::-1]
        case 7:
            turned = pixels.swapaxes(0, 1)[::-1, ::-1]
        case 8:
            turned = pixels.swapaxes(0, 1)[::-1]
        case _:
            turned = pixels
    return np.ascontiguousarray(turned)


def _tiff_exif(image: ImageFile.ImageFile, header: Header) -> bytes:
    """EXIF of a TIFF file, whose tags stand among those that describe the pixels."""
    if header.format is not ImageFormat.TIFF:
        return b""
    source, kept = image.getexif(), Image.Exif()
    for tag in _EXIF_TAGS & set(source):
        kept[tag] = source[tag]
    for pointer in _EXIF_POINTERS:
        if directory := source.get_ifd(pointer):
            kept[pointer] = directory
    return bare_exif(kept.tobytes()) if len(kept) else b""


def _xmp(image: Image.Image) -> bytes:
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    return packet.encode() if isinstance(packet, str) else bytes(packet)
