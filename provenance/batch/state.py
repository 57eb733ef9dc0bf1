"""What a run keeps in its output directory: which settings it has, and who works on it.

    OUT/.provenance-run/run.json     the token of the run, and its settings
    OUT/.provenance-run/locks/run    held by the processes that work here

That is all: which files are done is not noted here. Each is a request to the registry under an id
made of the run's token, the file's place and its bytes, and the registry knows what became of it.
So a file counts as done when there is a released record for these very bytes at this place,
and the output has the SHA-256 that the record says.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from provenance.errors import ConfigError, ErrorCode, ProvenanceError
from provenance.isolation import locks
from provenance.workspace.files import replace_file

FOLDER: Final = ".provenance-run"
_VERSION: Final = 1
_TOKEN_BYTES: Final = 16
_FIELDS: Final = {"run_version": int, "token": str, "settings": dict}
_MAX_BYTES: Final = 65_536
#: A worker that is still starting when its run is killed notices once it has started, and holds the
#: lock until then. Whoever goes on at once waits for it.
_PATIENCE_SECONDS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """A run in its output directory. `token` tells it from every other run, and is no secret."""

    directory: Path
    token: str

    @classmethod
    @contextmanager
    def working(
        cls, directory: Path, *, resume: bool, settings: Mapping[str, Any]
    ) -> Iterator[tuple[Self, int]]:
        """Begin a run or go on with one, as the only process that does.

        Gives the run and the descriptor of its lock, which every worker has to inherit: a lock
        that is free means that nobody works here any more.

        Args:
            directory: where the outputs go; made if it is not there.
            resume: go on with the run that is there, if there is one.
            settings: what every output depends on besides its input, as JSON types.

        Raises:
            ConfigError: there is a run already, or one under other settings.
            ProvenanceError: `E_IO`; or `E_BUSY`, another process works on it and goes on.
        """
        folder = directory / FOLDER
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _failure(directory, error) from error
        with locks.working(folder / "locks", seconds=_PATIENCE_SECONDS) as descriptor:
            path = folder / "run.json"
            if path.exists():
                token = _known(path, resume=resume, settings=settings)
            else:
                token = secrets.token_hex(_TOKEN_BYTES)
                document = {"run_version": _VERSION, "token": token, "settings": dict(settings)}
                replace_file(path, json.dumps(document, indent=2, sort_keys=True) + "\n")
            yield cls(directory=directory, token=token), descriptor

    def request_of(self, place: Path, data: bytes) -> str:
        """The id of the request for the input with these bytes at this place."""
        digest = hashlib.sha256()
        for part in (self.token.encode(), os.fsencode(place), hashlib.sha256(data).digest()):
            digest.update(len(part).to_bytes(8) + part)
        return f"batch-{digest.hexdigest()}"


def _known(path: Path, *, resume: bool, settings: Mapping[str, Any]) -> str:
    """The token of the run that is there."""
    where = path.parent.parent
    run = _read(path)
    if not resume:
        raise ConfigError(
            f"{where} holds a run already", hint="--resume goes on with it; or name another --out"
        )
    known = run["settings"]
    changed = [key for key in {*known, *settings} if known.get(key) != settings.get(key)]
    if changed:
        raise ConfigError(
            f"{where} holds a run under other settings: {', '.join(sorted(changed))}",
            hint="results are not mixed: name another --out, or run with the same settings",
        )
    return str(run["token"])


def _read(path: Path) -> dict[str, Any]:
    strange = ConfigError(f"{path} is not a run of this software", hint="name another --out")
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(_MAX_BYTES))
    except (ValueError, RecursionError) as error:
        raise strange from error
    except OSError as error:
        raise _failure(path.parent.parent, error) from error
    if not isinstance(document, dict) or document.get("run_version") != _VERSION:
        raise strange
    if any(not isinstance(document.get(name), kind) for name, kind in _FIELDS.items()):
        raise strange
    return document


def _failure(directory: Path, error: OSError) -> ProvenanceError:
    return ProvenanceError(
        f"cannot keep a run in {directory}: {error.strerror or error}", code=ErrorCode.IO
    )
