"""The head file, and whether registry and directory are where it says.

A head is a signed checkpoint, so nobody changes the file unseen. It is the one thing of a log that
must not be in the same backup as the rest.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from provenance.errors import LogError
from provenance.log.checkpoint import OpenedCheckpoint, open_checkpoint
from provenance.log.files import read_bounded
from provenance.log.merkle import leaf_hash, root_of
from provenance.log.note import MAX_NOTE
from provenance.log.note_keys import VerifierKey
from provenance.log.source import LeafSource
from provenance.log.tiles import CHECKPOINT, TileReader

_RESTORED: Final = (
    "something was restored from an old backup, or the head file is another log's; "
    "docs/log.md says what to do"
)


def read_head(path: Path, key: VerifierKey) -> OpenedCheckpoint | None:
    """The head that was signed last; None if there is no head file.

    Raises:
        LogError: the file is not a head of the log with that key.
    """
    data = read_bounded(path, MAX_NOTE)
    if data is None:
        return None
    try:
        head = open_checkpoint(data, key)
        signed_at(head)
    except LogError as error:
        raise LogError(
            f"{path} is not a head of this log: {error.message}",
            hint="take it from a backup of the keys, or from the log's checkpoint if that is newer",
        ) from error
    return head


def signed_at(head: OpenedCheckpoint) -> datetime:
    """The time that the log states in a checkpoint, in UTC.

    Raises:
        LogError: it states none, or none that can be.
    """
    try:
        return datetime.fromtimestamp(head.seconds if head.seconds is not None else 1e99, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise LogError("the checkpoint states no usable time") from error


def check_heads(
    source: LeafSource, directory: Path, head_path: Path, key: VerifierKey
) -> OpenedCheckpoint | None:
    """The head file, after registry and directory were found to have what it says.

    It reads a few rows and files, whatever the size of the log. The last leaf stands for all: a
    registry that was restored and went on has other leaves from some place to the end.

    Returns:
        None for a log that never signed anything.

    Raises:
        LogError: one of the three is behind, or contradicts the others.
    """
    # In this order: a publisher writes the head file first, and what is read here after it.
    served = _served(directory, key)
    newest = source.newest_checkpoint()
    head = read_head(head_path, key)
    if head is None:
        if newest is not None or served is not None:
            raise LogError(f"{head_path} is missing, and the log is not new", hint=_RESTORED)
        return None
    size, root = head.checkpoint.size, head.checkpoint.root
    check_not_newer(head_path, size, served, "log directory")
    check_not_newer(head_path, size, newest and newest.size, "registry")
    if source.log_size() < size:
        raise LogError(
            f"the registry has {source.log_size()} leaves in order, and {size} were signed",
            hint=_RESTORED,
        )
    _check_root(directory, size, root, "what was signed")
    if newest is not None:
        _check_root(directory, newest.size, newest.root, "the registry's checkpoint")
    if size:
        last = [leaf_hash(leaf) for leaf in source.leaves(size - 1, size)]
        if last != [TileReader(directory, size).node(0, size - 1)]:
            raise LogError(
                f"leaf {size - 1} of the registry is not the one that was signed", hint=_RESTORED
            )
    return head


def check_not_newer(head_path: Path, size: int, other: int | None, whose: str) -> None:
    """Refuse a head file that somebody else's checkpoint has overtaken.

    Raises:
        LogError: the head file is older.
    """
    if other is not None and other > size:
        raise LogError(
            f"{head_path} says {size} leaves, and the {whose} has a checkpoint of {other}",
            hint=_RESTORED,
        )


def _served(directory: Path, key: VerifierKey) -> int | None:
    path = directory / CHECKPOINT
    try:
        return served_size(directory, key)
    except LogError as error:
        raise LogError(
            f"{path} is not a checkpoint of this log: {error.message}",
            hint="provenance log checkpoint --rebuild writes it anew",
        ) from error


def served_size(directory: Path, key: VerifierKey) -> int | None:
    """The size in the checkpoint that the directory shows to everybody; None without one.

    Raises:
        LogError: it is damaged, or another log's.
    """
    data = read_bounded(directory / CHECKPOINT, MAX_NOTE)
    return None if data is None else open_checkpoint(data, key).checkpoint.size


def _check_root(directory: Path, size: int, root: bytes, whose: str) -> None:
    try:
        found = root_of(TileReader(directory, size), size)
    except LogError as error:
        raise LogError(
            f"the log directory is behind {whose}: {error.message}", hint=_RESTORED
        ) from error
    if found != root:
        raise LogError(
            f"the log directory has another root for {size} leaves than {whose}", hint=_RESTORED
        )
