"""What every benchmark prints first: where and with what it was measured."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

PACKAGES = ("provenance", "c2pa-python", "numpy", "opencv-python", "pillow", "sqlalchemy")


def describe() -> dict[str, str]:
    """Machine and versions."""
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {
        "machine": f"{_cpu()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "load": "{:.1f} {:.1f} {:.1f}".format(*os.getloadavg()),
        "python": platform.python_version(),
        **versions,
    }


def print_environment() -> None:
    """One line for each fact."""
    for name, value in describe().items():
        print(f"{name:<14} {value}")


def _cpu() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"
