"""The registry against a dictionary: any sequence of calls gives the same answers."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from support.records import GENERATION, SCHEME, a_marking, issued_file, parent_file

from provenance.errors import RegistryError
from provenance.model import MarkId, RecordState, SystemRef
from provenance.registry import create_store, open_store

SYSTEMS = (SystemRef(1, "one"), SystemRef(2, "two"))


class Registry(RuleBasedStateMachine):
    """Reserve, issue, release, void and look up, with a restart now and then."""

    records = Bundle("records")

    def __init__(self, address=""):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.address = address or str(Path(self.folder.name) / "registry.sqlite3")
        self.store = create_store(self.address)
        self.model = {}

    def teardown(self):
        self.folder.cleanup()

    @rule(target=records, system=st.sampled_from(SYSTEMS), id_bits=st.sampled_from([2, 32, 48]))
    def reserve(self, system, id_bits):
        taken = {r.mark_id for r in self.model.values() if r.system == system}
        try:
            record = self.store.reserve(
                system=system, epoch=0, scheme=SCHEME, generation=GENERATION, id_bits=id_bits
            )
        except RegistryError:
            # Ids are drawn at random, so a nearly full range may look full.
            assert id_bits == 2
            assert len([i for i in taken if i.value % (1 << 46) == 0]) >= 3
            return None
        assert record.mark_id not in taken
        self.model[record.record_id] = record
        return record.record_id

    def move(self, record_id, source, change, call):
        record = self.model.get(record_id)
        if record is not None and record.state is source:
            made = call()
            self.model[record_id] = change(record, made)
            assert made == self.model[record_id]
        else:
            with pytest.raises(RegistryError):
                call()

    @rule(record_id=records, parents=st.integers(0, 3))
    def issue(self, record_id, parents):
        file = issued_file(parents=tuple(map(parent_file, range(parents))))
        self.move(
            record_id,
            RecordState.RESERVED,
            lambda record, made: record.issued(file, made.issued_at),
            lambda: self.store.issue(record_id or "none", file),
        )

    @rule(record_id=records)
    def hold(self, record_id):
        marking = a_marking()
        self.move(
            record_id,
            RecordState.RESERVED,
            lambda record, _: replace(record, marking=marking),
            lambda: self.store.hold(record_id or "none", marking),
        )

    @rule(record_id=records)
    def release(self, record_id):
        self.move(
            record_id,
            RecordState.ISSUED,
            lambda record, _: replace(record, state=RecordState.RELEASED),
            lambda: self.store.release(record_id or "none"),
        )

    @rule(record_id=records)
    def void(self, record_id):
        self.move(
            record_id,
            RecordState.RESERVED,
            lambda record, _: replace(record, state=RecordState.VOID, marking=None),
            lambda: self.store.void(record_id or "none"),
        )

    @rule(record_id=records)
    def find(self, record_id):
        record = self.model.get(record_id)
        assert self.store.find_by_id(record_id or "none") == record
        if record is not None:
            assert self.store.find_by_mark(record.system.id, record.mark_id) == record

    @rule(system=st.sampled_from(SYSTEMS), value=st.integers(0, (1 << 48) - 1))
    def find_a_stranger(self, system, value):
        known = {(r.system, r.mark_id): r for r in self.model.values()}
        wanted = known.get((system, MarkId(value)))
        assert self.store.find_by_mark(system.id, MarkId(value)) == wanted

    @rule()
    def restart(self):
        self.store = open_store(self.address)

    @invariant()
    def counts_agree(self):
        pending = {name for name, record in self.model.items() if record.pending}
        assert {record.record_id for record in self.store.pending()} == pending
        states = [record.state for record in self.model.values()]
        assert self.store.count() == {state: states.count(state) for state in RecordState}


TestRegistry = Registry.TestCase
TestRegistry.settings = settings(max_examples=15, stateful_step_count=25)


def test_the_same_in_postgresql(postgres):
    with ExitStack() as databases:

        def machine():
            name = databases.enter_context(postgres.database(template="template1"))
            return Registry(postgres.url(name))

        run_state_machine_as_test(
            machine, settings=settings(max_examples=6, stateful_step_count=20)
        )
