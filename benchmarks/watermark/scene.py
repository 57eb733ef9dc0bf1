"""What an attacker may have in hand: the marked picture, and things beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
#: int (n, 2): frequencies (kx, ky) of public carrier lines, in cycles per canonical tile.
Lines = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One stamped picture with its surroundings. All pictures are uint8 (H, W, 3) RGB.

    Attributes:
        original: before it was stamped; for the metrics and for marks moved elsewhere.
        marked: what was released.
        companion: another, unmarked picture of the same size.
        copies: gives n copies of the same picture under different ids, `marked` first.
        lines: the public synchronisation lines of the scheme, or None if it has none.
    """

    original: Pixels
    marked: Pixels
    companion: Pixels
    copies: Callable[[int], tuple[Pixels, ...]]
    lines: Lines | None = None
