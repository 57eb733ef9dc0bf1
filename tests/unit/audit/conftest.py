"""Workers, chunks and ledgers for the tests of an audit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support import falls, pictures

from provenance.audit.chunk import Chunk
from provenance.audit.isolate import Confinement, Worker
from provenance.audit.worker import Orders
from provenance.verify import Verifier

MakeWorker = Callable[..., Worker]


@pytest.fixture
def falling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoders of workers fall over pictures of `support.falls`."""
    for name, value in falls.environment().items():
        monkeypatch.setenv(name, value)


def chunk_of(folder: Path, deeds: list[str]) -> Chunk:
    """A chunk of pictures: each does its deed, or none where that is empty."""
    names = []
    for number, deed in enumerate(deeds):
        path = folder / f"{number:03d}.png"
        small = pictures.file(pictures.crop(32, 32), "PNG")
        path.write_bytes(falls.picture(deed) if deed else small)
        names.append(str(path))
    return Chunk(kind="files", address=str(folder), count=len(names), names=tuple(names))


def worker(seconds: float = 60.0, memory: int = 1_500_000_000) -> Worker:
    """A worker that knows no mark."""
    confinement = Confinement(seconds=seconds, memory=memory)
    return Worker(Orders(verifier=Verifier(), memory=memory), confinement)
