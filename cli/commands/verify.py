"""`provenance verify`."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import ProvenanceError

from ..console import complain, out, out_json, shown, shown_path, talk
from ..exit_codes import ExitCode, combined
from ..inputs import Source, expand
from ..options import (
    AtOption,
    FilesArgument,
    FormatsOption,
    JsonLinesOption,
    JsonOption,
    PolicyOption,
    PrivateOption,
    TrustListOption,
    TsaListOption,
    WorkspaceOption,
    accepted,
    check_one_output,
    open_workspace,
)
from ..private import Labels
from ..progress import progress
from ..safely import safely

if TYPE_CHECKING:
    from provenance import VerificationReport, Verifier


def verify(
    files: FilesArgument,
    workspace: WorkspaceOption = None,
    trust_list: TrustListOption = None,
    tsa_list: TsaListOption = None,
    at: AtOption = None,
    policy: PolicyOption = None,
    formats: FormatsOption = None,
    private: PrivateOption = False,
    json: JsonOption = False,
    jsonl: JsonLinesOption = False,
    exit_zero: Annotated[
        bool,
        typer.Option("--exit-zero", help="Exit with 0 whatever the verdicts; errors still count."),
    ] = False,
) -> None:
    """Check manifest, mark and record of pictures and give a verdict on each, offline."""
    check_one_output(json=json, jsonl=jsonl)
    from ..rows import SCHEMA_VERSION, exit_code_of, verify_error_row, verify_row

    verifier = make_verifier(workspace, trust_list, tsa_list, formats)
    verifier = judging(verifier, at, policy)
    sources = expand(files, Labels.of(workspace) if private else None)
    single = len(sources) == 1
    rows, codes = [], []
    for source in progress(sources, "verifying"):
        result = safely(_verify, verifier, source)
        if isinstance(result, ProvenanceError):
            code, row = ExitCode.ERROR, verify_error_row(source, result)
        else:
            code, row = exit_code_of(result.verdict), verify_row(source, result)
            code = ExitCode.TRACED if exit_zero else code
        if jsonl:
            out_json(row, indent=None)
        elif not json:
            _print(source, result, single=single)
        codes.append(code)
        rows.append(row)
    if json:
        out_json({"schema_version": SCHEMA_VERSION, "results": rows})
    elif not single:
        counts = Counter("error" if row["verdict"] is None else row["verdict"] for row in rows)
        talk(
            f"{len(rows)} files: " + ", ".join(f"{n} {name}" for name, n in sorted(counts.items()))
        )
    raise typer.Exit(combined(codes))


def make_verifier(
    workspace: Path | None,
    trust_lists: list[Path] | None,
    tsa_lists: list[Path] | None,
    formats: list[str] | None,
) -> Verifier:
    """The workspace's verifier, or one without keys, with the lists that were named."""
    from provenance.trust import TrustKind, TrustList, TrustStore
    from provenance.verify import Verifier

    if workspace is None:
        talk(
            "note: no workspace given: no detection keys, no registry and no own anchor; "
            "only manifests and markers of other systems are checked"
        )
        verifier = Verifier()
    else:
        verifier = open_workspace(workspace).verifier()
    lists = [TrustList.load(path, TrustKind.SIGNERS) for path in trust_lists or ()]
    lists += [TrustList.load(path, TrustKind.TIME_STAMPS) for path in tsa_lists or ()]
    for item in lists:
        for subject in item.expired:
            talk(f"note: {shown(item.name)} holds an expired anchor: {shown(subject)}")
    return replace(
        verifier,
        trust=verifier.trust + TrustStore(lists=tuple(lists)),
        formats=accepted(verifier.formats, formats),
    )


def judging(verifier: Verifier, at: str | None, policy: Path | None) -> Verifier:
    """The verifier with the moment and the policy that were asked for, if any."""
    from provenance.trust import load_policy, parse_moment

    return replace(
        verifier,
        at=parse_moment(at) if at is not None else verifier.at,
        policy=load_policy(policy) if policy else verifier.policy,
    )


def _verify(verifier: Verifier, source: Source) -> VerificationReport:
    data = source.read(verifier.limits.max_bytes)
    return verifier.verify(data, name=source.relative.name if source.path else "")


def _print(source: Source, result: VerificationReport | ProvenanceError, *, single: bool) -> None:
    if isinstance(result, ProvenanceError):
        complain(result, about=source.label)
        return
    system = f"  {shown(result.system)}" if result.system else ""
    out(f"{result.verdict.value:<13} {shown_path(source.label)}{system}")
    if not single:
        return
    out(f"  {shown(result.finding.statement)}")
    for reason in result.reasons:
        detail = f" [{shown(reason.detail)}]" if reason.detail else ""
        out(f"  - {reason.code.sentence}{detail}")
    for flag in result.input.flags:
        out(f"  * note on the file: {flag.value.replace('_', ' ')}")
    out(f"  Next: {shown(result.finding.next_step)}")
