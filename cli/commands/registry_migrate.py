"""`provenance registry migrate`: to the schema of this version, or to another database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import ConfigError

from ..console import out, shown, talk
from ..options import OperatorOption, WorkspaceOption, open_workspace

if TYPE_CHECKING:
    from provenance.workspace import Workspace


def migrate(
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="ADDRESS",
            help="Copy the registry: postgresql://USER@HOST/DATABASE, or a new SQLite file.",
            show_default=False,
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    operator: OperatorOption = "",
) -> None:
    """Bring the registry to the schema of this version; with --to, copy it to another database.

    Stop whatever stamps first. The copy is complete and was compared, or is not there.
    """
    opened = open_workspace(workspace)
    if to is None:
        _upgrade(opened, operator)
    else:
        _copy(opened, to, operator)


def _upgrade(workspace: Workspace, operator: str) -> None:
    from provenance.registry import SCHEMA_VERSION, note_migration

    store = workspace.store()
    before = store.migrate()
    if before == SCHEMA_VERSION:
        out(f"{shown(store.name)} has schema version {before} already")
        return
    note_migration(store, f"from schema {before} to {SCHEMA_VERSION}", operator)
    out(f"{shown(store.name)}: from schema version {before} to {SCHEMA_VERSION}")
    talk("note: records that were issued before wait in the issuance log now")


def _copy(workspace: Workspace, to: str, operator: str) -> None:
    from provenance.registry import copy_registry, is_url, open_store

    store = workspace.store()
    name = to if is_url(to) else Path(to).absolute()
    target = open_store(name)
    if target.name == store.name:
        raise ConfigError(f"the registry of this workspace is {store.name} already")
    copied = copy_registry(store, target, operator=operator)
    out(
        f"{shown(target.name)}: {copied.records} records, {copied.leaves} leaves "
        f"({copied.log_size} of them in the log); compared with {shown(store.name)}"
    )
    if is_url(to):
        talk(f"now write into {shown(workspace.path / 'config.toml')}, under [registry]:")
        out(f'url = "{to}"')
        return
    talk(
        f"now remove registry.url from {shown(workspace.path / 'config.toml')}, and move this file "
        f"to {shown(workspace.path / 'registry.sqlite3')}"
    )
