"""The bad inputs that need no key, one function each. Every run gives the same bytes.

    python tests/bad_inputs/make.py DIR

writes all of them, and those of `signed.py`, and prints a line for each.
"""

from __future__ import annotations

import io
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

if __name__ == "__main__":  # run by its file name: make the package of the tests importable
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bad_inputs import raw
from bad_inputs.inputs import Input, bad

_ORIENTATION, _EXIF_IFD = 0x0112, 0x8769
_SHORT, _LONG = 3, 4
_BOMB = 200_000_000


def jpeg(*, seed: int = 1) -> bytes:
    """An ordinary JPEG file."""
    return raw.saved(raw.picture(seed=seed), "JPEG", quality=90)


def png(*, seed: int = 1) -> bytes:
    """An ordinary PNG file."""
    return raw.saved(raw.picture(seed=seed), "PNG")


def _exif(directory: bytes) -> bytes:
    return raw.segment(raw.APP1, b"Exif\0\0" + raw.tiff(directory))


# --- 1 to 3: not an image -----------------------------------------------------------


@bad("01", "png")
def empty() -> bytes:
    """Holds no bytes at all."""
    return b""


@bad("02", "jpg")
def html() -> bytes:
    """Is an HTML page under the name of a JPEG."""
    return b"<!DOCTYPE html>\n<html><body><p>Not found</p></body></html>\n"


@bad("03", "jpg")
def stub() -> bytes:
    """Is a JPEG that ends after its first 20 bytes."""
    return b"\xff\xd8" + raw.segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1\0\0")


# --- 4 to 6: damaged ----------------------------------------------------------------


@bad("04", "jpg")
def half_jpeg() -> bytes:
    """Lacks the second half of a JPEG."""
    whole = jpeg()
    return whole[: len(whole) // 2]


@bad("05", "png")
def half_png() -> bytes:
    """Lacks the second half of a PNG."""
    whole = png()
    return whole[: len(whole) // 2]


@bad("06a", "png")
def wrong_checksum() -> bytes:
    """Has a wrong checksum on its pixels; the pixels are right."""
    whole = bytearray(png())
    end = whole.index(b"IEND") - 4
    whole[end - 1] ^= 1
    return bytes(whole)


@bad("06b", "png")
def flipped_byte() -> bytes:
    """Has one flipped byte in its pixels, which the checksum tells."""
    whole = bytearray(png())
    whole[len(whole) // 2] ^= 0x40
    return bytes(whole)


@bad("06c", "png")
def flipped_and_resealed() -> bytes:
    """Has one flipped byte in its compressed pixels under a right checksum."""
    chunks = raw.split_png(flipped_byte.make())
    return raw.join_png(chunks)


@bad("06d", "png")
def wrong_header_checksum() -> bytes:
    """Has a wrong checksum on its header."""
    whole = bytearray(png())
    whole[32] ^= 1
    return bytes(whole)


# --- 7 to 14: sizes -----------------------------------------------------------------


@bad("07a", "png")
def one_pixel_png() -> bytes:
    """Is one pixel large."""
    return raw.saved(raw.picture((1, 1)), "PNG")


@bad("07b", "jpg")
def one_pixel_jpeg() -> bytes:
    """Is one pixel large, as JPEG."""
    return raw.saved(raw.picture((1, 1)), "JPEG")


@bad("08", "jpg")
def wide_strip() -> bytes:
    """Is 65,500 pixels wide, the most that libjpeg encodes, and 8 high."""
    return raw.saved(raw.picture((65_500, 8)), "JPEG", quality=90)


@bad("09", "png")
def high_strip() -> bytes:
    """Is one pixel wide and 65,000 high."""
    return raw.black_png(1, 65_000)


@bad("10a", "png")
def hundred_megapixels() -> bytes:
    """Has 100 million pixels in 12 kB."""
    return raw.black_png(10_000, 10_000, colour=raw.GREY, depth=1)


@bad("10b", "webp")
def just_below_the_limit() -> bytes:
    """Has one row and column less than is refused, in 32 bytes."""
    return raw.plain_webp(9_999, 9_999)


@bad("11", "png")
def gigapixels() -> bytes:
    """Has 2,500 million pixels in 300 kB."""
    return raw.black_png(50_000, 50_000, colour=raw.GREY, depth=1)


@bad("12", "png")
def largest_dimensions() -> bytes:
    """Claims 2^31 - 1 pixels in each direction, in 58 bytes."""
    return raw.png(raw.header(2**31 - 1, 2**31 - 1), raw.chunk(b"IDAT", b"\0"))


@bad("13a", "webp")
def largest_webp() -> bytes:
    """Is a sound WebP of 16,383 x 16,383 pixels in 32 bytes."""
    return raw.plain_webp(16_383, 16_383)


@bad("13b", "webp")
def lying_webp_canvas() -> bytes:
    """Announces a canvas of 300 x 300 and holds 16,383 x 16,383 pixels."""
    canvas = bytes([0x10, 0, 0, 0]) + (299).to_bytes(3, "little") * 2
    pixels = raw.vp8l(16_383, 16_383)
    return raw.webp(raw.riff_chunk(b"VP8X", canvas), raw.riff_chunk(b"VP8L", pixels))


@bad("14a", "gif")
def largest_gif() -> bytes:
    """Is a GIF of 65,535 x 65,535 pixels in 35 bytes."""
    return raw.gif(65_535, 65_535, [raw.gif_frame(65_535, 65_535)])


@bad("14b", "gif")
def gif_frame_beyond_screen() -> bytes:
    """Is a GIF of one pixel whose second frame has 65,535 x 65,535."""
    return raw.gif(1, 1, [raw.gif_frame(), raw.gif_frame(65_535, 65_535)])


# --- 15, 16: animations -------------------------------------------------------------


@bad("15a", "gif")
def many_frames() -> bytes:
    """Is a GIF of 100,000 frames."""
    return raw.gif(300, 300, [raw.gif_frame()] * 100_000)


@bad("15b", "gif")
def few_large_frames() -> bytes:
    """Is a GIF of four frames just below the limit, in 80 bytes."""
    return raw.gif(9_999, 9_999, [raw.gif_frame()] * 4)


@bad("16a", "png")
def animated_png() -> bytes:
    """Is an animated PNG of 20 frames."""
    return raw.animated_png(300, 300, 20)


@bad("16b", "webp")
def animated_webp() -> bytes:
    """Is an animated WebP of 20 frames."""
    return raw.animated_webp(300, 300, 20)


# --- 17 to 21: metadata -------------------------------------------------------------


@bad("17a", "png")
def text_bomb() -> bytes:
    """Has a compressed text of 200 MB (zTXt)."""
    return raw.black_png(300, 300, raw.chunk(b"zTXt", b"Comment\0\0" + raw.zlib_zeros(_BOMB)))


@bad("17b", "png")
def profile_bomb() -> bytes:
    """Has a compressed colour profile of 200 MB (iCCP)."""
    return raw.black_png(300, 300, raw.chunk(b"iCCP", b"icc\0\0" + raw.zlib_zeros(_BOMB)))


@bad("17c", "png")
def international_text_bomb() -> bytes:
    """Has a compressed text of 200 MB (iTXt)."""
    body = b"XML:com.adobe.xmp\0\1\0\0\0" + raw.zlib_zeros(_BOMB)
    return raw.black_png(300, 300, raw.chunk(b"iTXt", body))


@bad("18a", "png")
def much_text() -> bytes:
    """Has 70,000 text chunks, 71 MB together."""
    text = raw.chunk(b"tEXt", b"Comment\0" + b"x" * 1_000)
    return raw.black_png(300, 300, text * 70_000)


@bad("18b", "png")
def many_texts() -> bytes:
    """Has 70,000 text chunks of a few bytes each."""
    return raw.black_png(300, 300, raw.chunk(b"tEXt", b"a\0b") * 70_000)


@bad("19a", "jpg")
def many_segments() -> bytes:
    """Has two million application segments, 12 MB together."""
    return raw.with_segments(jpeg(), raw.segment(raw.APP2, b"\0\0") * 2_000_000)


@bad("19b", "jpg")
def many_scans() -> bytes:
    """Is a progressive JPEG of 44 kB whose 4,000 scans each cover 81 million pixels."""
    return raw.many_scans(9_000, 4_000)


@bad("20a", "jpg")
def exif_loop() -> bytes:
    """Has EXIF whose first directory names itself as the next one."""
    directory = raw.tiff_directory([(_ORIENTATION, _SHORT, 1)], following=8)
    return raw.with_segments(jpeg(), _exif(directory))


@bad("20b", "jpg")
def exif_pointer_loop() -> bytes:
    """Has EXIF whose sub-directory is the directory that points to it."""
    directory = raw.tiff_directory([(_EXIF_IFD, _LONG, 8)], following=0)
    return raw.with_segments(jpeg(), _exif(directory))


@bad("21", "tif")
def tiff_loop() -> bytes:
    """Is a TIFF whose only directory names itself as the next one."""
    size = [(256, _SHORT, 300), (257, _SHORT, 300), (258, _SHORT, 8), (259, _SHORT, 1)]
    strips = [(262, _SHORT, 1), (273, _LONG, 200), (278, _SHORT, 300), (279, _LONG, 90_000)]
    return raw.tiff(raw.tiff_directory(size + strips, following=8)).ljust(200, b"\0") + bytes(
        90_000
    )


# --- 22, 23: something else inside --------------------------------------------------


@bad("22", "jpg")
def postscript() -> bytes:
    """Is a PostScript program under the name of a JPEG."""
    return b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 300 300\n%%EndComments\nshowpage\n%%EOF\n"


@bad("23", "jpg")
def polyglot() -> bytes:
    """Is a JPEG and, from its end, a ZIP archive."""
    buffer = io.BytesIO(jpeg())
    buffer.seek(0, io.SEEK_END)
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("inside.txt"), b"hello")  # dated 1980
    return buffer.getvalue()


# --- 24 to 29: sound, but decoders disagree -----------------------------------------


@bad("24", "jpg")
def cmyk() -> bytes:
    """Holds ink values, which every decoder turns into colours in its own way."""
    return raw.saved(raw.picture().convert("CMYK"), "JPEG", quality=90)


@bad("25", "png")
def deep_grey() -> bytes:
    """Has grey samples of 16 bits, which Pillow clips to white."""
    grey = np.asarray(raw.picture().convert("L")).astype(">u2") * 257
    return raw.png_of_rows(grey.astype(">u2"), colour=raw.GREY, depth=16)


@bad("26", "png")
def deep_colour() -> bytes:
    """Has colour samples of 16 bits."""
    colour = np.asarray(raw.picture()).astype(">u2") * 257
    return raw.png_of_rows(colour.astype(">u2"), colour=raw.RGB, depth=16)


@bad("27", "jpg")
def turned() -> bytes:
    """Has to be turned to be seen upright (EXIF orientation 6)."""
    directory = raw.tiff_directory([(_ORIENTATION, _SHORT, 6)], following=0)
    return raw.with_segments(jpeg(), _exif(directory))


@bad("28", "png")
def transparent_palette() -> bytes:
    """Has a palette in which some colours are transparent."""
    alpha = bytes([0] * 8 + [128] * 8 + [255] * 48)
    return raw.saved(raw.picture().quantize(64), "PNG", transparency=alpha)


@bad("29", "png")
def invisible() -> bytes:
    """Is fully transparent, with a picture in the hidden colours."""
    image = raw.picture()
    image.putalpha(0)
    return raw.saved(image, "PNG")


PLAIN: tuple[Input, ...] = tuple(item for item in globals().values() if isinstance(item, Input))


def main(directory: Path) -> None:
    """Write every bad input into a directory."""
    from bad_inputs.lab import Lab
    from bad_inputs.signed import SIGNED

    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab.create(Path(folder), remote_url="http://127.0.0.1:9/manifest")
        for item in (*PLAIN, *SIGNED):
            data = item.make(lab) if item.needs_lab else item.make()
            (directory / item.filename).write_bytes(data)
            print(f"{item.filename:<40} {len(data):>10,} bytes  {item.what}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
