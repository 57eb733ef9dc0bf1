"""What came of a `provenance audit`: summary, report, questions, differences, exports."""

from __future__ import annotations

import math
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provenance.errors import ArgumentError, ErrorCode, ProvenanceError

from ..console import out, out_bytes, out_json, shown, shown_path, talk
from ..exit_codes import ExitCode
from ..options import JsonLinesOption, JsonOption, check_one_output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenance.audit.diff import Difference
    from provenance.audit.summary import Summary

RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="Directory of a run.", show_default=False)
]


class Counting(StrEnum):
    """What counts once."""

    ROWS = "rows"
    EXACT = "exact"
    NEAR = "near"


class By(StrEnum):
    """What makes two rows rows of one image."""

    KEY = "key"
    SHA256 = "sha256"


class Target(StrEnum):
    """What is written."""

    CSV = "csv"
    JSONL = "jsonl"
    VICS = "vics"


DistinctOption = Annotated[
    Counting,
    typer.Option(
        "--distinct",
        help="What counts once: rows, exact (the same bytes), near (pictures that look alike).",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Put these commands beside `audit run`."""
    app.command("summary", short_help="Count what a run found.")(summary)
    app.command("report", short_help="Write a run's HTML report.")(report)
    app.command("query", short_help="Ask a run a question.")(query)
    app.command("diff", short_help="Compare two runs.")(diff)
    app.command("export", short_help="Write a run's rows as CSV, JSON Lines or VICS.")(export)
    app.command("join", short_help="Make one run of the shards of several machines.")(join)


def summary(
    run: RunArgument, distinct: DistinctOption = Counting.ROWS, json: JsonOption = False
) -> None:
    """Count what a run found and write summary.json, finished or not."""
    say(_summary(run, distinct, keep=distinct is Counting.ROWS), run, json=json)


def report(
    run: RunArgument,
    distinct: DistinctOption = Counting.ROWS,
    to: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File [default: report.html in the run's directory]."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace that file.")] = False,
) -> None:
    """Write a run's report: one HTML page with counts and plots, no picture, nothing from
    elsewhere.
    """
    from provenance.audit.page import REPORT, render
    from provenance.audit.summary import write_aside

    if to is not None and to.exists() and not overwrite:
        raise ArgumentError(f"{shown_path(to)} is there already", hint="use --overwrite")
    page = render(_summary(run, distinct, keep=False))
    talk(f"written: {shown_path(write_aside(to or run / REPORT, page.encode()))}")


def query(
    run: RunArgument,
    question: Annotated[
        str,
        typer.Argument(
            help="A name, or a statement in SQL about the table `rows` (needs the extra `query`). "
            "Without one, the names are listed.",
            show_default=False,
        ),
    ] = "",
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, help="Only the first answers.", show_default=False),
    ] = None,
    json: JsonOption = False,
    jsonl: JsonLinesOption = False,
) -> None:
    """Ask a run: traced, conflicts, uncertain, other-systems, errors, duplicates,
    near-duplicates, signers, markers, slowest; or in SQL.
    """
    check_one_output(json=json, jsonl=jsonl)
    from provenance.audit.questions import QUESTIONS, ask
    from provenance.audit.results import Results

    results = Results.open(run)
    if not question:
        for name, item in QUESTIONS.items():
            out(f"{name:<16} {item.meaning}")
        return
    if question.split(None, 1)[0].lower() in ("select", "with", "from", "describe", "summarize"):
        from provenance.audit.sql import query as answered

        rows = answered(results, question)
    else:
        rows = ask(results, question)
    _show(islice(rows, limit), json=json, jsonl=jsonl)


def diff(
    before: Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a run.")],
    after: Annotated[Path, typer.Argument(metavar="RUN", help="Directory of another run.")],
    by: Annotated[By, typer.Option("--by", help="What makes two rows one image.")] = By.KEY,
    most: Annotated[int, typer.Option("--most", min=0, help="Images that are named.")] = 100,
    json: JsonOption = False,
) -> None:
    """Say which images are new, gone, or judged otherwise in the second run; exit code 1 if any."""
    from provenance.audit import diff as library
    from provenance.audit.results import Results

    counts = {change.value: 0 for change in library.Change}
    named: list[Difference] = []
    for item in library.differences(
        Results.open(before), Results.open(after), library.By(by.value)
    ):
        counts[item.change.value] += 1
        if len(named) < most:
            named.append(item)
    if json:
        rows = [{"image": i.image, "change": i.change.value, "columns": i.columns} for i in named]
        out_json({"counts": counts, "images": rows, "more": sum(counts.values()) - len(named)})
    else:
        for item in named:
            changed = ", ".join(f"{k} {_text(a)} -> {_text(b)}" for k, (a, b) in _told(item))
            out(f"{item.change.value:<8} {shown(item.image)}  {changed}".rstrip())
        if (more := sum(counts.values()) - len(named)) > 0:
            out(f"and {more:,} more")
        talk(", ".join(f"{number:,} {name}" for name, number in counts.items()))
    raise typer.Exit(ExitCode.NOT_FOUND if any(counts.values()) else ExitCode.TRACED)


def export(
    run: RunArgument,
    to: Annotated[Target, typer.Option("--to", help="csv, jsonl or vics.")],
    path: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File [default: standard output].", show_default=False),
    ] = None,
    verdict: Annotated[
        list[str] | None,
        typer.Option("--verdict", help="Only rows with this verdict. Repeatable."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
) -> None:
    """Write a run's rows for other programs.

    CSV is for spreadsheets: nothing in it is run as a formula. VICS is for case systems; files
    that could not be read have no hashes and are not in it.
    """
    from provenance.audit import export as library
    from provenance.audit.results import Results

    pieces = library.export(
        Results.open(run), library.Export(to.value), map(_verdict, verdict or ())
    )
    if path is None or str(path) == "-":
        for piece in pieces:
            out_bytes(piece.encode())
        return
    _write(path, pieces, overwrite=overwrite)
    talk(f"written: {shown_path(path)}")


def join(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Directories of all shards of a run.")
    ],
    directory: Annotated[Path, typer.Option("--out", "-o", help="Directory to make.")],
) -> None:
    """Make of the shards of several machines (`--shard I/N`) the run that one would have made."""
    from provenance.audit import join as library

    library.join(runs, directory)
    say(finish(directory), directory)


# --- what the run itself uses, too ----------------------------------------------------


def finish(run: Path) -> Summary:
    """Count what is there; once all is done, write summary and report."""
    from provenance.audit.page import REPORT, render
    from provenance.audit.summary import write_aside

    found = _summary(run, Counting.ROWS, keep=False)
    if found.complete:
        from provenance.audit.summary import write

        write(run, found)
        write_aside(run / REPORT, render(found).encode())
    return found


def say(found: Summary, run: Path, *, json: bool = False) -> None:
    """The summary for people, or as JSON."""
    if json:
        out_json(found.fields)
        return
    more = "" if found.complete else ": not finished"
    talk(f"{shown_path(run)}: {found.rows:,} rows for {found.images:,} images{more}")
    for column in ("verdict", "error_code"):
        for name, number in found.counts[column].kinds.items():
            talk(f"  {name:<14} {number:,}")
    if found.counted != found.rows:
        talk(f"  counted: {found.counted:,} of them ({found.distinct.value} duplicates once)")
    for line in calibration_lines(found):
        talk(line)


def calibration_lines(found: Summary) -> Iterator[str]:
    """What the size of the run means for its readings."""
    calibration = found.calibration
    looks = calibration.looks
    if not looks.looks:
        return
    yield (
        f"  false readings of a mark to be expected by chance: at most "
        f"{looks.expected_readings:.2g} in {looks.looks * looks.shares:,} looks"
    )
    yield (
        f"  a reading counts at this size where log10 p <= {looks.log10_threshold:.2f} and what "
        f"its scheme asks; {calibration.weak_traced:,} TRACED do not"
    )


def _summary(run: Path, distinct: Counting, *, keep: bool) -> Summary:
    from provenance.audit.results import Results
    from provenance.audit.summary import Distinct, summarise, write

    found = summarise(Results.open(run), Distinct(distinct.value))
    if keep:
        write(run, found)
    return found


# --- answers --------------------------------------------------------------------------


def _show(rows: Iterator[dict[str, Any]], *, json: bool, jsonl: bool) -> None:
    if json:
        out_json([_plain(row) for row in rows])
        return
    head = not jsonl
    for row in rows:
        if jsonl:
            out_json(_plain(row), indent=None)
            continue
        if head:
            out("\t".join(map(shown, row)))
            head = False
        out("\t".join(map(_text, row.values())))


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _json(value) for name, value in row.items()}


def _json(value: object) -> object:
    match value:
        case bytes():
            return value.hex()
        case float() if not math.isfinite(value):
            return str(value)
        case None | bool() | int() | float() | str():
            return value
        case list() | tuple():
            return [_json(item) for item in value]
        case dict():
            return {str(name): _json(item) for name, item in value.items()}
        case _:
            return str(value)


def _text(value: object) -> str:
    match _json(value):
        case None:
            return "-"
        case float() as number:
            return f"{number:.6g}"
        case list() as items:
            return shown("; ".join(map(str, items))) or "-"
        case other:
            return shown(other)


def _told(item: Difference) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """The columns of a change; of a row that is new or gone its verdict or error."""
    wanted = item.columns if item.change.value == "changed" else ("verdict", "error_code")
    return ((name, item.columns[name]) for name in wanted if name in item.columns)


def _verdict(name: str) -> Any:  # noqa: ANN401 - imported late
    from provenance.model import Verdict

    try:
        return Verdict(name.upper().replace("-", "_"))
    except ValueError as error:
        names = ", ".join(verdict.value for verdict in Verdict)
        raise ArgumentError(f"there is no verdict {name!r}", hint=f"one of {names}") from error


def _write(path: Path, pieces: Iterator[str], *, overwrite: bool) -> None:
    """Write a file whole or not at all."""
    if path.exists() and not overwrite:
        raise ArgumentError(f"{shown_path(path)} is there already", hint="use --overwrite")
    aside = path.with_name(f"{path.name}.incomplete")
    try:
        with aside.open("wb") as file:
            for piece in pieces:
                file.write(piece.encode())
        aside.replace(path)
    except OSError as error:
        raise ProvenanceError(
            f"cannot write {path}: {error.strerror or error}", code=ErrorCode.IO
        ) from error
    finally:
        aside.unlink(missing_ok=True)  # there only if something went wrong
