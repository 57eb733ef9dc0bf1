"""What a mark costs: visible difference, time and memory."""

from __future__ import annotations

import ctypes
import importlib.util
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.watermark.ciede2000 import difference
from benchmarks.watermark.scene import Pixels
from provenance.errors import ConfigError
from provenance.imaging.quality import psnr, ssim

_STATUS: Final = Path("/proc/self/status")
_CLEAR: Final = Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How far a marked picture is from the original.

    PSNR in dB over all samples; SSIM of the luma; CIEDE2000 mean and 99th percentile;
    SSIMULACRA2 (100 is identical, 90 is lossless to the eye), None where it was not asked.
    """

    psnr: float
    ssim: float
    delta_e_mean: float
    delta_e_p99: float
    ssimulacra2: float | None = None


def measure(original: Pixels, changed: Pixels, *, with_ssimulacra2: bool) -> Quality:
    """All quality metrics of one change. uint8 (H, W, 3) RGB both, of the same size."""
    delta = difference(original, changed)
    return Quality(
        psnr=psnr(original, changed),
        ssim=ssim(original, changed),
        delta_e_mean=float(delta.mean()),
        delta_e_p99=float(np.quantile(delta, 0.99)),
        ssimulacra2=ssimulacra2(original, changed) if with_ssimulacra2 else None,
    )


def require_ssimulacra2() -> None:
    """Raise `ConfigError` where the package is not installed."""
    if importlib.util.find_spec("ssimulacra2") is None:
        raise ConfigError(
            "SSIMULACRA2 is not installed",
            hint="pip install 'provenance[bench]', or run with --no-ssimulacra2",
        )


def ssimulacra2(original: Pixels, changed: Pixels) -> float:
    """SSIMULACRA2 by the `ssimulacra2` package; about 3 s per megapixel."""
    from ssimulacra2 import compute_ssimulacra2

    return float(compute_ssimulacra2(_file(original), _file(changed)))


def _file(rgb: Pixels) -> io.BytesIO:
    """The package reads files only: an uncompressed one in memory."""
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PPM")
    file.seek(0)
    return file


class Timer:
    """CPU time of this process inside of `with`: `milliseconds`, once it is over."""

    milliseconds: float = 0.0

    def __enter__(self) -> Self:
        self._start = time.process_time()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.milliseconds = (time.process_time() - self._start) * 1e3


def peak_memory(function: Callable[[], object]) -> float | None:
    """How far resident memory rises while the function runs, in MiB.

    The kernel's high-water mark is set back before (proc(5), clear_refs), so what OpenCV
    allocates is in it. So that memory kept by the allocator is not taken for memory that
    costs nothing, it is given back first; that slows the function down, so never time it in
    the same call. None where the system has no such mark (Linux with glibc has).
    """
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "malloc_trim"):
        return None
    libc.malloc_trim(0)
    try:
        _CLEAR.write_text("5")
        before = _memory("VmRSS")
    except OSError:
        return None
    function()
    return (_memory("VmHWM") - before) / 1024


def _memory(field: str) -> int:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1])


def median(values: npt.ArrayLike) -> float:
    """Median, or not-a-number of nothing."""
    array = np.asarray(values, dtype=np.float64)
    return float(np.median(array)) if array.size else float("nan")
