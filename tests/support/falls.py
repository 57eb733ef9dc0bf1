"""Pictures that a worker falls over, and the environment in which it does."""

from __future__ import annotations

import os
from pathlib import Path

from support import markers

FOLDER = Path(__file__).with_name("falling")


def picture(deed: str) -> bytes:
    """A PNG that does this to its decoder, where `environment` holds."""
    return markers.png({"deed": deed})


def environment() -> dict[str, str]:
    """Variables that a worker needs to fall."""
    paths = (str(FOLDER), os.environ.get("PYTHONPATH", ""))
    return {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
