"""CPU time of one comparison at one megapixel, after decoding and detection."""

from __future__ import annotations

import statistics
import time
from typing import Final

from benchmarks.content_match import synthetic
from benchmarks.content_match.pairs import upright
from benchmarks.watermark import workers
from benchmarks.watermark.attacks.geometry import to_size
from benchmarks.watermark.seeds import generator
from provenance.fingerprint import match_grid, signature

_SIDE: Final = 1024
_RUNS: Final = 30


def render(seed: int) -> str:
    """Median and range in milliseconds, of one core."""
    workers.prepare()
    same, other = (
        to_size(synthetic.sky(generator(seed, "timing", number)), _SIDE, _SIDE)
        for number in range(2)
    )
    geometry = upright(same)
    lines = []
    for name, picture in (("the issued picture", same), ("another picture", other)):
        record = signature(picture, geometry)
        if record is None:
            continue
        times = []
        for _ in range(_RUNS + 1):
            start = time.process_time()
            match_grid(same, geometry, record)
            times.append(1000 * (time.process_time() - start))
        middle = statistics.median(times[1:])
        lines.append(f"* {name}: {middle:.1f} ms ({min(times[1:]):.1f} to {max(times[1:]):.1f})")
    return f"CPU time of `match_grid` at {_SIDE}x{_SIDE}, n {_RUNS}:\n\n" + "\n".join(lines)
