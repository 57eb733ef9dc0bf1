"""How a registry of an older version becomes one of this version: the only home of Alembic.

Every revision is a module with a `VERSION` of the schema. The registry itself says which one it
has (`schema_version`), in the same transaction in which its tables change; so Alembic's own
table of versions, a second truth, is not used. There is no way back: restore the copy.
"""

from __future__ import annotations

from types import ModuleType
from typing import Final

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection

from provenance.errors import RegistryError
from provenance.registry.migrations import schema_3, schema_4, schema_5

#: From the oldest to the newest.
REVISIONS: Final[tuple[ModuleType, ...]] = (schema_3, schema_4, schema_5)


def upgrade(connection: Connection, version: int | None) -> None:
    """Take every step from a version to the newest; from nothing, where it is None.

    The caller's transaction holds all of it.

    Raises:
        RegistryError: older than any that can be migrated, or a record is damaged.
    """
    versions = [step.VERSION for step in REVISIONS]
    if version is not None and version not in versions:
        raise RegistryError(
            f"a registry of schema version {version} cannot be migrated",
            hint=f"the oldest that can be is {versions[0]}",
        )
    first = 0 if version is None else versions.index(version) + 1
    with Operations.context(MigrationContext.configure(connection)):
        for step in REVISIONS[first:]:
            step.upgrade()
