"""Which software made a report: versions, platform, and a hash of its own code."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import re
from functools import cache
from pathlib import Path
from typing import Final

from provenance.report.result import Library, Tool

NAME: Final = "provenance"
_CODE: Final = frozenset({".py", ".toml", ".mo", ".typ", ".css"})


@cache
def tool_info() -> Tool:
    """The software as it is installed here."""
    version = importlib.metadata.version(NAME)
    return Tool(
        name=NAME,
        version=version,
        identifier=f"pkg:pypi/{NAME}@{version}",
        code_sha256=code_digest(Path(__file__).parents[1]),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        platform=f"{platform.system()} {platform.machine()}",
        libraries=tuple(_libraries()),
    )


def code_digest(package: Path) -> str:
    """SHA-256 over the code of a package: over each file's path and hash, sorted by path.

    Two installations of one release give the same value; a changed line gives another.

    Args:
        package: its directory.
    """
    whole = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.suffix in _CODE and path.is_file():
            name = path.relative_to(package).as_posix()
            whole.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def _libraries() -> list[Library]:
    """The required packages, with the versions that are installed."""
    names = set()
    for requirement in importlib.metadata.requires(NAME) or ():
        if "extra ==" not in requirement:
            names.add(re.split(r"[ \[<>=!~;(]", requirement)[0])
    return [Library(name=name, version=importlib.metadata.version(name)) for name in sorted(names)]
