"""Provenance as a tree: who signed what, and what that was made from.

The evidence lists ingredients flat, as they were walked. Here they are put under the manifest
that names them. A node holds codes and names as they stand in the manifest.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from provenance.model import Evidence, IngredientFinding, ManifestEvidence, ManifestStatus
from provenance.report.language import Translator
from provenance.report.words import MANIFESTS, Word


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeNode:
    """One picture in the tree.

    `depth` is 0 for the questioned picture. `relationship` is how it went into the one above
    it, empty at the top. `signer` is who signed its manifest, empty where it has none or that
    names nobody. `actions`, `sources` (digital source types by their short names, each once)
    and `operations` are what its manifest states, `failures` the C2PA codes that speak
    against it.
    """

    depth: int
    relationship: str
    signer: str
    status: ManifestStatus
    actions: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


def provenance_tree(manifest: ManifestEvidence) -> tuple[TreeNode, ...]:
    """The manifest and all that is below it, each node before those it was made from.

    A manifest that several pictures name is followed once, where the walk met it first.
    """
    below: defaultdict[int, list[int]] = defaultdict(list)
    for index, item in enumerate(manifest.ingredients):
        below[item.parent].append(index)
    nodes = [_root(manifest)]
    waiting = below[-1][::-1]  # a stack: the depth is an attacker's choice
    while waiting:
        index = waiting.pop()
        nodes.append(_node(manifest.ingredients[index]))
        waiting += below[index][::-1]
    return tuple(nodes)


def manifest_to_show(evidence: Evidence) -> tuple[ManifestEvidence, Word]:
    """The manifest whose tree is shown, and its heading.

    The one in the file; where none can be read there, the one that the mark led to.
    """
    recovered = evidence.recovered_manifest
    if not evidence.manifest.status.readable and recovered is not None:
        return recovered, Word.RECOVERED_PROVENANCE
    return evidence.manifest, Word.PROVENANCE


def tree_lines(manifest: ManifestEvidence, tr: Translator) -> tuple[str, ...]:
    """The tree as text, indented by two spaces a level. Escape it where it is shown."""
    lines = [f"{'  ' * node.depth}{line(node, tr)}" for node in provenance_tree(manifest)]
    return (*lines, tr.word(Word.TREE_CUT)) if manifest.ingredients_cut else tuple(lines)


def line(node: TreeNode, tr: Translator) -> str:
    """One node as text, without indentation: our reading first, then what the file says.

    Names in it come from the file and may imitate what follows them, but not what stands
    before.
    """
    unsigned = node.status is ManifestStatus.NONE
    operations = ", ".join(node.operations)
    parts = (
        node.relationship or tr.word(Word.TREE_ROOT),
        tr.word(Word.TREE_SIGNED_BY, signer=node.signer) if node.signer else "",
        ", ".join(node.actions),
        ", ".join(node.sources),
        tr.word(Word.TREE_OPERATIONS, names=operations) if operations else "",
        ", ".join(node.failures),
    )
    reading = tr.word(Word.TREE_UNSIGNED) if unsigned else tr.term(MANIFESTS, node.status)
    return f"{reading}: {'; '.join(part for part in parts if part)}"


def _root(manifest: ManifestEvidence) -> TreeNode:
    return TreeNode(
        depth=0,
        relationship="",
        signer=manifest.signer.name if manifest.signer else "",
        status=manifest.status,
        actions=manifest.actions,
        sources=_short(manifest.digital_source_types),
        operations=manifest.operations,
        # Codes beside TRUSTED are about credentials in manifests further down.
        failures=() if manifest.status is ManifestStatus.TRUSTED else manifest.failure,
    )


def _node(item: IngredientFinding) -> TreeNode:
    return TreeNode(
        depth=item.depth,
        relationship=item.relationship,
        signer=item.signer.name if item.signer else "",
        status=item.status,
        actions=item.actions,
        sources=_short(item.digital_source_types),
        operations=item.operations,
        failures=item.failures,
    )


def _short(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """IPTC and C2PA name source types by address; the last part tells them apart."""
    return tuple(dict.fromkeys(kind.rsplit("/", 1)[-1] for kind in kinds))
