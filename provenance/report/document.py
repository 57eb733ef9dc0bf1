"""The report: one document that holds everything a verification saw and concluded.

It is what is saved and signed, and the only input of every renderer, so that a report can be
shown again years later without the picture and without the keys. It holds no image, no
thumbnail and no prompt. `docs/report.schema.json` is its JSON Schema; what it holds follows
ISO/IEC 27037 (auditability, repeatability, reproducibility, justifiability).
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from provenance.errors import ErrorCode, InputError
from provenance.model import Evidence, Finding, InputFacts, VerificationSettings
from provenance.report.language import Language

SCHEMA_VERSION: Final = 2
#: A saved report of more bytes is refused before it is parsed.
MAX_BYTES: Final = 256_000_000

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Time = Annotated[str, Field(description="RFC 3339, UTC.")]


class Frozen(BaseModel):
    """Immutable and strict; bytes are written in hexadecimal."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        ser_json_bytes="hex",
        val_json_bytes="hex",
        ser_json_inf_nan="strings",
        use_attribute_docstrings=True,
    )


class Library(Frozen):
    """A package that took part in the examination."""

    name: str
    version: str


class Tool(Frozen):
    """The detection solution (EU Code of Practice, measure 2.1.2)."""

    name: str
    version: str
    identifier: str
    """Package URL of the release."""
    code_sha256: Sha256
    """SHA-256 over the installed code; see `provenance.report.tool`."""
    python: str
    platform: str
    libraries: tuple[Library, ...]


class Run(Frozen):
    """When, by whom and how the examination was run."""

    started_at: Time
    finished_at: Time
    elapsed_seconds: float
    """By the monotonic clock, which setting the time does not change."""
    clock: str
    """Where the times come from."""
    arguments: tuple[str, ...]
    """The command line."""
    operator: str = ""
    """Pseudonym of whoever ran it; never a name."""
    exit_code: int


class Digests(Frozen):
    """Hashes of a file. SHA-256 identifies it; the others are for older case systems."""

    byte_size: int
    sha256: Sha256
    sha1: str
    md5: str


class Source(Frozen):
    """The questioned file."""

    name: str
    """As it was named, or a pseudonym under `--private`."""
    name_base64: str = ""
    """The name's bytes, where they are not UTF-8."""
    before: Digests | None
    """Taken from the bytes that were examined; null where the file could not be read."""
    after: Digests | None
    """Taken by reading the file again afterwards; null where it cannot be read twice."""


class Text(Frozen):
    """The finding in the language of the document, for readers without this software."""

    verdict: str
    statement: str
    reasons: tuple[str, ...]
    next_steps: tuple[str, ...]
    limits: tuple[str, ...]


class Problem(Frozen):
    """Why a file has no finding."""

    code: str
    message: str
    hint: str


class Result(Frozen):
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

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """Refuse a finding that is incomplete, or whose sentences lack values."""
        finding, text = self.finding, self.text
        missing = [part is None for part in (self.input, finding, text, self.evidence)]
        if any(missing) if self.problem is None else not all(missing):
            raise ValueError("either a finding with its evidence, or a problem")
        if finding is None or text is None:
            return self
        if len(finding.reasons) != len(text.reasons):
            raise ValueError("one sentence for each reason")
        notes = (note for reason in finding.reasons for note in reason.notes)
        for message in (
            *finding.statements,
            *finding.reasons,
            *finding.next_steps,
            *finding.limits,
            *notes,
        ):
            try:
                str(message)
            except (KeyError, ValueError, OverflowError) as error:
                raise ValueError(f"values missing for the sentence {message.code.value}") from error
        return self


class Document(Frozen):
    """A report about one run over one or more files."""

    kind: Literal["provenance-report"] = "provenance-report"
    schema_version: Literal[2] = SCHEMA_VERSION
    language: Language
    tool: Tool
    run: Run
    settings: VerificationSettings
    results: tuple[Result, ...]

    def to_json(self) -> bytes:
        """The document as it is saved: JSON in ASCII, keys in a fixed order."""
        return ascii_json(self, indent=2) + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> Document:
        """Read a saved document.

        Raises:
            InputError: it is not one, or was made by another version of the format.
        """
        if len(data) > MAX_BYTES:
            raise InputError(f"the report has more than {MAX_BYTES:,} bytes", code=ErrorCode.LIMIT)
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "document"
            raise InputError(
                f"not a provenance report of schema version {SCHEMA_VERSION}: {where}: "
                f"{first['msg']}",
                code=ErrorCode.FORMAT,
                hint="reports are written by `provenance verify --report FILE.json`",
            ) from error


def ascii_json(value: BaseModel, *, indent: int | None = None) -> bytes:
    """A model as JSON in which every character beyond ASCII is escaped.

    Nothing in it can then steer a terminal or turn the direction of text.
    """
    return value.model_dump_json(indent=indent, ensure_ascii=True).encode("ascii")
