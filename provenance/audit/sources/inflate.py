"""Compressed streams: read forwards, and never more than their size may give."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections import deque
from typing import Final, Protocol

from provenance.audit.sources.bounds import Bounds
from provenance.audit.sources.place import Place
from provenance.audit.sources.raw import Raw
from provenance.errors import ErrorCode, InputError

MAGICS: Final = {
    "gzip": b"\x1f\x8b\x08",
    "bzip2": b"BZh",
    "xz": b"\xfd7zXZ\x00",
    "zstd": b"\x28\xb5\x2f\xfd",
}
_XZ_MEMORY: Final = 256_000_000
_PIECE: Final = 1 << 16
_FAILURES: Final = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError)


def compression_of(head: bytes) -> str:
    """The name of the compression that the first bytes show; empty if there is none."""
    return next((name for name, magic in MAGICS.items() if head.startswith(magic)), "")


class _Decoder(Protocol):
    """What `bz2.BZ2Decompressor` and its like have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Deflate:
    """zlib's decoder with the interface of the others."""

    def __init__(self, window: int) -> None:
        self._decoder = zlib.decompressobj(window)

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def needs_input(self) -> bool:
        return not self._decoder.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._decoder.decompress(self._decoder.unconsumed_tail + data, max_length)


class _Zstd:
    """Zstandard through pyarrow, which is there wherever an audit is; it reads by itself."""

    eof = needs_input = False
    unused_data = b""

    def __init__(self, place: Place) -> None:
        import pyarrow as pa

        self._stream = pa.CompressedInputStream(pa.PythonFile(Raw(place), mode="r"), "zstd")
        self.ended = False

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:  # noqa: ARG002
        try:
            found: bytes = self._stream.read(max_length)
        except OSError as error:
            if "truncated" in str(error).lower():
                raise _cut_off() from error
            raise
        self.ended = not found
        return found


def decoder_of(compression: str) -> _Decoder:
    """A fresh decoder.

    Raises:
        InputError: `E_FORMAT`: it is not read.
    """
    match compression:
        case "gzip":
            return _Deflate(31)
        case "deflate":
            return _Deflate(-15)
        case "zlib":
            return _Deflate(15)
        case "bzip2":
            return bz2.BZ2Decompressor()
        case "xz":
            return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
    raise InputError(f"compression is not read: {compression}")


class Inflated:
    """What a compressed file holds, from a byte of the file on; the start of a stream.

    Streams that follow one another are read as one. `boundary` is known where the next byte is
    the first of such a stream: there one may begin again later.
    """

    def __init__(self, place: Place, compression: str, bounds: Bounds, offset: int = 0) -> None:
        """Begin at a byte of the file."""
        place.seek(offset)
        self._place = place
        self._compression = compression
        self._bounds = bounds
        self._from = offset
        self._decoder = _Zstd(place) if compression == "zstd" else decoder_of(compression)
        self._rest = b""  # read from the file, not given to the decoder yet
        self._ready = bytearray()
        self._starts = deque([(0, offset)])  # of streams: here, and in the file
        self._out = 0
        self._over = False
        self.position = 0

    def read(self, count: int) -> bytes:
        """The next bytes; fewer only at the end.

        Raises:
            InputError: `E_TRUNC`, `E_CORRUPT`, `E_LIMIT` or `E_IO`.
        """
        data = self.peek(count)
        del self._ready[: len(data)]
        self.position += len(data)
        return data

    def peek(self, count: int) -> bytes:
        """The next bytes, which are read again by the next call."""
        while len(self._ready) < count and not self._over:
            self._fill(count - len(self._ready))
        return bytes(self._ready[:count])

    def skip(self, count: int) -> bool:
        """Pass over bytes; False where there are not as many."""
        while count > 0:
            data = self.read(min(count, 1 << 20))
            if not data:
                return False
            count -= len(data)
        return True

    @property
    def boundary(self) -> int | None:
        """Where in the file the next byte's stream begins, if it is the first of its stream."""
        while self._starts and self._starts[0][0] < self.position:
            self._starts.popleft()
        if not self.peek(1) or not self._starts or self._starts[0][0] > self.position:
            return None
        return self._starts[0][1]

    def _fill(self, wanted: int) -> None:
        try:
            if self._decoder.eof:
                self._next_stream()
                return
            if self._decoder.needs_input and not self._rest:
                self._rest = self._place.read(_PIECE)
                if not self._rest:
                    raise _cut_off()
            data, self._rest = self._rest, b""
            found = self._decoder.decompress(data, min(max(wanted, _PIECE), 1 << 20))
        except InputError:
            raise
        except MemoryError as error:
            raise InputError("decompressing needs too much memory", code=ErrorCode.LIMIT) from error
        except _FAILURES as error:
            raise InputError("the compressed data is damaged", code=ErrorCode.CORRUPT) from error
        self._over = getattr(self._decoder, "ended", False)
        self._ready += found
        self._out += len(found)
        self._check()

    def _next_stream(self) -> None:
        """Go on with the stream behind this one; nothing else than zeros may follow."""
        rest = self._decoder.unused_data + self._rest
        start = self._place.position - len(rest)
        while len(rest) < 8 and (more := self._place.read(_PIECE)):
            rest += more
        if compression_of(rest) != self._compression:
            if rest.strip(b"\0"):
                raise InputError(
                    "something else follows the compressed data, which is not read",
                    code=ErrorCode.CORRUPT,
                )
            self._over = True
            return
        self._decoder = decoder_of(self._compression)
        self._rest = rest
        self._starts.append((self._out, start))

    def _check(self) -> None:
        read = self._place.position - self._from
        if self._out > self._bounds.total:
            raise InputError(
                f"the archive holds more than {self._bounds.total:,} bytes", code=ErrorCode.LIMIT
            )
        if self._out > self._bounds.free and self._out > self._bounds.expansion * read:
            raise InputError(
                f"{read:,} bytes expand to more than {self._out:,}", code=ErrorCode.LIMIT
            )


def _cut_off() -> InputError:
    return InputError("the compressed data is cut off", code=ErrorCode.TRUNCATED)
