"""Where the log gets its leaves from: what a registry must offer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

from provenance.errors import LogError
from provenance.model.custody import StoredCheckpoint

__all__ = ["LeafSource", "StoredCheckpoint", "read_leaves"]

_AT_ONCE: Final = 4_096  # leaves of one question; a database is not held up for longer


class LeafSource(Protocol):
    """The leaves in order, and the checkpoints that were signed over them.

    A leaf is a 32-byte commitment. It waits until it has a position, and then keeps it.
    """

    def sequence(self) -> int:
        """Give every waiting leaf its position, contiguous from `log_size`; return the size."""
        ...

    def log_size(self) -> int:
        """How many leaves have a position."""
        ...

    def waiting(self) -> int:
        """How many leaves have none yet."""
        ...

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """The commitments at the positions [start, stop), in order."""
        ...

    def leaf_position(self, commitment: bytes) -> int | None:
        """The position of a leaf; None if it is unknown or waiting."""
        ...

    def add_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        """Keep a checkpoint.

        The same size with the same root replaces note and time stamp; with another root it is
        refused.
        """
        ...

    def checkpoints(self) -> tuple[StoredCheckpoint, ...]:
        """All checkpoints, ascending by size."""
        ...

    def newest_checkpoint(self) -> StoredCheckpoint | None:
        """The checkpoint of the greatest size."""
        ...


def read_leaves(source: LeafSource, start: int, stop: int) -> Iterator[bytes]:
    """The same as `LeafSource.leaves`, a part at a time.

    Raises:
        LogError: the registry gives another number of leaves than it says it has.
    """
    for first in range(start, stop, _AT_ONCE):
        last = min(first + _AT_ONCE, stop)
        part = list(source.leaves(first, last))
        if len(part) != last - first:
            raise LogError(
                f"the registry gave {len(part)} of the {last - first} leaves from {first} on",
                hint="provenance log fsck says what is damaged",
            )
        yield from part
