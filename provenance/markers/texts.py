"""Unsigned metadata: remarks in the file, matched against the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from provenance.imaging import EmbeddedText
from provenance.markers.catalogue import Condition, TextMarker
from provenance.markers.excerpt import excerpt
from provenance.model.evidence import MarkerClass, MarkerEvidence

Hit = tuple[EmbeddedText, re.Match[str] | None]


def find_texts(
    texts: Iterable[EmbeddedText], markers: Iterable[TextMarker]
) -> Iterator[MarkerEvidence]:
    """Every marker whose conditions are all met; each is reported once.

    The text itself never leaves this function: only what a pattern identifies does.
    """
    by_key: dict[str, list[EmbeddedText]] = {}
    for text in texts:
        by_key.setdefault(text.key, []).append(text)
    for marker in markers:
        hits = [_first(by_key, condition) for condition in marker.conditions]
        if None not in hits and hits[0] is not None:
            yield _evidence(marker, hits[0])


def _first(by_key: dict[str, list[EmbeddedText]], condition: Condition) -> Hit | None:
    for key in sorted(condition.keys & by_key.keys()):
        for text in by_key[key]:
            if condition.pattern is None:
                return text, None
            match = condition.pattern.search(text.value)
            if match:
                return text, match
    return None


def _evidence(marker: TextMarker, hit: Hit) -> MarkerEvidence:
    text, match = hit
    groups = match.groupdict() if match else {}
    shown = groups.get("shown") or groups.get("system") or (match.group() if match else text.key)
    return MarkerEvidence(
        marker=marker.id,
        kind=MarkerClass.UNSIGNED_METADATA,
        system=excerpt(groups.get("system") or marker.system),
        where=excerpt(f"{text.where} {text.key.rsplit('/', 1)[-1]}"),
        excerpt=excerpt(shown),
        oracle=marker.oracle,
    )
