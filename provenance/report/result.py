"""What a report is made of: the questioned files, what was found, by which software, when.

Plain types, so that a verification that saves no report pays for no file format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from provenance.model import Evidence, Finding, InputFacts

#: Of the document and of its rows.
SCHEMA_VERSION: Final = 2
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A package that took part in the examination."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """The detection solution (EU Code of Practice, measure 2.1.2).

    `identifier` is the package URL of the release, `code_sha256` is taken over the installed
    code (see `provenance.report.tool`).
    """

    name: str
    version: str
    identifier: str
    code_sha256: str
    python: str
    platform: str
    libraries: tuple[Library, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """When, by whom and how the examination was run.

    Times are RFC 3339, UTC; `clock` says where they come from. `elapsed_seconds` is by the
    monotonic clock, which setting the time does not change. `arguments` is the command line,
    `operator` the pseudonym of whoever ran it, never a name.
    """

    started_at: str
    finished_at: str
    elapsed_seconds: float
    clock: str
    arguments: tuple[str, ...]
    operator: str = ""
    exit_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """Size in bytes and hashes of a file, in lower-case hexadecimal.

    SHA-256 identifies it; the others are for older case systems.
    """

    byte_size: int
    sha256: str
    sha1: str
    md5: str

    def __post_init__(self) -> None:
        if not _SHA256.fullmatch(self.sha256):
            raise ValueError("a SHA-256 is 64 hexadecimal digits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The questioned file.

    `name` is as it was given, or a pseudonym under `--private`; `name_base64` has the bytes of
    a name that is not UTF-8. `before` is taken from the bytes that were examined, null where
    the file could not be read; `after` by reading it again, null where that cannot be done.
    """

    name: str
    name_base64: str = ""
    before: Digests | None
    after: Digests | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The finding in the language of the document, for readers without this software."""

    verdict: str
    statement: str
    reasons: tuple[str, ...]
    next_steps: tuple[str, ...]
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a file has no finding."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One file: either a finding with its evidence, or a problem.

    The verdict section, `finding`, depends on nothing but the file and the settings: the
    same input gives the same bytes.
    """

    source: Source
    input: InputFacts | None = None
    finding: Finding | None = None
    text: Text | None = None
    evidence: Evidence | None = None
    problem: Problem | None = None

    def __post_init__(self) -> None:
        parts = (self.input, self.finding, self.text, self.evidence)
        missing = [part is None for part in parts]
        if any(missing) if self.problem is None else not all(missing):
            raise ValueError("either a finding with its evidence, or a problem")
        if self.finding is not None and self.text is not None:
            _check_sentences(self.finding, self.text)


def _check_sentences(finding: Finding, text: Text) -> None:
    """Refuse a finding whose sentences lack values: a saved one may come from anybody."""
    if len(finding.reasons) != len(text.reasons):
        raise ValueError("one sentence for each reason")
    notes = (note for reason in finding.reasons for note in reason.notes)
    sentences = (finding.statements, finding.reasons, finding.next_steps, finding.limits, notes)
    for message in (message for group in sentences for message in group):
        try:
            str(message)
        except (KeyError, ValueError, OverflowError) as error:
            raise ValueError(f"values missing for the sentence {message.code.value}") from error
