"""From the shards of several machines to the one run that a single machine would have made.

Shard i of n holds chunks i - 1, i - 1 + n, ... of the whole. So the chunks can be put back in
their order, and the result is the run without shards, part for part and byte for byte.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any, Final

from provenance.audit import parts
from provenance.audit.journal import JOURNAL
from provenance.audit.results import Results
from provenance.audit.summary import write_aside
from provenance.errors import ConfigError, ErrorCode, ProvenanceError

_CHUNKS: Final = "chunks.jsonl"


def join(directories: Sequence[Path], out: Path) -> None:
    """Make one run of all shards of a run.

    Args:
        directories: of the shards, in any order, all of them done.
        out: made by this; parts are linked where the file system allows it, else copied.

    Raises:
        ConfigError: a shard is missing, twice there, not done, or made under other settings.
        ProvenanceError: `E_IO`.
    """
    shards = _in_order([Results.open(directory) for directory in directories])
    if out.exists():
        raise ConfigError(f"{out} is there already", hint="name another directory")
    aside = out.with_name(f"{out.name}.incomplete")
    try:
        (aside / "parts").mkdir(parents=True)
        for index, shard in enumerate(shards):
            for path in shard.paths:
                number = int(path.stem.removeprefix("part-")) * len(shards) + index
                _link(path, parts.path_of(aside / "parts", number))
        lines = _chunks(shards)
        write_aside(aside / _CHUNKS, lines)
        with (aside / JOURNAL).open("wb") as journal:
            for shard in shards:
                if (path := shard.directory / JOURNAL).exists():
                    journal.write(path.read_bytes())
        run = _run(shards, hashlib.sha256(lines).hexdigest())
        write_aside(
            aside / "run.json", (json.dumps(run, indent=2, sort_keys=True) + "\n").encode("ascii")
        )
        aside.rename(out)
    except OSError as error:
        shutil.rmtree(aside, ignore_errors=True)
        raise ProvenanceError(
            f"cannot join into {out}: {error.strerror or error}", code=ErrorCode.IO
        ) from error


def _in_order(found: list[Results]) -> list[Results]:
    """The shards by their numbers, if they are all of one run."""
    shards: dict[int, Results] = {}
    for results in found:
        number, _, of = results.settings.get("selection", {}).get("shard", "1/1").partition("/")
        if int(of) != len(found):
            raise ConfigError(
                f"{results.directory} is shard {number} of {of}, and not of the "
                f"{len(found)} that were named"
            )
        if int(number) in shards:
            raise ConfigError(f"shard {number} was named twice", hint="name each of them once")
        if len(results.paths) != results.run["chunks"]:
            raise ConfigError(f"{results.directory} is not done", hint="run its audit again")
        shards[int(number)] = results
    ordered = [shards[number] for number in sorted(shards)]
    if any(_whole(item) != _whole(ordered[0]) for item in ordered):
        raise ConfigError("these shards were made under different settings")
    return ordered


def _whole(results: Results) -> dict[str, Any]:
    """The settings of the run that a shard belongs to."""
    settings = results.settings
    return settings | {"selection": settings.get("selection", {}) | {"shard": "1/1"}}


def _run(shards: list[Results], digest: str) -> dict[str, Any]:
    return dict(shards[0].run) | {
        "chunks": sum(shard.run["chunks"] for shard in shards),
        "images": sum(shard.images for shard in shards),
        "chunks_sha256": digest,
        "settings": _whole(shards[0]),
    }


def _chunks(shards: list[Results]) -> bytes:
    """The lines of the whole list, one of each shard in turn."""
    with ExitStack() as stack:
        files = [stack.enter_context((s.directory / _CHUNKS).open("rb")) for s in shards]
        return b"".join(_alternating(files))


def _alternating(files: Sequence[Any]) -> Iterator[bytes]:
    for number in count():
        line = files[number % len(files)].readline()
        if not line:
            return
        yield line


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
