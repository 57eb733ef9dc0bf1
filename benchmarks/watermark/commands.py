"""The commands: run, report, null, timing."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.watermark import attacks, null, plots, report, runner, schemes, timing
from benchmarks.watermark.sets import SETS
from provenance.errors import ProvenanceError
from provenance.watermark import catalog

#: The default mark, and the strongest mark of the field that reads in reasonable time.
DEFAULT_SCHEMES = ",".join(dict.fromkeys((catalog.DEFAULT, "imwatermark.dwtDctSvd")))
USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code: 0, 1 where a piece of work failed, 2 for bad input."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(words)
    options.command_line = shlex.join(["python", "-m", "benchmarks.watermark", *words])
    function: Callable[[argparse.Namespace], int] = options.function
    try:
        return function(options)
    except ProvenanceError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE_ERROR


def _run(options: argparse.Namespace) -> int:
    settings = runner.Settings(
        schemes=options.schemes,
        sets=options.sets,
        attacks=tuple(attack.name for attack in attacks.select(options.attacks)),
        images=options.images,
        draws=options.draws,
        seed=options.seed,
        depth=options.depth,
        ssimulacra2=options.ssimulacra2,
    )
    if options.quick:
        names = tuple(attack.name for attack in attacks.select(["quick"]))
        settings = replace(settings, sets=("generated", "kodak"), attacks=names, images=2, draws=1)
    failed = runner.run(
        settings,
        options.out,
        part=options.shard,
        jobs=options.jobs,
        command=options.command_line,
    )
    return 1 if failed else 0


def _report(options: argparse.Namespace) -> int:
    results = report.load(options.folders)
    folder: Path = options.out.parent
    figures = {}
    if options.plots:
        plots.require_matplotlib()
        folder.mkdir(parents=True, exist_ok=True)
        figures = plots.families(results, folder, options.out.stem)
    folder.mkdir(parents=True, exist_ok=True)
    text = report.render(results, figures)
    options.out.write_text(text)
    print(text, end="")
    return 0


def _null(options: argparse.Namespace) -> int:
    return null.run(
        null.Settings(
            schemes=options.schemes,
            sets=options.sets,
            trials=options.trials,
            full=options.full,
            seed=options.seed,
            depth=options.depth,
        ),
        options.out,
        jobs=options.jobs,
        command=options.command_line,
    )


def _timing(options: argparse.Namespace) -> int:
    text = timing.run(
        options.schemes, megapixels=options.megapixels, runs=options.runs, seed=options.seed,
        depth=options.depth, command=options.command_line,
    )  # fmt: skip
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(text)
    print(text, end="")
    return 0


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(word) for word in _words(text))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.watermark")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--schemes", type=_words, default=_words(DEFAULT_SCHEMES))
    common.add_argument("--seed", type=int, default=1)
    common.add_argument("--depth", choices=schemes.DEPTHS, default="deep")
    shared = argparse.ArgumentParser(add_help=False, parents=[common])
    shared.add_argument("--sets", type=_words, default=tuple(SETS), help=", ".join(SETS))
    shared.add_argument("--jobs", type=int, default=2)
    shared.add_argument("--out", type=Path, required=True, help="folder for the results")

    run = commands.add_parser("run", parents=[shared], help="stamp, attack, read")
    run.add_argument("--attacks", type=_words, default=("all",), help="all, families or names")
    run.add_argument("--images", type=int, default=0, help="of each set; 0: all")
    run.add_argument("--draws", type=int, default=3, help="of each random attack")
    run.add_argument("--shard", default="1/1", help="i/n")
    run.add_argument("--no-ssimulacra2", dest="ssimulacra2", action="store_false")
    run.add_argument("--quick", action="store_true", help="two pictures, one of each attack")
    run.set_defaults(function=_run)

    merge = commands.add_parser("report", help="merge runs into one Markdown file with plots")
    merge.add_argument("folders", type=Path, nargs="+", metavar="DIR")
    merge.add_argument("--out", type=Path, required=True, help="the Markdown file")
    merge.add_argument("--no-plots", dest="plots", action="store_false")
    merge.set_defaults(function=_report)

    empty = commands.add_parser("null", parents=[shared], help="error rates without a mark")
    empty.add_argument("--trials", type=int, default=1_000_000, help="keyed trials")
    empty.add_argument("--full", type=int, default=3000, help="full detections")
    empty.set_defaults(function=_null)

    speed = commands.add_parser("timing", parents=[common], help="milliseconds and memory")
    speed.add_argument("--megapixels", type=_numbers, default=(1.0, 12.0))
    speed.add_argument("--runs", type=int, default=5)
    speed.add_argument("--out", type=Path, help="a Markdown file")
    speed.set_defaults(function=_timing)
    return parser
