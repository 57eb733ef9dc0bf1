"""InvokeAI: the picture that the host saves is one that writes its stamped file.

The host writes its pictures itself, always as PNG, and makes a thumbnail of what it is given. So
it is given the marked pixels, as a picture whose `save` writes the stamped bytes.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Protocol, cast

from PIL import Image

from .client import Encoding, Made, Stamping, StampingRefused
from .writing import Destination, write

_PNG = Encoding("png")


class Images(Protocol):
    """What a node may do with pictures: `InvocationContext.images`."""

    def get_pil(self, image_name: str, mode: Any = None) -> Image.Image:
        """A picture that the host keeps."""
        ...

    def get_path(self, image_name: str, thumbnail: bool = False) -> Path:  # noqa: FBT001, FBT002
        """The file of a picture."""
        ...

    def save(self, image: Image.Image) -> Any:
        """Keep a picture: what the host knows about it, `image_name` among that."""
        ...


class StampedPicture(Image.Image):
    """The pixels of a stamped file; it is saved as that file. Copies are plain pictures."""

    file: bytes

    @classmethod
    def of(cls, data: bytes) -> StampedPicture:
        """The picture in a stamped file."""
        with Image.open(io.BytesIO(data)) as opened:
            made = cast("StampedPicture", opened.copy())
        made.__class__ = cls
        made.file = data
        return made

    def _new(self, im: Any) -> Image.Image:
        """Whatever is made of it is another picture, and would be another file."""
        made = super()._new(im)
        made.__class__ = Image.Image
        return made

    def save(
        self,
        fp: Destination,
        format: str | None = None,  # noqa: A002 - Pillow's name
        **params: Any,  # noqa: ARG002 - the host's metadata is not written
    ) -> None:
        """Write the stamped file.

        Raises:
            StampingRefused: another format is asked for; nothing is written.
        """
        if format != "PNG":
            raise StampingRefused(f"this picture is stamped as PNG, not as {format}")
        write(fp, self.file)


def save_stamped(
    images: Images,
    stamping: Stamping,
    *,
    image: str,
    source: str | None,
    model: str,
    operations: tuple[str, ...],
) -> Any:
    """Stamp one of the host's pictures and have the host keep the result.

    Args:
        images: the host's pictures.
        stamping: what stamps.
        image: name of the picture.
        source: name of the picture that it was made from, None where it is no edit. Its file is
            read, so that a manifest in it is carried on.
        model: what made it.
        operations: what was done to the source.

    Returns:
        What the host knows about the saved picture.

    Raises:
        StampingRefused: it was not stamped, and nothing is kept; or the host did not write what
            it was given, and its file is removed.
    """
    parents = () if source is None else (images.get_path(source).read_bytes(),)
    made = Made(model=model, operations=operations, sources=parents)
    data = stamping.stamp(images.get_pil(image), _PNG, made)
    kept = images.save(image=StampedPicture.of(data))
    path = images.get_path(kept.image_name)
    if path.read_bytes() != data:
        path.unlink()
        raise StampingRefused(f"{path} was not written as it was stamped, and is removed")
    return kept
