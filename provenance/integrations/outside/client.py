"""Asks a process of the installation that stamps. It starts when it is first needed and stays."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, BinaryIO, Protocol, Union, cast

from PIL import Image

from . import wire

#: A picture takes about a second; a hardware signer that waits for somebody, longer.
TIMEOUT_S = 300.0
_WITH_ALPHA = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})

#: What a picture was made from: an encoded file, or pixels where the host kept nothing else.
Source = Union[bytes, Image.Image]  # noqa: UP007 - evaluated on Python 3.10, by name


class StampingRefused(RuntimeError):  # noqa: N818 - that is what happened
    """The picture was not stamped, so it does not go out."""


@dataclass(frozen=True)
class Encoding:
    """How the file is written: `name` as `provenance stamp --format` takes it."""

    name: str
    quality: int | None = None


@dataclass(frozen=True)
class Made:
    """What is said about how a picture was made: no prompt, no account, no counter."""

    model: str
    version: str = ""
    operations: tuple[str, ...] = ()
    sources: tuple[Source, ...] = field(default=(), repr=False)


class Stamping(Protocol):
    """What stamps; `StampingProcess` does."""

    def stamp(self, image: Image.Image, encoding: Encoding, made: Made) -> bytes:
        """The stamped file, or `StampingRefused`."""
        ...


class StampingProcess:
    """The process that stamps; shared by all threads of the host, which take turns."""

    def __init__(self, command: Sequence[str], *, timeout_s: float = TIMEOUT_S) -> None:
        """Nothing is started yet.

        Args:
            command: what to run; see `from_environment`.
            timeout_s: seconds for one picture, after which the process is ended.
        """
        self._command = tuple(command)
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> StampingProcess:
        """The process that `PROVENANCE_PYTHON` and `PROVENANCE_WORKSPACE` name.

        Raises:
            StampingRefused: they are not set.
        """
        variables = os.environ if environment is None else environment
        python = variables.get("PROVENANCE_PYTHON", "")
        workspace = variables.get("PROVENANCE_WORKSPACE", "")
        if not python or not workspace:
            raise StampingRefused(
                "set PROVENANCE_PYTHON to the Python that has provenance installed and "
                "PROVENANCE_WORKSPACE to the workspace of this system"
            )
        # -I: the host's own PYTHONPATH and PYTHONHOME must not reach the other installation.
        return cls((python, "-I", "-m", "provenance.integrations.worker", workspace))

    def start(self) -> str:
        """Start it now and wait until it can stamp: the name of the generating system.

        Raises:
            StampingRefused: it cannot be started, or cannot stamp here.
        """
        with self._lock:
            return str(self._started()[1].get("system", ""))

    def stamp(self, image: Image.Image, encoding: Encoding, made: Made) -> bytes:
        """The stamped file.

        Args:
            image: a picture of 8 bits per channel.
            encoding: how the file is written.
            made: what the record and the manifest state.

        Raises:
            StampingRefused: it was not stamped; the message says why and what to do.
        """
        picture, pixels = _raw(image)
        sources = [_source(source) for source in made.sources]
        header = {
            "picture": picture,
            "sources": [description for description, _ in sources],
            "format": encoding.name,
            "quality": encoding.quality,
            "model": made.model,
            "version": made.version,
            "operations": list(made.operations),
        }
        bodies = [pixels, *(body for _, body in sources)]
        with self._lock:
            process, _ = self._started()
            answer, data = self._exchange(process, header, bodies)
        if not answer.get("ok"):
            raise StampingRefused(_reason(answer))
        if len(data) != 1:
            raise StampingRefused("not stamped: the stamping process gave no file")
        return data[0]

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _started(self) -> tuple[subprocess.Popen[bytes], wire.Header]:
        if self._process is not None and self._process.poll() is None:
            return self._process, {}
        self._end()
        try:
            process = subprocess.Popen(  # noqa: S603 - the operator named it
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        except OSError as error:
            raise StampingRefused(
                f"not stamped: cannot run {self._command[0]}: {error.strerror}"
            ) from error
        self._process = process
        greeting, _ = self._exchange(process, None, ())
        if not greeting.get("ok"):
            self._end()
            raise StampingRefused(_reason(greeting))
        return process, greeting

    def _exchange(
        self,
        process: subprocess.Popen[bytes],
        header: wire.Header | None,
        bodies: Sequence[bytes],
    ) -> tuple[wire.Header, list[bytes]]:
        watch = threading.Timer(self._timeout_s, process.kill)
        watch.daemon = True
        watch.start()
        try:
            if header is not None:
                wire.send(_pipe(process.stdin), header, bodies)
            message = wire.receive(_pipe(process.stdout))
        except wire.WireError as error:
            self._end()
            raise StampingRefused(f"not stamped: {error}") from error
        except BaseException:  # interrupted: the next answer would be that to this question
            self._end()
            raise
        finally:
            watch.cancel()
        if message is None:
            self._end()
            raise StampingRefused(
                "not stamped: the stamping process ended; what it said is in this program's "
                f"console. Try: {' '.join(self._command)}"
            )
        return message

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            try:
                _pipe(pipe).close()
            except OSError:
                continue  # what could not be flushed is of no use to anybody
        process.wait()


def _raw(image: Image.Image) -> tuple[wire.Header, bytes]:
    if image.mode.startswith(("I", "F")):
        raise StampingRefused(f"not stamped: a picture of mode {image.mode} has no 8-bit channels")
    has_alpha = image.mode in _WITH_ALPHA or "transparency" in image.info
    plain = image.convert("RGBA" if has_alpha else "RGB")
    return {"mode": plain.mode, "width": plain.width, "height": plain.height}, plain.tobytes()


def _source(source: Source) -> tuple[wire.Header | None, bytes]:
    return (None, source) if isinstance(source, bytes) else _raw(source)


def _reason(answer: wire.Header) -> str:
    hint = answer.get("hint")
    text = f"not stamped: {answer.get('message')} [{answer.get('code')}]"
    return f"{text} ({hint})" if hint else text


def _pipe(pipe: IO[bytes] | None) -> BinaryIO:
    return cast("BinaryIO", pipe)  # both are pipes: see Popen
