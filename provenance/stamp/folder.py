"""The files of a release directory, as the sweeper and the checker look at them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from provenance.errors import ArgumentError, ErrorCode, InputError
from provenance.imaging import DEFAULT_LIMITS, DEFAULT_READ, ImageFormat, Limits, probe
from provenance.manifest import read
from provenance.model.evidence import ManifestEvidence
from provenance.stamp.target import is_unreleased
from provenance.trust import TrustStore

_FORMATS = DEFAULT_READ | {ImageFormat.TIFF, ImageFormat.AVIF}  # all that can be written


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A regular file; `size` in bytes, `changed` in UTC."""

    path: Path
    size: int
    changed: datetime

    @property
    def unreleased(self) -> bool:
        """It has the name of a file that was not released, or not yet."""
        return is_unreleased(self.path.name)


def files_in(directory: Path) -> Iterator[Found | tuple[Path, InputError]]:
    """Regular files below a directory in a stable order; links are not followed.

    What cannot be looked at is there with the reason.

    Raises:
        ArgumentError: it is no directory.
    """
    if not directory.is_dir():
        raise ArgumentError(f"{directory} is not a directory")
    unreadable: list[OSError] = []
    for folder, below, names in os.walk(directory, onerror=unreadable.append):
        below.sort()
        for name in sorted(names):
            path = Path(folder) / name
            try:
                status = path.lstat()
            except FileNotFoundError:  # published or discarded meanwhile
                continue
            except OSError as error:
                yield path, _unreadable(error)
                continue
            if stat.S_ISREG(status.st_mode):
                changed = datetime.fromtimestamp(status.st_mtime, UTC)
                yield Found(path=path, size=status.st_size, changed=changed)
    for problem in unreadable:
        yield Path(os.fsdecode(problem.filename)), _unreadable(problem)


def manifest_in(
    data: bytes, trust: TrustStore, limits: Limits = DEFAULT_LIMITS
) -> ManifestEvidence | None:
    """The manifest of a file that this library may have written; None if it is no such file."""
    try:
        header = probe(data, limits, _FORMATS)
    except InputError:
        return None
    return read(data, header.format.mime, trust)


def _unreadable(error: OSError) -> InputError:
    return InputError(f"cannot be read: {error.strerror or error}", code=ErrorCode.IO)
