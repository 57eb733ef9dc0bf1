"""The settings of a run in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

_SOURCES: Final = 20


def settings_facts(settings: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Labels and values of what a run was told, from its `run.json`."""
    verifier = settings.get("verifier", {})
    selection = settings.get("selection", {})
    confinement = settings.get("confinement", {})
    sources = [str(source) for source in settings.get("sources", ())]
    more = len(sources) - _SOURCES
    yield "Sources", "; ".join(sources[:_SOURCES]) + (f"; and {more:,} more" if more > 0 else "")
    if selection.get("sample", 1) != 1:
        yield "Sample", f"{selection['sample']} of all, seed {selection.get('seed')}"
    if selection.get("limit") is not None:
        yield "Only the first", f"{selection['limit']:,}"
    if selection.get("shard", "1/1") != "1/1":
        yield "Shard", str(selection["shard"])
    yield "Depth", str(verifier.get("depth", ""))
    yield "Watermark schemes", ", ".join(map(str, verifier.get("schemes", ())))
    yield "Formats", ", ".join(map(str, verifier.get("formats", ())))
    yield "Certificates judged at", str(verifier.get("at", "") or "the time of the run")
    yield "Policy for signers", str(verifier.get("policy", "") or "none")
    yield "Registry", str(verifier.get("registry", "") or "none")
    yield "Seconds for an image", str(confinement.get("seconds", ""))
    yield "Memory for an image, bytes", str(confinement.get("memory", ""))
    limits = verifier.get("limits", {})
    yield "Limits", ", ".join(f"{name} {value}" for name, value in sorted(limits.items()))
    yield "Version of the software", str(settings.get("tool_version", ""))
    yield "Version of the rows", str(settings.get("row_version", ""))
