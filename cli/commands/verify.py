"""`provenance verify`."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import ArgumentError

from ..console import ReaderGoneError, complain_of, out, shown, talk
from ..crjson import print_crjson
from ..examination import Examination
from ..exit_codes import ExitCode, combined
from ..inputs import Source, expand
from ..keyrings import with_keyrings
from ..options import (
    AtOption,
    FilesArgument,
    FormatsOption,
    JsonLinesOption,
    JsonOption,
    KeyringFingerprintOption,
    KeyringOption,
    LanguageOption,
    OperatorOption,
    OutputFormat,
    OutputFormatOption,
    OverwriteReportOption,
    PolicyOption,
    PrivateOption,
    ReportOption,
    SignChainOption,
    SignKeyOption,
    SignOption,
    TrustListOption,
    TsaListOption,
    WorkspaceOption,
    accepted,
    chosen_output,
    open_workspace,
)
from ..private import Labels
from ..progress import progress
from .systems import note_expired, say_contacts

if TYPE_CHECKING:
    from provenance import Verifier
    from provenance.model import SystemRef
    from provenance.report.language import Translator
    from provenance.report.result import Result


def verify(
    files: FilesArgument,
    workspace: WorkspaceOption = None,
    trust_list: TrustListOption = None,
    tsa_list: TsaListOption = None,
    at: AtOption = None,
    policy: PolicyOption = None,
    keyring: KeyringOption = None,
    keyring_fingerprint: KeyringFingerprintOption = None,
    formats: FormatsOption = None,
    output: OutputFormatOption = None,
    private: PrivateOption = False,
    json: JsonOption = False,
    jsonl: JsonLinesOption = False,
    report: ReportOption = None,
    overwrite: OverwriteReportOption = False,
    sign: SignOption = False,
    sign_key: SignKeyOption = None,
    sign_chain: SignChainOption = None,
    lang: LanguageOption = "en",
    operator: OperatorOption = "",
    exit_zero: Annotated[
        bool,
        typer.Option("--exit-zero", help="Exit with 0 whatever the verdicts; errors still count."),
    ] = False,
) -> None:
    """Check manifest, mark and record of pictures and give a verdict on each, offline."""
    output = chosen_output(output, json=json, jsonl=jsonl)
    json, jsonl = output is OutputFormat.JSON, output is OutputFormat.JSONL
    from ..languages import chosen_translator
    from ..report_files import Reports
    from ..signing import chosen_sealing

    translator = chosen_translator(lang)
    verifier = make_verifier(
        workspace,
        trust_lists=trust_list,
        tsa_lists=tsa_list,
        at=at,
        policy=policy,
        keyrings=keyring,
        keyring_fingerprints=keyring_fingerprint,
        formats=formats,
    )
    labels = Labels.of(workspace) if private else None
    sources = expand(files, labels)
    run = Examination(
        verifier,
        translator,
        operator,
        hidden={name: labels(Path(name)) for name in files} if labels else {},
    )
    if output is OutputFormat.CRJSON:
        if report:
            raise ArgumentError("--format crjson writes no report", hint="run verify twice")
        code = print_crjson(run.verifier, sources)
        raise typer.Exit(ExitCode.TRACED if exit_zero else code)
    sealing = chosen_sealing(
        sign=sign, key=sign_key, chain=sign_chain, workspace=workspace, trust=verifier.trust
    )
    reports = Reports.at(report or [], overwrite=overwrite, inputs=sources, sealing=sealing)
    kept: list[Result] = []
    codes: list[ExitCode] = []
    counts: Counter[str] = Counter()
    traced: set[SystemRef] = set()
    for source in progress(sources, "verifying"):
        result = run.examine(source)
        codes.append(_code(result, exit_zero=exit_zero))
        counts[_verdict(result)] += 1
        if result.finding is not None and result.finding.system is not None:
            traced.add(result.finding.system)
        # A report is written whether or not anybody reads on.
        with suppress(ReaderGoneError) if reports else nullcontext():
            if jsonl:
                _print_row(result)
            elif not json:
                _print(source, result, translator, single=len(sources) == 1)
        if json or reports:
            kept.append(result)
    code = combined(codes)
    if json or reports:
        document = run.document(kept, code)
        reports.write(document)
        if json:
            out(document.to_json().decode("ascii").rstrip())
    if len(sources) != 1 and not json:
        _summarise(counts, translator)
    if workspace is not None:
        say_contacts(workspace, traced)
    raise typer.Exit(code)


def make_verifier(
    workspace: Path | None,
    *,
    trust_lists: list[Path] | None,
    tsa_lists: list[Path] | None,
    at: str | None,
    policy: Path | None,
    keyrings: list[Path] | None,
    formats: list[str] | None,
    keyring_fingerprints: list[str] | None = None,
) -> Verifier:
    """The workspace's verifier, or one without keys, with the lists and keys that were named."""
    from provenance.trust import TrustStore, load_policy, parse_moment
    from provenance.verify import Verifier

    if workspace is None:
        only = "" if keyrings else "; only manifests and markers of other systems are checked"
        talk(f"note: no workspace given: no keys, registry and anchor of its own{only}")
        verifier = Verifier()
    else:
        opened = open_workspace(workspace)
        for item in opened.systems().systems():
            note_expired(item)
        verifier = opened.verifier()
    named = TrustStore.load(trust_lists or (), tsa_lists or ())
    for item in named.lists:
        for subject in item.expired:
            talk(f"note: {shown(item.name)} holds an expired anchor: {shown(subject)}")
    verifier = with_keyrings(
        verifier, keyrings or (), trust=verifier.trust + named, fingerprints=keyring_fingerprints
    )
    return replace(
        verifier,
        trust=verifier.trust + named,
        at=parse_moment(at) if at is not None else verifier.at,
        policy=load_policy(policy) if policy else verifier.policy,
        formats=accepted(verifier.formats, formats),
    )


_ERROR = "ERROR"  # stands in the summary where a verdict would


# --- output --------------------------------------------------------------------------


def _verdict(result: Result) -> str:
    return result.finding.verdict.value if result.finding else _ERROR


def _code(result: Result, *, exit_zero: bool) -> ExitCode:
    if result.finding is None:
        return ExitCode.ERROR
    return ExitCode.TRACED if exit_zero else ExitCode[result.finding.verdict.name]


def _print_row(result: Result) -> None:
    from provenance.report.rows import render_jsonl

    out(render_jsonl([result]).rstrip(), flush=True)


def _print(source: Source, result: Result, tr: Translator, *, single: bool) -> None:
    finding, text = result.finding, result.text
    if result.problem is not None:
        complain_of(result.problem.code, result.problem.message, result.problem.hint, source.label)
    if finding is None or text is None:
        return
    system = f"  {shown(finding.system)}" if finding.system else ""
    out(f"{finding.verdict.value:<13} {shown(result.source.name)}{system}")
    if not single:
        return
    from provenance.report.words import FLAGS, Word

    out(f"  {shown(text.statement)}")
    for sentence in text.reasons:
        out(f"  - {shown(sentence)}")
    for flag in result.input.flags if result.input else ():
        out(f"  * {tr.term(FLAGS, flag)}")
    for title, sentences in ((Word.LIMITS, text.limits), (Word.NEXT, text.next_steps)):
        out(f"  {tr.word(Word.HEADING, title=tr.word(title))}")
        for sentence in sentences:
            out(f"  - {shown(sentence)}")


def _summarise(counts: Counter[str], tr: Translator) -> None:
    """How many of each verdict, for people; programs count the rows."""
    from provenance.model import Verdict
    from provenance.report.words import VERDICTS, Word

    total = counts.total()
    names = {verdict.value: tr.term(VERDICTS, verdict) for verdict in Verdict}
    names[_ERROR] = tr.word(Word.PROBLEM)
    codes, words = (max(len(text) for text in texts) for texts in (names, names.values()))
    talk(tr.word(Word.SUMMARY, count=total))
    for code, count in counts.most_common():
        share = tr.number(count / total, ".1%")
        talk(f"  {code:<{codes}}  {names[code]:<{words}}  {count:>{len(str(total))}}  {share:>7}")
