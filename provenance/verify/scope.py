"""Trust that reaches no further than one system.

The anchors that an operator's bundle brings vouch for the manifests of that operator's system and
for nothing else. They are given to the validator only for a manifest that names the system; so
whoever signs bundles cannot make himself, or anybody whom he certifies, trusted as another one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from provenance.model.evidence import ManifestEvidence
from provenance.model.ids import SystemRef
from provenance.trust import TrustStore


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemTrust:
    """Lists that are believed about one system; id and name both have to be the same."""

    system: SystemRef
    trust: TrustStore


def read_in_scope(
    read: Callable[[TrustStore], ManifestEvidence],
    trust: TrustStore,
    scoped: tuple[SystemTrust, ...],
) -> ManifestEvidence:
    """A manifest, judged by the lists that may speak about it.

    Args:
        read: reads the manifest under some lists.
        trust: lists that are believed about everything.
        scoped: lists that are believed about one system each.
    """
    found = read(trust)
    if found.status.trusted or found.generation is None:
        return found
    named = [item.trust for item in scoped if item.system == found.generation.system]
    return read(sum(named, trust)) if named else found
