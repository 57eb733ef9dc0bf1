"""The lattice: which frequencies carry the mark.

The mark is one tile of 128 x 128 canonical pixels, repeated over the picture. A repeated tile
has a line spectrum: its energy sits at k / 128 cycles per canonical pixel for whole
k = (kx, ky), and nowhere else, which is what makes it findable after a crop, a rotation or a
change of scale. Of the lines in a band,

* 32, the same for everybody, let a detector find the geometry (synchronisation);
* all others carry the payload: their real and imaginary parts are its degrees of freedom. A
  tenth of these carry no data but only the key (pilots): a cheap test of a key.

The synchronisation lines are stratified in angle, with a random log-radius and random phases, so
that the pattern resembles no rotated, scaled or mirrored version of itself. They are public: see
`docs/watermark.md`, "What an informed remover can do".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

TILE: Final = 128
SYNC_LINES: Final = 32
PILOT_SHARE: Final = 0.10
#: Rings of equal width into which the band is divided to estimate the noise.
RINGS: Final = 14

Lines = npt.NDArray[np.complex64]


@dataclass(frozen=True, slots=True)
class Band:
    """Frequencies of all lines and of the synchronisation lines, cycles per canonical pixel."""

    low: float
    high: float
    sync_low: float
    sync_high: float


#: 96-bit layout. Lines below .10 are where pictures are strongest; lines above .20 do not
#: survive downscaling and JPEG.
FULL_BAND: Final = Band(low=0.10, high=0.20, sync_low=0.11, sync_high=0.20)
#: 56-bit layout of small pictures, whose high frequencies die first.
SHORT_BAND: Final = Band(low=0.06, high=0.14, sync_low=0.07, sync_high=0.14)


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """The L lines of a band and what each is for.

    Attributes:
        kx, ky: intp (L,), line numbers, kx >= 0.
        radius: float32 (L,), cycles per canonical pixel.
        sync: intp (32,), which lines synchronise; `phase`: complex64 (32,), their unit phases.
        payload: intp (L - 32,), all other lines.
        pilot: bool (D,), which of the D = 2 (L - 32) degrees of freedom are pilots.
        ring: intp (L,), ring of each line; `ring_size`: intp (14,).
    """

    kx: npt.NDArray[np.intp]
    ky: npt.NDArray[np.intp]
    radius: npt.NDArray[np.float32]
    sync: npt.NDArray[np.intp]
    phase: Lines
    payload: npt.NDArray[np.intp]
    pilot: npt.NDArray[np.bool_]
    ring: npt.NDArray[np.intp]
    ring_size: npt.NDArray[np.intp]

    @property
    def freedoms(self) -> int:
        """D, the degrees of freedom of one plane."""
        return 2 * len(self.payload)

    @property
    def frequencies(self) -> npt.NDArray[np.float64]:
        """float64 (L, 2), x and y frequency of every line."""
        return np.stack([self.kx, self.ky], axis=1) / TILE


def _uniform(label: str, count: int) -> npt.NDArray[np.float64]:
    """Reproducible numbers in [0, 1), the same in every version of every library."""
    raw = hashlib.shake_256(f"provenance/lattice/1/{label}".encode()).digest(4 * count)
    return np.frombuffer(raw, dtype=">u4").astype(np.float64) / 2**32


@lru_cache(maxsize=4)
def lattice(band: Band) -> Lattice:
    """The lattice of a band."""
    ky, kx = np.mgrid[-TILE // 2 : TILE // 2, 0 : TILE // 2 + 1]
    radius = np.hypot(kx, ky) / TILE
    half_plane = (kx > 0) | ((kx == 0) & (ky > 0))
    used = half_plane & (radius >= band.low) & (radius <= band.high)
    kx, ky, radius = kx[used], ky[used], radius[used]
    sync = _sync_lines(kx, ky, radius, band)
    payload = np.setdiff1d(np.arange(len(kx)), sync)
    pilot = np.zeros(2 * len(payload), dtype=np.bool_)
    pilot[np.argsort(_uniform("pilots", len(pilot)))[: round(PILOT_SHARE * len(pilot))]] = True
    position = (radius - band.low) / (band.high - band.low)
    ring = np.minimum((position * RINGS).astype(np.intp), RINGS - 1)
    return Lattice(
        kx=kx.astype(np.intp),
        ky=ky.astype(np.intp),
        radius=radius.astype(np.float32),
        sync=sync,
        phase=np.exp(2j * np.pi * _uniform("phases", SYNC_LINES)).astype(np.complex64),
        payload=payload,
        pilot=pilot,
        ring=ring,
        ring_size=np.bincount(ring, minlength=RINGS),
    )


def _sync_lines(
    kx: npt.NDArray[np.int_], ky: npt.NDArray[np.int_], radius: npt.NDArray[np.float64], band: Band
) -> npt.NDArray[np.intp]:
    """One line in each of 32 sectors of the half plane, as near as possible to a random spot."""
    candidates = np.flatnonzero((radius >= band.sync_low) & (radius <= band.sync_high))
    angle = np.arctan2(ky[candidates], kx[candidates])
    log_radius = np.log(radius[candidates])
    turn, reach = _uniform("sync", 2 * SYNC_LINES).reshape(2, -1)
    free = np.ones(len(candidates), dtype=np.bool_)
    chosen = []
    for sector in range(SYNC_LINES):
        wanted = -np.pi / 2 + np.pi * (sector + turn[sector]) / SYNC_LINES
        wanted_log = np.log(band.sync_low) + reach[sector] * np.log(band.sync_high / band.sync_low)
        apart = np.angle(np.exp(2j * (angle - wanted))) / 2  # directions, so modulo 180 degrees
        distance = apart**2 + (log_radius - wanted_log) ** 2
        distance[~free] = np.inf
        best = int(distance.argmin())
        free[best] = False
        chosen.append(int(candidates[best]))
    return np.array(chosen, dtype=np.intp)


def shifted(lines: Lines, grid: Lattice, *, dx: float, dy: float) -> Lines:
    """The lines as they would read if the picture were moved by (-dx, -dy) canonical pixels."""
    turn = np.exp(2j * np.pi / TILE * (grid.kx * dx + grid.ky * dy))
    return (lines * turn).astype(np.complex64)


def tile(lines: Lines, grid: Lattice) -> npt.NDArray[np.float32]:
    """The tile with these line values: float32 (128, 128), rms 1."""
    spectrum = np.zeros((TILE, TILE // 2 + 1), dtype=np.complex64)
    spectrum[grid.ky % TILE, grid.kx] = lines
    edge = grid.kx == 0  # there both halves of the plane are stored
    spectrum[(-grid.ky[edge]) % TILE, 0] = np.conj(lines[edge])
    made = np.fft.irfft2(spectrum, (TILE, TILE)).astype(np.float32)
    return made / np.float32(made.std())


def spread(made: npt.NDArray[np.float32], height: int, width: int) -> npt.NDArray[np.float32]:
    """The tile repeated over float32 (height, width)."""
    rows, columns = -(-height // TILE), -(-width // TILE)
    return np.tile(made, (rows, columns))[:height, :width]
