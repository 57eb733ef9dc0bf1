"""Ingredients: every file below the active manifest, walked to the root.

Codes come from three places: what the signer of a manifest recorded about an ingredient when
it added it, what the signers above recorded about that in turn, and what the validator finds
to differ from all that now (ingredient deltas). A recorded failure counts whoever recorded
it. A recorded trust counts only where a trusted manifest says so and nothing has changed.
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

_Place = tuple[str, str]  # id of a manifest, label of an ingredient assertion in it


def walk(
    manifests: Json, active_id: str, results: Json, *, trusted: bool
) -> Iterator[IngredientFinding]:
    """Every ingredient below the active manifest, nearest first; one more than is shown.

    Args:
        manifests: all manifests of the store, by id.
        active_id: where the walk begins.
        results: the validator's results for the whole store.
        trusted: the active manifest is trusted, and so is what it records.
    """
    deltas: dict[_Place, _Delta] = {}
    for place, changes in _deltas(results):
        delta = deltas.setdefault(place, _Delta())
        delta.success |= dict.fromkeys(codes(changes, "success"))
        delta.failure |= dict.fromkeys(codes(changes, "failure"))
    queue = deque([(active_id, 0, -1, trusted)])
    seen = {active_id}
    count = 0
    while queue:
        parent_id, depth, index, believed = queue.popleft()
        for ingredient in (manifests.get(parent_id) or {}).get("ingredients") or []:
            child_id = str(ingredient.get("active_manifest") or "")
            delta = deltas.get((parent_id, str(ingredient.get("label") or "")), _Delta())
            child: Json = manifests.get(child_id) or {}
            found = _finding(
                ingredient, child, delta, believed=believed, depth=depth + 1, parent=index
            )
            yield found
            count += 1
            if count > MAX_INGREDIENTS:
                return
            for place, changes in _deltas(ingredient.get("validation_results") or {}):
                delta = deltas.setdefault(place, _Delta())
                delta.recorded |= dict.fromkeys(codes(changes, "failure"))
            if child_id and child_id not in seen and depth < _MAX_DEPTH:
                seen.add(child_id)
                queue.append((child_id, depth + 1, count - 1, found.status.trusted))


@dataclass(slots=True)
class _Delta:
    """Codes that are new since the ingredient was added: as of now, and as recorded above it.

    Ordered sets, because a store can repeat a code thousands of times.
    """

    success: dict[str, None] = field(default_factory=dict)
    failure: dict[str, None] = field(default_factory=dict)
    recorded: dict[str, None] = field(default_factory=dict)


def _finding(
    ingredient: Json, child: Json, delta: _Delta, *, believed: bool, depth: int, parent: int
) -> IngredientFinding:
    recorded: Json = (ingredient.get("validation_results") or {}).get("activeManifest") or {}
    before = (*codes(recorded, "failure"), *_legacy_failures(ingredient), *delta.recorded)
    failures = tuple(dict.fromkeys((*before, *delta.failure)))
    trusted = _trusted(codes(recorded, "success"), before, delta, believed=believed)
    done = actions(child)
    return IngredientFinding(
        title=text(ingredient.get("title")),
        relationship=text(ingredient.get("relationship")),
        manifest_id=text(ingredient.get("active_manifest")),
        depth=depth,
        failures=failures,
        parent=parent,
        status=_status(ingredient, failures, trusted=trusted),
        signer=signer(child.get("signature_info")),
        claim_generator=claim_generator(child),
        actions=action_names(done),
        operations=operations(done),
        digital_source_types=digital_source_types(done),
    )


def _trusted(
    recorded: tuple[str, ...], before: tuple[str, ...], delta: _Delta, *, believed: bool
) -> bool:
    """The signer ends at an anchor of ours: as of now, or as recorded and unchanged."""
    if names.CREDENTIAL_UNTRUSTED in delta.failure:
        return False
    if names.CREDENTIAL_TRUSTED in delta.success:
        return True
    stated = names.CREDENTIAL_TRUSTED in recorded and names.CREDENTIAL_UNTRUSTED not in before
    return believed and stated


def _status(ingredient: Json, failures: tuple[str, ...], *, trusted: bool) -> ManifestStatus:
    if not ingredient.get("active_manifest"):
        return ManifestStatus.INVALID if failures else ManifestStatus.NONE
    return status_of((names.CREDENTIAL_TRUSTED,) if trusted else (), failures)


def _deltas(results: Json) -> Iterator[tuple[_Place, Json]]:
    """What differs since signing, and for which ingredient."""
    for entry in results.get("ingredientDeltas") or []:
        # the address ends in: manifest / assertion store / label
        parts = str(entry.get("ingredientAssertionURI") or "").split("/")
        if len(parts) >= 3:
            yield (parts[-3], parts[-1]), entry.get("validationDeltas") or {}


def _legacy_failures(ingredient: Json) -> tuple[str, ...]:
    """Codes of version 1 and 2 ingredients, which kept a flat list of failures."""
    statuses: list[Json] = ingredient.get("validation_status") or []
    return tuple(text(status.get("code")) for status in statuses)
