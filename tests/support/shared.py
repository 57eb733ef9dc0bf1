"""The larger test material, where it is present.

A clone has none of it. It is looked for in the directory that TEST_DATA names,
else in `shared` beside the checkout; tests that need it are skipped visibly elsewhere.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("TEST_DATA", Path(__file__).resolve().parents[3] / "shared"))
NEEDS_IMAGES = pytest.mark.skipif(
    not (ROOT / "images").is_dir(), reason="the larger image set is not present"
)
NEEDS_C2PA_FILES = pytest.mark.skipif(
    not (ROOT / "c2pa-testfiles").is_dir(), reason="the C2PA test files are not present"
)


def images() -> list[Path]:
    """All images of the larger set, in a stable order."""
    return sorted(p for p in (ROOT / "images").glob("*/*") if p.suffix in (".png", ".jpg"))


def label(path: Path) -> str:
    """A short name for test ids."""
    return f"{path.parent.name}/{path.stem}"
