"""What every benchmark prints first: where and with what it was measured."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

PACKAGES = ("provenance", "c2pa-python", "numpy", "opencv-python", "pillow", "sqlalchemy")


def describe(packages: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    """Machine and versions."""
    return {
        "machine": f"{_cpu()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "load": "{:.1f} {:.1f} {:.1f}".format(*os.getloadavg()),
        "python": platform.python_version(),
        **{name: _version(name) for name in packages},
    }


def print_environment(packages: tuple[str, ...] = PACKAGES) -> None:
    """One line for each fact."""
    for name, value in describe(packages).items():
        print(f"{name:<14} {value}")


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _cpu() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"
