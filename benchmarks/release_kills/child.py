"""What one process does until it is killed: it stamps, and acknowledges what it has stamped."""

from __future__ import annotations

import hashlib
import os
import random
from dataclasses import replace
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.release_kills.points import POINTS
from provenance import Encoding, Generation, ProvenanceError, Workspace
from provenance.registry import SqliteStore
from provenance.stamp import Requests
from provenance.workspace.selftest import synthetic_picture

FORMATS: Final = ("png", "jpeg", "webp", "webp-lossless", "tiff", "avif")
SIDES: Final = (256, 288, 320)
_NAMES: Final = 40  # of requests, so that some are asked again


@lru_cache(maxsize=1)
def _whole() -> npt.NDArray[np.uint8]:
    return synthetic_picture()


def stamp_until_killed(workspace: Path, folder: Path, pipe: int, seed: int, point: str) -> None:
    """Stamp pictures of random sizes and formats.

    Args:
        workspace: its directory.
        folder: where the files go.
        pipe: gets a line for each record that was reserved (`R id`), and one for each picture
            that was acknowledged (`A id sha256 name request`).
        seed: decides everything but the moment of the kill.
        point: where to die; empty to go on for ever.
    """
    draw = random.Random(seed)  # noqa: S311 - load, not a secret
    opened = Workspace.open(workspace)
    stamper = replace(opened.stamper(), requests=Requests(wait_s=0.05, poll_s=0.01))
    _note_reserved(pipe)
    last = draw.randrange(3)  # pictures that are finished before it dies at its point
    for number in count():
        if point and number == last:
            POINTS[point]()
        name = f"{seed:08x}-{number}"
        request = f"r{draw.randrange(_NAMES)}" if draw.random() < 0.4 else ""
        if request:  # the same id, the same input and place, whoever asks
            name, draw_input = request, random.Random(request)  # noqa: S311
        else:
            draw_input = draw
        height, width = draw_input.choice(SIDES), draw_input.choice(SIDES)
        encoding = Encoding.parse(draw_input.choice(FORMATS))
        place = folder / (name + encoding.extension)
        try:
            made = stamper.stamp(
                _whole()[:height, :width],
                Generation(model="acme-1"),
                encoding=encoding,
                to=place,
                request=request,
            )
        except ProvenanceError as error:
            os.write(pipe, f"E {error.code.value}\n".encode())
            continue
        sha256 = hashlib.sha256(made.data).hexdigest()
        os.write(pipe, f"A {made.record_id} {sha256} {place.name} {request}\n".encode())


def _note_reserved(pipe: int) -> None:
    original = SqliteStore.reserve

    def noted(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - the store's own
        record = original(*arguments, **named)
        os.write(pipe, f"R {record.record_id}\n".encode())
        return record

    setattr(SqliteStore, "reserve", noted)  # noqa: B010 - replaced, not called
