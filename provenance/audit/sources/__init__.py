"""Where images come from. Every kind says in advance how many there are, and then delivers them.

A scan is cheap and deterministic: it reads directories and tables of contents, and decodes no
image. What cannot be looked at becomes a chunk of one row that says so, so that nothing is
skipped. Nothing is ever extracted or written, and nothing is fetched unless `Options` allow it.
What is read, and what is refused, is in `docs/audit-sources.md`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import IO, Final

from provenance.audit.chunk import Chunk, Item
from provenance.audit.sources import archives, files, tables
from provenance.audit.sources.bounds import DEFAULT_BOUNDS, Bounds
from provenance.audit.sources.place import is_remote
from provenance.errors import ConfigError, ErrorCode, InputError
from provenance.imaging import Limits

_URLS: Final = "urls"
_URL_PREFIX: Final = f"{_URLS}:"
_OBJECTS: Final = "objects"
_FEWER: Final = InputError(
    "the archive has fewer members than when it was listed", code=ErrorCode.IO
)
_TOO_LARGE: Final = InputError("needs more memory than a worker may use", code=ErrorCode.LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How places are looked at.

    Attributes:
        allow_network: whether object stores and lists of URLs may be read.
        stdin: where `-` reads a list from; None if it is not to be read.
        bounds: what one archive may cost.
    """

    allow_network: bool = False
    stdin: IO[bytes] | None = field(default=None, repr=False)
    bounds: Bounds = DEFAULT_BOUNDS


def scan(addresses: Sequence[str], size: int, options: Options | None = None) -> Iterator[Chunk]:
    """All chunks of all places, in the order in which they were named.

    Args:
        addresses: directories, files, patterns, archives, `FILE::COLUMN`, lists of names (`-`,
            `@FILE`), `scheme://...` and `urls:FILE`.
        size: how many images a chunk holds at most.
        options: what is allowed.

    Raises:
        ConfigError: a place is named twice, a list cannot be read, or a place is not allowed.
    """
    options = options or Options()
    for address, times in Counter(addresses).items():
        if times > 1:
            raise ConfigError(f"{address!r} is named twice", hint="every image is counted once")
    for address in addresses:
        yield from _scan(address, size, options)


def _scan(address: str, size: int, options: Options) -> Iterator[Chunk]:
    bounds = options.bounds
    if address == files.STDIN or address.startswith("@"):
        return files.scan_list(address, options.stdin, size, bounds)
    if address.startswith(_URL_PREFIX):
        from provenance.audit.sources import urls

        return urls.scan(address, size, bounds, allow_network=options.allow_network)
    if is_remote(address):
        from provenance.audit.sources import cloud

        return cloud.scan(address, size, bounds, allow_network=options.allow_network)
    if tables.split(address)[1]:
        return tables.scan(address, size, bounds)
    return files.scan(address, size, bounds)


def items(
    chunk: Chunk, start: int, limits: Limits, bounds: Bounds = DEFAULT_BOUNDS
) -> Iterator[Item]:
    """The images of a chunk from an index on; exactly `chunk.count - start` of them.

    The first one is read before this returns: opening an archive and passing over what comes
    before is part of that. Nothing is raised, whatever the archive holds.
    """
    found = _exactly(chunk, start, limits, bounds)
    first = next(found, None)
    return iter(()) if first is None else chain([first], found)


def _exactly(chunk: Chunk, start: int, limits: Limits, bounds: Bounds) -> Iterator[Item]:
    """As many items as are left. One that fails in a way of its own costs no other."""
    done = start
    while done < chunk.count:
        problem, upto = _FEWER, chunk.count
        try:
            for item in islice(_read(chunk, done, limits, bounds), chunk.count - done):
                done += 1
                yield item
        except InputError as error:  # it cannot be read on
            problem = error
        except MemoryError:
            problem, upto = _TOO_LARGE, done + 1
        except Exception as error:  # noqa: BLE001 - a defect must not cost the run a row
            problem = InputError(f"{type(error).__name__}: {error}", code=ErrorCode.INTERNAL)
            upto = done + 1
        for _ in range(done, upto):
            yield Item(name=chunk.address, problem=problem)
        done = upto


def _picked(chunk: Chunk, start: int, limits: Limits, bounds: Bounds) -> Iterator[Item]:
    """Some images of a place that is read in a row: what lies between them is passed over."""
    for pick in chunk.picks[start:]:
        yield from _exactly(replace(chunk, picks=(), count=pick + 1), pick, limits, bounds)


def _read(chunk: Chunk, start: int, limits: Limits, bounds: Bounds) -> Iterator[Item]:
    if chunk.problem:
        problem = InputError(chunk.problem, code=ErrorCode(chunk.code))
        return iter([Item(name=chunk.address, problem=problem)])
    if chunk.picks:
        return _picked(chunk, start, limits, bounds)
    if chunk.kind in archives.KINDS:
        return archives.items(chunk, start, limits, bounds)
    if chunk.kind == _URLS:
        from provenance.audit.sources import urls

        return urls.items(chunk, start, limits)
    if chunk.kind == _OBJECTS:
        from provenance.audit.sources import cloud

        return cloud.items(chunk, start, limits)
    if chunk.kind != files.KIND:
        raise InputError("the chunk is of an unknown kind", code=ErrorCode.INTERNAL)
    return files.items(chunk, start, limits)
