"""A run as one HTML page: counts and plots, no picture, no script, nothing from elsewhere.

It is made from the summary alone, so its size does not grow with the run, and the same summary
always gives the same page. Names, signers and messages are an attacker's: they are escaped, what
steers is spelled out, and the content security policy allows nothing but the style sheet that is
in the page, by its hash.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Final

import provenance
from provenance.audit.charts import Column, bars, plot
from provenance.audit.elements import element, facts, few, many, number, table, text
from provenance.audit.settings_view import settings_facts
from provenance.audit.summary import Distinct, Summary
from provenance.audit.tally import Counted
from provenance.audit.timeline import Timeline
from provenance.model import Verdict
from provenance.report.pages import LOOKS

REPORT: Final = "report.html"
_STYLE: Final = Path(__file__).parent / "templates" / "audit.css"
_LISTED: Final = 20  # rows of a kind; the summary has more, and all are in the parts
_DAYS: Final = 62  # more are put together by months, then by years

_LIMITS: Final = (
    "A row sorts; it is no finding in a case. Verify a file that matters by itself.",
    "NOT_FOUND says that nothing known was found. It never means real, authentic or not AI.",
    "OTHER_SYSTEM rests on what anybody could have written into a file.",
    "A mark names nobody before its record was found and the picture looks like the issued one.",
    "What could not be examined is counted as such, and was not judged.",
    "The bound on false readings needs keys that were drawn at random and kept secret.",
    "It says nothing about marks that somebody copied from one picture to another.",
)
_KINDS: Final = (
    ("system_name", "Systems that the evidence points to"),
    ("mark_status", "Marks in the pixels"),
    ("record_status", "Answers of the registry"),
    ("content_match", "Comparisons with the record"),
    ("manifest_status", "C2PA manifests"),
    ("signer", "Signers of manifests"),
    ("trust_list", "Lists that anchor them"),
    ("revocation", "Revocation of their certificates"),
    ("time_stamp", "Time stamps of signatures"),
    ("markers", "Markers of other systems"),
    ("format", "Formats"),
    ("flags", "How images were read"),
)
_COUNTED: Final = {
    Distinct.ROWS: "every row",
    Distinct.EXACT: "files with the same bytes once",
    Distinct.NEAR: "pictures that look alike once",
}


def render(summary: Summary) -> str:
    """The report of a run as an HTML document that needs nothing else."""
    return "\n".join(_document(summary)) + "\n"


@cache
def style() -> str:
    """The style sheet, with the colour of each verdict."""
    looks = (
        f".{verdict.lower().replace('_', '-')} {{ --ink: {look.ink}; }}"
        for verdict, look in LOOKS.items()
        if verdict
    )
    return "\n".join((_STYLE.read_text(encoding="utf-8"), *looks, ""))


def content_security_policy() -> str:
    """What a browser may load for this page: its own style sheet, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _document(summary: Summary) -> Iterator[str]:
    title = f"Audit of {_images(summary.images)}"
    yield "<!DOCTYPE html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    policy = escape(content_security_policy(), quote=False)
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer">'
    yield f"<title>{text(title)}</title>"
    yield f"<style>{style()}</style>"
    yield "</head>"
    yield "<body>"
    yield f"<header>{element('h1', title)}"
    yield from _state(summary)
    yield "</header>"
    yield "<main>"
    yield from _found(summary)
    yield from _calibration(summary)
    yield from _details(summary)
    yield from _time(summary)
    yield from _errors(summary)
    yield from _rows(summary)
    yield from _settings(summary)
    yield element("h2", "What this does not say")
    yield "<ul>" + "".join(element("li", limit) for limit in _LIMITS) + "</ul>"
    yield "</main>"
    yield "</body>"
    yield "</html>"


def _images(count: int) -> str:
    return many(count, "image")


def _state(summary: Summary) -> Iterator[str]:
    said = f"{many(summary.rows, 'row')} for {_images(summary.images)}"
    if summary.complete:
        yield element("p", f"{said}: every image has its row.", "state")
    else:
        yield element("p", f"{said}: not finished. Counts are of what is there.", "state open")
    timeline = summary.timeline
    yield from facts(
        (
            ("Begun", timeline.begun),
            ("Last kept", timeline.ended),
            ("Counted here", f"{_COUNTED[summary.distinct]}: {_images(summary.counted)}"),
            ("With the bytes of an earlier one", summary.same_bytes),
            ("That look like an earlier one", summary.alike),
            ("Software", f"provenance {provenance.__version__}"),
        )
    )


def _found(summary: Summary) -> Iterator[str]:
    yield element("h2", "What was found")
    verdicts = summary.counts["verdict"]
    unexamined = {"not examined": summary.errors} if summary.errors else {}
    kinds = {name.value: verdicts.of(name) for name in Verdict if verdicts.of(name)}
    yield from bars("Verdicts", Counted(kinds=kinds | unexamined), summary.counted, set(Verdict))
    seen = [(v.value, v.meaning) for v in Verdict if verdicts.of(v)]
    yield from table(("Verdict", "Meaning"), seen)


def _calibration(summary: Summary) -> Iterator[str]:
    calibration, looks = summary.calibration, summary.calibration.looks
    yield element("h2", "False accusations to be expected")
    if not looks.looks:
        yield element("p", "No mark with a known chance was looked for: none can be read falsely.")
    else:
        yield element(
            "p",
            f"Marks were looked for {many(looks.looks, 'time')}. By chance, at most "
            f"{few(looks.expected_readings)} readings of marks that are not there may be expected.",
        )
        yield element(
            "p",
            "A reading counts where log10 p is at most what its scheme asks and at most "
            f"{looks.log10_threshold:.2f}, so that no more than 0.001 false readings may be "
            "expected in a run of this size.",
        )
    yield from facts(
        (
            ("Shares into which the run was divided", looks.shares if looks.shares > 1 else None),
            ("False readings that count, at most", few(looks.expected_accepted)),
            ("Of them traced falsely, as measured", few(looks.expected_traced)),
            ("TRACED that do not count at this size", calibration.weak_traced),
            ("Public watermarks by chance, at most", few(looks.expected_markers)),
            ("Public watermarks that do not count", calibration.weak_markers),
        )
    )
    if calibration.weak_traced:
        keys = [[key] for key in calibration.weak_traced_keys[:_LISTED]]
        yield element("h3", "TRACED that a run of this size does not accept")
        yield from table(("Image",), keys, calibration.weak_traced - len(keys))


def _rows(summary: Summary) -> Iterator[str]:
    yield element("h2", "Images to look at")
    yield element("p", "The first of each kind; provenance audit query lists all.", "aside")
    columns = ("key", "system_name", "mark_id", "log10_p", "record_id")
    names = ("Image", "System", "Mark", "log10 p", "Record")
    for verdict, title in (("TRACED", "Traced"), ("CONFLICT", "Contradictions")):
        rows = summary.examples[verdict][:_LISTED]
        if rows:
            total = summary.counts["verdict"].of(verdict)
            yield element("h3", title)
            yield from table(names, _picked(rows, columns), total - len(rows))
    if not summary.examples["TRACED"] and not summary.examples["CONFLICT"]:
        yield element("p", "Nothing was traced, and nothing contradicts itself.")


def _picked(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> list[list[object]]:
    return [[row[name] for name in columns] for row in rows]


def _details(summary: Summary) -> Iterator[str]:
    yield element("h2", "In detail")
    yield '<div class="columns">'
    for column, title in _KINDS:
        if summary.counts[column].total:
            yield "<section>"
            yield from bars(title, summary.counts[column], summary.counted)
            yield "</section>"
    yield "</div>"


def _errors(summary: Summary) -> Iterator[str]:
    yield element("h2", "What could not be examined")
    if not summary.errors:
        yield element("p", "Every image was examined.")
        return
    yield from bars("By code", summary.counts["error_code"], summary.counted)
    yield from bars("By message", summary.counts["error_message"], summary.counted)
    rows = summary.examples["errors"][:_LISTED]
    yield element("h3", "Images")
    columns = ("key", "error_code", "error_message", "milliseconds")
    names = ("Image", "Code", "Message", "ms")
    yield from table(names, _picked(rows, columns), summary.errors - len(rows))


def _time(summary: Summary) -> Iterator[str]:
    timeline, took = summary.timeline, summary.milliseconds
    yield element("h2", "Time")
    yield from facts(
        (
            ("Images a second, all workers together", timeline.per_second),
            ("Time in which something ran", _ran(timeline)),
            ("An image took, on average, ms", took.get("mean")),
            ("Half of them at most, ms", took.get("p50")),
            ("90 % at most, ms", took.get("p90")),
            ("99 % at most, ms", took.get("p99")),
            ("The longest, ms", took.get("most")),
        )
    )
    if timeline.rows:
        seconds = timeline.bin_seconds
        yield element("h3", "Throughput")
        columns = [
            Column(label=b.at, value=b.rows / seconds, red=b.errors / seconds)
            for b in timeline.bins
        ]
        caption = f"Images kept a second, in steps of {number(seconds)} s; red: not examined."
        yield from plot(caption, columns, "a second")
    if summary.durations:
        yield element("h3", "How long images took")
        durations = [Column(label=k, value=v) for k, v in summary.durations.items()]
        yield from plot("Milliseconds, at most.", durations, "images")
    if summary.issued:
        yield element("h3", "When the records were issued that images lead to")
        columns = [Column(label=day, value=rows) for day, rows in _issued(summary.issued).items()]
        yield from plot("By date of issue; dates without any are left out.", columns, "images")
    if slow := summary.examples["slowest"][:_LISTED]:
        yield element("h3", "The slowest")
        yield from table(
            ("Image", "ms", "Verdict", "Code"),
            _picked(slow, ("key", "milliseconds", "verdict", "error_code")),
        )


def _ran(timeline: Timeline) -> str:
    return f"{timeline.seconds:,.0f} s in {many(timeline.runs, 'run')}" if timeline.runs else ""


def _issued(days: dict[str, int]) -> dict[str, int]:
    """By day, month or year, whatever is legible."""
    for length in (10, 7, 4):
        found: dict[str, int] = {}
        for day, rows in days.items():
            found[day[:length]] = found.get(day[:length], 0) + rows
        if len(found) <= _DAYS:
            return found
    return dict(list(found.items())[-_DAYS:])


def _settings(summary: Summary) -> Iterator[str]:
    yield element("h2", "Settings")
    yield element("p", "Everything besides the images that the rows depend on.", "aside")
    yield from facts(settings_facts(summary.settings))
    lists = summary.settings.get("verifier", {}).get("trust_lists", ())
    if lists:
        yield element("h3", "Trust lists")
        names = ("Name", "Kind", "SHA-256", "Anchors")
        rows = [[str(i.get(k, "")) for k in ("name", "kind", "sha256", "anchors")] for i in lists]
        yield from table(names, rows[:50], len(rows) - 50)
    keys = summary.settings.get("verifier", {}).get("keys", ())
    if keys:
        yield element("h3", "Keys that were held")
        rows = [
            [
                str(k.get("system", {}).get("name", "")),
                str(k.get("system", {}).get("id", "")),
                str(k.get("epoch", "")),
                str(k.get("fingerprint", "")),
            ]
            for k in keys
        ]
        yield from table(("System", "Number", "Epoch", "Fingerprint"), rows[:50], len(rows) - 50)
