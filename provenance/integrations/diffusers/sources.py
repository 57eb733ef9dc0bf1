"""The pictures that a pipeline was given, as parents of what it makes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from provenance.errors import ProvenanceError
from provenance.imaging import Limits, Metadata, encode
from provenance.imaging.arrays import is_array
from provenance.imaging.memory import pixels_of
from provenance.integrations.diffusers.pixels import array_of
from provenance.integrations.pillow import StampedImage, is_image
from provenance.model.generation import Operation
from provenance.stamp.job import PNG

#: Arguments that hold what is edited.
SOURCES: Final = ("image", "images", "init_image", "input_images", "gligen_inpaint_image")
#: Arguments that hold what helps: structure, faces, styles, things to be put in.
HELPERS: Final = (
    "control_image",
    "image_reference",
    "reference_image",
    "example_image",
    "gligen_images",
    "text_images",
    "condtioning_image",  # as BLIP-Diffusion spells it
    "ip_adapter_image",
)
#: By a part of the class name, the first that fits anywhere in the MRO.
_OPERATIONS: Final = {
    "PaintByExample": (Operation.INPAINT, Operation.COMPOSE),
    "GLIGEN": (Operation.INPAINT,),
    "Inpaint": (Operation.INPAINT,),
    "Fill": (Operation.INPAINT,),
    "Upscale": (Operation.UPSCALE,),
    "Refiner": (Operation.ENHANCE,),
}
#: Pipelines of one picture in, one picture out; all others may use every picture for each result.
_ONE_TO_ONE: Final = ("Img2Img", "Inpaint", "Fill", "Upscale", "Refiner", "Depth2Img", "Pix2Pix")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the results of one call were made from.

    `edited` and `helpers` are encoded files, `operations` what was done to the edited ones,
    `paired` says that the n-th result was made from the n-th of them if there are as many.
    """

    edited: tuple[bytes, ...] = field(default=(), repr=False)
    helpers: tuple[bytes, ...] = field(default=(), repr=False)
    operations: tuple[Operation, ...] = ()
    paired: bool = False

    def of(self, position: int, results: int) -> tuple[bytes, ...]:
        """The parents of one result, the one that was edited first."""
        if not self.edited:
            return ()
        paired = self.paired and len(self.edited) == results
        edited = self.edited[position : position + 1] if paired else self.edited
        return (*edited, *self.helpers)


def sources(
    kind: type, arguments: Mapping[str, object], named: Sequence[str] | None, limits: Limits
) -> Sources:
    """What a call was given.

    Without an edited picture there are no parents, whatever helped: the result is a new one, and
    C2PA has no component of what has no parent.

    Args:
        kind: the class of the pipeline.
        arguments: of the call, by name.
        named: the arguments that hold what is edited, where the caller of `protect` said so.
        limits: of the stamper.

    Raises:
        InputError: one of the pictures is no acceptable image.
    """
    names = tuple(named) if named is not None else source_names(kind, arguments)
    helpers = [name for name in (*HELPERS, *SOURCES) if name not in names]
    edited = _files(arguments, names, limits)
    if not edited:
        return Sources()
    prompts = arguments.get("prompt")
    return Sources(
        edited=edited,
        helpers=_files(arguments, helpers, limits),
        operations=operations_of(kind),
        paired=_named_like(kind, _ONE_TO_ONE)
        and (isinstance(prompts, str) or prompts is None or _length(prompts) == len(edited)),
    )


def source_names(kind: type, arguments: Collection[str]) -> tuple[str, ...]:
    """Which of the arguments of a pipeline hold what it edits."""
    if "control_mask" in arguments:  # inpainting that calls what it paints in the control image
        return ("control_image",)
    conditioned = _named_like(kind, ("ControlNet", "Adapter"))
    if conditioned and "control_image" not in arguments:
        return ()  # `image` is the pose, the depth or the edges
    return tuple(name for name in SOURCES if name in arguments)


def operations_of(kind: type) -> tuple[Operation, ...]:
    """What a pipeline does to a picture that it edits."""
    fitting = (value for part, value in _OPERATIONS.items() if _named_like(kind, (part,)))
    return next(fitting, (Operation.REDRAW,))


def _files(
    arguments: Mapping[str, object], names: Sequence[str], limits: Limits
) -> tuple[bytes, ...]:
    files = []
    for name in names:
        for picture in _pictures(arguments.get(name)):
            try:
                files.append(_encoded(picture, limits))
            except ProvenanceError as error:
                about = f"argument {name}: {error.message}"
                raise type(error)(about, hint=error.hint, code=error.code) from error
    return tuple(dict.fromkeys(files))


def _pictures(value: object) -> Iterator[object]:
    """Single pictures, as PIL images or arrays (H, W, C) of one or three channels.

    Whatever else there is (latents, embeddings) is no picture. FLUX packs latents into three
    dimensions, so that a single tensor or array in colour is one of three channels.
    """
    if isinstance(value, list | tuple):
        for item in value:
            yield from _pictures(item)
    elif is_image(value):
        yield value
    elif is_array(value):
        array = array_of(value)
        if array.ndim == 2:
            yield array[:, :, None]
        elif array.ndim == 3 and array.shape[2] == 3:
            yield array
        elif array.ndim == 4 and array.shape[3] in (1, 3):
            yield from array


def _encoded(picture: Any, limits: Limits) -> bytes:  # noqa: ANN401 - a PIL image or an array
    """A picture as a lossless file in memory, or the very file where it was stamped.

    A PIL image may know the name of a file. That is not read: nobody asked for it.
    """
    if isinstance(picture, StampedImage) and not picture.changed:
        return picture.stamped.data
    rgb, alpha = pixels_of(picture if is_image(picture) else _bytes_of(picture), limits)
    return encode(rgb, alpha, PNG, Metadata())


def _bytes_of(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """A source as uint8 (H, W, 3). diffusers takes 0..1, and -1..1 where anything is below 0."""
    if array.dtype != np.uint8:
        values = array.astype(np.float64)
        if (values < 0).any():
            values = (values + 1) / 2
        array = (values.clip(0, 1) * 255).round().astype(np.uint8)
    return np.repeat(array, 3, axis=2) if array.shape[2] == 1 else array


def _named_like(kind: type, parts: Sequence[str]) -> bool:
    """A pipeline or one of those that it descends from is called so; its mixins do not count."""
    names = [item.__name__ for item in kind.__mro__ if "Pipeline" in item.__name__]
    return any(part in name for name in names for part in parts)


def _length(value: object) -> int:
    return len(value) if isinstance(value, list | tuple) else 1
