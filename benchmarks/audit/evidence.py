"""Whether a change of the code changed what is found: all evidence, digit by digit.

    python -m benchmarks.audit.evidence write DIRECTORY... --out BEFORE.json
    python -m benchmarks.audit.evidence compare BEFORE.json DIRECTORY...

`write` examines every file under the directories, at each depth, and keeps input facts, evidence,
finding and fingerprint of each (numbers in full precision), or the error that it ends in.
`compare` does the same with the code as it is now and names what differs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2

from benchmarks.environment import print_environment
from benchmarks.watermark.schemes import keyring
from provenance.errors import ProvenanceError
from provenance.fingerprint import fingerprint
from provenance.imaging import load
from provenance.verify import Verifier
from provenance.watermark import Depth

SEED = 1
#: Certificates are judged at this moment, so that the answer does not depend on the day.
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)

Seen = dict[str, Any]


def main() -> None:
    options = _options()
    cv2.setNumThreads(1)
    if options.command == "write":
        found = examine(options.directories, options.depth)
        options.out.write_text(json.dumps(found, indent=0, sort_keys=True) + "\n")
        print(f"{len(found)} files at depths {', '.join(options.depth)}")
        return
    before: Seen = json.loads(options.before.read_text())
    depths = list(next(iter(before.values())))
    after: Seen = json.loads(json.dumps(examine(options.directories, depths)))
    print_environment()
    wrong = list(differences(before, after))
    print(f"{len(before)} files, {len(depths)} depths: {len(wrong)} differences")
    print("\n".join(wrong))
    sys.exit(bool(wrong))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Hold the evidence against that of before.")
    commands = parser.add_subparsers(dest="command", required=True)
    write = commands.add_parser("write")
    write.add_argument("--out", type=Path, required=True)
    compare = commands.add_parser("compare")
    compare.add_argument("before", type=Path)
    write.add_argument("--depth", nargs="+", default=[depth.value for depth in Depth])
    for command in (write, compare):
        command.add_argument("directories", nargs="+", type=Path)
    return parser.parse_args()


def examine(directories: Sequence[Path], depths: Sequence[str]) -> Seen:
    """File name -> depth -> all that is found."""
    ring = keyring(SEED)
    paths = sorted(path for folder in directories for path in folder.rglob("*") if path.is_file())
    return {
        f"{path.parent.name}/{path.name}": {
            depth: _seen(path, Verifier(keyring=ring, depth=Depth(depth), at=MOMENT))
            for depth in depths
        }
        for path in paths
    }


def _seen(path: Path, verifier: Verifier) -> Seen:
    data = path.read_bytes()
    try:
        report = verifier.verify(data, name=path.name)
        print_ = fingerprint(load(data, name=path.name).rgb)
    except ProvenanceError as error:
        return {"error": error.code.value, "message": error.message}
    return {
        "input": repr(asdict(report.input)),
        "evidence": {name: repr(value) for name, value in asdict(report.evidence).items()},
        "finding": repr(asdict(report.finding)),
        "pdq": print_.bits.hex(),
        "quality": print_.quality,
    }


def differences(before: Seen, after: Seen) -> Iterator[str]:
    """One line for each value that is not the same."""
    for name in sorted({*before, *after}):
        for depth in before.get(name) or after[name]:
            old, new = (found.get(name, {}).get(depth, {}) for found in (before, after))
            for key, first, second in _changed(old, new):
                yield f"{name} {depth} {key}: {first} -> {second}"


def _changed(old: Seen, new: Seen) -> Iterator[tuple[str, Any, Any]]:
    for key in sorted({*old, *new}):
        first, second = old.get(key), new.get(key)
        if isinstance(first, dict) and isinstance(second, dict):
            yield from _changed(first, second)
        elif first != second:
            yield key, first, second


if __name__ == "__main__":
    main()
