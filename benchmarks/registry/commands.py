"""python -m benchmarks.registry {search,store} [--records N] [--seed S] ..."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.environment import PACKAGES, describe
from benchmarks.registry import search, store
from benchmarks.registry.hashes import KINDS


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code is 0, or 2 for bad input."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(words)
    for name, value in describe((*PACKAGES, "faiss-cpu")).items():
        print(f"{name:<15} {value}")
    print(f"{'command':<15} {shlex.join(['python', '-m', 'benchmarks.registry', *words])}")
    print(f"{'seed, records':<15} {options.seed}, {options.records}")
    options.run(options)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.registry")
    commands = parser.add_subparsers(required=True)
    near = commands.add_parser("search", help="exact search by fingerprint, faiss beside it")
    near.set_defaults(run=search.run)
    near.add_argument("--hashes", choices=list(KINDS), default="uniform")
    near.add_argument("--checked", type=_count, default=20, help="questions held against a scan")
    near.add_argument("--no-peers", dest="peers", action="store_false", help="without faiss")
    rows = commands.add_parser("store", help="a large SQLite registry")
    rows.set_defaults(run=store.run)
    rows.add_argument("--manifest", type=int, default=256, help="bytes of manifest in each record")
    rows.add_argument("--finds", type=_count, default=5000, help="marks that are looked up")
    for each in (near, rows):
        each.add_argument("--records", type=_count, default=1_000_000)
        each.add_argument("--questions", type=_count, default=200)
        each.add_argument("--seed", type=int, default=1)
        each.add_argument("--folder", type=Path, help="for what is written; default: TMPDIR")
    return parser


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number
