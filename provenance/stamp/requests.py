"""One request, one record: what makes stamping idempotent.

Whoever asks twice under the same id gets the same file. The registry knows a request by two
keyed hashes: of the id, and of everything that decides the result. So neither the caller's id nor
the digest of an unmarked picture lies in it, and nobody without the key can try out either.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from provenance.errors import ArgumentError, ErrorCode, RegistryError, RequestError
from provenance.imaging import Encoding
from provenance.keys import Pseudonyms
from provenance.labels import Label
from provenance.model.generation import MAX_TEXT, Generation, Record, Request
from provenance.registry import RecordStore, RequestTakenError
from provenance.stamp.picture import Picture, Pixels

_KEY: Final = b"request id"
_DIGEST: Final = b"request input"


def request_of(
    keys: Pseudonyms,
    name: str,
    system_id: int,
    source: Picture,
    *,
    generation: Generation,
    encoding: Encoding,
    scheme: str,
    parents: Sequence[bytes],
    label: Label | None = None,
) -> Request:
    """The request of that name for this input.

    Args:
        keys: the same for as long as ids are to be recognised.
        name: what the caller calls it.
        system_id: of the generating system.
        source: the decoded input.
        generation: what the caller states.
        encoding: how the result is written.
        scheme: name of the watermark scheme.
        parents: encoded files that the picture was made from.
        label: what is drawn into it.

    Raises:
        ArgumentError: the name is not acceptable.
    """
    key = request_key(keys, name, system_id)
    return Request(
        key=key,
        digest=keys.keyed(
            _DIGEST,
            key,
            *_of_picture(source),
            *_of_generation(generation),
            *_of_encoding(encoding),
            scheme.encode(),
            *(hashlib.sha256(parent).digest() for parent in parents),
            *((b"label", label.encode()) if label else ()),
        ),
    )


def request_key(keys: Pseudonyms, name: str, system_id: int) -> bytes:
    """By what the registry finds the request of that name.

    Raises:
        ArgumentError: the name is not acceptable.
    """
    if not name or len(name) > MAX_TEXT or not name.isprintable():
        raise ArgumentError(f"a request id must be printable text of at most {MAX_TEXT} characters")
    return keys.keyed(_KEY, str(system_id).encode(), name.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """How requests that are under way are waited for.

    Attributes:
        wait_s: how long to wait for another process that is at work on the same request.
        poll_s: how often to look whether it is done.
    """

    wait_s: float = 30.0
    poll_s: float = 0.1

    def record(
        self, store: RecordStore, system_id: int, request: Request, reserve: Callable[[], Record]
    ) -> Record:
        """The record of a request: reserved now, or the one that has a file already.

        Args:
            store: the registry.
            system_id: of the generating system.
            request: what is asked for.
            reserve: reserves a record for it.

        Raises:
            RequestError: the id was used for another input.
            RegistryError: `E_BUSY`, another process did not finish it in time; or the registry
                cannot be used.
        """
        until = time.monotonic() + self.wait_s
        while True:
            record = store.find_by_request(system_id, request.key)
            if record is None:
                try:
                    return reserve()
                except RequestTakenError:  # by another process, just now
                    pass
            elif record.request is None or record.request.digest != request.digest:
                raise RequestError(
                    f"the request id was used for another input, by record {record.record_id}",
                    hint="use a new id for every picture; repeat a request only unchanged",
                )
            elif record.file is not None:
                return record
            if time.monotonic() >= until:
                raise RegistryError(
                    f"another process did not finish this request within {self.wait_s:g} s",
                    hint="try again; if it died, `provenance release sweep` gives the id free",
                    code=ErrorCode.BUSY,
                )
            time.sleep(self.poll_s)


def _of_picture(source: Picture) -> Iterator[bytes]:
    yield from _of_pixels(source.rgb)
    yield from _of_pixels(source.alpha)
    kept = source.metadata
    yield from (kept.exif, kept.xmp, kept.icc)
    yield source.ancestor.file.sha256.encode() if source.ancestor else b""


def _of_pixels(pixels: Pixels | None) -> Iterator[bytes]:
    """Shape and SHA-256; both empty where there are none."""
    yield b"" if pixels is None else "x".join(map(str, pixels.shape)).encode()
    yield b"" if pixels is None else hashlib.sha256(pixels.tobytes()).digest()


def _of_generation(generation: Generation) -> Iterator[bytes]:
    yield generation.model.encode()
    yield generation.model_version.encode()
    yield " ".join(generation.operations).encode()


def _of_encoding(encoding: Encoding) -> Iterator[bytes]:
    yield encoding.format.value.encode()
    yield f"{encoding.lossless} {encoding.effective_quality} {encoding.chroma_subsampling}".encode()
    yield str(encoding.background).encode()
