"""How much a registry holds: numbers alone, nothing about any one record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from provenance.model.generation import RecordState
from provenance.model.ids import SystemRef


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedGroup:
    """How many issued records of one kind there are, released or not."""

    system: SystemRef
    model: str
    model_version: str
    scheme: str
    epoch: int
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryStatistics:
    """What lies in a registry, from one state of it.

    `days` gives for each day in UTC (2026-11-27) how many records were issued on it, erased ones
    left out. `own_fingerprints` are those of issued files, `parent_fingerprints` those of what they
    were made from. `disk_bytes` is what the database takes, None where it does not say.
    """

    states: Mapping[RecordState, int]
    erased: int
    groups: tuple[IssuedGroup, ...]
    days: Mapping[str, int]
    own_fingerprints: int
    parent_fingerprints: int
    leaves: int
    leaves_waiting: int
    checkpoints: int
    accounts: int
    access_entries: int
    disk_bytes: int | None
