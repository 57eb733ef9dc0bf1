"""PDQ hashes of pictures that do not exist, and questions whose answer is among them.

`uniform` hashes are random bits: every bucket of an index is as full as the next. `pictures` are
not: hashes of blends of two crops of photographs, drawings and pages, mirrored at random, every
fourth one a disturbed copy of the one before. A blend of pictures has the blend of their
frequencies (PDQ is linear up to the last step), so a million cost a minute.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.registry.material import Pixels, crops
from provenance.fingerprint.pdq import MIN_QUALITY, spectrum
from provenance.fingerprint.search import views
from provenance.model import Fingerprint

Words = npt.NDArray[np.uint64]

VIEWS: Final = 32  # of an oblong picture: eight orientations of four crops
MOST_BITS: Final = 31  # by how many bits a question differs from what is stored
_SPECTRA: Final = 4000
_BATCH: Final = 20_000
_COPY: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Hashes uint64 (n, 4), and of each question all views, the stored picture's first."""

    hashes: Words
    questions: list[list[Fingerprint]]


def uniform(n: int, questions: int, rng: np.random.Generator) -> Material:
    """Random bits."""
    words = rng.integers(0, 1 << 64, (n, 4), np.uint64, endpoint=False)
    asked = rng.integers(0, 1 << 64, (questions, VIEWS, 4), np.uint64, endpoint=False)
    return _planted(words, [list(map(_fingerprint, each)) for each in asked], rng)


def pictures(n: int, questions: int, rng: np.random.Generator) -> Material:
    """Like those of real pictures."""
    source = crops(rng)
    asked: list[list[Fingerprint]] = []
    while len(asked) < questions:
        found = _views(next(source))
        if len(found) == VIEWS:
            asked.append(found)
    spectra: list[npt.NDArray[np.float64]] = []
    while len(spectra) < _SPECTRA:
        seen = spectrum(next(source))
        if seen.quality >= MIN_QUALITY:
            spectra.append(seen.coefficients)
    words = np.concatenate(
        [_blends(np.array(spectra), min(_BATCH, n - at), rng) for at in range(0, n, _BATCH)]
    )
    return _planted(words, asked, rng)


KINDS: Final[dict[str, Callable[[int, int, np.random.Generator], Material]]] = {
    "uniform": uniform,
    "pictures": pictures,
}


def _views(rgb: Pixels) -> list[Fingerprint]:
    if spectrum(rgb).quality < MIN_QUALITY:
        return []
    return [view.fingerprint for view in views(rgb)]


def _blends(spectra: npt.NDArray[np.float64], n: int, rng: np.random.Generator) -> Words:
    first, second = rng.integers(len(spectra), size=(2, n))
    share = rng.uniform(0.2, 0.8, (n, 1, 1))
    odd = np.where(np.arange(1, 17) % 2, -1.0, 1.0)
    mirrored = np.where(rng.random((n, 1, 1)) < 0.5, odd, 1.0)
    blended = share * spectra[first] + (1 - share) * spectra[second] * mirrored
    blended[1::_COPY] = blended[: len(blended[1::_COPY]) * _COPY : _COPY]
    size = np.abs(blended).mean(axis=(1, 2), keepdims=True)
    blended += rng.normal(size=blended.shape) * size * 0.03
    flat = blended.reshape(n, -1)
    median = np.partition(flat, flat.shape[1] // 2 - 1, axis=1)[:, flat.shape[1] // 2 - 1, None]
    packed = np.packbits(np.ascontiguousarray((flat > median)[:, ::-1]), axis=1)
    words: Words = packed.view(np.uint64)
    return words


def _planted(words: Words, asked: list[list[Fingerprint]], rng: np.random.Generator) -> Material:
    """Put among the hashes, for each question, one that differs by 0 to 31 bits from a view."""
    places = rng.choice(len(words), len(asked), replace=False)
    for place, views_of_one in zip(places, asked, strict=True):
        bits = np.unpackbits(np.frombuffer(views_of_one[0].bits, np.uint8))
        bits[rng.choice(256, rng.integers(0, MOST_BITS + 1), replace=False)] ^= 1
        words[place] = np.packbits(bits).view(np.uint64)
    return Material(hashes=words, questions=asked)


def _fingerprint(words: Words) -> Fingerprint:
    return Fingerprint(bits=words.tobytes(), quality=100)
