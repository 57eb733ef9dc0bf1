"""The report: one document that holds everything a verification saw and concluded.

It is what is saved and signed, and the only input of every renderer, so that a report can be
shown again years later without the picture and without the keys. It holds no image, no
thumbnail and no prompt. `docs/report.schema.json` is its JSON Schema; what it holds follows
ISO/IEC 27037 (auditability, repeatability, reproducibility, justifiability).
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from provenance.errors import ErrorCode, InputError
from provenance.model import VerificationSettings
from provenance.report.language import Language
from provenance.report.result import SCHEMA_VERSION, Result, Run, Tool

#: A saved report of more bytes is refused before it is parsed.
MAX_BYTES: Final = 256_000_000


class Document(BaseModel):
    """A report about one run over one or more files. Bytes are written in hexadecimal."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        ser_json_bytes="hex",
        val_json_bytes="hex",
        ser_json_inf_nan="strings",
    )

    kind: Literal["provenance-report"] = "provenance-report"
    schema_version: Literal[2] = SCHEMA_VERSION
    language: Language
    tool: Tool
    run: Run
    settings: VerificationSettings
    results: tuple[Result, ...]

    def to_json(self) -> bytes:
        """The document as it is saved: JSON in ASCII, keys in a fixed order.

        Every character beyond ASCII is escaped: nothing in it can steer a terminal.
        """
        return self.model_dump_json(indent=2, ensure_ascii=True).encode("ascii") + b"\n"

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
