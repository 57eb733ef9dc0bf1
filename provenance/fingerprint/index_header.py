"""The first 2048 bytes of a search index: what it is an index of, and what follows."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from provenance.errors import SearchIndexError
from provenance.fingerprint.pdq import MIN_QUALITY

HEADER_BYTES: Final = 2048
MAX_WITNESSES: Final = 32
REBUILD: Final = "`provenance registry index` builds it again"

_MAGIC: Final = b"provenance/index"
_VERSION: Final = 1
#: magic, version, least quality, identity, horizon, then of each part: hashes, left out; content.
_FIELDS: Final = struct.Struct("<16sII16sqQQQQ32s")
_WITNESS: Final = struct.Struct("<q32s")  # id, digest; zero where there are fewer
_DIGEST: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the header states.

    `identity`: 16 bytes that name the registry. `horizon`: no fingerprint with an id up to this
    one is missing. `witnesses`: SHA-256 of some rows of the registry, the last ones, under the id.
    `hashes` and `left_out`: how many, of issued files and of parents. `content`: SHA-256 of all
    bytes after the header.
    """

    identity: bytes
    horizon: int
    witnesses: Mapping[int, bytes]
    hashes: tuple[int, int]
    left_out: tuple[int, int]
    content: bytes

    def pack(self) -> bytes:
        """The bytes, of which the last 32 are the SHA-256 of those before."""
        counts = [count for part in zip(self.hashes, self.left_out, strict=True) for count in part]
        fields = _FIELDS.pack(
            _MAGIC, _VERSION, MIN_QUALITY, self.identity, self.horizon, *counts, self.content
        )
        seen = b"".join(_WITNESS.pack(*each) for each in self.witnesses.items())
        stated = (fields + seen).ljust(HEADER_BYTES - _DIGEST, b"\0")
        return stated + hashlib.sha256(stated).digest()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a header.

        Raises:
            SearchIndexError: it is none, of another version, or damaged.
        """
        if not data.startswith(_MAGIC):
            raise SearchIndexError("the file is not a search index", hint=REBUILD)
        stated, digest = data[:-_DIGEST], data[-_DIGEST:]
        if len(data) != HEADER_BYTES or hashlib.sha256(stated).digest() != digest:
            raise SearchIndexError("the index is damaged", hint=REBUILD)
        _, version, quality, identity, horizon, *counts, content = _FIELDS.unpack_from(stated)
        if (version, quality) != (_VERSION, MIN_QUALITY):
            raise SearchIndexError("the index was made by another version", hint=REBUILD)
        end = _FIELDS.size + MAX_WITNESSES * _WITNESS.size
        seen = _WITNESS.iter_unpack(stated[_FIELDS.size : end])
        return cls(
            identity=identity,
            horizon=horizon,
            witnesses={key: row for key, row in seen if key},
            hashes=(counts[0], counts[2]),
            left_out=(counts[1], counts[3]),
            content=content,
        )
