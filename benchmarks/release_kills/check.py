"""What holds after every crash, once it was swept."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from provenance import Verdict, Workspace
from provenance.guard import Guard
from provenance.imaging import DEFAULT_READ, ImageFormat
from provenance.model import ManifestStatus, RecordState
from provenance.stamp import Action, Fsck, Sweep

_FORMATS: Final = DEFAULT_READ | {ImageFormat.TIFF, ImageFormat.AVIF}  # all that can be written


class Ack(NamedTuple):
    """What a process had been told when it was killed."""

    record_id: str
    sha256: str
    name: str
    request: str


def sweep(workspace: Path, folder: Path) -> Iterator[str]:
    """Clean up, and name what could not be."""
    store = Workspace.open(workspace).store()
    for deed in Sweep(store=store, before=_now()).run([folder]):
        if deed.action in (Action.FAILED, Action.KEPT):
            yield f"sweep: {deed}"


def violations(
    workspace: Path, folder: Path, acks: Iterable[Ack], known: Container[str]
) -> Iterator[str]:
    """Everything that does not hold.

    Args:
        workspace: its directory.
        folder: the release directory.
        acks: of all processes so far.
        known: names of files that were verified before; they are not verified again.
    """
    opened = Workspace.open(workspace)
    store = opened.store()
    fsck = Fsck(store=store, system=opened.system, trust=opened.trust(), before=_now())
    for rule, broken in fsck.run([folder]).items():
        yield from (f"fsck: {rule.value}: {item}" for item in broken)
    guard = Guard(store, [folder], older_than=timedelta())
    yield from (f"guard: {alarm}" for alarm in guard.look())
    store.sequence()
    of_request: dict[str, str] = {}
    for ack in acks:
        record = store.find_by_id(ack.record_id)
        if record is None or record.state is not RecordState.RELEASED or record.file is None:
            yield f"lost: {ack}: {record and record.state}"
            continue
        if hashlib.sha256((folder / ack.name).read_bytes()).hexdigest() != ack.sha256:
            yield f"lost: {ack}: the file is another"
        if of_request.setdefault(ack.request or ack.record_id, ack.record_id) != ack.record_id:
            yield f"two records for one request: {ack}"
    verifier = replace(
        opened.verifier(), formats=DEFAULT_READ | {ImageFormat.TIFF, ImageFormat.AVIF}
    )
    for path in sorted(folder.iterdir()):
        if path.name in known:
            continue
        report = verifier.verify(path.read_bytes())
        evidence = report.evidence
        record_id = evidence.record.record_id
        leaf = store.commitment_of(record_id) if record_id else None
        holds = {
            "verdict": report.verdict is Verdict.TRACED,
            "manifest": evidence.manifest.status is ManifestStatus.TRUSTED,
            "leaf": leaf is not None and store.leaf_position(leaf) is not None,
        }
        if not all(holds.values()):
            yield f"{path.name}: {holds}"


def states(workspace: Path, record_ids: Sequence[str]) -> list[str]:
    """State of each record, before anything was swept."""
    store = Workspace.open(workspace).store()
    found = [store.find_by_id(record_id) for record_id in record_ids]
    return [record.state.value if record else "none" for record in found]


def _now() -> datetime:
    return datetime.now(UTC)


def tell(problems: Iterable[str]) -> int:
    """Print them; how many there were."""
    number = 0
    for problem in problems:
        number += 1
        print(problem, file=sys.stderr)
    return number
