"""`provenance registry stats`, `fsck` and `access`: the registry as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..console import out, out_json, shown
from ..exit_codes import ExitCode
from ..options import JsonOption, WorkspaceOption, check_one_output, open_workspace

if TYPE_CHECKING:
    from provenance.model import AccessEntry, RegistryStatistics, StoredCheckpoint
    from provenance.workspace import Workspace

_SCHEMA_VERSION = 1
_DAYS_SHOWN = 14
_KIB = 1024


def stats(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Count what the registry holds: records, fingerprints, leaves, accounts, bytes."""
    opened = open_workspace(workspace)
    store = opened.store(read_only=True)
    document = _document(store.statistics(), store.newest_checkpoint(), opened)
    if json:
        out_json(document)
    else:
        for label, value in _lines(document):
            out(f"{label:<13} {shown(value)}")


def fsck(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Check every rule of the registry; reads only. `release fsck` checks the files as well."""
    broken = open_workspace(workspace).store(read_only=True).broken_rules()
    if json:
        out_json(
            [
                {
                    "rule": rule.name,
                    "meaning": rule.value,
                    "violations": [shown(detail) for detail in details],
                }
                for rule, details in broken.items()
            ]
        )
    else:
        for rule, details in broken.items():
            out(f"{'FAIL' if details else 'ok':<5} {rule.value}")
            for detail in details:
                out(f"      {shown(detail)}")
    raise typer.Exit(ExitCode.CONFLICT if any(broken.values()) else ExitCode.TRACED)


def access(
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Print one JSON object per entry.")
    ] = False,
) -> None:
    """Print the access log: who revealed, erased or exported what, and why. The oldest first."""
    check_one_output(json=json, jsonl=jsonl)
    entries = open_workspace(workspace).store(read_only=True).access_entries()
    if json:
        rows = [_entry(entry) for entry in entries]
        out_json({"schema_version": _SCHEMA_VERSION, "entries": rows})
        return
    for entry in entries:
        row = _entry(entry)
        if jsonl:
            out_json(row, indent=None)
        else:
            out(
                f"{row['at']}  {row['action']:<8} {shown(row['subject'])}  "
                f"by {shown(row['operator'] or '-')}: {shown(row['reason'], 600)}"
            )


def _entry(entry: AccessEntry) -> dict[str, Any]:
    return {
        "at": entry.at.isoformat(),
        "action": entry.action.value,
        "subject": entry.subject,
        "operator": entry.operator,
        "reason": entry.reason,
    }


# --- statistics --------------------------------------------------------------------


def _document(
    found: RegistryStatistics, head: StoredCheckpoint | None, opened: Workspace
) -> dict[str, Any]:
    return {
        "schema_version": _SCHEMA_VERSION,
        "records": {state.value: number for state, number in found.states.items()},
        "erased": found.erased,
        "issued": [
            {
                "system": {"id": group.system.id, "name": group.system.name},
                "model": group.model,
                "model_version": group.model_version,
                "scheme": group.scheme,
                "epoch": group.epoch,
                "records": group.records,
            }
            for group in found.groups
        ],
        "issued_by_day": dict(found.days),
        "fingerprints": {"own": found.own_fingerprints, "parents": found.parent_fingerprints},
        "leaves": {"total": found.leaves, "waiting": found.leaves_waiting},
        "checkpoints": {
            "total": found.checkpoints,
            "newest_size": head.size if head else None,
            "newest_root": head.root.hex() if head else None,
            "newest_signed_at": head.signed_at.isoformat() if head else None,
        },
        "accounts": found.accounts,
        "access_entries": found.access_entries,
        "bytes": {
            "registry": found.disk_bytes,
            "index": _size(opened.path / "registry.index"),
            "log": sum(map(_size, (opened.path / "log").rglob("*"))),
        },
    }


def _size(path: Path) -> int:
    """In bytes; 0 where there is no such file, or it went while it was looked for."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


def _lines(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    states = ", ".join(f"{number} {state}" for state, number in row["records"].items())
    yield "records", f"{sum(row['records'].values())}: {states}; {row['erased']} erased"
    for group in row["issued"]:
        system = f"{group['system']['name']} (#{group['system']['id']})"
        model = f"{group['model']} {group['model_version']}".strip()
        yield (
            "issued",
            f"{group['records']}: {system}, {model}, {group['scheme']}, epoch {group['epoch']}",
        )
    days = list(row["issued_by_day"].items())
    for day, number in days[-_DAYS_SHOWN:]:
        yield f"on {day}", str(number)
    if len(days) > _DAYS_SHOWN:
        yield "", f"{len(days) - _DAYS_SHOWN} days before: see --json"
    prints = row["fingerprints"]
    yield "fingerprints", f"{prints['own']} of issued files, {prints['parents']} of their parents"
    yield "leaves", f"{row['leaves']['total']}, of which {row['leaves']['waiting']} wait"
    heads = row["checkpoints"]
    newest = "none"
    if heads["total"]:
        newest = (
            f"{heads['total']}, the newest of size {heads['newest_size']}, "
            f"signed {heads['newest_signed_at']}"
        )
    yield "checkpoints", newest
    yield "accounts", str(row["accounts"])
    yield "access log", f"{row['access_entries']} entries"
    sizes = (f"{part} {_bytes(size)}" for part, size in row["bytes"].items())
    yield "on disk", ", ".join(sizes)


def _bytes(size: int | None) -> str:
    if size is None:
        return "unknown"
    return f"{size} bytes" if size < _KIB else f"{size / _KIB:,.0f} KiB"
