"""Ingredients: every file below the active manifest, walked to the root.

Codes come from two places: what the signer of the parent recorded when it added the
ingredient, and what the validator found to differ from that now (ingredient deltas). So an
ingredient that its adder believed, and nobody here does, is untrusted here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from provenance.manifest import names
from provenance.manifest.fields import (
    Json,
    action_names,
    actions,
    claim_generator,
    codes,
    digital_source_types,
    operations,
    signer,
    text,
)
from provenance.manifest.status import status_of
from provenance.model.evidence import IngredientFinding, ManifestStatus

_MAX_DEPTH: Final = 256  # the validator itself stops at 200
MAX_INGREDIENTS: Final = 2000


def walk(manifests: Json, active_id: str, results: Json) -> Iterator[IngredientFinding]:
    """Every ingredient below the active manifest, nearest first; one more than is shown.

    Args:
        manifests: all manifests of the store, by id.
        active_id: where the walk begins.
        results: the validator's results for the whole store.
    """
    deltas = _deltas(results)
    queue = deque([(active_id, 0, -1)])
    seen = {active_id}
    count = 0
    while queue:
        parent_id, depth, index = queue.popleft()
        for ingredient in (manifests.get(parent_id) or {}).get("ingredients") or []:
            child_id = str(ingredient.get("active_manifest") or "")
            delta = deltas.get((parent_id, str(ingredient.get("label") or "")), _Delta())
            child: Json = manifests.get(child_id) or {}
            yield _finding(ingredient, child, delta, depth=depth + 1, parent=index)
            count += 1
            if count > MAX_INGREDIENTS:
                return
            if child_id and child_id not in seen and depth < _MAX_DEPTH:
                seen.add(child_id)
                queue.append((child_id, depth + 1, count - 1))


@dataclass(frozen=True, slots=True)
class _Delta:
    """Codes that are new since the ingredient was added."""

    success: list[str] = field(default_factory=list)
    failure: list[str] = field(default_factory=list)


def _finding(
    ingredient: Json, child: Json, delta: _Delta, *, depth: int, parent: int
) -> IngredientFinding:
    recorded: Json = (ingredient.get("validation_results") or {}).get("activeManifest") or {}
    before = (*codes(recorded, "failure"), *_legacy_failures(ingredient))
    failures = tuple(dict.fromkeys((*before, *delta.failure)))
    done = actions(child)
    return IngredientFinding(
        title=text(ingredient.get("title")),
        relationship=text(ingredient.get("relationship")),
        manifest_id=text(ingredient.get("active_manifest")),
        depth=depth,
        failures=failures,
        parent=parent,
        status=_status(ingredient, codes(recorded, "success"), failures, delta),
        signer=signer(child.get("signature_info")),
        claim_generator=claim_generator(child),
        actions=action_names(done),
        operations=operations(done),
        digital_source_types=digital_source_types(done),
    )


def _status(
    ingredient: Json, recorded: tuple[str, ...], failures: tuple[str, ...], delta: _Delta
) -> ManifestStatus:
    if not ingredient.get("active_manifest"):
        return ManifestStatus.INVALID if failures else ManifestStatus.NONE
    believed = (
        names.CREDENTIAL_TRUSTED in (*recorded, *delta.success)
        and names.CREDENTIAL_UNTRUSTED not in delta.failure
    )
    return status_of((names.CREDENTIAL_TRUSTED,) if believed else (), failures)


def _deltas(results: Json) -> dict[tuple[str, str], _Delta]:
    """What differs since signing, by (manifest, assertion label)."""
    found: dict[tuple[str, str], _Delta] = {}
    for entry in results.get("ingredientDeltas") or []:
        # the address ends in: manifest / assertion store / label
        parts = str(entry.get("ingredientAssertionURI") or "").split("/")
        if len(parts) >= 3:
            delta = found.setdefault((parts[-3], parts[-1]), _Delta())
            changes: Json = entry.get("validationDeltas") or {}
            delta.success.extend(codes(changes, "success"))
            delta.failure.extend(codes(changes, "failure"))
    return found


def _legacy_failures(ingredient: Json) -> tuple[str, ...]:
    """Codes of version 1 and 2 ingredients, which kept a flat list of failures."""
    statuses: list[Json] = ingredient.get("validation_status") or []
    return tuple(text(status.get("code")) for status in statuses)
