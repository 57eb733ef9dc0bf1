"""The issuance log as the registry holds it: leaves in order, and signed checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from provenance.errors import RegistryError
from provenance.model.custody import StoredCheckpoint
from provenance.registry import rows
from provenance.registry.database import Database
from provenance.registry.tables import checkpoints, leaves

_PAGE: Final = 8192


class LeafTable(Database):
    """A `LeafStore`."""

    def sequence(self) -> int:
        """Give every waiting leaf its position; see `LeafStore.sequence`."""
        with self._writing() as connection:
            self._serialise(connection, "sequence")
            size = _size(connection)
            while True:
                waiting = connection.scalars(
                    select(leaves.c.leaf_id)
                    .where(leaves.c.position.is_(None))
                    .order_by(leaves.c.leaf_id)
                    .limit(_PAGE)
                ).all()
                if not waiting:
                    return size
                connection.execute(
                    update(leaves)
                    .where(leaves.c.leaf_id == bindparam("of_leaf"))
                    .values(position=bindparam("at")),
                    [{"of_leaf": leaf, "at": at} for at, leaf in enumerate(waiting, size)],
                )
                size += len(waiting)

    def log_size(self) -> int:
        """How many leaves have a position."""
        with self._reading() as connection:
            return _size(connection)

    def waiting(self) -> int:
        """How many leaves have none yet."""
        with self._reading() as connection:
            query = select(func.count()).select_from(leaves).where(leaves.c.position.is_(None))
            return connection.execute(query).scalar_one()

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """Commitments in order; see `LeafStore.leaves`."""
        query = (
            select(leaves.c.position, leaves.c.commitment)
            .where(leaves.c.position >= start, leaves.c.position < stop)
            .order_by(leaves.c.position)
        )
        expected = start
        with self._reading() as connection:
            result = connection.execution_options(yield_per=_PAGE).execute(query)
            for position, commitment in result:
                if position != expected:
                    raise RegistryError(f"leaf {expected} is missing in {self.name}")
                yield commitment
                expected += 1

    def leaf_position(self, commitment: bytes) -> int | None:
        """Where a leaf is; None where it is unknown or waits."""
        with self._reading() as connection:
            query = select(leaves.c.position).where(leaves.c.commitment == commitment)
            return connection.scalar(query)

    def add_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        """Keep a signed head; see `LeafStore.add_checkpoint`."""
        same_size = checkpoints.c.size == checkpoint.size
        with self._writing() as connection:
            self._serialise(connection, "checkpoint")
            root = connection.scalar(select(checkpoints.c.root).where(same_size))
            if root not in (None, checkpoint.root):
                raise RegistryError(
                    f"a checkpoint of size {checkpoint.size} with another root is there already"
                )
            connection.execute(delete(checkpoints).where(same_size))
            connection.execute(insert(checkpoints).values(rows.of_checkpoint(checkpoint)))

    def checkpoints(self) -> tuple[StoredCheckpoint, ...]:
        """All of them, the smallest first."""
        with self._reading() as connection:
            found = connection.execute(select(checkpoints).order_by(checkpoints.c.size)).all()
        return tuple(map(rows.checkpoint, found))

    def newest_checkpoint(self) -> StoredCheckpoint | None:
        """The largest one."""
        with self._reading() as connection:
            query = select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)
            row = connection.execute(query).first()
        return None if row is None else rows.checkpoint(row)


def _size(connection: Connection) -> int:
    last = connection.scalar(select(func.max(leaves.c.position)))
    return 0 if last is None else last + 1
