"""Signed markers: what C2PA manifests state, in the manifest of the file and below it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from provenance.markers.catalogue import SignerMarker, SoftBindingMarker
from provenance.markers.excerpt import excerpt
from provenance.model.evidence import (
    ManifestEvidence,
    MarkerClass,
    MarkerEvidence,
    SignerInfo,
    states_ai,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Statement:
    """What one manifest says about its origin."""

    where: str
    signer: SignerInfo | None
    generator: str
    ai_source: bool


def find_signers(
    manifest: ManifestEvidence, markers: Iterable[SignerMarker]
) -> Iterator[MarkerEvidence]:
    """Known signers and claim generators; each marker once, where it stands nearest.

    Whether the manifest verifies and its signer is trusted is the business of the manifest's
    own evidence and not repeated here.
    """
    statements = tuple(_statements(manifest))
    for marker in markers:
        for statement in statements:
            shown = _shown(marker, statement)
            if shown:
                yield MarkerEvidence(
                    marker=marker.id,
                    kind=MarkerClass.SIGNED,
                    system=marker.system,
                    where=statement.where,
                    excerpt=excerpt(shown),
                    oracle=marker.oracle,
                )
                break


def find_soft_bindings(
    manifest: ManifestEvidence, markers: Iterable[SoftBindingMarker]
) -> Iterator[MarkerEvidence]:
    """Soft bindings of known algorithms: whose decoder could be asked."""
    for marker in markers:
        for alg in dict.fromkeys(binding.alg for binding in manifest.soft_bindings):
            if alg.startswith(marker.alg):
                yield MarkerEvidence(
                    marker=marker.id,
                    kind=MarkerClass.SIGNED,
                    system=marker.system,
                    where="C2PA soft binding",
                    excerpt=excerpt(alg),
                    oracle=marker.oracle,
                )
                break


def _statements(manifest: ManifestEvidence) -> Iterator[_Statement]:
    if not manifest.status.readable:
        return
    yield _Statement(
        where="C2PA manifest",
        signer=manifest.signer,
        generator=manifest.claim_generator,
        ai_source=states_ai(manifest.digital_source_types),
    )
    for item in manifest.ingredients:
        yield _Statement(
            where=f"C2PA ingredient at depth {item.depth}",
            signer=item.signer,
            generator=item.claim_generator,
            ai_source=states_ai(item.digital_source_types),
        )


def _shown(marker: SignerMarker, statement: _Statement) -> str:
    """The name that matched, or nothing."""
    if marker.ai_source and not statement.ai_source:
        return ""
    found = []
    if marker.signer is not None:
        signer = statement.signer
        names = (signer.organization, signer.common_name) if signer else ()
        found.append(next((name for name in names if marker.signer.search(name)), ""))
    if marker.generator is not None:
        generator = statement.generator
        found.append(generator if marker.generator.search(generator) else "")
    return found[0] if all(found) else ""
