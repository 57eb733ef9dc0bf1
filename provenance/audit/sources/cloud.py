"""Object stores behind fsspec: `s3://`, `gs://`, `hf://` and others; the extra `cloud`.

Credentials come from the environment, never from an address. Objects are read, never copied to a
disk. Archives among them are opened like others.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from provenance.audit.chunk import Chunk, Item
from provenance.audit.sources import archives, files, tables
from provenance.audit.sources.bounds import Bounds
from provenance.audit.sources.kinds import kind_of
from provenance.audit.sources.objects import NETWORK, guarded, open_object, system_of
from provenance.errors import ConfigError, ErrorCode, InputError
from provenance.imaging import ImageFormat, Limits

KIND: Final = "objects"

_LOCAL: Final = "file"
_MEMORY: Final = "memory"
#: Looking into every object would ask once more for each: names that say "image" are believed.
_IMAGES: Final = frozenset(extension for f in ImageFormat for extension in f.extensions)


def scan(address: str, size: int, bounds: Bounds, *, allow_network: bool) -> Iterator[Chunk]:
    """The objects below an address, in the order of their names.

    Raises:
        ConfigError: the address is not allowed, or what reads it is not installed.
    """
    protocol = _check(address, allow_network=allow_network)
    if protocol == _LOCAL:
        path = urllib.parse.unquote(address.removeprefix("file://"))
        yield from files.scan(path, size, bounds)
        return
    if tables.split(address)[1]:
        yield from tables.scan(address, size, bounds)
        return
    try:
        found = _listed(address)
    except InputError as error:
        yield Chunk.refused(KIND, address, error)
        return
    names: list[str] = []
    for name in found:
        if kind := _kind(name, bounds):
            yield from archives.scan(kind, name, size, bounds)
        else:
            names.append(name)
        if len(names) == size:
            yield Chunk(kind=KIND, address=address, count=size, names=tuple(names))
            names = []
    if names:
        yield Chunk(kind=KIND, address=address, count=len(names), names=tuple(names))


def items(chunk: Chunk, start: int, limits: Limits) -> Iterator[Item]:
    """The objects of a chunk from an index on."""
    for name in chunk.names[start:]:
        try:
            yield Item(name=name, data=_read(name, limits))
        except InputError as error:
            yield Item(name=name, problem=error)


def _check(address: str, *, allow_network: bool) -> str:
    protocol, _, rest = address.partition("://")
    if protocol not in (_LOCAL, _MEMORY, *NETWORK):
        known = ", ".join(f"{name}://" for name in (_LOCAL, _MEMORY, *NETWORK))
        raise ConfigError(f"{protocol}:// is not read", hint=f"one of {known}; see urls:FILE")
    if "@" in rest.partition("/")[0]:
        raise ConfigError(
            f"an address of {protocol}:// must not hold a password",
            hint="credentials come from the environment",
        )
    if "::" in rest and not tables.split(address)[1]:
        raise ConfigError(f"{protocol}:// is not combined with other file systems")
    if protocol in NETWORK and not allow_network:
        raise ConfigError(f"{protocol}:// needs the network", hint="allow it with --allow-network")
    return protocol


def _listed(address: str) -> list[str]:
    system, path = system_of(address)
    if "*" in path:
        found = guarded(lambda: system.glob(path, detail=True))
        found = {name: info for name, info in found.items() if info.get("type") == "file"}
    else:
        found = guarded(lambda: system.find(path))
    if not found:
        raise InputError("there is no such object", code=ErrorCode.IO)
    return [system.unstrip_protocol(name) for name in sorted(found)]


def _kind(name: str, bounds: Bounds) -> str:
    return "" if PurePosixPath(name).suffix.lower() in _IMAGES else kind_of(name, bounds)


def _read(name: str, limits: Limits) -> bytes:
    file, size = open_object(name)
    with file:
        limits.check_bytes(size)
        data = guarded(lambda: file.read(limits.max_bytes + 1))
    limits.check_bytes(len(data))
    if len(data) != size:
        raise InputError("object changed while it was being read", code=ErrorCode.IO)
    return data
