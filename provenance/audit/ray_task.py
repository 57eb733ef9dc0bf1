"""What a node of a cluster does for a run: a chunk, or a look at whether it can take part.

It runs inside Ray's process and knows nothing of Ray. Images are examined in the same kind of
process at arm's length as on one machine, and the part is written to the run's directory by the
node itself. What comes back are counts, or a sentence on why the chunk was not done.
"""

from __future__ import annotations

import importlib.metadata
import os
import pickle
import resource
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from provenance.audit import parts
from provenance.audit.chunk import Chunk
from provenance.audit.isolate import Confinement, Worker
from provenance.errors import ConfigError, ErrorCode, ProvenanceError

#: What rows depend on besides settings and image; it has to be the same on every node.
_PACKAGES: Final = (
    "provenance", "c2pa-python", "numpy", "opencv-python", "pillow", "pyarrow", "scipy",
)  # fmt: skip
_BADGE: Final = "ray-{}.badge"
_TOKEN_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The run's directory as every node has to see it.

    A file with a random name, the badge, tells a node that a directory of this name is the one
    of the run, and that the run still goes on: with the next run on it the badge changes.

    Attributes:
        directory: of the run, absolute.
        working: what relative addresses of images are relative to.
        token: in the name of the badge.
        versions: of the packages that rows depend on, where the run was begun.
    """

    directory: Path
    working: Path
    token: str
    versions: Mapping[str, str]

    @classmethod
    @contextmanager
    def opened(cls, directory: Path) -> Iterator[Self]:
        """Lay the badge for as long as a run goes on; those of runs that died are removed.

        Raises:
            ProvenanceError: `E_IO`.
        """
        site = cls(
            directory=directory.resolve(),
            working=Path.cwd(),
            token=secrets.token_hex(_TOKEN_BYTES),
            versions=_versions(),
        )
        try:
            for left in site.directory.glob(_BADGE.format("*")):
                left.unlink(missing_ok=True)
            site.badge.touch(exist_ok=False)
        except OSError as error:
            raise ProvenanceError(
                f"cannot write to {directory}: {error.strerror or error}", code=ErrorCode.IO
            ) from error
        try:
            yield site
        finally:
            site.badge.unlink(missing_ok=True)

    @property
    def badge(self) -> Path:
        """The file that says which directory this is."""
        return self.directory / _BADGE.format(self.token)

    def enter(self) -> None:
        """Make this process ready to work on the run.

        Raises:
            ConfigError: this node cannot; the message says why.
        """
        self.require_badge()
        try:
            os.chdir(self.working)
        except OSError as error:
            raise ConfigError(
                f"cannot enter {self.working}, which the sources are relative to: {error.strerror}"
            ) from error
        for name, here in _versions().items():
            if here != self.versions.get(name):
                raise ConfigError(f"has {name} {here} and not {self.versions.get(name)}")
        # A core file of this process would hold the detection keys.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def require_badge(self) -> None:
        """Require the directory of the run, and that the run goes on.

        Raises:
            ConfigError: it is another one, or none, or another run took it over.
        """
        if not self.badge.exists():
            raise ConfigError(f"does not see the run in {self.directory}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A chunk that has its part: how many rows, and how many are errors. Or why it has none."""

    rows: int = 0
    errors: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What all chunks of a run have in common. `orders` is a pickle: it holds detection keys."""

    site: Site
    orders: bytes = field(repr=False)
    confinement: Confinement


def visible(chunk: Chunk) -> bool:
    """True if what the chunk names is there, as far as it is named by a path."""
    return os.path.lexists(chunk.names[0] if chunk.names else chunk.address)


def look(site: Site) -> str:
    """What keeps this node from taking part; empty if nothing does."""
    try:
        site.enter()
        trial = site.badge.with_suffix(f".{secrets.token_hex(_TOKEN_BYTES)}.badge")
        trial.touch(exist_ok=False)
        trial.unlink()
    except OSError as error:
        return f"{socket.gethostname()}: cannot write to {site.directory}: {error.strerror}"
    except ConfigError as error:
        return f"{socket.gethostname()}: {error.message}"
    return ""


def work(job: Job, number: int, chunk: Chunk, *, here: bool) -> Outcome:
    """Do a chunk and write its part; doing it twice gives the same part.

    Args:
        job: of the run.
        number: of the chunk.
        chunk: what to do.
        here: true if its images are visible where the run was begun. A node that does not see
            them must not write that they are missing.
    """
    try:
        worker = _worker(job)
        _require_visible(chunk, here=here)
        rows = list(worker.rows(chunk))
        _require_visible(chunk, here=here)  # a share may go away in between
        job.site.require_badge()
        parts.write(job.site.directory / "parts", number, rows)
    except ProvenanceError as error:
        return Outcome(problem=f"{socket.gethostname()}: {error.message}")
    return Outcome(rows=len(rows), errors=sum(row["error_code"] is not None for row in rows))


def _require_visible(chunk: Chunk, *, here: bool) -> None:
    if here and not visible(chunk):
        raise ConfigError(f"does not see {chunk.address}")


#: The worker of this process, by the token of its run. Starting one for each chunk would take
#: longer than small chunks do.
_workers: dict[str, Worker] = {}


def _worker(job: Job) -> Worker:
    """The worker of this run; that of another run is stopped."""
    token = job.site.token
    job.site.require_badge()
    if token not in _workers:
        job.site.enter()
        while _workers:
            _workers.popitem()[1].stop()
        orders = pickle.loads(job.orders)  # noqa: S301 - made by the run, sent by the cluster
        _workers[token] = Worker(orders, job.confinement)
    return _workers[token]


def _versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in _PACKAGES}
