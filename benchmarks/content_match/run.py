"""Does the large run; goes on where it was stopped."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.content_match import scale
from benchmarks.content_match.corpus import Picture
from benchmarks.content_match.moved import Check
from benchmarks.content_match.pairs import Pair, Record
from benchmarks.content_match.scale import Settings, Task
from benchmarks.watermark import attacks, workers
from benchmarks.watermark.seeds import digest
from provenance import fingerprint, watermark
from provenance.errors import ArgumentError

Item = TypeVar("Item", Picture, Task)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What a run gave so far. `refused` says of each picture without a record why."""

    pictures: tuple[Picture, ...]
    refused: dict[str, str]
    sha256: dict[str, str]
    pairs: list[Pair]
    checks: list[Check]
    tasks: int
    done: int


def run(settings: Settings, folder: Path, *, jobs: int) -> int:
    """Do what is not done yet; the number of pieces that failed.

    Raises:
        ProvenanceError: no pictures, or a folder that holds a run with other settings.
    """
    _claim(settings, folder)
    failed = 0
    if not (folder / "records.json").exists():
        failed += _make_records(settings, folder, jobs)
    todo = scale.tasks(settings, scale.load_records(folder))
    todo = [task for task in todo if not (folder / task.file).exists()]

    def keep(task: Task, found: list[Any]) -> None:
        rows = [asdict(row) if isinstance(row, Check) else row.to_json() for row in found]
        _write(folder / task.file, rows)

    return failed + _each(partial(scale.perform, settings, folder), todo, keep, jobs)


def load(settings: Settings, folder: Path) -> Results:
    """What is in the folder of a run.

    Raises:
        ProvenanceError: no pictures, or a folder that holds no such run.
    """
    claimed = _claimed(folder)
    if claimed is None or not (folder / "records.json").exists():
        raise ArgumentError(f"{folder} holds no run", hint="leave out --report-only")
    if any(claimed.get(name) != value for name, value in _facts(settings).items()):
        raise ArgumentError(f"{folder} holds a run with other settings", hint="name its settings")
    rows = json.loads((folder / "records.json").read_text())
    pairs: list[Pair] = []
    checks: list[Check] = []
    todo = scale.tasks(settings, scale.load_records(folder))
    done = [task for task in todo if (folder / task.file).exists()]
    for task in done:
        found = json.loads((folder / task.file).read_text())
        if task.kind == "check":
            checks += [Check(**row) for row in found]
        else:
            pairs += [Pair.from_json(row) for row in found]
    return Results(
        pictures=scale.corpus(settings),
        refused={row["name"]: row["refused"] for row in rows if "refused" in row},
        sha256={row["name"]: row["sha256"] for row in rows},
        pairs=pairs,
        checks=checks,
        tasks=len(todo),
        done=len(done),
    )


def _make_records(settings: Settings, folder: Path, jobs: int) -> int:
    files = scale.corpus(settings)
    made: dict[str, dict[str, Any]] = {}

    def keep(picture: Picture, found: Record | str) -> None:
        fields = {"refused": found} if isinstance(found, str) else {"record": found.to_json()}
        made[picture.name] = {"name": picture.name, "sha256": picture.sha256} | fields

    failed = _each(partial(scale.record, settings), files, keep, jobs)
    if not failed:
        _write(folder / "records.json", [made[picture.name] for picture in files])
    return failed


def _each(
    function: Callable[[Item], Any],
    items: Sequence[Item],
    keep: Callable[[Item, Any], None],
    jobs: int,
) -> int:
    failed = 0
    for number, (item, found) in enumerate(workers.each(function, items, jobs), start=1):
        note = "done"
        if isinstance(found, Exception):
            failed += 1
            note = f"FAILED: {type(found).__name__}: {found}"
        else:
            keep(item, found)
        print(f"[{number}/{len(items)}] {item.name}: {note}", file=sys.stderr, flush=True)
    return failed


def _claim(settings: Settings, folder: Path) -> None:
    """Write down what is run; refuse a folder of another run."""
    if _claimed(folder) not in (None, _facts(settings) | {"code": code_digest()}):
        raise ArgumentError(
            f"{folder} holds a run with other settings or of other code",
            hint="choose another --work, or remove it",
        )
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "settings.json", _facts(settings) | {"code": code_digest()})


def _claimed(folder: Path) -> dict[str, Any] | None:
    path = folder / "settings.json"
    return dict(json.loads(path.read_text())) if path.exists() else None


def _facts(settings: Settings) -> dict[str, Any]:
    return dict(json.loads(json.dumps(asdict(settings))))


def code_digest() -> str:
    """Twelve hexadecimal digits that change with the code of marks, match or attacks."""
    folders = (Path(str(module.__file__)).parent for module in (watermark, fingerprint, attacks))
    sources = (path for folder in folders for path in sorted(folder.rglob("*.py")))
    return digest(*(path.read_text() for path in sources)).hex()[:12]


def _write(path: Path, data: object) -> None:
    """All or nothing: what is there is done."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(data) + "\n")
    part.replace(path)
