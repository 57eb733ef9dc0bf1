"""Different pictures of the same layout: what is most easily taken for the same picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.watermark.scene import Pixels

Plane = npt.NDArray[np.float32]
SIDE: Final = 640
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX


def portrait(rng: np.random.Generator) -> Pixels:
    """Head and shoulders in the middle, before a plain wall with light from one side."""
    return _portrait(rng, rng)


def recoloured(rng: np.random.Generator) -> Pixels:
    """The same drawing every time, in other colours and another light."""
    return _portrait(rng, np.random.default_rng(0))


def _portrait(rng: np.random.Generator, shape: np.random.Generator) -> Pixels:
    picture = _gradient(rng, rng.uniform(90, 190, 3))
    skin, hair, cloth = (tuple(map(float, rng.uniform(*band, 3))) for band in _PORTRAIT_TONES)
    x, y = (int(v) for v in shape.normal((SIDE / 2, SIDE * 0.42), SIDE * 0.04))
    wide, high = (int(v) for v in shape.normal((SIDE * 0.15, SIDE * 0.21), SIDE * 0.015))
    broad, tall = (int(v) for v in shape.normal((SIDE * 0.36, SIDE * 0.3), SIDE * 0.04))
    cv2.ellipse(picture, (x, SIDE), (broad, tall), 0, 0, 360, cloth, -1)
    cv2.ellipse(picture, (x, y - high // 5), (wide + 22, high + 12), 0, 0, 360, hair, -1)
    cv2.ellipse(picture, (x, y), (wide, high), 0, 0, 360, skin, -1)
    for side in (-1, 1):
        cv2.circle(picture, (x + side * wide // 2, y - high // 6), 12, (40.0, 30.0, 30.0), -1)
    cv2.line(picture, (x - wide // 3, y + high // 2), (x + wide // 3, y + high // 2), hair, 6)
    return _finished(picture, rng)


def page(rng: np.random.Generator) -> Pixels:
    """A page of text under a heading, with the margins and line spacing of one template."""
    picture = np.full((SIDE, SIDE, 3), 246, np.float32)
    picture[40:80, 60 : int(rng.uniform(300, 560))] = 30
    for top in range(120, SIDE - 60, 26):
        left = 60
        while left < SIDE - 100:
            word = int(rng.integers(14, 70))
            picture[top : top + 12, left : left + word] = rng.uniform(40, 110)
            left += word + 9
        if rng.random() < 0.15:
            picture[top : top + 12, int(rng.uniform(120, 500)) :] = 246
    return _finished(picture, rng)


def slide(rng: np.random.Generator) -> Pixels:
    """A slide of one template: title, five points, a logo; only the words differ."""
    picture = np.full((SIDE, SIDE, 3), 238, np.uint8)
    picture[:110] = (40, 70, 130)
    cv2.circle(picture, (SIDE - 60, 55), 34, (240.0, 190.0, 60.0), -1)
    cv2.putText(picture, _letters(rng, 11), (40, 70), _FONT, 1.5, (255.0,) * 3, 4)
    for line in range(5):
        top = 190 + 88 * line
        cv2.circle(picture, (60, top - 12), 9, (40.0, 70.0, 130.0), -1)
        text = _letters(rng, int(rng.integers(10, 20)))
        cv2.putText(picture, text, (90, top), _FONT, 1.1, (50.0,) * 3, 3)
    return _finished(picture, rng)


def sky(rng: np.random.Generator) -> Pixels:
    """Clouds above a horizon, sea below."""
    picture = _gradient(rng, np.array([120.0, 160.0, 210.0]))
    clouds = sum(
        cv2.resize(rng.normal(size=(n, n)).astype(np.float32), (SIDE, SIDE), interpolation=2) / n
        for n in (5, 10, 20)
    )
    picture += 260 * np.maximum(np.asarray(clouds), 0)[..., None]
    horizon = int(rng.normal(SIDE * 0.62, 6))
    waves = cv2.resize(rng.normal(size=(80, 16)).astype(np.float32), (SIDE, SIDE - horizon))
    picture[horizon:] = np.array([40, 80, 110]) + 14 * waves[..., None]
    return _finished(picture, rng)


LAYOUTS: Final[dict[str, Callable[[np.random.Generator], Pixels]]] = {
    "portraits": portrait,
    "pages": page,
    "slides": slide,
    "skies": sky,
    "recoloured": recoloured,
}
_PORTRAIT_TONES: Final = ((150, 220), (20, 110), (30, 200))


def _gradient(rng: np.random.Generator, base: npt.NDArray[np.float64]) -> Plane:
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE - 0.5
    slope = rng.normal(0, 40, 2)
    return np.asarray(base + (slope[0] * x + slope[1] * y)[..., None], dtype=np.float32)


def _letters(rng: np.random.Generator, count: int) -> str:
    return "".join(rng.choice(list("abcdefghijklmnoprstuvw "), count))


def _finished(picture: npt.NDArray[Any], rng: np.random.Generator) -> Pixels:
    grain = rng.normal(0, 2, picture.shape)
    return np.asarray(np.clip(picture + grain, 0, 255), dtype=np.uint8)
