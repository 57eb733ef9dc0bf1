"""Whole reports put together by hand, to be laid out."""

from __future__ import annotations

import dataclasses
import hashlib

from support.verdicts import Case, evidence_of

from provenance.model import (
    Evidence,
    GridEvidence,
    InputFacts,
    ManifestStatus,
    MarkerClass,
    MarkerEvidence,
    MatchStatus,
    RecordStatus,
    VerificationReport,
    VerificationSettings,
    WatermarkStatus,
)
from provenance.report.build import digests, examined
from provenance.report.document import Document
from provenance.report.language import Language, translator
from provenance.report.result import Library, Problem, Result, Run, Source, Tool
from provenance.verify.verdict import decide

#: One for each verdict, by its name.
CASES = {
    "TRACED": Case(
        manifest=ManifestStatus.TRUSTED,
        mark=WatermarkStatus.READ_AUTHENTIC,
        record=RecordStatus.FOUND,
        match=MatchStatus.MATCH,
    ),
    "NOT_FOUND": Case(),
    "CONFLICT": Case(
        manifest=ManifestStatus.TRUSTED,
        mark=WatermarkStatus.READ_AUTHENTIC,
        record=RecordStatus.FOUND,
        match=MatchStatus.MATCH,
        same_payload=False,
    ),
    "OTHER_SYSTEM": Case(marker=MarkerClass.UNSIGNED_METADATA),
    "INDETERMINATE": Case(mark=WatermarkStatus.READ, record=RecordStatus.ABSENT),
}
#: What must come out harmless wherever a file can put text.
HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)> onmouseover='x'",
    "'; DROP TABLE records; --",
    "\u202egnp.elif\u202c \u2066isolated\u2069 \u200b\u200f",
    "\x1b[2J\x1b]0;owned\x07 \x00 \r\n",
    "]]></style><style>*{display:none}</style>",
    '#read("/etc/passwd") $ x^2 $ *bold* _it_ @cite `raw` \\ // /* #{eval("1")}',
    "\ue000 \U0001f600 \u4e2d\u6587 \u0627\u0644\u0639 e" + "\u0301" * 40,
    "A" * 10_000,
)
GRID = GridEvidence(
    status=MatchStatus.MATCH,
    log10_p=-120.5,
    log10_threshold=-9.0,
    agreement=0.93,
    agreement_threshold=0.5,
    offsets=1,
    covered=0.8,
    cells=("## x##  " * 8, "   #..# " * 8, "########" * 8),
)
TOOL = Tool(
    name="provenance",
    version="0.1.0",
    identifier="pkg:pypi/provenance@0.1.0",
    code_sha256=hashlib.sha256(b"code").hexdigest(),
    python="CPython 3.11.2",
    platform="Linux x86_64",
    libraries=tuple(Library(name=f"library-{i}", version="1.2.3") for i in range(10)),
)
SETTINGS = VerificationSettings(
    at="",
    policy="",
    depth="standard",
    schemes=("lattice-1", "imwatermark"),
    formats=("avif", "gif", "jpeg", "png", "tiff", "webp"),
    limits={"max_bytes": 200_000_000, "max_pixels": 100_000_000},
    keys=(),
    registry="sqlite:///registry.sqlite",
    trust_lists=(),
)


def result_of(
    case: str = "TRACED",
    *,
    name: str = "evidence/leaked-copy.jpg",
    markers: int = 0,
    hostile: str = "",
) -> Result:
    """The entry of a file with the verdict of that name.

    Args:
        case: one of `CASES`.
        name: of the file.
        markers: how many markers of other systems it has besides.
        hostile: a text to stand in every field that a file can fill.
    """
    evidence = evidence_of(CASES[case])
    if evidence.content_match is not None:
        match = dataclasses.replace(evidence.content_match, grid=GRID)
        evidence = dataclasses.replace(evidence, content_match=match)
    more = tuple(
        MarkerEvidence(
            marker="other",
            kind=MarkerClass.UNSIGNED_METADATA,
            system=f"Third Party {i}",
            where="XMP Iptc4xmpExt:DigitalSourceType",
            excerpt=f"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia#{i}",
            oracle="the public detector of the third party",
        )
        for i in range(markers)
    )
    evidence = dataclasses.replace(evidence, markers=(*evidence.markers, *more))
    if hostile:
        evidence = _filled(evidence, hostile)
    data = name.encode("utf-8", "surrogatepass")
    before = digests(data)
    report = VerificationReport(
        input=InputFacts(
            sha256=before.sha256, byte_size=len(data), format="jpeg", width=1024, height=768
        ),
        evidence=evidence,
        finding=decide(evidence),
    )
    source = Source(name=hostile or name, before=before, after=before)
    return examined(source, report, translator(Language.ENGLISH))


def refused(name: str, text: str = "the file ends before the image does") -> Result:
    """The entry of a file that could not be examined."""
    problem = Problem(code="E_TRUNC", message=text, hint="get a whole copy")
    return Result(
        source=Source(name=name, before=digests(name.encode()), after=None), problem=problem
    )


def document_of(*results: Result, text: str = "") -> Document:
    """A report on these; `text` stands in the free fields of the run."""
    run = Run(
        started_at="2026-01-02T03:04:05Z",
        finished_at="2026-01-02T03:04:09Z",
        elapsed_seconds=4.25,
        clock="system clock, not compared with another source",
        arguments=("provenance", "verify", text or "leaked-copy.jpg", "--report", "report.pdf"),
        operator=text or "examiner-7",
        exit_code=0,
    )
    return Document(
        language=Language.ENGLISH, tool=TOOL, run=run, settings=SETTINGS, results=results
    )


def _filled(evidence: Evidence, text: str) -> Evidence:
    manifest = evidence.manifest
    signer = manifest.signer and dataclasses.replace(
        manifest.signer, organization=text, common_name=text, serial_number=text
    )
    return dataclasses.replace(
        evidence,
        manifest=dataclasses.replace(
            manifest,
            signer=signer,
            claim_generator=text,
            manifest_id=text,
            actions=(*manifest.actions, text),
            detail=text,
            failure=(text,),
        ),
        watermarks=tuple(
            dataclasses.replace(mark, path=text, detail=text) for mark in evidence.watermarks
        ),
        record=dataclasses.replace(evidence.record, model=text, detail=text),
        markers=(
            *evidence.markers,
            MarkerEvidence(
                marker=text,
                kind=MarkerClass.UNSIGNED_METADATA,
                system=text,
                where=text,
                excerpt=text,
                oracle=text,
            ),
        ),
    )
