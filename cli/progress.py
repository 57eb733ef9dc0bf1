"""A progress bar on stderr, for people only."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

_T = TypeVar("_T")
_FROM = 4  # fewer files need no bar


def progress(items: list[_T], what: str) -> Iterable[_T]:
    """The items, with a bar where somebody is watching."""
    if len(items) < _FROM or not sys.stderr.isatty():
        return items
    return _shown(items, what)


def _shown(items: list[_T], what: str) -> Iterator[_T]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        yield from bar.track(items, description=what)
