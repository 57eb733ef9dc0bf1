"""What every registry does, whatever it is made of."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from support import records
from support.records import (
    SYSTEM,
    a_marking,
    a_request,
    checkpoint,
    issued_file,
    parent_file,
    reserved,
)

from provenance.errors import ErrorCode, RegistryError
from provenance.model import (
    AccessAction,
    AccessEntry,
    Account,
    MarkId,
    RecordState,
    SystemRef,
    new_record_id,
)
from provenance.registry import RequestTakenError, StoreRule

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


def marked(store, seconds=3600):
    """A record whose picture waits to be signed for so many seconds."""
    return store.hold(reserved(store).record_id, a_marking(seconds))


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
        assert store.find_by_id("\0") is None
        assert store.find_by_id("\udc80") is None
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

    def test_an_empty_registry_has_nothing_to_count(self, store):
        found = store.statistics()
        assert found.states == dict.fromkeys(RecordState, 0)
        assert (found.groups, found.days) == ((), {})
        assert (found.own_fingerprints, found.parent_fingerprints, found.erased) == (0, 0, 0)
        assert (found.leaves, found.leaves_waiting, found.checkpoints) == (0, 0, 0)
        assert (found.accounts, found.access_entries) == (0, 0)

    def test_everything_that_a_registry_holds_is_counted(self, store, reopen):
        account = Account("ab" * 16, b"sealed")
        for state in RecordState:
            in_state(store, state)
        file = issued_file(parents=(parent_file(), parent_file(1)))
        other = store.issue(reserved(store, OTHER, account=account).record_id, file)
        store.sequence()
        gone = store.issue(reserved(store, account=account).record_id, issued_file())
        store.erase(gone.record_id)
        store.add_checkpoint(checkpoint(3))
        moment = datetime(2026, 11, 1, tzinfo=UTC)
        store.note_access(
            AccessEntry(at=moment, action=AccessAction.ERASE, subject="x", operator="o", reason="r")
        )
        found = reopen().statistics()
        assert found.states == store.count()
        assert found.states[RecordState.ISSUED] == 2
        assert [(group.system, group.records) for group in found.groups] == [
            (SYSTEM, 2),
            (OTHER, 1),
        ]
        assert {group.model for group in found.groups} == {records.GENERATION.model}
        assert {(group.scheme, group.epoch) for group in found.groups} == {(records.SCHEME, 3)}
        assert sum(found.days.values()) == 3
        assert max(found.days) == other.issued_at.strftime("%Y-%m-%d")
        assert (found.own_fingerprints, found.parent_fingerprints, found.erased) == (3, 2, 1)
        assert (found.leaves, found.leaves_waiting, found.checkpoints) == (4, 1, 1)
        assert (found.accounts, found.access_entries) == (1, 1)
        assert found.disk_bytes is None or found.disk_bytes > 0

    # --- fingerprints ---------------------------------------------------------------------

    def test_every_issued_file_lists_its_fingerprint_and_nothing_else_does(self, store, reopen):
        made = [in_state(store, state) for state in RecordState]
        expected = {
            (record.record_id, None, record.file.fingerprint.bits, record.file.fingerprint.quality)
            for record in made
            if record.state in (RecordState.ISSUED, RecordState.RELEASED)
        }
        assert len(expected) == 2
        found = [row[1:] for page in reopen().fingerprint_pages(parents=False) for row in page]
        assert sorted(found) == sorted(expected)
        assert list(store.fingerprint_pages(parents=True)) == []

    def test_every_parent_lists_its_fingerprint_with_its_position(self, store, reopen):
        files = [issued_file(parents=tuple(map(parent_file, range(n)))) for n in (1, 3)]
        expected = []
        for file in files:
            record = store.issue(reserved(store).record_id, file)
            expected += [
                (record.record_id, position, parent.fingerprint.bits, parent.fingerprint.quality)
                for position, parent in enumerate(file.parents)
            ]
        found = [row[1:] for page in reopen().fingerprint_pages(parents=True) for row in page]
        assert sorted(found) == sorted(expected)

    def test_fingerprints_are_numbered_upwards_below_a_horizon(self, store):
        assert store.fingerprint_horizon() == 0
        for number in range(3):
            store.issue(
                reserved(store).record_id,
                issued_file(parents=tuple(map(parent_file, range(number)))),
            )
        both = [
            [row.fingerprint_id for page in store.fingerprint_pages(parents=kind) for row in page]
            for kind in (False, True)
        ]
        assert all(ids == sorted(set(ids)) for ids in both)
        everything = sorted(both[0] + both[1])
        assert len(everything) == 6
        horizon = store.fingerprint_horizon()
        assert horizon >= everything[-1]
        later = store.issue(reserved(store).record_id, issued_file())
        (new,) = [
            row for page in store.fingerprint_pages(parents=False, after=horizon) for row in page
        ]
        assert new.record_id == later.record_id
        old = [
            row.fingerprint_id
            for page in store.fingerprint_pages(parents=False, upto=horizon)
            for row in page
        ]
        assert old == both[0]

    def test_existing_fingerprints_are_found_by_number(self, store):
        records = [store.issue(reserved(store).record_id, issued_file()) for _ in range(3)]
        rows = [row for page in store.fingerprint_pages(parents=False) for row in page]
        ids = [row.fingerprint_id for row in rows]
        store.erase(records[1].record_id)
        kept = [row for row in rows if row.record_id != records[1].record_id]
        assert sorted(store.existing_fingerprints([*ids, 999_999])) == sorted(kept)
        assert store.existing_fingerprints([]) == []

    def test_a_registry_keeps_its_identity(self, store, reopen):
        identity = store.registry_identity()
        assert len(identity) == 16
        assert any(identity)
        assert reopen().registry_identity() == identity

    # --- files -----------------------------------------------------------------------------

    def test_a_file_leads_to_every_record_that_has_it(self, store):
        file = issued_file()
        first = store.issue(reserved(store).record_id, file)
        second = store.release(store.issue(reserved(store).record_id, file).record_id)
        store.issue(reserved(store).record_id, issued_file())
        found = store.find_by_sha256(file.sha256)
        assert sorted(found, key=str) == sorted((first, second), key=str)
        assert store.find_by_sha256("0" * 64) == ()

    # --- requests --------------------------------------------------------------------------

    def test_a_request_has_one_record_in_its_system(self, store, reopen):
        request = a_request()
        record = reserved(store, request=request)
        assert record.request == request
        with pytest.raises(RequestTakenError):
            reserved(store, request=request)
        with pytest.raises(RequestTakenError):
            reserved(store, request=replace(a_request(), key=request.key))
        assert reopen().find_by_request(SYSTEM.id, request.key) == record
        assert store.find_by_request(OTHER.id, request.key) is None
        reserved(store, OTHER, request=request)
        assert store.count()[RecordState.RESERVED] == 2

    def test_a_void_record_gives_its_request_up(self, store):
        request = a_request()
        voided = store.void(reserved(store, request=request).record_id)
        assert voided.request is None
        assert store.find_by_request(SYSTEM.id, request.key) is None
        again = reserved(store, request=request)
        issued = store.issue(again.record_id, issued_file())
        assert issued.request == request
        assert store.find_by_request(SYSTEM.id, request.key) == issued

    # --- the issuance log --------------------------------------------------------------------

    def test_an_issued_record_has_a_leaf_that_gets_a_position(self, store, reopen):
        assert (store.log_size(), store.waiting()) == (0, 0)
        made = [store.issue(reserved(store).record_id, issued_file()) for _ in range(3)]
        assert (store.log_size(), store.waiting()) == (0, 3)
        assert {record.log_position for record in made} == {None}
        assert store.sequence() == 3
        assert (store.log_size(), store.waiting()) == (3, 0)
        leaves = [store.commitment_of(record.record_id) for record in made]
        assert sorted(reopen().leaves(0, 3)) == sorted(leaves)
        for record, leaf in zip(made, leaves, strict=True):
            position = store.leaf_position(leaf)
            assert list(store.leaves(position, position + 1)) == [leaf]
            assert store.find_by_id(record.record_id) == replace(record, log_position=position)
        assert store.sequence() == 3

    def test_a_leaf_keeps_its_position_for_ever(self, store):
        store.issue(reserved(store).record_id, issued_file())
        store.sequence()
        first = list(store.leaves(0, 1))
        for _ in range(4):
            store.issue(reserved(store).record_id, issued_file())
        assert store.sequence() == 5
        assert list(store.leaves(0, 5))[:1] == first
        assert len(set(store.leaves(0, 5))) == 5

    def test_nothing_but_issuing_adds_a_leaf(self, store):
        record = reserved(store)
        store.void(reserved(store).record_id)
        with pytest.raises(RegistryError):
            store.issue(store.void(reserved(store).record_id).record_id, issued_file())
        assert store.commitment_of(record.record_id) is None
        assert store.commitment_of(new_record_id()) is None
        assert store.waiting() == 0

    def test_leaves_end_with_the_log(self, store):
        store.issue(reserved(store).record_id, issued_file())
        store.sequence()
        store.issue(reserved(store).record_id, issued_file())
        assert len(list(store.leaves(0, 2))) == 1
        assert list(store.leaves(1, 2)) == []
        assert store.leaf_position(bytes(32)) is None

    def test_checkpoints_are_kept_in_order(self, store, reopen):
        assert store.newest_checkpoint() is None
        made = [checkpoint(size) for size in (3, 1, 70)]
        for one in made:
            store.add_checkpoint(one)
        assert reopen().checkpoints() == (made[1], made[0], made[2])
        assert store.newest_checkpoint() == made[2]

    def test_a_checkpoint_gets_more_signatures_and_never_another_root(self, store):
        first = checkpoint(5)
        store.add_checkpoint(first)
        cosigned = first._replace(note=first.note + b"more", time_stamp=b"token")
        store.add_checkpoint(cosigned)
        with pytest.raises(RegistryError, match="another root"):
            store.add_checkpoint(first._replace(root=bytes(32)))
        assert store.checkpoints() == (cosigned,)

    # --- accounts and who looked ---------------------------------------------------------------

    def test_an_account_lies_behind_its_pseudonym(self, store, reopen):
        account = Account("ab" * 16, b"sealed")
        mine = [reserved(store, account=account) for _ in range(2)]
        other = reserved(store)
        assert {record.pseudonym for record in mine} == {account.pseudonym}
        assert other.pseudonym == ""
        assert reopen().account(account.pseudonym) == account
        assert sorted(store.records_of(account.pseudonym)) == sorted(r.record_id for r in mine)
        assert store.account("cd" * 16) is None

    def test_an_account_is_erased_and_its_records_stay_what_was_logged(self, store):
        account = Account("ab" * 16, b"sealed")
        record = reserved(store, account=account)
        store.issue(record.record_id, issued_file())
        leaf = store.commitment_of(record.record_id)
        assert store.erase_account(account.pseudonym) == 1
        assert store.account(account.pseudonym) is None
        assert store.records_of(account.pseudonym) == ()
        assert store.find_by_id(record.record_id).pseudonym == ""
        assert store.commitment_of(record.record_id) == leaf
        assert store.broken_rules() == dict.fromkeys(StoreRule, ())
        assert store.erase_account(account.pseudonym) == 0

    def test_accounts_expire_by_their_last_use(self, store):
        old, used = Account("ab" * 16, b"old"), Account("cd" * 16, b"used again")
        reserved(store, account=old)
        reserved(store, account=used)
        moment = datetime.now(UTC)
        reserved(store, account=used)
        assert store.accounts_before(moment) == 1
        assert store.expire_accounts(moment) == 1
        assert store.accounts_before(moment) == 0
        assert store.account(old.pseudonym) is None
        assert store.account(used.pseudonym) == used
        assert store.records_of(old.pseudonym) == ()
        assert len(store.records_of(used.pseudonym)) == 2

    def test_the_access_log_keeps_its_order_and_expires(self, store, reopen):
        moment = datetime(2026, 11, 1, tzinfo=UTC)
        made = [
            AccessEntry(
                at=moment + timedelta(days=number),
                action=AccessAction.REVEAL,
                subject=new_record_id(),
                operator="examiner 7",
                reason="file 12 'quoted'",
            )
            for number in range(4)
        ]
        for entry in made:
            store.note_access(entry)
        assert list(reopen().access_entries()) == made
        assert store.access_before(moment + timedelta(days=2)) == 2
        assert store.expire_access(moment + timedelta(days=2)) == 2
        assert store.access_before(moment + timedelta(days=2)) == 0
        assert list(store.access_entries()) == made[2:]

    # --- erasing ---------------------------------------------------------------------------

    def test_an_erased_record_is_gone_and_its_leaf_stays(self, store, reopen):
        kept, gone = (
            store.issue(reserved(store).record_id, issued_file(parents=(parent_file(),)))
            for _ in range(2)
        )
        size = store.sequence()
        leaves = list(store.leaves(0, size))
        store.erase(gone.record_id)
        again = reopen()
        assert again.find_by_id(gone.record_id) is None
        assert again.find_by_mark(SYSTEM.id, gone.mark_id) is None
        assert again.find_by_sha256(gone.file.sha256) == ()
        assert again.commitment_of(gone.record_id) is None
        assert list(again.leaves(0, size)) == leaves
        for kind in (False, True):
            rows = [row for page in again.fingerprint_pages(parents=kind) for row in page]
            assert [row.record_id for row in rows] == [kept.record_id]
        assert again.erased_at(record_id=gone.record_id) is not None
        assert again.erased_at(mark=(SYSTEM.id, gone.mark_id)) is not None
        assert again.erased_at(record_id=kept.record_id) is None
        assert again.erased_at(mark=(SYSTEM.id, kept.mark_id)) is None
        assert again.broken_rules() == dict.fromkeys(StoreRule, ())

    def test_the_mark_id_of_an_erased_record_is_never_used_again(self, store):
        record = reserved(store, id_bits=0)
        store.issue(record.record_id, issued_file())
        store.erase(record.record_id)
        with pytest.raises(RegistryError, match="no free mark id"):
            reserved(store, id_bits=0)

    def test_a_record_in_the_making_or_unknown_is_not_erased(self, store):
        record = reserved(store)
        with pytest.raises(RegistryError, match="in the making"):
            store.erase(record.record_id)
        with pytest.raises(RegistryError, match="missing"):
            store.erase(new_record_id())
        assert store.find_by_id(record.record_id) == record

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
            marked(store)
        assert store.broken_rules() == dict.fromkeys(StoreRule, ())

    # --- marked, to be signed later --------------------------------------------------------

    def test_a_pending_record_keeps_what_finds_it_again(self, store, reopen):
        record, marking = reserved(store), a_marking()
        pending = store.hold(record.record_id, marking)
        assert pending == replace(record, marking=marking)
        assert pending.pending
        assert not record.pending
        assert reopen().find_by_mark(SYSTEM.id, record.mark_id) == pending
        assert reopen().pending() == (pending,)

    def test_what_is_kept_can_be_replaced(self, store):
        record, marking = marked(store), a_marking()
        assert store.hold(record.record_id, marking).marking == marking
        assert [each.marking for each in store.pending()] == [marking]

    @pytest.mark.parametrize("state", [s for s in RecordState if s is not RecordState.RESERVED])
    def test_only_a_reserved_record_can_wait(self, store, state):
        record = in_state(store, state)
        with pytest.raises(RegistryError, match=f"is {state.value}, not reserved"):
            store.hold(record.record_id, a_marking())
        assert store.find_by_id(record.record_id) == record
        with pytest.raises(RegistryError, match="missing"):
            store.hold(new_record_id(), a_marking())

    def test_a_pending_record_is_issued_once_and_still_says_that_it_was_marked(self, store):
        record = marked(store)
        issued = store.issue(record.record_id, issued_file())
        assert issued.marking == record.marking
        assert not issued.pending
        assert store.pending() == ()
        with pytest.raises(RegistryError, match="is issued, not reserved"):
            store.issue(record.record_id, issued_file())
        released = store.release(record.record_id)
        assert released == replace(issued, state=RecordState.RELEASED, log_position=None)
        assert store.broken_rules() == dict.fromkeys(StoreRule, ())

    def test_of_several_who_issue_a_pending_record_at_once_one_does(self, store, reopen):
        record, files = marked(store), [issued_file() for _ in range(4)]

        def issue(file):
            try:
                return reopen().issue(record.record_id, file)
            except RegistryError:
                return None

        with ThreadPoolExecutor(4) as pool:
            (issued,) = filter(None, pool.map(issue, files))
        assert store.find_by_id(record.record_id) == issued
        assert store.waiting() == 1

    def test_a_void_record_keeps_nothing_of_its_picture(self, store):
        record = marked(store)
        assert store.void(record.record_id) == replace(record, state=RecordState.VOID, marking=None)
        assert store.pending() == ()

    def test_an_erased_record_takes_with_it_that_it_was_marked(self, store):
        record = marked(store)
        with pytest.raises(RegistryError, match="in the making"):
            store.erase(record.record_id)
        store.issue(record.record_id, issued_file())
        store.erase(record.record_id)
        assert store.find_by_id(record.record_id) is None
        with pytest.raises(RegistryError, match="missing"):
            store.hold(record.record_id, record.marking)

    def test_pending_is_not_unfinished_before_it_expires_however_old(self, store):
        waiting = marked(store, 3600)
        far = waiting.marking.expires_at + timedelta(days=1)
        assert store.unfinished(far) == ()

    def test_what_expired_is_unfinished_from_then_on(self, store):
        plain, expired = reserved(store), marked(store, -5)
        at = expired.marking.expires_at
        assert store.unfinished(at) == ()
        assert store.unfinished(at + timedelta(microseconds=1)) == (expired,)
        assert store.unfinished(plain.reserved_at + timedelta(days=1)) == (expired, plain)
        assert store.pending() == (expired,)

    def test_what_expires_first_is_named_first(self, store):
        late, soon, over = (marked(store, seconds) for seconds in (900, 60, -60))
        assert store.pending() == (over, soon, late)

    def test_an_issued_record_is_unfinished_however_long_it_could_have_waited(self, store):
        issued = store.issue(marked(store, 3600).record_id, issued_file())
        assert store.unfinished(issued.issued_at + timedelta(seconds=1)) == (issued,)

    # --- extracts ------------------------------------------------------------------------

    def test_an_extract_has_what_was_issued_and_nothing_about_who_asked(self, store):
        record = reserved(store, request=a_request(), account=Account("ab" * 16, b"sealed"))
        record = store.issue(record.record_id, issued_file(parents=(parent_file(),)))
        reserved(store)
        (page,) = store.extract_pages(SYSTEM.id, since=None, manifests=True)
        (row,) = page.records
        assert row["record_id"] == record.record_id
        assert row["manifest"] == record.file.manifest
        assert (row["request_key"], row["request_digest"], row["pseudonym"]) == (None, None, None)
        assert (row["salt"], row["envelope"]) == (b"", b"")
        assert [item["sha256"] for item in page.parents] == [record.file.parents[0].sha256]
        assert {item["position"] for item in page.fingerprints} == {-1, 0}
        assert not list(store.extract_pages(OTHER.id, since=None, manifests=True))
        late = record.issued_at + timedelta(seconds=1)
        assert not list(store.extract_pages(SYSTEM.id, since=late, manifests=True))
        (bare,) = store.extract_pages(SYSTEM.id, since=record.issued_at, manifests=False)
        assert bare.records[0]["manifest"] == b""
