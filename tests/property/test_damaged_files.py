"""Damaged files: only `InputError` comes out, and what is accepted keeps to the limits."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from support import markers, pictures

from provenance.errors import InputError
from provenance.imaging import ImageFormat, Limits, embedded_texts, later_frames, load, probe
from provenance.imaging.embedded import MAX_TEXT

ALL = frozenset(ImageFormat)
LIMITS = Limits(
    max_bytes=200_000,
    max_pixels=60_000,
    max_side=4_000,
    max_segments=200,
    max_metadata=50_000,
    max_frames=50,
    max_decoded=200_000,
)
PICTURE = pictures.crop(40, 56)
FRAMES = [pictures.crop(24, 32, top=20 * i) for i in range(3)]


def exif():
    made = Image.Exif()
    made[0x0112] = 6
    made[0x010E] = "a description"
    return made


SEEDS = {
    "png": pictures.file(PICTURE, "PNG", exif=exif()),
    "png palette": pictures.file(Image.fromarray(PICTURE).convert("P"), "PNG", transparency=3),
    "png 16 bit": pictures.file(Image.fromarray(PICTURE[:, :, 0].astype("uint16") * 257), "PNG"),
    "apng": pictures.animation("PNG", FRAMES),
    "png text": markers.png({"parameters": markers.A1111}, kind="zTXt"),
    "png xmp": markers.with_xmp(markers.xmp("<i:AISystemUsed>x</i:AISystemUsed>"), "PNG"),
    "jpeg comment": markers.with_exif({markers.COMMENT: markers.user_comment("a comment")}),
    "jpeg xmp": markers.with_xmp(markers.xmp("", 'i:AISystemUsed="x"')),
    "jpeg": pictures.file(PICTURE, "JPEG", exif=exif()),
    "jpeg progressive": pictures.file(PICTURE, "JPEG", progressive=True),
    "webp": pictures.file(PICTURE, "WEBP", exif=exif()),
    "webp lossless": pictures.file(PICTURE, "WEBP", lossless=True),
    "webp animation": pictures.animation("WEBP", FRAMES),
    "gif": pictures.file(PICTURE, "GIF"),
    "gif animation": pictures.animation("GIF", FRAMES),
    "tiff": pictures.file(PICTURE, "TIFF"),
    "avif": pictures.file(PICTURE, "AVIF"),
}


@st.composite
def damaged(draw, seed):
    """A file after one to four accidents: bytes changed, cut out, doubled, or cut off."""
    data = bytearray(seed)
    for _ in range(draw(st.integers(1, 4))):
        if len(data) < 2:
            break
        at = draw(st.integers(0, len(data) - 1))
        length = draw(st.integers(1, 40))
        match draw(st.sampled_from(["flip", "set", "cut out", "double", "truncate", "insert"])):
            case "flip":
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "set":
                data[at : at + 4] = draw(st.sampled_from([b"\0" * 4, b"\xff" * 4, b"\x7f\xff" * 2]))
            case "cut out":
                del data[at : at + length]
            case "double":
                data[at:at] = data[at : at + length]
            case "truncate":
                del data[at:]
            case "insert":
                data[at:at] = draw(st.binary(min_size=1, max_size=12))
    return bytes(data)


def examine(data):
    """What verification and stamping do with a file: refuse it, or keep to the limits."""
    for strict in (True, False):
        try:
            image = load(data, strict=strict, formats=ALL, limits=LIMITS)
            frames = dict(later_frames(image, LIMITS))
        except InputError:
            continue
        for text in embedded_texts(image):
            assert len(text.value) <= MAX_TEXT
        height, width = image.rgb.shape[:2]
        assert height * width < LIMITS.max_pixels
        assert max(height, width) <= LIMITS.max_side
        assert image.alpha is None or image.alpha.shape == (height, width)
        assert {height, width} == {image.header.height, image.header.width}
        for index, rgb in frames.items():
            assert 0 < index < LIMITS.max_frames
            assert rgb.shape[0] * rgb.shape[1] < LIMITS.max_pixels


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_the_seeds_are_sound(name):
    assert len(SEEDS[name]) < LIMITS.max_bytes
    load(SEEDS[name], formats=ALL, limits=LIMITS)


@pytest.mark.filterwarnings("ignore")  # decoders warn about what they meet
@pytest.mark.parametrize("name", sorted(SEEDS))
@settings(max_examples=150)
@given(data=st.data())
def test_nothing_but_our_error_comes_out_of_a_damaged_file(name, data):
    examine(data.draw(damaged(SEEDS[name])))


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=300)
@given(st.sampled_from(sorted(SEEDS)), st.sampled_from(sorted(SEEDS)), st.data())
def test_nothing_but_our_error_comes_out_of_two_files_spliced_together(one, two, data):
    first = SEEDS[one][: data.draw(st.integers(0, len(SEEDS[one])))]
    second = SEEDS[two][data.draw(st.integers(0, len(SEEDS[two]))) :]
    examine(first + second)


MAGIC = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBP", b"II*\0", b"MM\0*"]


@settings(max_examples=500)
@given(st.sampled_from([*MAGIC, b"\0\0\0\x1cftypavif", b""]), st.binary(max_size=400))
def test_nothing_but_our_error_comes_out_of_noise(magic, noise):
    try:
        header = probe(magic + noise, LIMITS)
    except InputError:
        return
    assert header.width * header.height < LIMITS.max_pixels


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["png", "jpeg", "gif", "webp lossless"])
def test_every_cut_of_a_file_is_refused_or_shown_in_part(name):
    data = SEEDS[name]
    for length in range(0, len(data), max(1, len(data) // 150)):
        examine(data[:length])


def test_pillow_would_have_opened_the_seeds():
    for name, data in SEEDS.items():
        assert Image.open(io.BytesIO(data)).size, name
