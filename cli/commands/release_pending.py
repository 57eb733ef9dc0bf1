"""`provenance release pending` and `expire`: pictures that were marked and wait to be signed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from provenance.errors import PendingError

from ..console import out, out_json
from ..options import JsonOption, WorkspaceOption, open_workspace


def pending(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """List pictures that were marked and not signed; the sweeper voids them once they expired."""
    now = datetime.now(UTC)
    rows = []
    for record in open_workspace(workspace).store(read_only=True).pending():
        if record.marking is None:
            continue
        row = {
            "record_id": record.record_id,
            "mark_id": str(record.mark_id),
            "marked_at": record.reserved_at.isoformat(),
            "expires_at": record.marking.expires_at.isoformat(),
            "expired": record.marking.expires_at <= now,
        }
        rows.append(row)
        if not json:
            said = "expired" if row["expired"] else "until"
            moment = f"{record.marking.expires_at:%Y-%m-%d %H:%M:%S} UTC"
            out(f"{record.record_id}  mark {row['mark_id']}  {said} {moment}")
    if json:
        out_json(rows)


def expire(
    record: Annotated[str, typer.Argument(help="The id of a pending record.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Give up a picture that was marked and not signed: it cannot be signed any more."""
    store = open_workspace(workspace).store()
    found = store.find_by_id(record)
    if found is None or not found.pending:
        state = "missing" if found is None else found.state.value
        raise PendingError(
            f"the record is {state} and does not wait to be signed",
            hint="provenance release pending lists those that do",
        )
    store.void(found.record_id)
    out(f"voided    {found.record_id}  marked, and given up")
