"""What one manifest states, as the definition that the native library signs.

A generated picture was created by an algorithm. An edited one was opened: its ingredients are
the files that it was made from, the first one its parent, all further ones components that
were placed (C2PA 2.4 allows one `parentOf`, asks `c2pa.opened` and `c2pa.placed` to link to
their ingredients, and wants no digital source type on either). What a model did to them is
one `c2pa.edited`, a composite with trained algorithmic media; its description and one
parameter list the operations. Operations that C2PA has a name for are stated under it too.
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

from provenance.manifest import names
from provenance.model.evidence import GenerationClaim, SoftBinding
from provenance.model.generation import Operation, Relationship
from provenance.model.ids import manifest_id_for

#: The only titles that an ingredient gets: a file name may name a person.
_TITLES: Final = {Relationship.PARENT_OF: "parent", Relationship.COMPONENT_OF: "component"}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """A file that the picture was made from. The manifest that it may carry survives."""

    data: bytes = field(repr=False)
    mime: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRequest:
    """Everything that one manifest states.

    `software` names this toolkit as the claim generator, `version` its version. `edited`
    says that a model changed what is in the parents; without it they were only opened.
    """

    claim: GenerationClaim
    soft_binding: SoftBinding
    software: str
    version: str
    parents: tuple[Parent, ...] = ()
    edited: bool = False
    operations: tuple[Operation, ...] = ()


def definition(request: ManifestRequest, redactions: tuple[str, ...] = ()) -> Json:
    """The manifest definition, without the files of the ingredients.

    Args:
        request: what to state.
        redactions: JUMBF addresses of assertions in the parents' manifests to be left out.
    """
    claim = request.claim
    actions = {"allActionsIncluded": True, "actions": _actions(request, redactions)}
    # JSON cannot carry a CBOR byte string here (c2pa-rs#2689): base64 text instead.
    value = base64.b64encode(request.soft_binding.value).decode("ascii")
    binding = {"alg": request.soft_binding.alg, "blocks": [{"scope": {}, "value": value}]}
    generation = {
        "system": claim.system.name,
        "systemId": claim.system.id,
        "model": claim.model,
        "modelVersion": claim.model_version,
        "recordId": claim.record_id,
    }
    return {
        "label": manifest_id_for(claim.record_id),
        "claim_generator_info": [
            {
                "name": request.software,
                "version": request.version,
                "specVersion": names.SPEC_VERSION,
            }
        ],
        "assertions": [
            {"label": names.ACTIONS, "created": True, "data": actions},
            {"label": names.SOFT_BINDING, "created": True, "data": binding},
            {"label": names.GENERATION, "created": True, "data": generation},
        ],
    } | ({"redactions": list(redactions)} if redactions else {})


def ingredient(position: int) -> Json:
    """The ingredient for the parent at this position."""
    relationship = Relationship.at(position)
    return {
        "title": _TITLES[relationship],
        "relationship": relationship.value,
        "label": _label(position),
        # Otherwise the library copies the one in the file's XMP, which may be any text.
        "instance_id": f"xmp.iid:{uuid.uuid4()}",
    }


def _label(position: int) -> str:
    return f"parent-{position}"


def _actions(request: ManifestRequest, redactions: tuple[str, ...]) -> list[Json]:
    agent = {"name": request.claim.model}
    if request.claim.model_version:
        agent["version"] = request.claim.model_version
    return [
        *_origin(request, agent),
        *(_edits(request.operations, agent) if request.edited else ()),
        *(
            {
                "action": names.REDACTED,
                "reason": names.REDACTION_REASON,
                "parameters": {"redacted": address},
            }
            for address in redactions
        ),
        {"action": names.WATERMARKED_BOUND},
    ]


def _origin(request: ManifestRequest, agent: Json) -> list[Json]:
    labels = [_label(position) for position in range(len(request.parents))]
    if not labels:
        return [
            {
                "action": names.CREATED,
                "digitalSourceType": names.TRAINED_ALGORITHMIC_MEDIA,
                "softwareAgent": agent,
            }
        ]
    linked = [(names.OPENED, labels[:1]), (names.PLACED, labels[1:])]
    return [{"action": name, "parameters": {"ingredientIds": ids}} for name, ids in linked if ids]


def _edits(operations: tuple[Operation, ...], agent: Json) -> list[Json]:
    done = {
        "digitalSourceType": names.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA,
        "softwareAgent": agent,
    }
    listed = [operation.value for operation in operations]
    details = {
        "description": ", ".join(listed),
        "parameters": {names.OPERATIONS: listed},
    }
    return [
        {"action": names.EDITED, **done, **(details if listed else {})},
        *(
            {"action": names.OPERATION_ACTIONS[operation], "description": operation.value, **done}
            for operation in operations
            if operation in names.OPERATION_ACTIONS
        ),
    ]
