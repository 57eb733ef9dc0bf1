"""The JSON Schema of a saved report, made from the model itself (JSON Schema 2020-12)."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from provenance.model.messages import Template
from provenance.model.verdict import Verdict
from provenance.report.document import Document
from provenance.report.result import SCHEMA_VERSION

IDENTIFIER: Final = f"urn:provenance-toolkit:report:{SCHEMA_VERSION}"


def json_schema() -> dict[str, Any]:
    """The schema of what `Document.to_json` writes; unknown fields do not conform."""
    schema = Document.model_json_schema(mode="serialization", schema_generator=_Generator)
    for kind, name in (("Digests", "sha256"), ("Tool", "code_sha256")):
        schema["$defs"][kind]["properties"][name]["pattern"] = "^[0-9a-f]{64}$"
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": IDENTIFIER,
        "title": "Provenance report",
        "version": SCHEMA_VERSION,
    } | {key: value for key, value in schema.items() if key != "title"}


class _Generator(GenerateJsonSchema):
    """Says how bytes and infinite numbers are written, and what each code means."""

    def bytes_schema(self, schema: core_schema.BytesSchema) -> JsonSchemaValue:  # noqa: ARG002
        return {"type": "string", "pattern": "^([0-9a-f]{2})*$"}

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:  # noqa: ARG002
        return {"type": ["number", "string"], "pattern": "^(NaN|-?Infinity)$"}

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        made = super().enum_schema(schema)
        meanings = {member.value: _meaning(member) for member in schema["members"]}
        if not all(meanings.values()):
            return made
        made.pop("enum")
        made["oneOf"] = [
            {"const": code, "description": meaning} for code, meaning in meanings.items()
        ]
        return made


def _meaning(member: Enum) -> str:
    """The sentence that a code stands for, empty where the code is all there is."""
    match member:
        case Template():
            return member.template
        case Verdict():
            return member.meaning
        case _:
            return ""
