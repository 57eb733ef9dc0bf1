"""What an archive may cost. The limits of a single image are `provenance.imaging.Limits`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Upper bounds for one archive, table or list.

    Attributes:
        members: rows that it may give; the rest becomes one row that says so.
        contents: bytes of a zip's table of contents.
        headers: bytes of one extended header, or of the headers of one record.
        footer: bytes of a Parquet file's footer.
        expansion: decompressed bytes for each compressed byte, beyond the first `free` bytes.
        free: bytes that may come from as few bytes as they like.
        total: decompressed bytes of one archive.
        line: bytes of one name in a list.
    """

    members: int = 10_000_000
    contents: int = 2_000_000_000
    headers: int = 1_000_000
    footer: int = 64_000_000
    expansion: int = 100
    free: int = 4_000_000
    total: int = 1_000_000_000_000
    line: int = 16_384


DEFAULT_BOUNDS: Final = Bounds()
