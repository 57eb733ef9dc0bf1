"""What the ComfyUI nodes call: a batch is marked, or stamped and written, as a whole.

ComfyUI hands pictures on as IMAGE: float32 of shape (B, H, W, C), 0 to 1, red first. It knows no
file of a picture that was loaded, so a source is named by its pixels alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from provenance.errors import ArgumentError, InputError
from provenance.imaging import Encoding, Metadata, encode
from provenance.model import Generation, Operation
from provenance.stamp import Stamped, Stamper
from provenance.stamp.target import FileTarget

Pixels = npt.NDArray[np.uint8]

#: What the nodes offer: how a file is written, and what was done to a source.
FORMATS: Final = ("png", "webp-lossless", "jpeg", "webp")
EDITS: Final = ("none", *(operation.value for operation in Operation))
_PNG: Final = Encoding.parse("png")
_RGBA: Final = 4
#: Filters overshoot, and the host cuts that off. A picture of another range lies far beyond.
_OVERSHOOT: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the host saves a batch: what `folder_paths.get_save_image_path` says.

    `counter` is the number of the first file; `folder` is there already.
    """

    folder: Path
    filename: str
    counter: int

    def path(self, index: int, encoding: Encoding) -> Path:
        """The file of one picture of the batch, named as the host's own node names it."""
        name = self.filename.replace("%batch_num%", str(index))
        return self.folder / f"{name}_{self.counter + index:05}_{encoding.extension}"


def generation(model: str, edit: str, source: object) -> Generation:
    """What the manifest states.

    Args:
        model: what made the pictures; no prompt, no account.
        edit: one of `EDITS`.
        source: the IMAGE that they were made from, or None.

    Raises:
        ArgumentError: an edit of nothing, or no acceptable name.
    """
    if edit == "none":
        return Generation(model=model)
    if source is None:
        raise ArgumentError(f"{edit} needs a source", hint="connect the picture that was edited")
    return Generation(model=model, operations=(Operation.parse(edit),))


def mark(
    stamper: Stamper, images: Any, made: Generation, *, source: Any = None
) -> npt.NDArray[np.float32]:
    """Mark a batch, to be signed by `save` within an hour.

    Args:
        stamper: of the system that makes the pictures.
        images: IMAGE, a tensor or an array.
        made: what made them.
        source: IMAGE that they were made from: one, or one for each.

    Returns:
        IMAGE: float32 (B, H, W, C), 0 to 1.

    Raises:
        ProvenanceError: one could not be marked; nothing is given.
    """
    batch = pixels_of(images)
    parents = _parents(source, len(batch))
    marked = [
        stamper.mark(picture, made, parents=origin).pixels
        for picture, origin in zip(batch, parents, strict=True)
    ]
    # k / 255 * 255 is k again for every byte, so the host's own nodes keep the mark exact.
    return np.stack(marked).astype(np.float32) / np.float32(255)


def save(
    stamper: Stamper,
    images: Any,
    made: Generation,
    place: Place,
    *,
    encoding: Encoding,
    marked: bool,
    source: Any = None,
) -> tuple[Path, ...]:
    """Stamp a batch, or sign one that `mark` marked, and write it.

    Args:
        stamper: of the system that makes the pictures.
        images: IMAGE, a tensor or an array.
        made: what made them; what was marked says that already.
        place: where the files go. None that is there is replaced.
        encoding: how they are written.
        marked: they come from `mark`, unchanged.
        source: as for `mark`; for what was marked, the same again.

    Returns:
        The files, in order.

    Raises:
        ProvenanceError: one could not be stamped or written; then none is.
    """
    batch = pixels_of(images)
    parents = _parents(source, len(batch))
    stamped = [
        stamper.sign(picture, parents=origin, encoding=encoding)
        if marked
        else stamper.stamp(picture, made, parents=origin, encoding=encoding)
        for picture, origin in zip(batch, parents, strict=True)
    ]
    return _written(stamped, [place.path(index, encoding) for index in range(len(batch))])


def pixels_of(images: Any) -> Pixels:
    """The bytes of an IMAGE: uint8 (B, H, W, 3) or (B, H, W, 4).

    Raises:
        InputError: another shape, values that are no numbers, or another range.
    """
    tensor = images.detach().cpu().float() if hasattr(images, "detach") else images
    values = np.asarray(tensor, np.float32)
    if values.ndim != 4 or values.shape[3] not in (3, _RGBA) or not values.size:
        raise InputError(
            f"this is no IMAGE: its shape is {values.shape}",
            hint="a batch of pictures, (B, H, W, 3) or (B, H, W, 4)",
        )
    if not np.isfinite(values).all():
        raise InputError("the picture has values that are no numbers", hint="the model failed")
    if values.min() < -_OVERSHOOT or values.max() > 1 + _OVERSHOOT:
        raise InputError(
            f"the values lie between {values.min():g} and {values.max():g}", hint="IMAGE is 0 to 1"
        )
    # The host cuts fractions off here, and so does this: the same picture is the same bytes.
    return (np.float32(255) * values).clip(0, 255).astype(np.uint8)


def _parents(source: Any, count: int) -> list[tuple[bytes, ...]]:
    if source is None:
        return [()] * count
    files = [_file(picture) for picture in pixels_of(source)]
    if len(files) not in (1, count):
        raise ArgumentError(
            f"{len(files)} sources for {count} pictures", hint="one source, or one for each"
        )
    return [(file,) for file in (files * count if len(files) == 1 else files)]


def _file(picture: Pixels) -> bytes:
    alpha = picture[:, :, 3] if picture.shape[2] == _RGBA else None
    return encode(picture[:, :, :3], alpha, _PNG, Metadata())


def _written(stamped: Sequence[Stamped], paths: Sequence[Path]) -> tuple[Path, ...]:
    """All files under their names, or none."""
    targets = [FileTarget(path) for path in paths]
    try:
        for target, item in zip(targets, stamped, strict=True):
            target.prepare()
            target.write(item.data)
        for target in targets:
            target.publish()
    except BaseException:
        for target in targets:
            target.withdraw()
            target.discard()
        raise
    return tuple(paths)
