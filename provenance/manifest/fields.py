"""Single statements out of the validator's JSON; every text is bounded here.

What is read came from a hostile file. A field that is missing or malformed is an empty one;
JSON of another shape than this version writes raises `AttributeError`, `KeyError` or
`TypeError`, which `manifest.read` turns into evidence.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any, Final

from provenance.manifest import names
from provenance.model.evidence import GenerationClaim, SignerInfo, SoftBinding
from provenance.model.ids import SYSTEM_ID_BITS, SystemRef

_MAX_TEXT: Final = 500
_MAX_VALUE: Final = 1024
_MAX_OPERATIONS: Final = 64

Json = dict[str, Any]


def text(value: object) -> str:
    """Text from a manifest: bounded here, escaped where it is shown."""
    return str(value or "")[:_MAX_TEXT]


def codes(results: Json, kind: str) -> tuple[str, ...]:
    """The status codes of one kind: success, informational or failure."""
    entries: list[Json] = results.get(kind) or []
    # Order of first appearance, each code once: a store can repeat one thousands of times.
    return tuple(dict.fromkeys(text(entry.get("code")) for entry in entries))


def signer(info: Json | None) -> SignerInfo | None:
    """Whom the signing certificate names."""
    if not info:
        return None
    return SignerInfo(
        organization=text(info.get("issuer")),
        common_name=text(info.get("common_name")),
        serial_number=text(info.get("cert_serial_number")),
        algorithm=text(info.get("alg")),
        time=text(info.get("time")),
    )


def claim_generator(manifest: Json) -> str:
    """Names and versions of the programs that made the claim."""
    parts = []
    for info in manifest.get("claim_generator_info") or []:
        name, version = str(info.get("name") or ""), str(info.get("version") or "")
        parts.append(f"{name} {version}".strip())
    return text("; ".join(parts) or manifest.get("claim_generator"))


def actions(manifest: Json) -> list[Json]:
    """The actions of every version of the assertion."""
    assertions: list[Json] = manifest.get("assertions") or []
    found: list[Json] = []
    for label in (names.ACTIONS, "c2pa.actions"):
        for data in _of_label(assertions, label):
            found += [action for action in data.get("actions") or [] if isinstance(action, dict)]
    return found


def action_names(found: list[Json]) -> tuple[str, ...]:
    """What was done, in the words of the specification."""
    return tuple(text(action.get("action")) for action in found)


def digital_source_types(found: list[Json]) -> tuple[str, ...]:
    """The digital source types that the actions state, with repetitions."""
    stated = (action.get("digitalSourceType") for action in found)
    return tuple(text(kind) for kind in stated if kind)


def operations(found: list[Json]) -> tuple[str, ...]:
    """What our stamps list for an edit, each once."""
    listed: list[object] = []
    for action in found:
        parameters = action.get("parameters")
        values = parameters.get(names.OPERATIONS) if isinstance(parameters, dict) else None
        listed += values if isinstance(values, list) else []
    return tuple(dict.fromkeys(text(item) for item in listed[:_MAX_OPERATIONS]))


def soft_bindings(manifest: Json) -> Iterator[SoftBinding]:
    """Every block of every soft binding whose value can be read."""
    for data in _of_label(manifest.get("assertions") or [], names.SOFT_BINDING):
        blocks = data.get("blocks")
        for block in blocks if isinstance(blocks, list) else []:
            value = _value_bytes(block.get("value")) if isinstance(block, dict) else None
            if value is not None:
                yield SoftBinding(alg=text(data.get("alg")), value=value)


def generation(manifest: Json) -> GenerationClaim | None:
    """Our own assertion; None where there is none that makes sense."""
    for data in _of_label(manifest.get("assertions") or [], names.GENERATION):
        system_id = data.get("systemId")
        if type(system_id) is not int or not 0 <= system_id < 1 << SYSTEM_ID_BITS:
            continue  # a boolean is an int for isinstance
        return GenerationClaim(
            system=SystemRef(system_id, text(data.get("system"))),
            model=text(data.get("model")),
            model_version=text(data.get("modelVersion")),
            record_id=text(data.get("recordId")),
        )
    return None


def _of_label(assertions: list[Json], label: str) -> Iterator[Json]:
    """Data of every assertion with that label; repeated ones are suffixed with __N."""
    for assertion in assertions:
        if str(assertion.get("label") or "").split("__")[0] == label:
            data = assertion.get("data")
            if isinstance(data, dict):
                yield data


def _value_bytes(value: object) -> bytes | None:
    """A soft-binding value from any of the forms that are in use: text, bytes, integers."""
    if isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)[:_MAX_VALUE]
        except (binascii.Error, ValueError):
            return value.encode("utf-8", "backslashreplace")[:_MAX_VALUE]
    if isinstance(value, list) and all(isinstance(v, int) and 0 <= v < 256 for v in value):
        return bytes(value[:_MAX_VALUE])
    return None
