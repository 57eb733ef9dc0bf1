"""The scheme protocol: what every watermark algorithm offers, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from provenance.errors import CapacityError
from provenance.model.evidence import MarkGeometry, WatermarkStatus
from provenance.watermark.keyring import DetectionKey, Keyring
from provenance.watermark.payload import Layout, Payload

Pixels = npt.NDArray[np.uint8]


class Depth(StrEnum):
    """How much is tried to find a mark."""

    FAST = "fast"  # unchanged geometry, or only resized
    STANDARD = "standard"  # and scale, rotation, crop, mirror, aspect; stops early
    DEEP = "deep"  # and weak crops, rotation with aspect, perspective, parts of the picture


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeInfo:
    """What the catalogue says about a scheme.

    Attributes:
        name: name with version, as used in commands and records.
        alg: its C2PA soft-binding algorithm name (reverse DNS).
        layout: the payload it carries; `small_layout` instead in pictures of less than
            `small_below` pixels.
        min_pixels: least area in pixels.
        min_side: least width and height in pixels.
        keyed: the carrier depends on a key; without it nobody can read the mark.
        presence: it can tell a marked image from an unmarked one by itself.
        summary: one line for people.
        why_unavailable: empty where the scheme can be used to embed here.
        reads_without_extra: detection works even where embedding is unavailable.
    """

    name: str
    alg: str
    layout: Layout
    min_pixels: int
    min_side: int
    keyed: bool
    presence: bool
    summary: str
    small_layout: Layout | None = None
    small_below: int = 0
    why_unavailable: str = ""
    reads_without_extra: bool = True

    @property
    def can_embed(self) -> bool:
        """True if marks can be written here."""
        return not self.why_unavailable

    @property
    def can_detect(self) -> bool:
        """True if marks can be read here."""
        return self.reads_without_extra or not self.why_unavailable

    def layout_for(self, rgb: Pixels) -> Layout:
        """The layout that an image of this size carries."""
        height, width = rgb.shape[:2]
        small = self.small_layout is not None and height * width < self.small_below
        return self.small_layout if small and self.small_layout else self.layout

    def fits(self, rgb: Pixels) -> bool:
        """True if an image of this size can carry the mark."""
        height, width = rgb.shape[:2]
        return bool(height * width >= self.min_pixels and min(height, width) >= self.min_side)

    def require_fit(self, rgb: Pixels) -> None:
        """Raise `CapacityError` if the image is too small for the mark."""
        if not self.fits(rgb):
            height, width = rgb.shape[:2]
            raise CapacityError(
                f"{width}x{height} pixels are too few for {self.name}: it needs an area of "
                f"{self.min_pixels:,} pixels and sides of at least {self.min_side}",
                hint="stamp the picture at its full size",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """Answer of a scheme about one image.

    `log10_p` bounds the chance that an image without the mark gives this answer, over
    everything that was tried; `log10_threshold` is what had to be reached.
    """

    status: WatermarkStatus
    payload: Payload | None = None
    key: DetectionKey | None = None
    log10_p: float = 0.0
    log10_threshold: float = 0.0
    path: str = ""
    geometry: MarkGeometry | None = None
    detail: str = ""


class Embedder(Protocol):
    """Writes the marks of one scheme. Implementations are stateless and safe to share."""

    @property
    def info(self) -> SchemeInfo:
        """What the catalogue says of the scheme."""
        ...

    def embed(self, rgb: Pixels, payload: Payload, key: bytes) -> Pixels:
        """Put a payload into an image.

        Args:
            rgb: uint8 (H, W, 3), order R, G, B.
            payload: in the layout of this scheme.
            key: 32-byte carrier key; ignored by schemes that are not keyed.

        Returns:
            uint8 (H, W, 3), a new array.

        Raises:
            CapacityError: the image cannot carry the mark.
            SchemeError: the scheme is not available in this installation.
        """
        ...


class Scheme(Embedder, Protocol):
    """A watermark algorithm."""

    def detect(self, rgb: Pixels, keyring: Keyring, *, depth: Depth = Depth.STANDARD) -> Detection:
        """Look for a mark of any system in the keyring. Never raises on a negative.

        Args:
            rgb: uint8 (H, W, 3), order R, G, B.
            keyring: which systems to look for.
            depth: how much is tried; schemes without a search ignore it.
        """
        ...
