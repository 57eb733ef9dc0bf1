"""Report documents put together by hand: every verdict, a problem, and hostile text everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

from support import verdicts
from support.verdicts import Case

from provenance.errors import ErrorCode, InputError
from provenance.model import (
    Evidence,
    HeldKey,
    ImageFlag,
    InputFacts,
    ManifestStatus,
    MarkerClass,
    MatchStatus,
    RecordStatus,
    TrustListInfo,
    Verdict,
    VerificationReport,
    VerificationSettings,
    WatermarkStatus,
)
from provenance.report import build
from provenance.report.document import Document
from provenance.report.language import Language, translator
from provenance.report.result import Digests, Library, Result, Run, Tool
from provenance.verify import decide

#: What a hostile file would say: markup, a formula, terminal control, direction, NUL, length.
HOSTILE = "=cmd|'/c'!A1\r\n<script>alert(1)</script>\x1b[2J\u202egnp.exe\0;@x\u2028" + "A" * 500
CASES = {
    Verdict.TRACED: Case(
        manifest=ManifestStatus.TRUSTED,
        mark=WatermarkStatus.READ_AUTHENTIC,
        record=RecordStatus.FOUND,
        match=MatchStatus.MATCH,
    ),
    Verdict.NOT_FOUND: Case(),
    Verdict.CONFLICT: Case(
        manifest=ManifestStatus.TRUSTED, mark=WatermarkStatus.READ, same_payload=False
    ),
    Verdict.OTHER_SYSTEM: Case(marker=MarkerClass.UNSIGNED_METADATA),
    Verdict.INDETERMINATE: Case(mark=WatermarkStatus.TRACE),
}
SETTINGS = VerificationSettings(
    at="",
    policy='issuer = "Acme"',
    depth="full",
    schemes=("lattice-1",),
    formats=("jpeg", "png"),
    limits={"max_bytes": 1000, "max_pixels": 2000},
    keys=(HeldKey(system=verdicts.OURS, epoch=0, fingerprint="ab12", authenticates=True),),
    registry="sqlite",
    trust_lists=(
        TrustListInfo(
            name="own", kind="signers", sha256="c" * 64, modified="2026-01-02T03:04:05Z", anchors=1
        ),
    ),
)
TOOL = Tool(
    name="provenance",
    version="1.2.3",
    identifier="pkg:pypi/provenance@1.2.3",
    code_sha256="d" * 64,
    python="CPython 3.11.7",
    platform="Linux x86_64",
    libraries=(Library(name="numpy", version="2.4.6"),),
)
RUN = Run(
    started_at="2026-01-02T03:04:05Z",
    finished_at="2026-01-02T03:04:06Z",
    elapsed_seconds=1.25,
    clock="system clock",
    arguments=("provenance", "verify", "a.png"),
    operator="examiner-7",
    exit_code=6,
)


def result(
    case: Case | Evidence,
    name: str | bytes = "a.png",
    language: Language = Language.ENGLISH,
    *,
    twice: bool = True,
) -> Result:
    """The entry of a file with this evidence; `twice` says whether it was read again."""
    evidence = case if isinstance(case, Evidence) else verdicts.evidence_of(case)
    digests = build.digests(name if isinstance(name, bytes) else name.encode())
    facts = InputFacts(
        sha256=digests.sha256,
        byte_size=digests.byte_size,
        format="png",
        width=640,
        height=480,
        flags=(ImageFlag.TRAILING_DATA,),
    )
    report = VerificationReport(input=facts, evidence=evidence, finding=decide(evidence))
    source = build.source(_name(name), digests, digests if twice else None)
    return build.examined(source, report, translator(language))


def problem(name: str | bytes = "gone.png", digests: Digests | None = None) -> Result:
    """The entry of a file that could not be examined; without digests not even be read."""
    error = InputError("no such file", hint="check the name", code=ErrorCode.IO)
    return build.refused(build.source(_name(name), digests, None), error)


def results(language: Language = Language.ENGLISH) -> list[Result]:
    """Every verdict, an unreadable file, a broken one, and a name that is not UTF-8."""
    found = [result(case, f"{verdict}.png", language) for verdict, case in CASES.items()]
    broken = problem("broken.png", build.digests(b"broken"))
    odd = result(CASES[Verdict.NOT_FOUND], b"odd-\xff.png", language, twice=False)
    return [*found, problem(), broken, odd]


def document(
    results: list[Result] | None = None, language: Language = Language.ENGLISH, **run: Any
) -> Document:
    """A report about these entries; default: about one of every kind."""
    made = globals()["results"](language) if results is None else results
    return Document(
        language=language,
        tool=TOOL,
        run=replace(RUN, **run),
        settings=SETTINGS,
        results=tuple(made),
    )


def hostile(text: str = HOSTILE) -> Document:
    """A report in which every free text comes from an attacker, findings included."""
    swap = _swap(text)
    evidence = [swap(verdicts.evidence_of(case)) for case in CASES.values()]
    found = [result(item, text) for item in evidence]
    error = InputError(text, hint=text, code=ErrorCode.FORMAT)
    refused = build.refused(build.source(text, None, None), error)
    made = document([*found, refused], arguments=("provenance", text), operator=text, clock=text)
    lists = tuple(replace(item, name=text) for item in SETTINGS.trust_lists)
    settings = replace(SETTINGS, policy=text, registry=text, trust_lists=lists)
    return made.model_copy(update={"settings": settings})


def _swap(text: str) -> Callable[[Any], Any]:
    """Replaces every free text in evidence; what is compared or parsed stays."""
    kept = {"alg", "record_id", "manifest_id", "scheme", "actions", "digital_source_types"}

    def swapped(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(swapped, value))
        if type(value) is str:
            return text
        if not is_dataclass(value) or isinstance(value, type):
            return value
        new = {f.name: swapped(getattr(value, f.name)) for f in fields(value) if f.name not in kept}
        return replace(value, **new)

    return swapped


def _name(name: str | bytes) -> str:
    return name if isinstance(name, str) else name.decode("utf-8", "surrogateescape")
