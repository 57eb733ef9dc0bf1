"""A synthetic mark under a known geometry, seen by the search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import map_coordinates

from provenance.watermark.carriers.lattice import FULL_BAND, Band, Lines, lattice, tile
from provenance.watermark.schemes.lattice.residual import line_values
from provenance.watermark.schemes.lattice.words import FULL
from provenance.watermark.sync.candidates import sync_frequencies
from provenance.watermark.sync.spectrum import SIZE, Spectrum, spectrum


@dataclass(frozen=True)
class Scene:
    """A plane that shows the mark's tile at B p + c, with noise over it."""

    to_mark: npt.NDArray[np.float64]
    offset: npt.NDArray[np.float64]
    plane: npt.NDArray[np.float32]
    lines: Lines
    spectrum: Spectrum
    band: Band = FULL_BAND

    @property
    def matrix(self) -> npt.NDArray[np.float64]:
        """The geometry as the search states it: frequencies of the mark to those of the plane."""
        return self.to_mark.T

    def errors(self, matrices: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """How far each candidate puts a line from its place at most, in cells; sign is free."""
        wanted = np.einsum("ij,kj->ki", self.matrix, sync_frequencies(self.band)) * SIZE
        placed = np.einsum("nij,kj->nki", matrices, sync_frequencies(self.band)) * SIZE
        signed = [np.hypot(*np.moveaxis(sign * placed - wanted, -1, 0)) for sign in (1, -1)]
        return np.min([distance.max(axis=1) for distance in signed], axis=0)


def scene(to_mark, *, offset=(31.0, 77.5), noise=4.0, shape=(360, 380), seed=0) -> Scene:
    """The scene of a 2 x 2 matrix."""
    grid = lattice(FULL_BAND)
    lines = line_values(grid, FULL.chips(bytes(range(32))).sign[0], tilt=0.0)
    y, x = np.indices(shape)
    at = np.einsum("ij,jhw->ihw", np.asarray(to_mark), np.stack([x, y])) + np.reshape(
        offset, (2, 1, 1)
    )
    plane = map_coordinates(tile(lines, grid), at[::-1], order=3, mode="grid-wrap")
    plane = plane + np.random.default_rng(seed).normal(0, noise, shape)
    plane = plane.astype(np.float32)
    return Scene(
        to_mark=np.asarray(to_mark, dtype=float),
        offset=np.asarray(offset, dtype=float),
        plane=plane,
        lines=lines,
        spectrum=spectrum([plane]),
    )


def turned(degrees, scale=1.0, *, mirrored=False):
    """A similarity from the plane to the mark: `scale` canonical pixels for one of the plane."""
    angle = np.deg2rad(degrees)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return turn @ np.diag([-1.0, 1.0]) if mirrored else turn


SIMILAR = {
    "as it is": turned(0, 1 / 0.7),
    "turned by 7": turned(7, 1 / 0.7),
    "turned by 30, larger": turned(30, 1.0),
    "turned by 100, smaller": turned(100, 1.9),
    "mirrored": turned(0, 1.4, mirrored=True),
    "mirrored, turned by -50": turned(-50, 1.2, mirrored=True),
}
UNEQUAL = {
    "wide": np.diag([1.25, 1.5]),
    "narrow": np.diag([1.6, 1.35]),
    "wide, mirrored": np.diag([-1.25, 1.5]),
}
STRETCHED = {
    "stretched, then turned": np.diag([1.35, 1.5]) @ turned(12),
    "turned, then stretched": turned(-40) @ np.diag([1.5, 1.35]),
}
ALL = SIMILAR | UNEQUAL | STRETCHED


@pytest.fixture(scope="session")
def scenes():
    """Every geometry that the tests look for, by name."""
    return {name: scene(matrix) for name, matrix in ALL.items()}


@pytest.fixture(params=SIMILAR)
def similar(request, scenes):
    """A scene that a similarity explains."""
    return scenes[request.param]


@pytest.fixture(params=UNEQUAL)
def unequal(request, scenes):
    """A scene with unequal scales and no rotation."""
    return scenes[request.param]


@pytest.fixture(params=STRETCHED)
def stretched_scene(request, scenes):
    """A scene with rotation and unequal scales."""
    return scenes[request.param]


@pytest.fixture(params=ALL)
def any_scene(request, scenes):
    """Each of all scenes."""
    return scenes[request.param]
