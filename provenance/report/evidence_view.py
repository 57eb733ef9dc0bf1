"""The evidence of one file as sections of a report: every raw value beside its status."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from provenance.model import (
    ContentMatchEvidence,
    Evidence,
    GridEvidence,
    ManifestEvidence,
    ManifestStatus,
    MarkerEvidence,
    MarkGeometry,
    RecordEvidence,
    RecordStatus,
    WatermarkEvidence,
)
from provenance.report.blocks import Block, Facts, Lines, Paragraph, Section, Table
from provenance.report.language import Translator
from provenance.report.tree import manifest_to_show, provenance_tree
from provenance.report.words import (
    CLASSES,
    MANIFESTS,
    MARKS,
    MATCHES,
    RECORD_KEYS,
    RECORD_STATES,
    RECORDS,
    REVOCATIONS,
    TIME_SOURCES,
    TIME_STAMPS,
    Word,
)

Rows = list[tuple[str, str]]
_DEEPEST: Final = 12  # levels that are indented; the chain may be longer


def sections(evidence: Evidence, tr: Translator) -> Iterator[Section]:
    """One section for each kind of evidence that there is."""
    yield from _provenance(evidence, tr)
    yield Section(title=tr.word(Word.MANIFEST), blocks=(_manifest(evidence.manifest, tr),))
    recovered = evidence.recovered_manifest
    if recovered is not None:
        title = tr.word(Word.RECOVERED_MANIFEST)
        yield Section(title=title, blocks=(_manifest(recovered, tr),))
    if evidence.watermarks:
        marks = tuple(_mark(mark, tr) for mark in evidence.watermarks)
        yield Section(title=tr.word(Word.WATERMARKS), blocks=marks)
    if evidence.record.status is not RecordStatus.NOT_ASKED:
        yield Section(title=tr.word(Word.RECORD), blocks=(_record(evidence.record, tr),))
    if evidence.content_match is not None:
        blocks = tuple(_content(evidence.content_match, tr))
        yield Section(title=tr.word(Word.CONTENT), blocks=blocks)
    if evidence.markers:
        table = _markers(evidence.markers, tr)
        yield Section(title=tr.word(Word.MARKERS), blocks=(table,))


def _provenance(evidence: Evidence, tr: Translator) -> Iterator[Section]:
    manifest, title = manifest_to_show(evidence)
    if manifest.status.readable:
        blocks: tuple[Block, ...] = (_tree(manifest, tr),)
        if manifest.ingredients_cut:
            blocks += (Paragraph(text=tr.word(Word.TREE_CUT)),)
        yield Section(title=tr.word(title), blocks=blocks)


def _tree(manifest: ManifestEvidence, tr: Translator) -> Table:
    """A line for each picture, indented under the one that was made from it."""
    words = (Word.PICTURE, Word.STATUS, Word.SIGNER, Word.STATES, Word.FAILURES)
    return _columns(
        header=tuple(map(tr.word, words)),
        rows=tuple(
            (
                f"{'> ' * min(node.depth, _DEEPEST)}{node.relationship or tr.word(Word.TREE_ROOT)}",
                tr.term(MANIFESTS, node.status),
                node.signer,
                ", ".join((*node.actions, *node.sources, *node.operations)),
                ", ".join(node.failures),
            )
            for node in provenance_tree(manifest)
        ),
    )


def _facts(rows: Rows) -> Facts:
    """The rows that have a value."""
    return Facts(rows=tuple((label, value) for label, value in rows if value))


def _power(value: float, tr: Translator) -> str:
    return f"10^{tr.number(value, '.1f')}" if value else ""


def _manifest(manifest: ManifestEvidence, tr: Translator) -> Facts:
    rows: Rows = [(tr.word(Word.STATUS), tr.term(MANIFESTS, manifest.status))]
    if manifest.status is not ManifestStatus.NONE:
        codes = ", ".join((*manifest.success, *manifest.informational))
        rows += [
            (tr.word(Word.VALIDATOR_STATE), manifest.state),
            (tr.word(Word.MANIFEST_ID), manifest.manifest_id),
            *_signer(manifest, tr),
            (tr.word(Word.CLAIM_GENERATOR), manifest.claim_generator),
            (tr.word(Word.ACTIONS), ", ".join(manifest.actions)),
            (tr.word(Word.SOURCE_TYPES), ", ".join(manifest.digital_source_types)),
            *_bindings(manifest, tr),
            *_generation(manifest, tr),
            (tr.word(Word.REMOTE), manifest.remote_url),
            (tr.word(Word.DETAIL), manifest.detail),
            (tr.word(Word.FAILURES), ", ".join(manifest.failure)),
            (tr.word(Word.CODES), codes),
        ]
    return _facts(rows)


def _columns(header: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> Table:
    """A table of the columns that have a value in any row."""
    kept = [i for i in range(len(header)) if any(row[i] for row in rows)]
    return Table(
        header=tuple(header[i] for i in kept),
        rows=tuple(tuple(row[i] for i in kept) for row in rows),
    )


def _bindings(manifest: ManifestEvidence, tr: Translator) -> Rows:
    return [
        (tr.word(Word.SOFT_BINDING), f"{binding.alg}: {binding.value.hex()}")
        for binding in manifest.soft_bindings
    ]


def _signer(manifest: ManifestEvidence, tr: Translator) -> Rows:
    signer, validity, stamp = manifest.signer, manifest.validity, manifest.time_stamp
    rows: Rows = []
    if signer is not None:
        parts = (signer.common_name, signer.organization, signer.serial_number, signer.algorithm)
        rows.append((tr.word(Word.SIGNER), ", ".join(part for part in parts if part)))
        rows.append((tr.word(Word.TRUST_LIST), manifest.trust_list or tr.word(Word.NONE)))
        rows.append((tr.word(Word.REVOCATION), tr.term(REVOCATIONS, manifest.revocation)))
        status = tr.term(TIME_STAMPS, stamp.status)
        parts = (status, stamp.time, stamp.authority, stamp.trust_list)
        rows.append((tr.word(Word.TIME_STAMP), ", ".join(part for part in parts if part)))
    if validity is not None:
        rows.append(
            (tr.word(Word.TIME), f"{validity.at} ({tr.term(TIME_SOURCES, validity.source)})")
        )
    if manifest.policy is not None:
        policy = manifest.policy
        verdict = tr.word(Word.YES if policy.accepted else Word.NO)
        rows.append((tr.word(Word.POLICY), f"{policy.policy}: {verdict}, {policy.reason}"))
    return rows


def _generation(manifest: ManifestEvidence, tr: Translator) -> Rows:
    claim = manifest.generation
    if claim is None:
        return []
    parts = (str(claim.system), claim.model, claim.model_version, claim.record_id)
    return [(tr.word(Word.GENERATION), ", ".join(part for part in parts if part))]


def _mark(mark: WatermarkEvidence, tr: Translator) -> Facts:
    return _facts(
        [
            (tr.word(Word.SCHEME), f"{mark.scheme} ({mark.alg})"),
            (tr.word(Word.STATUS), tr.term(MARKS, mark.status)),
            (tr.word(Word.SYSTEM), str(mark.system) if mark.system else ""),
            (tr.word(Word.MARK), str(mark.mark_id) if mark.mark_id else ""),
            (tr.word(Word.PAYLOAD), mark.payload.hex()),
            (tr.word(Word.EPOCH), "" if mark.epoch is None else str(mark.epoch)),
            (tr.word(Word.CHANCE), _power(mark.log10_p, tr)),
            (tr.word(Word.THRESHOLD), _power(mark.log10_threshold, tr)),
            (tr.word(Word.PATH), mark.path),
            (tr.word(Word.GEOMETRY), _geometry(mark.geometry, tr)),
            (tr.word(Word.FRAME), str(mark.frame) if mark.frame else ""),
            (tr.word(Word.SYSTEMS), ", ".join(f"#{number}" for number in mark.systems)),
            (tr.word(Word.DETAIL), tr.technical(mark.detail)),
        ]
    )


def _geometry(geometry: MarkGeometry | None, tr: Translator) -> str:
    if geometry is None:
        return ""
    word = Word.GEOMETRY_MIRRORED if geometry.mirrored else Word.GEOMETRY_VALUES
    return tr.word(word, scale=geometry.scale, rotation=round(geometry.rotation, 2) + 0.0)


def _record(record: RecordEvidence, tr: Translator) -> Facts:
    model = f"{record.model} {record.model_version}".strip()
    return _facts(
        [
            (tr.word(Word.STATUS), tr.term(RECORDS, record.status)),
            (tr.word(Word.FOUND_BY), tr.term(RECORD_KEYS, record.key)),
            (tr.word(Word.RECORD), record.record_id),
            (tr.word(Word.MANIFEST_ID), record.manifest_id),
            (tr.word(Word.MARK), str(record.mark_id) if record.mark_id else ""),
            (tr.word(Word.SYSTEM), str(record.system) if record.system else ""),
            (tr.word(Word.MODEL), model),
            (tr.word(Word.STATE), tr.term(RECORD_STATES, record.state) if record.state else ""),
            (tr.word(Word.ISSUED), record.issued_at),
            (tr.word(Word.DETAIL), tr.technical(record.detail)),
        ]
    )


def _content(match: ContentMatchEvidence, tr: Translator) -> Iterator[Block]:
    distance = tr.word(
        Word.DISTANCE_VALUES,
        distance=match.distance,
        same=match.match_at_most,
        other=match.mismatch_at_least,
    )
    yield _facts(
        [
            (tr.word(Word.STATUS), tr.term(MATCHES, match.status)),
            (tr.word(Word.DISTANCE), distance),
            (tr.word(Word.QUALITY), str(match.quality)),
            (tr.word(Word.ORIENTATION), tr.technical(match.orientation)),
            (tr.word(Word.DETAIL), tr.technical(match.detail)),
        ]
    )
    if match.grid is not None:
        yield from _grid(match.grid, tr)


def _grid(grid: GridEvidence, tr: Translator) -> Iterator[Block]:
    agreement = tr.word(
        Word.AGREEMENT_VALUES, agreement=grid.agreement, threshold=grid.agreement_threshold
    )
    yield _facts(
        [
            (tr.word(Word.GRID), tr.term(MATCHES, grid.status)),
            (tr.word(Word.CHANCE), _power(grid.log10_p, tr)),
            (tr.word(Word.THRESHOLD), _power(grid.log10_threshold, tr)),
            (tr.word(Word.AGREEMENT), agreement if grid.offsets else ""),
            (tr.word(Word.COVERED), tr.word(Word.SHARE, share=grid.covered)),
            (tr.word(Word.DETAIL), tr.technical(grid.detail)),
        ]
    )
    if grid.cells:
        yield Lines(lines=grid.cells, caption=tr.word(Word.MAP_LEGEND))


def _markers(markers: tuple[MarkerEvidence, ...], tr: Translator) -> Table:
    words = (Word.CLASS, Word.SYSTEM, Word.WHERE, Word.EXCERPT, Word.CHANCE, Word.ASK)
    return _columns(
        header=tuple(map(tr.word, words)),
        rows=tuple(
            (
                tr.term(CLASSES, marker.kind),
                marker.system,
                marker.where,
                marker.excerpt,
                _power(marker.log10_p, tr),
                tr.technical(marker.oracle),
            )
            for marker in markers
        ),
    )
