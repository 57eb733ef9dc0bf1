"""A PIL image that is the stamped file, so that saving it saves what was signed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import IO, Any, Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from provenance.errors import InputError
from provenance.imaging import DEFAULT_LIMITS, ImageFormat, Limits, load
from provenance.stamp import Stamped
from provenance.stamp.target import FileTarget

_BY_EXTENSION = {extension: kind for kind in ImageFormat for extension in kind.extensions}
_PILLOW_NAMES = {"JPG": "JPEG", "TIF": "TIFF"}


class StampedImage(Image.Image):
    """The pixels of a stamped file, with its record.

    `save` writes the stamped file and nothing else. What Pillow makes of this image (`copy`,
    `resize`, `convert`, ...) is a plain image: it carries the mark, and neither manifest nor
    record. Pickling and `copy.deepcopy` keep the record.

    Attributes:
        stamped: the file and its record.
    """

    stamped: Stamped
    _digest: str

    @classmethod
    def of(cls, stamped: Stamped, limits: Limits = DEFAULT_LIMITS) -> Self:
        """The image in a stamped file.

        Args:
            stamped: what `Stamper.stamp` returned.
            limits: those of the stamper, where they are not the default.
        """
        pixels = pixels_in(stamped, limits)
        height, width, channels = pixels.shape
        image = cls()
        mode = "RGB" if channels == 3 else "RGBA"
        image.__setstate__([{}, mode, (width, height), None, pixels.tobytes()])
        image.stamped = stamped
        image._digest = image._digest_now()
        return image

    @property
    def changed(self) -> bool:
        """The pixels are no longer those of the stamped file: somebody drew on the image."""
        return self._digest_now() != self._digest

    def save(
        self,
        fp: str | bytes | os.PathLike[str] | os.PathLike[bytes] | IO[bytes],
        format: str | None = None,  # noqa: A002 - Pillow's name
        **params: Any,  # noqa: ANN401 - Pillow's
    ) -> None:
        """Write the stamped file, byte for byte; an existing file is replaced whole.

        Args:
            fp: a path, or a binary file that can be written.
            format: Pillow's name of the format; the extension decides where there is none.
            params: refused unless they say nothing: they would change the signed file.

        Raises:
            InputError: another format than the stamped one, parameters, or changed pixels.
            ProvenanceError: `E_IO`, the file cannot be written.
        """
        path = Path(os.fsdecode(fp)) if isinstance(fp, str | bytes | os.PathLike) else None
        self._check_format(format, path)
        asked = sorted(name for name, value in params.items() if not _says_nothing(value))
        if asked:
            raise InputError(
                f"a stamped picture is saved as it was signed: {', '.join(asked)} would change it",
                hint="leave the parameter out; the encoding is chosen where the picture is stamped",
            )
        if self.changed:
            raise InputError(
                "the picture was changed after it was stamped",
                hint="stamp the result: stamper.stamp(image.copy(), ..., "
                "parents=[image.stamped.data])",
            )
        if path is None:
            fp.write(self.stamped.data)  # type: ignore[union-attr]  # no path, so a file
            return
        target = FileTarget(path, overwrite=True)
        target.prepare()
        try:
            target.write(self.stamped.data)
            target.publish()
        finally:
            target.discard()

    def _check_format(self, name: str | None, path: Path | None) -> None:
        mine = self.stamped.encoding.format
        if name:
            asked = _PILLOW_NAMES.get(name.upper(), name.upper())
            same = asked == mine.value.upper()
        elif path is not None:
            asked = path.suffix or "a name without extension"
            same = _BY_EXTENSION.get(path.suffix.lower()) is mine
        else:
            return
        if not same:
            raise InputError(
                f"the picture was stamped as {mine.value.upper()} and cannot be saved as {asked}",
                hint=f"save it as {mine.extensions[0]}, or ask for the other encoding where it is "
                "stamped: encoding=Encoding.parse(...)",
            )

    def _digest_now(self) -> str:
        shape = f"{self.mode} {self.size}".encode()
        return hashlib.sha256(shape + self.tobytes()).hexdigest()

    def _repr_png_(self) -> bytes | None:
        """What a notebook shows: the stamped file."""
        return self._shown_as(ImageFormat.PNG)

    def _repr_jpeg_(self) -> bytes | None:
        """What a notebook shows: the stamped file."""
        return self._shown_as(ImageFormat.JPEG)

    def _shown_as(self, kind: ImageFormat) -> bytes | None:
        shown = self.stamped.encoding.format is kind and not self.changed
        return self.stamped.data if shown else None

    def __reduce__(self) -> tuple[object, ...]:
        """Pickled as the stamped file.

        Raises:
            InputError: it was changed, and its changes would be lost.
        """
        if self.changed:
            raise InputError(
                "the picture was changed after it was stamped and has no record",
                hint="pickle image.copy()",
            )
        return type(self).of, (self.stamped,)


def is_image(value: object) -> bool:
    """Whether this is a PIL image."""
    return isinstance(value, Image.Image)


def pixels_in(stamped: Stamped, limits: Limits = DEFAULT_LIMITS) -> npt.NDArray[np.uint8]:
    """The pixels of a stamped file: uint8 (H, W, 3), or (H, W, 4) with transparency."""
    image = load(stamped.data, formats=frozenset({stamped.encoding.format}), limits=limits)
    return image.rgb if image.alpha is None else np.dstack([image.rgb, image.alpha])


def _says_nothing(value: object) -> bool:
    """None, something empty, or an empty `PngInfo`, which some hosts always hand over."""
    return value is None or value in ("", b"") or getattr(value, "chunks", None) == []
