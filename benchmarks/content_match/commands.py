"""python -m benchmarks.content_match [--images N] [--others N] [--layouts N] [--out FILE.md]."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.content_match.measure import Row, Settings, perform, tasks
from benchmarks.content_match.report import render
from benchmarks.watermark import workers
from provenance.errors import ProvenanceError

_SETS = ("kodak", "generated", "photos-0.4", "hard")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report; the exit code: 0, 1 where a piece of work failed, 2 for bad input."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(words)
    settings = Settings(
        sets=tuple(options.sets.split(",")),
        images=options.images,
        others=options.others,
        layouts=options.layouts,
        seed=options.seed,
    )
    rows: list[Row] = []
    failed = 0
    try:
        for task, result in workers.each(partial(perform, settings), tasks(settings), options.jobs):
            if isinstance(result, Exception):
                failed += 1
                print(f"FAILED {task.set}/{task.image}: {result!r}", file=sys.stderr)
            else:
                rows += result
    except ProvenanceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    command = shlex.join(["python", "-m", "benchmarks.content_match", *words])
    text = render(rows, command=command, seed=settings.seed)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(text)
    print(text, end="")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.content_match")
    parser.add_argument("--sets", default=",".join(_SETS))
    parser.add_argument("--images", type=int, default=2, help="of each set; 0: all")
    parser.add_argument("--others", type=int, default=4, help="foreign records for each copy")
    parser.add_argument("--layouts", type=int, default=8, help="synthetic pictures of a layout")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, help="a Markdown file")
    return parser
