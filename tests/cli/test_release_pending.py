"""`provenance release pending`, `expire` and `sweep`: pictures that wait to be signed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support import pictures

from provenance import Generation, Workspace
from provenance.errors import PendingError
from provenance.model import RecordState


@pytest.fixture
def made(tmp_path):
    """A workspace, and a picture that was marked in it."""
    workspace = Workspace.create(tmp_path / "ws", system_name="acme-images")
    return workspace, workspace.stamper().mark(pictures.crop(), Generation(model="m"))


def test_what_waits_is_listed_swept_once_it_expired_and_given_up_when_asked(command, made):
    workspace, marked = made
    options = ("-w", workspace.path)
    (row,) = json.loads(command("release", "pending", *options, "--json").out)
    assert row["record_id"] == marked.record_id
    assert row["mark_id"] == str(marked.mark_id)
    assert row["expires_at"] == marked.expires_at.isoformat()
    assert row["expired"] is False
    line = command("release", "pending", *options).out
    assert line.startswith(f"{marked.record_id}  mark {marked.mark_id}  until ")
    assert command("release", "sweep", *options, "--older-than", "0s").out == ""
    assert command("release", "fsck", *options, "--older-than", "0s").code == 0
    store = workspace.store()
    marking = store.find_by_id(marked.record_id).marking
    past = datetime.now(UTC) - timedelta(seconds=1)
    store.hold(marked.record_id, replace(marking, expires_at=past))
    assert "  expired " in command("release", "pending", *options).out
    failed = command("release", "fsck", *options, "--older-than", "0s")
    assert failed.code == 3
    assert "marked, not signed, and expired" in failed.out
    swept = command("release", "sweep", *options, "--older-than", "0s")
    assert swept.out.startswith(f"voided    {marked.record_id}  marked, and not signed until ")
    assert command("release", "pending", *options).out == ""
    assert json.loads(command("release", "pending", *options, "--json").out) == []


def test_one_that_is_given_up_cannot_be_signed(command, made):
    workspace, marked = made
    done = command("release", "expire", marked.record_id, "-w", workspace.path)
    assert done.code == 0
    assert done.out.startswith(f"voided    {marked.record_id}")
    with pytest.raises(PendingError, match="is void"):
        workspace.stamper().sign(marked)
    again = command("release", "expire", marked.record_id, "-w", workspace.path)
    assert again.code == 2
    assert "is void and does not wait" in again.err
    assert workspace.store().count()[RecordState.VOID] == 1


def test_only_what_waits_can_be_given_up(command, made):
    workspace, marked = made
    workspace.stamper().sign(marked)
    for name, state in ((marked.record_id, "released"), ("nothing", "missing")):
        done = command("release", "expire", name, "-w", workspace.path)
        assert done.code == 2
        assert f"the record is {state}" in done.err
    assert workspace.store().count()[RecordState.RELEASED] == 1
