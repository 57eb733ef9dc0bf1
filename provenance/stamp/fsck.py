"""What always holds of a registry and of the directories that pictures are released into.

Everything is read, nothing is written. One bad file is one violation and stops nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from provenance.errors import ProvenanceError
from provenance.imaging import DEFAULT_LIMITS, Limits, read_file
from provenance.model.evidence import ManifestEvidence
from provenance.model.generation import RecordState
from provenance.model.ids import SystemRef, record_id_of
from provenance.registry import RecordStore, StoreRule
from provenance.stamp.folder import Found, files_in, manifest_in
from provenance.trust import TrustStore


class Rule(StrEnum):
    """What holds besides the rules of the store (`registry.StoreRule`)."""

    FINISHED = "no record is unfinished for longer than stamping takes"
    RELEASED = "every file with a manifest of this system has a released record"
    SAME = "every file of a record has the bytes that were recorded"
    TIDY = "no unreleased file is older than stamping takes"
    READABLE = "every file could be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Something that breaks a rule; `path` where it is a file."""

    detail: str
    path: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fsck:
    """Checks every rule.

    Attributes:
        store: the registry; opened for reading only, if the caller wants to be sure.
        system: whose manifests belong into it. A manifest is this system's if the registry has
            a record of its id, or if it is trusted and names this system.
        trust: whose manifests are believed.
        before: aware; what is older must be finished.
        limits: apply to the files that are read.
    """

    store: RecordStore
    system: SystemRef
    trust: TrustStore
    before: datetime
    limits: Limits = DEFAULT_LIMITS

    def run(self, directories: Sequence[Path] = ()) -> dict[StoreRule | Rule, list[Violation]]:
        """Every rule with what breaks it; an empty list is a rule that holds.

        Raises:
            ArgumentError: one of the directories is none.
            RegistryError: the registry cannot be read at all.
        """
        found: dict[StoreRule | Rule, list[Violation]] = {
            rule: [Violation(detail=detail) for detail in details]
            for rule, details in self.store.broken_rules().items()
        }
        found.update({rule: [] for rule in Rule})
        if any(found[rule] for rule in StoreRule):
            detail = "not checked: the registry breaks its own rules"
            return found | {rule: [Violation(detail=detail)] for rule in Rule}
        for record in self.store.unfinished(self.before):
            state = "marked, not signed, and expired" if record.pending else record.state.value
            detail = f"record {record.record_id} is {state}"
            found[Rule.FINISHED].append(Violation(detail=detail))
        for directory in directories:
            for item in files_in(directory):
                if not isinstance(item, Found):
                    path, error = item
                    found[Rule.READABLE].append(Violation(path=path, detail=error.message))
                    continue
                broken = self._check(item)
                if broken is not None:
                    rule, detail = broken
                    found[rule].append(Violation(path=item.path, detail=detail))
        return found

    def _check(self, found: Found) -> tuple[Rule, str] | None:
        """The rule that a file breaks, and how."""
        if found.unreleased:
            old = found.changed < self.before
            return (Rule.TIDY, f"written {found.changed:%Y-%m-%d %H:%M:%S} UTC") if old else None
        try:
            data = read_file(found.path, self.limits, follow_links=False)
            manifest = manifest_in(data, self.trust, self.limits)
            return None if manifest is None else self._judge(data, manifest)
        except ProvenanceError as error:
            return Rule.READABLE, error.message

    def _judge(self, data: bytes, manifest: ManifestEvidence) -> tuple[Rule, str] | None:
        record_id = record_id_of(manifest.manifest_id)
        record = self.store.find_by_id(record_id) if record_id else None
        if record is None:
            claim = manifest.generation
            ours = manifest.status.trusted and claim is not None and claim.system == self.system
            return (Rule.RELEASED, f"record {record_id} is missing") if ours else None
        if (
            record.state is RecordState.ISSUED
            and record.issued_at
            and (record.issued_at >= self.before)
        ):
            return None  # its process may be between steps 8 and 9 just now
        if record.file is None or record.state is not RecordState.RELEASED:
            return Rule.RELEASED, f"record {record_id} is {record.state.value}"
        if hashlib.sha256(data).hexdigest() != record.file.sha256:
            return Rule.SAME, f"it differs from the file of record {record_id}"
        return None
