"""A stamped image saves the stamped file, or nothing."""

from __future__ import annotations

import copy
import io
import pickle
import resource

import numpy as np
import pytest
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo
from support import pictures

from provenance import Encoding, Generation
from provenance.errors import ErrorCode, InputError, ProvenanceError
from provenance.imaging import Limits
from provenance.integrations.pillow import StampedImage


@pytest.fixture(scope="module")
def made(workspace):
    """A stamped picture for each encoding."""
    stamper = workspace.stamper()
    names = ("png", "jpeg", "webp", "tiff")
    return {
        name: stamper.stamp(
            pictures.crop(), Generation(model="acme-1"), encoding=Encoding.parse(name)
        )
        for name in names
    }


@pytest.fixture
def image(made) -> StampedImage:
    return StampedImage.of(made["png"])


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "tiff"])
def test_it_shows_and_saves_the_stamped_file(made, tmp_path, name):
    stamped = made[name]
    image = StampedImage.of(stamped)
    assert image.stamped is stamped
    assert (np.asarray(image) == pictures.decoded(stamped.data)).all()
    path = tmp_path / f"saved{stamped.encoding.extension}"
    path.write_bytes(b"what was there")
    image.save(path)
    assert path.read_bytes() == stamped.data
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
    buffer = io.BytesIO()
    image.save(buffer, name.upper())
    assert buffer.getvalue() == stamped.data


@pytest.mark.parametrize(
    ("target", "options"),
    [
        ("{0}/a.PNG", {}),
        ("{0}/a.png", {"format": "png"}),
        ("{0}/no-extension", {"format": "PNG"}),
        ("{0}/a.png", {"pnginfo": PngInfo(), "exif": None, "icc_profile": b""}),
    ],
    ids=["upper", "format", "only-format", "empty-options"],
)
def test_usual_ways_of_saving_work(image, tmp_path, target, options):
    image.save(target.format(tmp_path), **options)
    (path,) = tmp_path.iterdir()
    assert path.read_bytes() == image.stamped.data


def with_text() -> PngInfo:
    info = PngInfo()
    info.add_text("parameters", "a prompt")
    return info


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("a.jpg", {}, "stamped as PNG and cannot be saved as .jpg"),
        ("a.png", {"format": "WEBP"}, "cannot be saved as WEBP"),
        ("a", {}, "a name without extension"),
        ("a.xyz", {}, "cannot be saved as .xyz"),
        ("a.png", {"quality": 90}, "quality would change it"),
        ("a.png", {"optimize": False}, "optimize would change it"),
        ("a.png", {"pnginfo": with_text()}, "pnginfo would change it"),
        ("a.png", {"exif": b"Exif", "dpi": (1, 1)}, "dpi, exif would change it"),
    ],
    ids=["extension", "format", "none", "unknown", "quality", "optimize", "pnginfo", "exif"],
)
def test_anything_else_is_refused(image, tmp_path, name, options, says):
    with pytest.raises(InputError, match=says):
        image.save(tmp_path / name, **options)
    assert not list(tmp_path.iterdir())


def test_an_image_that_was_drawn_on_is_not_saved_without_the_drawing(image, tmp_path):
    assert not image.changed
    ImageDraw.Draw(image).rectangle((0, 0, 9, 9), fill=(1, 2, 3))
    assert image.changed
    with pytest.raises(InputError, match="changed after it was stamped"):
        image.save(tmp_path / "a.png")
    with pytest.raises(InputError, match="has no record"):
        pickle.dumps(image)
    assert image._repr_png_() is None
    assert not list(tmp_path.iterdir())


def test_what_pillow_makes_of_it_is_plain(image):
    for other in (
        image.copy(),
        copy.copy(image),
        image.resize((64, 64)),
        image.convert("L"),
        image.crop(),
    ):
        assert type(other) is Image.Image
        assert not hasattr(other, "stamped")


def test_deep_copies_and_pickle_keep_the_record(image):
    pickled = pickle.loads(pickle.dumps(image))  # noqa: S301 - our own
    for other in (copy.deepcopy(image), pickled):
        assert isinstance(other, StampedImage)
        assert other.stamped == image.stamped
        assert np.array_equal(other, image)


def test_a_notebook_shows_the_stamped_file(made):
    png, jpeg = StampedImage.of(made["png"]), StampedImage.of(made["jpeg"])
    assert (png._repr_png_(), png._repr_jpeg_()) == (made["png"].data, None)
    assert (jpeg._repr_png_(), jpeg._repr_jpeg_()) == (None, made["jpeg"].data)


def test_transparency_is_kept(workspace):
    rgba = np.dstack([pictures.crop(), np.full((256, 256), 200, np.uint8)])
    stamped = workspace.stamper().stamp(rgba, Generation(model="acme-1"))
    assert StampedImage.of(stamped).mode == "RGBA"


def test_limits_hold(made):
    with pytest.raises(InputError):
        StampedImage.of(made["png"], Limits(max_pixels=1000))


@pytest.mark.parametrize("place", ["missing/a.png", "a" * 300 + ".png"], ids=["folder", "name"])
def test_a_place_that_is_none(image, tmp_path, place):
    with pytest.raises(ProvenanceError) as caught:
        image.save(tmp_path / place)
    assert caught.value.code is ErrorCode.IO


def test_a_full_disk_leaves_what_was_there(image, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"what was there")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(ProvenanceError) as caught:
            image.save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.code is ErrorCode.IO
    assert [item.read_bytes() for item in tmp_path.iterdir()] == [b"what was there"]
