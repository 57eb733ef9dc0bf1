"""A self-test that needs no files: stamp, leak, trace."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from provenance.errors import ProvenanceError
from provenance.imaging import Encoding, ImageFormat, Metadata, encode, load
from provenance.model.generation import Generation
from provenance.model.verdict import Verdict
from provenance.watermark import catalog
from provenance.workspace.workspace import Workspace

_SIDE = 512
_SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step and how it went."""

    name: str
    passed: bool
    detail: str


def run_selftest() -> tuple[Step, ...]:
    """Stamp a synthetic picture in a throw-away workspace and trace its leaked copy.

    The temporary directory holds keys and a registry, never pixels.
    """
    info = catalog.scheme(catalog.DEFAULT).info
    steps = []
    try:
        with tempfile.TemporaryDirectory(prefix="provenance-selftest-") as folder:
            workspace = Workspace.create(Path(folder) / "workspace", system_name="selftest")
            stamped = workspace.stamper().stamp(synthetic_picture(), Generation(model="selftest"))
            detail = f"{info.name}, {stamped.quality.psnr_db} dB, verified"
            steps.append(Step(name="stamp", passed=True, detail=detail))
            verifier = workspace.verifier()
            copies = (
                ("verify the stamped file", stamped.data, Verdict.TRACED),
                ("trace a JPEG copy without metadata", _leak(stamped.data), Verdict.TRACED),
                ("leave an unmarked picture alone", _unmarked(), Verdict.NOT_FOUND),
            )
            for name, data, expected in copies:
                report = verifier.verify(data)
                passed = report.verdict is expected
                steps.append(Step(name=name, passed=passed, detail=report.finding.statement))
    except ProvenanceError as error:
        steps.append(Step(name="error", passed=False, detail=str(error)))
    return tuple(steps)


def synthetic_picture() -> npt.NDArray[np.uint8]:
    """A picture with smooth areas, edges and texture: uint8 (512, 512, 3), always the same."""
    rng = np.random.default_rng(_SEED)
    y, x = np.mgrid[0:_SIDE, 0:_SIDE] / _SIDE
    waves = np.sin(29 * x + 15 * y**2) + 0.6 * np.cos(33 * y - 14 * x)
    disc = ((x - 0.6) ** 2 + (y - 0.4) ** 2 < 0.06).astype(float)
    texture = rng.normal(0, 1, (_SIDE, _SIDE)) * (y > 0.7)
    red = 120 + 40 * waves + 40 * disc + 14 * texture
    green = 110 + 60 * np.cos(27 * x * y + 1) - 30 * disc + 14 * texture
    blue = 130 + 45 * np.sin(26 * y + 12 * x) + 50 * disc + 14 * texture
    picture: npt.NDArray[np.uint8] = np.clip(np.dstack([red, green, blue]), 0, 255).astype(np.uint8)
    return picture


def _leak(data: bytes) -> bytes:
    """The same picture as a JPEG of quality 90 without any metadata."""
    encoding = Encoding(format=ImageFormat.JPEG, quality=90)
    return encode(load(data).rgb, None, encoding, Metadata())


def _unmarked() -> bytes:
    encoding = Encoding(format=ImageFormat.PNG, lossless=True)
    return encode(synthetic_picture(), None, encoding, Metadata())
