"""What every registry does, whatever it is made of."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta, timezone

import pytest
from support import records
from support.records import SYSTEM, issued_file, parent_file, reserved

from provenance.errors import ErrorCode, RegistryError
from provenance.model import MarkId, RecordState, SystemRef, new_record_id
from provenance.registry import StoreRule

OTHER = SystemRef(78, "another system")
MOVES = {
    "issue": (RecordState.RESERVED, RecordState.ISSUED),
    "release": (RecordState.ISSUED, RecordState.RELEASED),
    "void": (RecordState.RESERVED, RecordState.VOID),
}


def move(store, name, record_id):
    arguments = (issued_file(),) if name == "issue" else ()
    return getattr(store, name)(record_id, *arguments)


def in_state(store, state):
    """A record that was brought into this state."""
    record = reserved(store)
    ways = {
        RecordState.RESERVED: (),
        RecordState.ISSUED: ("issue",),
        RecordState.RELEASED: ("issue", "release"),
        RecordState.VOID: ("void",),
    }
    for name in ways[state]:
        record = move(store, name, record.record_id)
    assert record.state is state
    return record


class StoreContract(ABC):
    """Subclass it, and give it an empty store to work on."""

    @pytest.fixture
    @abstractmethod
    def store(self):
        """An empty store."""

    @pytest.fixture
    @abstractmethod
    def reopen(self):
        """A function that opens the same store anew, as after a restart."""

    # --- reserving -------------------------------------------------------------------

    def test_a_reserved_record_says_what_was_asked_for(self, store):
        before = datetime.now(UTC)
        record = reserved(store)
        assert record.system == SYSTEM
        assert record.generation == records.GENERATION
        assert (record.epoch, record.scheme) == (3, records.SCHEME)
        assert record.state is RecordState.RESERVED
        assert (record.file, record.issued_at) == (None, None)
        assert before <= record.reserved_at <= before + timedelta(minutes=1)
        assert str(uuid.UUID(record.record_id)) == record.record_id

    def test_a_reserved_record_is_found_by_both_of_its_names(self, store):
        record = reserved(store)
        assert store.find_by_id(record.record_id) == record
        assert store.find_by_mark(SYSTEM.id, record.mark_id) == record

    def test_names_that_nobody_has_are_not_found(self, store):
        record = reserved(store)
        assert store.find_by_id(new_record_id()) is None
        assert store.find_by_id("") is None
        assert store.find_by_id("' OR 1=1 --") is None
        assert store.find_by_mark(SYSTEM.id, MarkId(record.mark_id.value ^ 1)) is None
        assert store.find_by_mark(-1, record.mark_id) is None

    def test_a_mark_belongs_to_its_system(self, store):
        record = reserved(store)
        assert store.find_by_mark(OTHER.id, record.mark_id) is None

    @pytest.mark.parametrize("id_bits", [32, 40, 48])
    def test_a_short_layout_leaves_the_lower_bits_zero(self, store, id_bits):
        drawn = [reserved(store, id_bits=id_bits).mark_id.value for _ in range(20)]
        assert all(value % (1 << (48 - id_bits)) == 0 for value in drawn)
        assert len(set(drawn)) == len(drawn)

    def test_no_mark_id_is_given_twice_until_there_are_none_left(self, store):
        drawn = [reserved(store, id_bits=2).mark_id.value for _ in range(3)]
        assert len(set(drawn)) == 3

    def test_a_system_that_has_used_up_its_ids_is_told_so(self, store):
        reserved(store, id_bits=0)
        with pytest.raises(RegistryError, match="no free mark id") as caught:
            reserved(store, id_bits=0)
        assert caught.value.code is ErrorCode.REGISTRY
        assert "0 bits" in caught.value.hint

    def test_two_systems_may_use_the_same_mark_id(self, store):
        assert reserved(store, id_bits=0).mark_id == MarkId(0)
        assert reserved(store, OTHER, id_bits=0).mark_id == MarkId(0)
        assert store.find_by_mark(SYSTEM.id, MarkId(0)).system == SYSTEM
        assert store.find_by_mark(OTHER.id, MarkId(0)).system == OTHER

    def test_the_mark_id_of_a_void_record_is_never_used_again(self, store):
        store.void(reserved(store, id_bits=0).record_id)
        with pytest.raises(RegistryError, match="no free mark id"):
            reserved(store, id_bits=0)

    def test_the_largest_ids_are_kept_exactly(self, store):
        system = SystemRef((1 << 20) - 1, "last")
        record = reserved(store, system)
        assert store.find_by_mark(system.id, record.mark_id) == record

    # --- states ------------------------------------------------------------------------

    def test_issuing_keeps_every_fact_about_the_file(self, store):
        record, file = reserved(store), issued_file()
        issued = store.issue(record.record_id, file)
        assert issued.file == file
        assert issued.state is RecordState.ISSUED
        assert issued.issued_at >= record.reserved_at
        assert store.find_by_id(record.record_id) == issued

    def test_a_file_without_grid_signature_is_kept_without_one(self, store):
        record = reserved(store)
        store.issue(record.record_id, issued_file(grid=b""))
        assert store.find_by_id(record.record_id).file.grid == b""

    @pytest.mark.parametrize("count", [1, 3, 16])
    def test_the_parents_of_a_file_are_kept_in_their_order(self, store, reopen, count):
        file = issued_file(parents=tuple(map(parent_file, range(count))))
        record = reserved(store)
        assert store.issue(record.record_id, file).file.parents == file.parents
        assert reopen().find_by_id(record.record_id).file == file
        assert reopen().find_by_mark(SYSTEM.id, record.mark_id).file == file

    def test_parents_belong_to_their_record_only(self, store):
        first, second = reserved(store), reserved(store)
        store.issue(first.record_id, issued_file(parents=(parent_file(),)))
        store.issue(second.record_id, issued_file())
        assert store.find_by_id(second.record_id).file.parents == ()

    def test_a_refused_move_leaves_no_parents(self, store):
        record = reserved(store)
        issued = store.issue(record.record_id, issued_file())
        with pytest.raises(RegistryError):
            store.issue(record.record_id, issued_file(parents=(parent_file(),)))
        assert store.find_by_id(record.record_id) == issued

    @pytest.mark.parametrize("name", sorted(MOVES))
    def test_a_move_leads_to_its_state(self, store, name):
        source, target = MOVES[name]
        record = in_state(store, source)
        assert move(store, name, record.record_id).state is target
        assert store.find_by_id(record.record_id).state is target

    @pytest.mark.parametrize(
        ("name", "state"),
        [
            (name, state)
            for name, (source, _) in MOVES.items()
            for state in RecordState
            if state is not source
        ],
    )
    def test_a_move_from_any_other_state_is_refused_and_changes_nothing(self, store, name, state):
        record = in_state(store, state)
        with pytest.raises(RegistryError, match=state.value) as caught:
            move(store, name, record.record_id)
        assert caught.value.code is ErrorCode.REGISTRY
        assert store.find_by_id(record.record_id) == record

    @pytest.mark.parametrize("name", sorted(MOVES))
    def test_a_move_of_no_record_is_refused(self, store, name):
        with pytest.raises(RegistryError, match="missing"):
            move(store, name, new_record_id())

    def test_a_move_concerns_one_record_only(self, store):
        first, second = reserved(store), reserved(store)
        store.issue(first.record_id, issued_file())
        assert store.find_by_id(second.record_id) == second

    def test_records_are_counted_by_state(self, store):
        assert store.count() == dict.fromkeys(RecordState, 0)
        for number, state in enumerate(RecordState, 1):
            for _ in range(number):
                in_state(store, state)
        assert store.count() == {state: n for n, state in enumerate(RecordState, 1)}

    # --- fingerprints ---------------------------------------------------------------------

    def test_every_issued_file_lists_its_fingerprint_and_nothing_else_does(self, store, reopen):
        made = [in_state(store, state) for state in RecordState]
        expected = {
            (record.record_id, None, record.file.fingerprint.bits, record.file.fingerprint.quality)
            for record in made
            if record.state in (RecordState.ISSUED, RecordState.RELEASED)
        }
        assert len(expected) == 2
        found = [tuple(row) for page in reopen().issued_fingerprints() for row in page]
        assert sorted(found) == sorted(expected)
        assert list(store.parent_fingerprints()) == []

    def test_every_parent_lists_its_fingerprint_with_its_position(self, store, reopen):
        files = [issued_file(parents=tuple(map(parent_file, range(n)))) for n in (1, 3)]
        expected = []
        for file in files:
            record = store.issue(reserved(store).record_id, file)
            expected += [
                (record.record_id, position, parent.fingerprint.bits, parent.fingerprint.quality)
                for position, parent in enumerate(file.parents)
            ]
        found = [tuple(row) for page in reopen().parent_fingerprints() for row in page]
        assert sorted(found) == sorted(expected)

    # --- durability ------------------------------------------------------------------------

    @pytest.mark.parametrize("state", list(RecordState))
    def test_every_record_survives_a_restart(self, store, reopen, state):
        record = in_state(store, state)
        assert reopen().find_by_id(record.record_id) == record

    def test_uniqueness_survives_a_restart(self, store, reopen):
        reserved(store, id_bits=0)
        with pytest.raises(RegistryError, match="no free mark id"):
            reserved(reopen(), id_bits=0)

    # --- after a crash ---------------------------------------------------------------------

    def test_what_is_reserved_or_issued_is_unfinished_and_nothing_else(self, store, reopen):
        made = {state: in_state(store, state) for state in RecordState}
        now = datetime.now(UTC) + timedelta(seconds=1)
        expected = (made[RecordState.RESERVED], made[RecordState.ISSUED])
        assert store.unfinished(now) == reopen().unfinished(now) == expected

    def test_only_what_is_older_than_the_moment_is_unfinished(self, store):
        first = reserved(store)
        second = store.issue(reserved(store).record_id, issued_file())
        assert store.unfinished(first.reserved_at) == ()
        assert store.unfinished(second.issued_at) == (first,)
        elsewhere = second.issued_at.astimezone(timezone(timedelta(hours=-9)))
        assert store.unfinished(elsewhere) == (first,)
        later = second.issued_at + timedelta(microseconds=1)
        assert store.unfinished(later) == (first, second)

    def test_a_registry_that_was_only_used_breaks_no_rule(self, store):
        for state in RecordState:
            in_state(store, state)
        assert store.broken_rules() == dict.fromkeys(StoreRule, ())
