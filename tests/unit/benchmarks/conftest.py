"""Small pictures in the place of the larger test material."""

from __future__ import annotations

from functools import lru_cache

import pytest
from support import pictures

FOLDERS = ("generated", "hard", "kodak", "photos")


@lru_cache
def _file(number: int) -> bytes:
    return pictures.file(pictures.crop(260, 300, top=40 * number, left=30 * number), "PNG")


@pytest.fixture
def material(tmp_path, monkeypatch):
    """Two pictures of 300x260 in each folder, and TEST_DATA that names them."""
    for folder in FOLDERS:
        (tmp_path / "data" / "images" / folder).mkdir(parents=True)
        for number in (1, 2):
            path = tmp_path / "data" / "images" / folder / f"picture{number}.png"
            path.write_bytes(_file(number))
    monkeypatch.setenv("TEST_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "images"
