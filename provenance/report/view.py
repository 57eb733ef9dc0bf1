"""What a report shows and in which order: one outline that every layout for people renders.

The first page is for readers who know no cryptography: the file, the finding, what it means,
what it does not say, what to do. Everything after it is for those who check it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from provenance.model.verdict import Bearing, Verdict
from provenance.report import evidence_view
from provenance.report.blocks import Block, Bullets, Facts, Paragraph, Section, Table
from provenance.report.document import Document
from provenance.report.language import Language, Translator, translator
from provenance.report.result import Result
from provenance.report.words import BASES, BEARINGS, FLAGS, MEANINGS, VERDICTS, Word


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """One file: what goes on its first page, and what follows.

    `verdict` is None where the file could not be examined; `headline` is shown large and
    `identity` says which file this is.
    """

    name: str
    sha256: str
    identity: Facts
    verdict: Verdict | None
    headline: str
    summary: tuple[Section, ...]
    details: tuple[Section, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A whole report.

    Where it is about several files, `overview` has a row for each of them, and those that could
    not be examined stand there alone. `page` and `left_out` are the words for a page's number
    and for what was cut from a long value; `finished_at` is RFC 3339.
    """

    language: Language
    title: str
    finished_at: str
    page: str
    left_out: str
    identity: Facts
    overview: tuple[Section, ...]
    files: tuple[FileView, ...]
    appendix: tuple[Section, ...]
    remarks: tuple[str, ...]


def view(document: Document, language: Language | None = None) -> View:
    """The outline of a document in a language; default: the document's own."""
    tr = translator(language or document.language)
    several = len(document.results) != 1
    shown = [result for result in document.results if result.finding or not several]
    run, tool = document.run, document.tool
    return View(
        language=tr.language,
        title=tr.word(Word.TITLE),
        finished_at=run.finished_at,
        page=tr.word(Word.PAGE),
        left_out=tr.word(Word.LEFT_OUT),
        identity=Facts(
            rows=(
                (tr.word(Word.STARTED), run.started_at),
                (tr.word(Word.TOOL), f"{tool.name} {tool.version}"),
                (tr.word(Word.OPERATOR), run.operator or tr.word(Word.NONE)),
            )
        ),
        overview=tuple(_overview(document, tr)) if several else (),
        files=tuple(_file(result, tr) for result in shown),
        appendix=tuple(_appendix(document, tr)),
        remarks=(tr.word(Word.NO_PICTURE), tr.word(Word.NOT_SIGNED)),
    )


#: Verdicts whose statement does not say what is wrong: the reasons that do stand beside it.
_DECISIVE: Final = {
    Verdict.CONFLICT: Bearing.CONTRADICTS,
    Verdict.INDETERMINATE: Bearing.OPEN,
}


# --- several files -------------------------------------------------------------------


def _overview(document: Document, tr: Translator) -> Iterator[Section]:
    """How many of each verdict, a line for every file, and why some were not examined."""
    results = document.results
    counts = Counter(_headline(result, tr) for result in results)
    words = (Word.FILE, Word.VERDICT, Word.SYSTEM, Word.SHA256)
    lines = tuple(
        (result.source.name, _headline(result, tr), _names(result), _sha256(result))
        for result in results
    )
    yield Section(
        title=tr.word(Word.SUMMARY, count=len(results)),
        blocks=(
            Facts(rows=tuple((name, str(count)) for name, count in counts.most_common())),
            Table(header=tuple(map(tr.word, words)), rows=lines),
        ),
    )
    problems = tuple(
        (
            result.source.name,
            f"{result.problem.message} [{result.problem.code}]",
            result.problem.hint,
        )
        for result in results
        if result.problem is not None
    )
    if problems:
        header = tuple(map(tr.word, (Word.FILE, Word.ERROR, Word.HINT)))
        yield Section(title=tr.word(Word.PROBLEM), blocks=(Table(header=header, rows=problems),))


def _headline(result: Result, tr: Translator) -> str:
    finding = result.finding
    return tr.term(VERDICTS, finding.verdict) if finding else tr.word(Word.PROBLEM)


def _sha256(result: Result) -> str:
    return result.source.before.sha256 if result.source.before else ""


def _names(result: Result) -> str:
    system = result.finding.system if result.finding else None
    return str(system) if system else ""


# --- one file ------------------------------------------------------------------------


def _file(result: Result, tr: Translator) -> FileView:
    name, sha256 = result.source.name, _sha256(result)
    identity = [(tr.word(Word.FILE), name)]
    if sha256:
        identity.append((tr.word(Word.SHA256), sha256))
    return FileView(
        name=name,
        sha256=sha256,
        identity=Facts(rows=tuple(identity)),
        verdict=result.finding.verdict if result.finding else None,
        headline=_headline(result, tr),
        summary=tuple(_summary(result, tr)),
        details=tuple(_details(result, tr)),
    )


def _summary(result: Result, tr: Translator) -> Iterator[Section]:
    """The first page."""
    finding, problem = result.finding, result.problem
    if problem is not None:
        rows = [(tr.word(Word.ERROR), f"{problem.message} [{problem.code}]")]
        if problem.hint:
            rows.append((tr.word(Word.HINT), problem.hint))
        yield Section(title=tr.word(Word.PROBLEM), blocks=(Facts(rows=tuple(rows)),))
    if finding is None:
        return
    found = " ".join(map(tr.message, finding.statements))
    basis = ", ".join(tr.term(BASES, item) for item in finding.basis)
    blocks: tuple[Block, ...] = (Paragraph(text=found),)
    decisive = tuple(
        tr.message(reason)
        for reason in finding.reasons
        if reason.code.bearing is _DECISIVE.get(finding.verdict)
    )
    if decisive:
        blocks += (Bullets(items=decisive),)
    if basis:
        blocks += (Facts(rows=((tr.word(Word.BASED_ON), basis),)),)
    yield Section(title=tr.word(Word.FOUND), blocks=blocks)
    meaning = Paragraph(text=tr.term(MEANINGS, finding.verdict))
    yield Section(title=tr.word(Word.MEANS), blocks=(meaning,))
    limits = Bullets(items=tuple(map(tr.message, finding.limits)))
    yield Section(title=tr.word(Word.LIMITS), blocks=(limits,))
    steps = Bullets(items=tuple(map(tr.message, finding.next_steps)))
    yield Section(title=tr.word(Word.NEXT), blocks=(steps,))


def _details(result: Result, tr: Translator) -> Iterator[Section]:
    """What the finding rests on, and the file."""
    if result.finding is not None:
        rows = tuple(
            (
                tr.term(BEARINGS, reason.code.bearing),
                tr.message(reason),
                tr.notes(reason),
            )
            for reason in result.finding.reasons
        )
        header = tuple(map(tr.word, (Word.BEARING, Word.REASON, Word.VALUES)))
        table = Table(header=header, rows=rows)
        yield Section(title=tr.word(Word.REASONS), blocks=(table,))
    if result.evidence is not None:
        yield from evidence_view.sections(result.evidence, tr)
    yield _questioned(result, tr)


def _questioned(result: Result, tr: Translator) -> Section:
    source, seen = result.source, result.input
    rows = [(tr.word(Word.NAME), source.name)]
    if source.before is not None:
        rows += [
            (tr.word(Word.SIZE), tr.word(Word.BYTES, count=source.before.byte_size)),
            (tr.word(Word.SHA256), source.before.sha256),
            (tr.word(Word.SHA1), source.before.sha1),
            (tr.word(Word.MD5), source.before.md5),
        ]
        again = Word.NOT_REPEATED if source.after is None else Word.SAME
        rows.append((tr.word(Word.UNCHANGED), tr.word(again)))
    if seen is not None:
        size = tr.word(Word.PIXELS, width=seen.width, height=seen.height)
        rows += [
            (tr.word(Word.FORMAT), seen.format),
            (tr.word(Word.DIMENSIONS), size),
            (tr.word(Word.FRAMES), str(seen.frames)),
        ]
        notes = " ".join(tr.term(FLAGS, flag) for flag in seen.flags)
        if notes:
            rows.append((tr.word(Word.NOTES), notes))
    return Section(title=tr.word(Word.SOURCE), blocks=(Facts(rows=tuple(rows)),))


# --- the run -------------------------------------------------------------------------


def _appendix(document: Document, tr: Translator) -> Iterator[Section]:
    yield _settings(document, tr)
    if document.settings.trust_lists:
        yield Section(title=tr.word(Word.TRUST_LISTS), blocks=(_trust_lists(document, tr),))
    if document.settings.keys:
        yield Section(title=tr.word(Word.KEYS), blocks=(_keys(document, tr),))
    yield _run(document, tr)


def _trust_lists(document: Document, tr: Translator) -> Table:
    words = (Word.NAME, Word.KIND, Word.DIGEST, Word.CHANGED, Word.ANCHORS, Word.EXPIRED)
    rows = tuple(
        (x.name, x.kind, x.sha256, x.modified, str(x.anchors), ", ".join(x.expired))
        for x in document.settings.trust_lists
    )
    return Table(header=tuple(map(tr.word, words)), rows=rows)


def _keys(document: Document, tr: Translator) -> Table:
    rows = tuple(
        (
            str(key.system),
            str(key.epoch),
            key.fingerprint,
            tr.word(Word.YES if key.authenticates else Word.NO),
        )
        for key in document.settings.keys
    )
    words = (Word.SYSTEM, Word.EPOCH, Word.FINGERPRINT, Word.TAG)
    return Table(header=tuple(map(tr.word, words)), rows=rows)


def _settings(document: Document, tr: Translator) -> Section:
    chosen = document.settings
    rows = (
        (tr.word(Word.AT), chosen.at or tr.word(Word.NOW)),
        (tr.word(Word.POLICY), chosen.policy or tr.word(Word.NONE)),
        (tr.word(Word.DEPTH), chosen.depth),
        (tr.word(Word.SCHEMES), ", ".join(chosen.schemes)),
        (tr.word(Word.FORMATS), ", ".join(chosen.formats)),
        (tr.word(Word.REGISTRY), chosen.registry or tr.word(Word.NONE)),
        (
            tr.word(Word.LIMIT_VALUES),
            ", ".join(f"{name} {value}" for name, value in chosen.limits.items()),
        ),
    )
    return Section(title=tr.word(Word.SETTINGS), blocks=(Facts(rows=rows),))


def _run(document: Document, tr: Translator) -> Section:
    run, tool = document.run, document.tool
    rows = (
        (tr.word(Word.TOOL), f"{tool.name} {tool.version}"),
        (tr.word(Word.IDENTIFIER), tool.identifier),
        (tr.word(Word.CODE_DIGEST), tool.code_sha256),
        (tr.word(Word.PYTHON), tool.python),
        (tr.word(Word.PLATFORM), tool.platform),
        (
            tr.word(Word.LIBRARIES),
            ", ".join(f"{library.name} {library.version}" for library in tool.libraries),
        ),
        (tr.word(Word.STARTED), run.started_at),
        (tr.word(Word.FINISHED), run.finished_at),
        (tr.word(Word.ELAPSED), tr.word(Word.SECONDS, seconds=run.elapsed_seconds)),
        (tr.word(Word.CLOCK), run.clock),
        (tr.word(Word.ARGUMENTS), " ".join(run.arguments)),
        (tr.word(Word.OPERATOR), run.operator or tr.word(Word.NONE)),
        (tr.word(Word.EXIT_CODE), str(run.exit_code)),
    )
    return Section(title=tr.word(Word.RUN), blocks=(Facts(rows=rows),))
