"""What can be handed to the stamper, brought into one form."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from provenance.errors import CapacityError
from provenance.imaging import (
    DEFAULT_LIMITS,
    Axes,
    ImageFormat,
    Limits,
    Metadata,
    ValueRange,
    load,
)
from provenance.imaging.memory import ImageInput, pixels_of, refuse_statements
from provenance.manifest import read
from provenance.model.evidence import ManifestStatus
from provenance.stamp.parents import Ancestor, ancestor
from provenance.trust import TrustStore

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Pixels to be stamped, and what must not be lost on the way.

    `rgb` uint8 (H, W, 3), `alpha` uint8 (H, W) or None, `ancestor` the input file if it
    carries a manifest of its own.
    """

    rgb: Pixels = field(repr=False)
    alpha: Pixels | None = field(repr=False, default=None)
    metadata: Metadata = Metadata()
    ancestor: Ancestor | None = field(repr=False, default=None)


def picture(
    image: ImageInput,
    *,
    formats: frozenset[ImageFormat],
    limits: Limits = DEFAULT_LIMITS,
    name: str = "",
    value_range: ValueRange | None = None,
    axes: Axes | None = None,
) -> Picture:
    """Bring an input into the form that is stamped.

    Args:
        image: an encoded file, or what `imaging.memory.pixels_of` takes.
        formats: which encoded formats are accepted.
        limits: apply to every kind of input.
        name: file name, for messages only.
        value_range: what the values of an array mean; floats need it.
        axes: the order of an array's axes, where its shape does not say so.

    Raises:
        InputError: not an acceptable image; truncated, corrupt or animated; an array whose
            range or axes would have to be guessed, or whose values are not in its range.
        ManifestError: it carries a manifest that cannot be carried on.
        CapacityError: nothing in it is visible.
    """
    if isinstance(image, bytes | bytearray | memoryview):
        refuse_statements("an image file", value_range, axes)
        made = _from_file(bytes(image), formats, limits, name)
    else:
        rgb, alpha = pixels_of(image, limits, value_range=value_range, axes=axes)
        made = Picture(rgb=rgb, alpha=alpha)
    if made.alpha is not None and not made.alpha.any():
        raise CapacityError("the picture is fully transparent: nothing visible to mark")
    return made


def _from_file(data: bytes, formats: frozenset[ImageFormat], limits: Limits, name: str) -> Picture:
    image = load(data, name=name, strict=True, formats=formats, limits=limits)
    carries_manifest = (
        read(data, image.header.format.mime, TrustStore()).status is not ManifestStatus.NONE
    )
    return Picture(
        rgb=image.rgb,
        alpha=image.alpha,
        metadata=image.metadata,
        ancestor=ancestor(data, image) if carries_manifest else None,
    )
