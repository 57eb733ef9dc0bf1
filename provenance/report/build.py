"""From a verification to its entry in a report."""

from __future__ import annotations

import hashlib
from pathlib import Path

from provenance.errors import ProvenanceError
from provenance.model import Finding, VerificationReport
from provenance.printable import file_name, utf8
from provenance.report.language import Translator
from provenance.report.result import Digests, Problem, Result, Source, Text
from provenance.report.words import VERDICTS


def digests(data: bytes) -> Digests:
    """Size and hashes of a file's bytes."""
    return Digests(
        byte_size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        sha1=hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
    )


def source(name: str | Path, before: Digests | None, after: Digests | None) -> Source:
    """A questioned file by its name; bytes that are not UTF-8 are spelled out and kept."""
    text, encoded = file_name(name)
    return Source(name=text, name_base64=encoded, before=before, after=after)


def examined(source: Source, report: VerificationReport, tr: Translator) -> Result:
    """The entry of a file that was examined, whatever was found."""
    finding = report.finding
    return Result(
        source=source,
        input=report.input,
        finding=finding,
        text=text_of(finding, tr),
        evidence=report.evidence,
    )


def text_of(finding: Finding, tr: Translator) -> Text:
    """The sentences of a finding."""
    return Text(
        verdict=tr.term(VERDICTS, finding.verdict),
        statement=" ".join(map(tr.message, finding.statements)),
        reasons=tuple(map(tr.reason, finding.reasons)),
        next_steps=tuple(map(tr.message, finding.next_steps)),
        limits=tuple(map(tr.message, finding.limits)),
    )


def refused(source: Source, error: ProvenanceError) -> Result:
    """The entry of a file that could not be examined."""
    return Result(
        source=source,
        problem=Problem(code=error.code.value, message=utf8(error.message), hint=utf8(error.hint)),
    )
