"""The package itself: small, lazy, and exactly what it says it is."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import provenance


@pytest.mark.parametrize("name", provenance.__all__)
def test_every_public_name_is_there(name):
    assert getattr(provenance, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing"):
        _ = provenance.nothing


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, provenance; "
        "heavy = {'PIL', 'c2pa', 'cv2', 'numpy', 'sqlalchemy', 'cryptography', 'torch'}; "
        "sys.exit(bool(heavy & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_every_package_is_installed():
    root = Path(__file__).resolve().parents[2]
    settings = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    listed = set(settings["tool"]["setuptools"]["packages"])
    folders = (path.parent for path in (root / "provenance").rglob("__init__.py"))
    assert {".".join(folder.relative_to(root).parts) for folder in folders} <= listed
