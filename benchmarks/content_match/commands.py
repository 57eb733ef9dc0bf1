"""The commands: attacks, scale, collect."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.content_match import collect, run, scale, scale_report
from benchmarks.content_match.corpus import SHARED
from benchmarks.content_match.measure import Row, Settings, perform, tasks
from benchmarks.content_match.report import render
from benchmarks.watermark import workers
from provenance.errors import ProvenanceError

_SETS = ("kodak", "generated", "photos-0.4", "hard")
_USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code: 0, 1 where a piece of work failed, 2 for bad input."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(words)
    options.command_line = shlex.join(["python", "-m", "benchmarks.content_match", *words])
    function: Callable[[argparse.Namespace], int] = options.function
    try:
        return function(options)
    except ProvenanceError as error:
        print(f"error: {error}", file=sys.stderr)
        return _USAGE_ERROR


def _attacks(options: argparse.Namespace) -> int:
    settings = Settings(
        sets=tuple(options.sets.split(",")),
        images=options.images,
        others=options.others,
        layouts=options.layouts,
        seed=options.seed,
    )
    rows: list[Row] = []
    failed = 0
    for task, result in workers.each(partial(perform, settings), tasks(settings), options.jobs):
        if isinstance(result, Exception):
            failed += 1
            print(f"FAILED {task.set}/{task.image}: {result!r}", file=sys.stderr)
        else:
            rows += result
    _print(render(rows, command=options.command_line, seed=settings.seed), options.out)
    return 1 if failed else 0


def _scale(options: argparse.Namespace) -> int:
    settings = scale.Settings(
        sets=tuple(options.sets.split(",")) if options.sets else (),
        held_out=str(options.held_out.resolve()) if options.held_out else "",
        images=options.images,
        attacks=options.attacks,
        copies=options.copies,
        others=options.others,
        layouts=options.layouts,
        checks=options.checks,
        seed=options.seed,
    )
    failed = 0 if options.report_only else run.run(settings, options.work, jobs=options.jobs)
    results = run.load(settings, options.work)
    _print(
        scale_report.render(results, command=options.command_line, seed=settings.seed), options.out
    )
    if options.list:
        _print(scale_report.listed(results), options.list, quiet=True)
    return 1 if failed else 0


def _collect(options: argparse.Namespace) -> int:
    for group, count in collect.collect(options.packages, options.out).items():
        print(f"{group}: {count}")
    return 0


def _print(text: str, out: Path | None, *, quiet: bool = False) -> None:
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text)
    if not quiet:
        print(text, end="")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.content_match")
    commands = parser.add_subparsers(required=True)
    attacks = commands.add_parser("attacks", help="a selection of attacks and of other pictures")
    attacks.add_argument("--sets", default=",".join(_SETS))
    attacks.add_argument("--images", type=int, default=2, help="of each set; 0: all")
    attacks.add_argument("--others", type=int, default=4, help="foreign records for each copy")
    attacks.add_argument("--layouts", type=int, default=8, help="synthetic pictures of a layout")
    attacks.set_defaults(function=_attacks)
    large = commands.add_parser("scale", help="all geometric attacks, and transplanted marks")
    large.add_argument("--sets", default=",".join(SHARED), help="of the shared material, or ''")
    large.add_argument("--held-out", type=Path, help="folders of pictures that nobody used")
    large.add_argument("--work", type=Path, required=True, help="where what is done is kept")
    large.add_argument("--images", type=int, default=0, help="of each set; 0: all")
    large.add_argument("--attacks", type=int, default=5, help="for each held-out picture")
    large.add_argument("--copies", type=int, default=4, help="compared with other records")
    large.add_argument("--others", type=int, default=450, help="records for each picture")
    large.add_argument("--layouts", type=int, default=16, help="synthetic pictures of a layout")
    large.add_argument("--checks", type=int, default=240, help="pairs done the long way round")
    large.add_argument("--list", type=Path, help="a file for the SHA-256 of the pictures used")
    large.add_argument("--report-only", action="store_true", help="of what is done already")
    large.set_defaults(function=_scale)
    for command in (attacks, large):
        command.add_argument("--seed", type=int, default=1)
        command.add_argument("--jobs", type=int, default=2)
        command.add_argument("--out", type=Path, help="a Markdown file")
    corpus = commands.add_parser("collect", help="a held-out corpus from unpacked packages")
    corpus.add_argument("packages", type=Path, help="holds a folder for each package")
    corpus.add_argument("out", type=Path, help="is made")
    corpus.set_defaults(function=_collect)
    return parser
