"""What a luma mark costs, as an estimate of SSIMULACRA2.

Of the metric's 108 terms, the structural ones of Y at a quarter and an eighth of the original
size make nearly all of what a band-limited mark costs. Two of them for each scale are computed
here, with the metric's own weights, and raised by a factor that stands for the rest.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from provenance.watermark.perceptual.tone import lightness

C2: Final = 9e-4
SIGMA: Final = 1.5
#: Divisor of the original size, weight of the mean and of the 4-norm (weights of the metric).
SCALES: Final = ((4, 225.2, 19.2), (8, 176.4, 24.4))
#: The metric's own output factor, and the measured share of all other terms (8 pictures).
REST: Final = 0.9562382616834844 * 1.12 * 1.08
POWER: Final = 0.6276336467831387

Plane = npt.NDArray[np.float32]
_Moments = tuple[Plane, Plane, Plane]


class Budget:
    """Estimates the score of marked versions of one picture."""

    def __init__(self, luma: Plane, scale: float) -> None:
        """Prepare.

        Args:
            luma: float32 (h, w), canonical frame of the unmarked picture, 0 to 255.
            scale: canonical pixels per pixel of the original.
        """
        height, width = luma.shape
        self._sizes = [reduced(width, height, scale, divisor) for divisor, _, _ in SCALES]
        self._references = [self._moments(luma, size) for size in self._sizes]

    @staticmethod
    def _moments(luma: Plane, size: tuple[int, int]) -> _Moments:
        small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
        tone = lightness(np.asarray(small, dtype=np.float32))
        mean = _smooth(tone)
        return tone, mean, _smooth(tone * tone) - mean * mean

    def score(self, marked: Plane) -> float:
        """Estimate for a marked luma plane, float32 (h, w): 100 is no visible difference."""
        cost = 0.0
        for (_, mean_weight, norm_weight), size, reference in zip(
            SCALES, self._sizes, self._references, strict=True
        ):
            loss = self._structural_loss(reference, self._moments(marked, size))
            square = loss * loss
            cost += mean_weight * float(loss.mean())
            cost += norm_weight * float((square * square).mean()) ** 0.25
        return _scale_to_score(cost * REST)

    @staticmethod
    def _structural_loss(reference: _Moments, marked: _Moments) -> Plane:
        tone, mean, variance = reference
        tone2, mean2, variance2 = marked
        covariance = _smooth(tone * tone2) - mean * mean2
        c2 = np.float32(C2)
        structure = (2 * covariance + c2) / (variance + variance2 + c2)
        loss = 1 - (1 - (mean - mean2) ** 2) * structure
        return np.asarray(np.maximum(loss, 0), dtype=np.float32)


def _smooth(plane: Plane) -> Plane:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), SIGMA), dtype=np.float32)


def reduced(width: int, height: int, scale: float, divisor: int) -> tuple[int, int]:
    """Width and height of a divided original, from those of its canonical frame."""
    return max(8, round(width / scale / divisor)), max(8, round(height / scale / divisor))


def polynomial(x: Any) -> Any:  # noqa: ANN401
    """The metric's own, of a number or a tensor: the score is 100 - 10 times this to `POWER`."""
    return 2.326765642916932 * x - 0.020884521182843837 * x**2 + 6.248496625763138e-05 * x**3


def _scale_to_score(cost: float) -> float:
    return float(100 - 10 * max(polynomial(cost), 1e-9) ** POWER)
