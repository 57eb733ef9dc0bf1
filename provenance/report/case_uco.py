"""CASE/UCO JSON-LD, for case systems that exchange evidence as a graph.

Cyber-investigation Analysis Standard Expression 1.5 on the Unified Cyber Ontology 1.5
(https://caseontology.org). One run is one `InvestigativeAction`: the tool is its instrument,
the files are its objects; each file has a `ProvenanceRecord` that groups it with what was
found, or with why nothing could be. The verdict is the class of an `ArtifactClassification`.
Only concepts of the ontology are used, so values without one (the numbers behind a reading)
are in the sentences; the saved report has them as numbers.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator
from typing import Any, Final

from provenance.model import Finding
from provenance.report.document import Document
from provenance.report.media import base_name, media_type
from provenance.report.result import Digests, Problem, Result, Text

Node = dict[str, Any]

_CASE: Final = "https://ontology.caseontology.org/case/"
_UCO: Final = "https://ontology.unifiedcyberontology.org/uco/"
_PARTS: Final = (
    "action",
    "analysis",
    "configuration",
    "core",
    "identity",
    "observable",
    "tool",
    "types",
)
_CONTEXT: Final = {
    "case-investigation": f"{_CASE}investigation/",
    **{f"uco-{part}": f"{_UCO}{part}/" for part in _PARTS},
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def render_case(document: Document) -> bytes:
    """A document as JSON-LD in ASCII; the same document gives the same bytes."""
    graph = list(_Graph(document).nodes())
    text = json.dumps({"@context": _CONTEXT, "@graph": graph}, indent=2, ensure_ascii=True)
    return f"{text}\n".encode("ascii")


class _Graph:
    """The nodes of one document. Their ids are drawn from its content and their place in it."""

    def __init__(self, document: Document) -> None:
        self._document = document
        content = hashlib.sha256(document.to_json()).hexdigest()
        self._namespace = uuid.uuid5(uuid.NAMESPACE_URL, f"urn:sha256:{content}")

    def nodes(self) -> Iterator[Node]:
        """All of them; facets and the like are nested in the node they belong to."""
        run = self._document.run
        yield self._tool()
        yield self._configured_tool()
        if run.operator:
            yield self._node("uco-identity:Identity", "operator", {"uco-core:name": run.operator})
        yield self._action()
        for index, result in enumerate(self._document.results):
            yield from self._result(f"result/{index}", result)

    def _ref(self, place: str) -> Node:
        return {"@id": f"urn:uuid:{uuid.uuid5(self._namespace, place)}"}

    def _node(self, kind: str | list[str], place: str, values: Node) -> Node:
        """A node at its place in the document; values that are absent are left out."""
        given = {name: value for name, value in values.items() if value not in (None, "", [])}
        return {**self._ref(place), "@type": kind, **given}

    def _nodes(self, kind: str, place: str, all_values: Iterable[Node]) -> list[Node]:
        """Several of a kind."""
        return [self._node(kind, f"{place}/{n}", values) for n, values in enumerate(all_values)]

    # --- the run -------------------------------------------------------------------

    def _tool(self) -> Node:
        tool = self._document.tool
        libraries = (
            {"uco-tool:libraryName": library.name, "uco-tool:libraryVersion": library.version}
            for library in tool.libraries
        )
        build = {
            "uco-tool:buildID": f"sha256:{tool.code_sha256}",
            "uco-tool:libraries": self._nodes("uco-tool:LibraryType", "library", libraries),
        }
        information = self._node("uco-tool:BuildInformationType", "build information", build)
        values = {
            "uco-core:name": tool.name,
            "uco-core:description": f"{tool.python}, {tool.platform}",
            "uco-tool:version": tool.version,
            "uco-tool:references": _typed("anyURI", tool.identifier),
            "uco-core:hasFacet": self._node(
                "uco-tool:BuildFacet", "build", {"uco-tool:buildInformation": information}
            ),
        }
        return self._node("uco-tool:AnalyticTool", "tool", values)

    def _configured_tool(self) -> Node:
        settings = (
            {"uco-configuration:itemName": name, "uco-configuration:itemValue": values}
            for name, values in _settings(self._document)
            if values
        )
        entries = self._nodes("uco-configuration:ConfigurationEntry", "setting", settings)
        values = {
            "uco-core:name": self._document.tool.name,
            "uco-tool:version": self._document.tool.version,
            "uco-configuration:isConfigurationOf": self._ref("tool"),
            "uco-configuration:usesConfiguration": self._node(
                "uco-configuration:Configuration",
                "configuration",
                {"uco-configuration:configurationEntry": entries},
            ),
        }
        return self._node("uco-tool:ConfiguredTool", "configured tool", values)

    def _action(self) -> Node:
        run, results = self._document.run, self._document.results
        problems = [n for n, result in enumerate(results) if result.problem]
        values = {
            "uco-core:name": "provenance verification",
            "uco-core:description": " ".join(run.arguments),
            "uco-action:startTime": _typed("dateTime", run.started_at),
            "uco-action:endTime": _typed("dateTime", run.finished_at),
            "uco-action:instrument": self._ref("configured tool"),
            "uco-action:performer": self._ref("operator") if run.operator else None,
            "uco-action:object": [self._ref(f"result/{n}/file") for n in range(len(results))],
            "uco-action:result": [self._ref(f"result/{n}/record") for n in range(len(results))],
            "uco-action:error": [self._ref(f"result/{n}/problem") for n in problems],
        }
        kinds = ["case-investigation:InvestigativeAction", "uco-analysis:Analysis"]
        return self._node(kinds, "action", values)

    # --- one file ------------------------------------------------------------------

    def _result(self, place: str, result: Result) -> Iterator[Node]:
        """The file, what was concluded or went wrong, and the record that binds them."""
        parts = [self._file(place, result)]
        if result.finding and result.text:
            parts.append(self._finding(place, result, result.finding, result.text))
        if result.problem:
            parts.append(self._problem(place, result.problem))
        yield from parts
        members = [{"@id": part["@id"]} for part in parts]
        kind = "case-investigation:ProvenanceRecord"
        yield self._node(kind, f"{place}/record", {"uco-core:object": members})

    def _file(self, place: str, result: Result) -> Node:
        source, seen = result.source, result.input
        before, encoded = source.before, source.name_base64
        name = {
            "uco-observable:fileName": base_name(source),
            "uco-observable:filePath": source.name,
            "uco-observable:sizeInBytes": before.byte_size if before else None,
        }
        facets = [self._node("uco-observable:FileFacet", f"{place}/name", name)]
        if before:
            facets.append(self._content(place, before, media_type(seen)))
        if seen:
            picture = {
                "uco-observable:pictureType": seen.format,
                "uco-observable:pictureWidth": seen.width,
                "uco-observable:pictureHeight": seen.height,
            }
            kind = "uco-observable:RasterPictureFacet"
            facets.append(self._node(kind, f"{place}/picture", picture))
        values = {
            "uco-core:description": f"name in base64: {encoded}" if encoded else None,
            "uco-observable:hasChanged": before != source.after if source.after else None,
            "uco-core:hasFacet": facets,
        }
        kinds = ["uco-observable:File"] + (["uco-observable:RasterPicture"] if seen else [])
        return self._node(kinds, f"{place}/file", values)

    def _content(self, place: str, digests: Digests, mime_type: str) -> Node:
        methods = {"MD5": digests.md5, "SHA1": digests.sha1, "SHA256": digests.sha256}
        hashes = (
            {"uco-types:hashMethod": method, "uco-types:hashValue": _typed("hexBinary", value)}
            for method, value in methods.items()
        )
        values = {
            "uco-observable:mimeType": mime_type,
            "uco-observable:sizeInBytes": digests.byte_size,
            "uco-observable:hash": self._nodes("uco-types:Hash", f"{place}/hash", hashes),
        }
        return self._node("uco-observable:ContentDataFacet", f"{place}/content", values)

    def _finding(self, place: str, result: Result, finding: Finding, text: Text) -> Node:
        classification = self._node(
            "uco-analysis:ArtifactClassification",
            f"{place}/class",
            {"uco-analysis:class": finding.verdict.value},
        )
        facet = self._node(
            "uco-analysis:ArtifactClassificationResultFacet",
            f"{place}/classification",
            {"uco-analysis:classification": classification},
        )
        references = (
            {"uco-core:definingContext": context, "uco-core:externalIdentifier": identifier}
            for context, identifier in _identifiers(result)
            if identifier
        )
        values = {
            "uco-core:name": text.verdict,
            "uco-core:statement": text.statement,
            "uco-core:description": [*text.reasons, *text.limits, *text.next_steps],
            "uco-core:tag": [reason.code.value for reason in finding.reasons],
            "uco-core:externalReference": self._nodes(
                "uco-core:ExternalReference", f"{place}/reference", references
            ),
            "uco-core:hasFacet": facet,
            "uco-analysis:originatingAnalysis": self._ref("action"),
        }
        return self._node("uco-analysis:AnalyticResult", f"{place}/finding", values)

    def _problem(self, place: str, problem: Problem) -> Node:
        values = {
            "uco-core:statement": problem.message,
            "uco-core:description": problem.hint,
            "uco-core:tag": problem.code,
        }
        return self._node("uco-core:Assertion", f"{place}/problem", values)


def _typed(kind: str, value: str) -> Node:
    """A literal of an XML Schema type."""
    return {"@type": f"xsd:{kind}", "@value": value}


def _settings(document: Document) -> Iterator[tuple[str, list[str]]]:
    """What the run depended on besides the files."""
    chosen = document.settings
    yield "certificates judged at", [chosen.at or document.run.started_at]
    yield "policy", [chosen.policy] if chosen.policy else []
    yield "depth", [chosen.depth]
    yield "schemes", list(chosen.schemes)
    yield "formats", list(chosen.formats)
    yield "registry", [chosen.registry] if chosen.registry else []
    yield "limits", [f"{name} {value}" for name, value in chosen.limits.items()]
    yield "keys", [f"{key.system}, epoch {key.epoch}, {key.fingerprint}" for key in chosen.keys]
    yield "trust lists", [f"{item.name}, sha256 {item.sha256}" for item in chosen.trust_lists]


def _identifiers(result: Result) -> Iterator[tuple[str, str]]:
    """What to name in a request to an operator."""
    finding, evidence = result.finding, result.evidence
    if finding and finding.system:
        yield "system that the evidence points to", str(finding.system)
    if evidence is None:
        return
    yield "C2PA manifest", evidence.manifest.manifest_id
    yield "record in the registry", evidence.record.record_id
    for mark in evidence.watermarks:
        if mark.mark_id is not None:
            yield f"mark of {mark.scheme}", str(mark.mark_id)
