"""An audit of a dump of known content, held against it.

    python -m benchmarks.audit.acceptance DIR [--images 20000] [--workers 2] [--out FILE.md]

Builds the dump in DIR where it is not there (`benchmarks.audit.dump`) and audits it with the real
command under a filter that kills whoever asks for a socket. A run that was stopped goes on. Then:

* every image of the dump has one row, and there are no others;
* every marked picture is found that the verifier itself finds at the same depth;
* nothing is traced that was not stamped, and what was, to its own record;
* bad inputs, and pictures that make a decoder fall, have the verdict or error that they should;
* no worker needed more than 400 MB but those that met a picture made to hoard memory, which stay
  within their limit; and every part passes the check.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.audit import dump
from benchmarks.audit.command import Command, peak, workers_of
from benchmarks.audit.dump import Expected
from benchmarks.environment import describe
from benchmarks.watermark import workers
from provenance import Workspace
from provenance.audit.check import check
from provenance.audit.chunk import Item
from provenance.audit.isolate import Confinement
from provenance.audit.ledger import Ledger
from provenance.audit.row import Row, examine
from provenance.watermark import Depth

MOST_MEMORY: Final = 400_000_000
PACKAGES: Final = ("provenance", "numpy", "opencv-python", "pillow", "c2pa-python", "pyarrow")
_TRACED: Final = "TRACED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came out. `failures` is empty where everything is as it should be.

    `worker_memory` leaves out the workers that met a picture made to hoard memory: those may take
    what their limit allows.
    """

    images: int
    rows: int
    marked: int
    found: int
    asked_directly: int
    traced: int
    worker_memory: int
    hoarders_memory: tuple[int, ...]
    workers: int
    command_memory: int
    seconds: float
    errors: dict[str, int]
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How the command went: exit code, seconds, and the most bytes of it and of each worker."""

    code: int
    seconds: float
    command: int
    workers: list[int]


def audit(command: Command) -> Ran:
    """Run it, and look at the memory of its processes ten times a second."""
    begin = time.monotonic()
    process = command.start()
    peaks: dict[int, int] = {}
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            for pid in (process.pid, *workers_of(process.pid)):
                peaks[pid] = max(peaks.get(pid, 0), peak(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        code = process.wait()
    finally:
        ended.set()
        watcher.join()
    return Ran(
        code=code,
        seconds=time.monotonic() - begin,
        command=peaks.pop(process.pid, 0),
        workers=sorted(peaks.values()),
    )


def hold(command: Command, *, sample: int = 100, jobs: int = 2) -> Outcome:
    """Audit the dump and compare with what is known about it.

    `sample` rows are compared, column by column, with what the verifier says without an audit.
    """
    known = {item.key: item for item in dump.expected(command.folder)}
    ran = audit(command)
    failures = [] if ran.code in (0, 6) else [f"the command ended with {ran.code}"]
    rows: list[Row] = command.rows().to_pylist()
    counted = Counter(row["key"] for row in rows)
    failures += [f"no row: {key}" for key in known if key not in counted]
    failures += [f"{n} rows: {key}" for key, n in counted.items() if n > 1 or key not in known]
    failures += [
        f"{fault.path}: {fault.message}"
        for fault in check(Ledger.existing(command.folder / command.out))
    ]
    present = [(known[row["key"]], row) for row in rows if row["key"] in known]
    failures += [why for item, row in present if (why := _contradiction(item, row))]
    missed = [item for item, row in present if item.record and row["record_id"] != item.record]
    compared = [
        (item, row)
        for item, row in present[:: max(1, len(present) // max(1, sample))]
        if item.kind in ("marked", "unmarked", "third-party", "c2pa")
    ]
    failures += _directly(command, missed, compared, jobs)
    hoards = sum(item.kind == "falling" and item.code == "E_LIMIT" for item in known.values())
    ordinary = max(held for held in [0, *ran.workers] if held <= MOST_MEMORY)
    large = [held for held in ran.workers if held > MOST_MEMORY]
    if len(large) > hoards:
        failures.append(f"{len(large)} workers held more than {MOST_MEMORY / 1e6:.0f} MB")
    if any(held > MOST_MEMORY + Confinement().memory for held in large):
        failures.append(f"a worker held {large[-1] / 1e6:.0f} MB: its limit did not hold")
    marked = sum(bool(item.record) for item, _ in present)
    return Outcome(
        images=len(known),
        rows=len(rows),
        marked=marked,
        found=marked - len(missed),
        asked_directly=len(missed) + len(compared),
        traced=sum(row["verdict"] == _TRACED for row in rows),
        worker_memory=ordinary,
        hoarders_memory=tuple(large),
        workers=len(ran.workers),
        command_memory=ran.command,
        seconds=ran.seconds,
        errors=dict(Counter(row["error_code"] for row in rows if row["error_code"]).most_common()),
        failures=failures,
    )


def _contradiction(item: Expected, row: Row) -> str:
    """What a row says that is not so; empty where there is nothing."""
    said = row["verdict"] or row["error_code"]
    wanted = item.verdict or item.code
    if wanted and said != wanted:
        return f"{item.key}: {said}, not {wanted}: {row['error_message']}"
    if row["verdict"] == _TRACED and item.kind != "bad" and row["record_id"] != item.record:
        return f"{item.key}: falsely traced to {row['record_id']}"
    return ""


def _directly(
    command: Command, missed: list[Expected], compared: list[tuple[Expected, Row]], jobs: int
) -> list[str]:
    """Ask the verifier itself about pictures whose mark was not found, and about a sample."""
    said = {item.key: row for item, row in compared}
    keys = list(dict.fromkeys([*(item.key for item in missed), *said]))
    records = {item.key: item.record for item in missed}
    ask: Callable[[str], Row] = partial(_row, command.folder, command.depth)
    failures = []
    for key, row in workers.each(ask, keys, jobs):
        if isinstance(row, Exception):
            failures.append(f"{key}: {row}")
        elif records.get(key) and row["record_id"] == records[key]:
            failures.append(f"{key}: the verifier finds its mark, the audit did not")
        elif key in said and row != said[key]:
            names = [name for name in row if row[name] != said[key][name]]
            failures.append(f"{key}: differs from what the verifier says: {', '.join(names)}")
    return failures


def _row(folder: Path, depth: str, key: str) -> Row:
    """The row of a file as the verifier alone gives it, in the types of a part."""
    verifier = replace(Workspace.open(folder / "workspace").verifier(), depth=Depth(depth))
    item = Item(name=key, data=(folder / key).read_bytes())
    row: dict[str, Any] = examine(item, key, verifier, _version())
    row["pdq"] = bytes.fromhex(row["pdq"]) if row["pdq"] else row["pdq"]
    del row["milliseconds"]
    return row


def _version() -> str:
    import provenance

    return provenance.__version__


def report(outcome: Outcome, command: Command, facts: dict[str, str]) -> str:
    """A page in Markdown."""
    kinds = Counter(item.kind for item in dump.expected(command.folder))
    falsely = sum("falsely" in why for why in outcome.failures)
    hoarders = ", ".join(f"{held / 1e6:.0f} MB" for held in outcome.hoarders_memory)
    lines = [
        "# Audit of a dump of known content",
        "",
        f"`{' '.join(['python -m benchmarks.audit.acceptance', *sys.argv[1:]])}`",
        "",
        *(f"* {name}: {value}" for name, value in facts.items()),
        "",
        "| in the dump | images |",
        "|---|---|",
        *(f"| {kind} | {number} |" for kind, number in kinds.most_common()),
        "",
        "| measured | |",
        "|---|---|",
        f"| images in, rows out | {outcome.images}, {outcome.rows} |",
        f"| marked pictures found, of all | {outcome.found} of {outcome.marked} |",
        f"| asked of the verifier directly, to compare | {outcome.asked_directly} |",
        f"| traced, falsely | {outcome.traced}, {falsely} |",
        f"| most memory of a worker, of {outcome.workers} | {outcome.worker_memory / 1e6:.0f} MB |",
        f"| of those that met a picture that hoards | {hoarders or 'no more'} |",
        f"| most memory of the command | {outcome.command_memory / 1e6:.0f} MB |",
        f"| seconds, {command.workers} workers, depth {command.depth} | {outcome.seconds:.0f} |",
        *(f"| {code} | {number} |" for code, number in outcome.errors.items()),
        "",
        "No process asked for a socket: the kernel would have killed it."
        if not outcome.failures
        else f"**{len(outcome.failures)} failures**",
        *(f"* {why}" for why in outcome.failures[:100]),
        "",
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audit.acceptance")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--originals", type=int, default=12)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--depth", choices=[*Depth], default="standard")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="a Markdown file")
    options = parser.parse_args()
    plan = dump.Plan(images=options.images, originals=options.originals, seed=options.seed)
    if not (options.folder / "expected.jsonl").exists():
        dump.build(options.folder, plan)
    command = Command(
        folder=options.folder,
        workers=options.workers,
        depth=options.depth,
        seconds=options.seconds,
    )
    facts = describe(PACKAGES) | {"seed": str(plan.seed), "n": str(plan.images)}
    outcome = hold(command, sample=400, jobs=options.workers)
    text = report(outcome, command, facts)
    if options.out:
        options.out.write_text(text)
    print(text)
    return bool(outcome.failures)


if __name__ == "__main__":
    sys.exit(main())
