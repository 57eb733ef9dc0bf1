"""Several registries behind one resolver: one's own, and extracts of those of others.

Each is asked about its own system only. One that cannot be asked says so: what is damaged or
missing is never taken for a registry that holds no such record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from provenance.errors import RegistryError
from provenance.model.evidence import RecordStatus
from provenance.model.ids import MarkId, SystemRef
from provenance.registry import RecordReader
from provenance.resolution.resolver import LocalRegistry, Resolution, Resolver

_CANNOT = RecordStatus.UNREACHABLE


class ExtractRegistry:
    """The resolver of a laboratory: an extract of somebody else's registry."""

    def __init__(
        self,
        reader: RecordReader,
        *,
        system: SystemRef,
        description: str,
        check: Callable[[], None],
    ) -> None:
        """Ask this extract.

        Args:
            reader: the extract.
            system: whose records it may hold.
            description: which extract it is, for reports.
            check: raises `RegistryError` unless the extract is the one that was imported.
        """
        self.description = description
        self._registry = LocalRegistry(reader)
        self._system = system
        self._check = check

    def by_mark(self, system_id: int, mark_id: MarkId) -> Resolution:
        """The record that a mark names."""
        return self._asked(lambda: self._registry.by_mark(system_id, mark_id))

    def by_record(self, record_id: str) -> Resolution:
        """The record that a manifest names."""
        return self._asked(lambda: self._registry.by_record(record_id))

    def _asked(self, ask: Callable[[], Resolution]) -> Resolution:
        try:
            self._check()
        except RegistryError as error:
            return Resolution(status=_CANNOT, detail=f"{self.description}: {error.message}")
        found = ask()
        if found.record is not None and found.record.system.id != self._system.id:
            detail = f"{self.description}: it holds a record of {found.record.system}"
            return Resolution(status=_CANNOT, detail=detail)
        return found


class ChainedResolver:
    """Asks the registry of the system that is meant, and all of them where none is."""

    def __init__(self, own: Resolver, own_system: int, extracts: Mapping[int, Resolver]) -> None:
        """Chain registries.

        Args:
            own: the registry of one's own system.
            own_system: its id.
            extracts: what else can be asked, by the id of the system.
        """
        self._by_system: dict[int, Resolver] = {**extracts, own_system: own}
        self._all = (own, *(extracts[key] for key in sorted(extracts) if key != own_system))

    @property
    def description(self) -> str:
        """What is asked: every registry and extract, with its date and digest."""
        return "; ".join(item.description for item in self._all)

    def by_mark(self, system_id: int, mark_id: MarkId) -> Resolution:
        """The record that a mark names, of the registry of its system."""
        asked = self._by_system.get(system_id)
        if asked is None:
            detail = f"no registry extract of system {system_id} is held here"
            return Resolution(status=RecordStatus.NOT_ASKED, detail=detail)
        return asked.by_mark(system_id, mark_id)

    def by_record(self, record_id: str) -> Resolution:
        """The record that a manifest names; ids are random, so at most one registry has it."""
        answers = []
        for asked in self._all:
            answer = asked.by_record(record_id)
            if answer.record is not None:
                return answer
            answers.append(answer)
        failed = [answer for answer in answers if answer.status is _CANNOT]
        if failed:
            detail = "; ".join(answer.detail for answer in failed)
            return Resolution(status=_CANNOT, detail=detail)
        erased = next((answer for answer in answers if answer.detail), None)
        return erased or Resolution(status=RecordStatus.ABSENT)
