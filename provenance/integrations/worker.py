"""Stamps for a host that cannot import this library: `python -m provenance.integrations.worker`.

The host speaks through the pipes that it started the process with, as `outside.wire` says. The
process opens the workspace, says that it is ready, and answers one picture after the other until
its input ends. Pixels come in and files go out through memory alone.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, TypeVar

import numpy as np
import numpy.typing as npt

from provenance.errors import ArgumentError, ErrorCode, ProvenanceError
from provenance.imaging import DEFAULT_LIMITS, Encoding, Metadata, encode
from provenance.integrations.outside import wire
from provenance.model import Generation, Operation
from provenance.stamp import Stamper
from provenance.workspace import Workspace

_CHANNELS = {"RGB": 3, "RGBA": 4}
_PNG = Encoding.parse("png")
_T = TypeVar("_T")


def serve(open_stamper: Callable[[], Stamper], source: BinaryIO, sink: BinaryIO) -> int:
    """Greet, then answer until `source` ends.

    Args:
        open_stamper: gives the stamper; a failure is the greeting.
        source: where requests come from.
        sink: where answers go.

    Returns:
        An exit code: 0 if the host ended first, 1 if it could not be served.
    """
    try:
        stamper = open_stamper()
    except ProvenanceError as error:
        wire.send(sink, _failed(error))
        return 1
    wire.send(sink, {"ok": True, "system": stamper.system.name})
    try:
        while (message := wire.receive(source)) is not None:
            _answer(stamper, *message, sink)
    except wire.WireError as error:
        sys.stderr.write(f"provenance: {error}\n")
        return 1
    return 0


def _answer(
    stamper: Stamper, header: dict[str, Any], bodies: Sequence[bytes], sink: BinaryIO
) -> None:
    try:
        stamped = _stamp(stamper, header, bodies)
    except ProvenanceError as error:
        wire.send(sink, _failed(error))
    except Exception as error:  # noqa: BLE001 - the host is told, and gets no picture
        defect = ProvenanceError(f"{type(error).__name__}: {error}", code=ErrorCode.INTERNAL)
        wire.send(sink, _failed(defect))
    else:
        wire.send(sink, {"ok": True}, [stamped])


def _stamp(stamper: Stamper, header: dict[str, Any], bodies: Sequence[bytes]) -> bytes:
    pixels, *sources = bodies
    generation = Generation(
        model=_given(header, "model", str),
        model_version=_given(header, "version", str),
        operations=tuple(Operation.parse(name) for name in _given(header, "operations", list)),
    )
    quality = None if header.get("quality") is None else _given(header, "quality", int)
    described = zip(_given(header, "sources", list), sources, strict=True)
    return stamper.stamp(
        _array(_given(header, "picture", dict), pixels),
        generation,
        parents=tuple(_file(description, body) for description, body in described),
        encoding=Encoding.parse(_given(header, "format", str), quality=quality),
    ).data


def _file(description: dict[str, Any] | None, body: bytes) -> bytes:
    """A source as a file; one of which the host has only pixels is written as PNG, in memory."""
    if description is None:
        return body
    pixels = _array(description, body)
    alpha = pixels[:, :, 3] if pixels.shape[2] == _CHANNELS["RGBA"] else None
    return encode(pixels[:, :, :3], alpha, _PNG, Metadata())


def _array(description: dict[str, Any], body: bytes) -> npt.NDArray[np.uint8]:
    channels = _CHANNELS.get(_given(description, "mode", str))
    width, height = _given(description, "width", int), _given(description, "height", int)
    DEFAULT_LIMITS.check_dimensions(width, height)
    if channels is None or len(body) != width * height * channels:
        raise ArgumentError("the host sent other pixels than it said")
    return np.frombuffer(body, np.uint8).reshape(height, width, channels)


def _given(header: dict[str, Any], name: str, kind: type[_T]) -> _T:
    value = header.get(name)
    if not isinstance(value, kind):
        raise ArgumentError(f"the host sent no {name}")
    return value


def _failed(error: ProvenanceError) -> dict[str, Any]:
    return {"ok": False, "code": error.code.value, "message": error.message, "hint": error.hint}


def main() -> int:
    """Serve the process that started this one."""
    parser = argparse.ArgumentParser(prog="provenance.integrations.worker", description=__doc__)
    parser.add_argument("workspace", help="directory of the workspace")
    workspace = parser.parse_args().workspace
    # Whatever a library prints must not get between the answers.
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return serve(lambda: Workspace.open(workspace).stamper(), sys.stdin.buffer, sink)


if __name__ == "__main__":
    sys.exit(main())
