"""`provenance registry`: the records of a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provenance.errors import ArgumentError

from ..console import out, out_json, shown, talk
from ..exit_codes import ExitCode
from ..inputs import expand
from ..options import (
    FormatsOption,
    JsonOption,
    WorkspaceOption,
    accepted,
    check_one_output,
    open_workspace,
)
from . import registry_extract, registry_overview, registry_privacy, registry_show
from .registry_extract import extract_of
from .registry_index import find_similar, index
from .registry_migrate import migrate

if TYPE_CHECKING:
    from provenance.imaging import LoadedImage
    from provenance.registry import RecordStore
    from provenance.resolution import Among, Search
    from provenance.workspace import Workspace

app = typer.Typer(help="The records of a workspace.", no_args_is_help=True)
app.command("show")(registry_show.show)
app.command("stats")(registry_overview.stats)
app.command("fsck")(registry_overview.fsck)
app.command("access")(registry_overview.access)
app.command("reveal")(registry_privacy.reveal)
app.command("purge")(registry_privacy.purge)
app.command("export")(registry_extract.export)
app.command("import")(registry_extract.import_)

_SCHEMA_VERSION = 1


@app.callback()
def options() -> None:
    """The records of a workspace."""


app.command("migrate")(migrate)


@app.command("find")
def find(
    similar_to: Annotated[
        str | None,
        typer.Option(
            "--similar-to",
            metavar="FILE",
            help="Find issued pictures that look like this one; - for standard input.",
            show_default=False,
        ),
    ] = None,
    made_from: Annotated[
        str | None,
        typer.Option(
            "--made-from",
            metavar="FILE",
            help="Find issued pictures that were made from one that looks like this; - for "
            "standard input.",
            show_default=False,
        ),
    ] = None,
    within: Annotated[
        int, typer.Option("--within", metavar="BITS", help="Greatest PDQ distance, 0 to 84.")
    ] = 31,
    scan: Annotated[
        bool, typer.Option("--scan", help="Read all fingerprints, whatever the index says.")
    ] = False,
    extract: Annotated[
        int | None,
        typer.Option(
            "--extract",
            metavar="SYSTEM",
            help="Search the imported extract of this system's registry instead of the own one.",
            min=0,
            show_default=False,
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    formats: FormatsOption = None,
    json: JsonOption = False,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Print one JSON object per candidate.")
    ] = False,
) -> None:
    """Find records by how a picture looks; candidates with their distance, never proof."""
    from provenance.resolution import Among

    check_one_output(json=json, jsonl=jsonl)
    name = made_from if similar_to is None else similar_to
    if name is None or (similar_to is not None and made_from is not None):
        raise typer.BadParameter("use one of --similar-to and --made-from")
    among = Among.PARENTS if similar_to is None else Among.RECORDS
    opened = open_workspace(workspace)
    image = _loaded(name, opened, formats)
    store = opened.store(read_only=True) if extract is None else extract_of(opened, extract)
    # The index is that of the own registry.
    index_path = None if scan or extract is not None else opened.index_path
    found = find_similar(store, image, among, within, index_path)
    rows = _rows(found, store)
    if json:
        out_json(_document(found, among, image.sha256, list(rows)))
    else:
        for row in rows:
            if jsonl:
                out_json(row, indent=None)
            else:
                out(_line(row))
    _say(found, among)
    raise typer.Exit(ExitCode.TRACED if found.candidates else ExitCode.NOT_FOUND)


app.command("index")(index)


def _loaded(name: str, workspace: Workspace, formats: list[str] | None) -> LoadedImage:
    from provenance.imaging import DEFAULT_LIMITS, load

    sources = expand([name])
    if len(sources) != 1:
        raise ArgumentError(f"this names {len(sources)} files", hint="name one picture")
    data = sources[0].read(DEFAULT_LIMITS.max_bytes)
    return load(data, formats=accepted(workspace.settings.verify.formats, formats))


def _rows(found: Search, store: RecordStore) -> Iterator[dict[str, Any]]:
    """One candidate after another; those erased since they were found are left out."""
    for candidate in found.candidates:
        record = store.find_by_id(candidate.record_id)
        if record is None or record.file is None or record.issued_at is None:
            continue
        near, relationship = record.file.sha256, None
        if candidate.position is not None:
            parent = record.file.parents[candidate.position]
            near, relationship = parent.sha256, parent.relationship.value
        yield {
            "record_id": record.record_id,
            "system": {"id": record.system.id, "name": record.system.name},
            "mark_id": str(record.mark_id),
            "manifest_id": record.manifest_id,
            "state": record.state.value,
            "issued_at": record.issued_at.isoformat(),
            "sha256": record.file.sha256,
            "similar_sha256": near,
            "relationship": relationship,
            "distance": candidate.distance,
            "crop": candidate.view.crop,
            "orientation": candidate.view.orientation,
        }


def _document(
    found: Search, among: Among, sha256: str, rows: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "schema_version": _SCHEMA_VERSION,
        "query": {
            "sha256": sha256,
            "quality": found.quality,
            "find": among.value,
            "within": found.within,
        },
        "searched": found.searched,
        "indexed": found.indexed,
        "left_out": found.left_out,
        "candidates": rows,
    }


def _line(row: dict[str, Any]) -> str:
    related = f"  {row['relationship']}" if row["relationship"] else ""
    system = shown(f"{row['system']['name']} (#{row['system']['id']})")
    return (
        f"{row['distance']:>3} bits  record {row['record_id']}  mark {row['mark_id']}  {system}  "
        f"{row['state']}, issued {row['issued_at']}{related}  {row['crop']}, {row['orientation']}"
    )


def _say(found: Search, among: Among) -> None:
    """What the candidates are worth, or what their absence is."""
    from provenance.resolution import Among

    kind = "issued pictures" if among is Among.RECORDS else "parents of issued pictures"
    scope = f"{kind} searched: {found.searched}"
    if found.candidates:
        number = len(found.candidates)
        talk(f"candidates within {found.within} bits: {number}; {scope}; similar, never proof")
    else:
        talk(
            f"no similar picture known here within {found.within} bits; {scope}; "
            "this says nothing about other crops and edits"
        )
    if found.left_out:
        talk(f"note: with too little structure to be compared: {found.left_out}")
