"""Revealing, erasing, expiring: said before it is done, and gone when it is done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from support.records import a_marking, issued_file, reserved

from provenance.errors import ArgumentError, ErrorCode, KeyMaterialError, RegistryError
from provenance.keys import Pseudonyms
from provenance.model import AccessAction, AccessEntry, new_record_id
from provenance.registry import SqliteStore, StoreRule
from provenance.workspace.custody import Custodian, copies_in, expired
from provenance.workspace.settings import RetentionSettings

KEYS, OTHER_KEYS = Pseudonyms(b"\x01" * 32), Pseudonyms(b"\x02" * 32)
ACCOUNT = "alice@example.com"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


class Unwilling(SqliteStore):
    """A registry that takes entries and then fails."""

    def account(self, pseudonym):
        raise RegistryError("the disk is gone")

    erase = erase_account = expire_accounts = expire_access = account


@pytest.fixture
def store(tmp_path):
    return SqliteStore.create(tmp_path / "registry.sqlite3")


def custodian(store, **changed):
    copies = changed.pop("copies", lambda: copies_in(store.path.parent))
    return Custodian(
        **{"store": store, "operator": "op-1", "reason": "file 7", "copies": copies} | changed
    )


def issued(store, account=ACCOUNT):
    record = reserved(store, account=KEYS.of(account) if account else None)
    return store.issue(record.record_id, issued_file())


def log(store):
    return [(e.action, e.subject, e.operator, e.reason) for e in store.access_entries()]


# --- revealing -----------------------------------------------------------------------


def test_an_account_is_revealed_and_the_log_says_by_whom_and_why(store):
    record = issued(store)
    before = datetime.now(UTC)
    assert custodian(store).reveal(record, KEYS) == ACCOUNT
    assert log(store) == [(AccessAction.REVEAL, record.record_id, "op-1", "file 7")]
    (entry,) = store.access_entries()
    assert before <= entry.at <= before + timedelta(minutes=1)


def test_where_no_account_was_named_there_is_nothing_to_reveal(store):
    assert custodian(store).reveal(issued(store, account=""), KEYS) is None
    assert log(store) == []


def test_an_erased_account_is_not_revealed(store):
    record = issued(store)
    assert custodian(store).erase_account(f" {ACCOUNT} ", KEYS) == 1
    assert custodian(store).reveal(store.find_by_id(record.record_id), KEYS) is None
    # whoever still holds what the record said before learns nothing either, and it is noted
    assert custodian(store).reveal(record, KEYS) is None
    assert [action for action, *_ in log(store)] == [AccessAction.ERASE, AccessAction.REVEAL]


def test_an_account_under_another_key_stays_closed_and_the_attempt_is_noted(store):
    record = issued(store)
    with pytest.raises(KeyMaterialError, match=record.pseudonym):
        custodian(store).reveal(record, OTHER_KEYS)
    assert [action for action, *_ in log(store)] == [AccessAction.REVEAL]


def test_every_deed_is_in_the_log_before_it_is_done(store):
    record = issued(store)
    failing = custodian(Unwilling(store.path))
    for deed in (
        lambda: failing.reveal(record, KEYS),
        lambda: failing.erase_record(record),
    ):
        with pytest.raises(RegistryError, match="disk is gone"):
            deed()
    store.note_access(
        AccessEntry(at=LONG_AGO, action=AccessAction.EXPORT, subject="x", operator="", reason="old")
    )
    later = datetime.now(UTC) + timedelta(days=366)
    with pytest.raises(RegistryError, match="disk is gone"):
        failing.expire(RetentionSettings(), later)
    with pytest.raises(RegistryError, match="disk is gone"):
        failing.expire(RetentionSettings(accounts_days=0), later)
    actions = [action for action, *_ in log(store)]
    assert actions == [
        AccessAction.REVEAL,
        AccessAction.ERASE,
        AccessAction.EXPORT,
        AccessAction.PURGE,
        AccessAction.PURGE,
    ]
    assert store.find_by_id(record.record_id) == record


def test_nothing_is_revealed_where_the_log_cannot_be_written(store):
    record = issued(store)
    with pytest.raises(RegistryError, match="reading only"):
        custodian(SqliteStore(store.path, read_only=True)).reveal(record, KEYS)


@pytest.mark.parametrize("reason", ["", "   ", "two\nlines", "x" * 501, "\u202eorder"])
def test_without_a_reason_nothing_is_done(store, reason):
    with pytest.raises(ArgumentError, match="reason"):
        custodian(store, reason=reason)


@pytest.mark.parametrize("operator", ["two\nlines", "x" * 101])
def test_an_operator_is_printable(store, operator):
    with pytest.raises(ArgumentError, match="operator"):
        custodian(store, operator=operator)


# --- erasing -------------------------------------------------------------------------


def test_an_erased_record_leaves_a_valid_log_and_no_copy(store):
    record, kept = issued(store), issued(store)
    size = store.sequence()
    leaves = list(store.leaves(0, size))
    index = store.path.with_name("registry.index")
    beside = store.path.with_name(".registry.index.0123abcd.incomplete")
    for path in (index, beside):
        path.write_bytes(record.file.fingerprint.bits)
    custodian(store).erase_record(record)
    assert not index.exists()
    assert not beside.exists()
    assert store.find_by_id(record.record_id) is None
    assert list(store.leaves(0, size)) == leaves
    assert store.broken_rules() == dict.fromkeys(StoreRule, ())
    assert store.find_by_id(kept.record_id).file == kept.file
    assert log(store) == [(AccessAction.ERASE, record.record_id, "op-1", "file 7")]


def test_a_copy_that_cannot_be_removed_keeps_the_record(store):
    record = issued(store)
    store.path.with_name("registry.index").mkdir()
    with pytest.raises(Exception, match=r"cannot remove .*registry\.index") as caught:
        custodian(store).erase_record(record)
    assert caught.value.code is ErrorCode.IO
    assert store.find_by_id(record.record_id) == record


def test_a_record_in_the_making_is_not_erased_and_nothing_is_noted(store):
    record = reserved(store)
    with pytest.raises(RegistryError, match="in the making"):
        custodian(store).erase_record(record)
    assert log(store) == []


def test_a_picture_that_waits_to_be_signed_is_given_up_first(store):
    record = store.hold(reserved(store).record_id, a_marking())
    with pytest.raises(RegistryError, match="in the making") as caught:
        custodian(store).erase_record(record)
    assert "release expire" in caught.value.hint
    assert log(store) == []


def test_a_record_that_somebody_else_erased_is_an_error(store):
    record = issued(store)
    custodian(store).erase_record(record)
    with pytest.raises(RegistryError, match="missing"):
        custodian(store).erase_record(record)


def test_an_account_is_forgotten_in_all_of_its_records_and_no_other(store):
    mine, other = [issued(store) for _ in range(3)], issued(store, "bob")
    assert custodian(store).erase_account(ACCOUNT, KEYS) == 3
    pseudonym = mine[0].pseudonym
    assert store.account(pseudonym) is None
    assert {store.find_by_id(record.record_id).pseudonym for record in mine} == {""}
    assert custodian(store).reveal(other, KEYS) == "bob"
    assert log(store)[0] == (AccessAction.ERASE, pseudonym, "op-1", "file 7")


@pytest.mark.parametrize(("account", "keys"), [("carol", KEYS), (ACCOUNT, OTHER_KEYS)])
def test_an_unknown_account_is_not_forgotten_and_nothing_is_noted(store, account, keys):
    issued(store)
    assert custodian(store).erase_account(account, keys) is None
    assert log(store) == []


# --- retention -----------------------------------------------------------------------


def entries_of_days(store, *days):
    for number in days:
        store.note_access(
            AccessEntry(
                at=NOW - timedelta(days=number),
                action=AccessAction.REVEAL,
                subject=new_record_id(),
                operator="",
                reason=f"{number} days before",
            )
        )


def test_what_has_passed_its_retention_goes_and_the_log_says_so(store):
    entries_of_days(store, 400, 366, 364, 0)
    found = custodian(store).expire(RetentionSettings(), NOW)
    assert (found.accounts, found.access_entries) == (0, 2)
    assert [reason for *_, reason in log(store)] == ["364 days before", "0 days before", "file 7"]
    assert log(store)[-1][:2] == (AccessAction.PURGE, "access log before 2025-06-01 00:00 UTC")
    assert custodian(store).expire(RetentionSettings(), NOW).access_entries == 0
    assert len(log(store)) == 3


def test_accounts_expire_after_their_last_use(store):
    record = issued(store)
    year = timedelta(days=365)
    used = store.find_by_id(record.record_id).reserved_at
    assert custodian(store).expire(RetentionSettings(), used + year).accounts == 0
    later = used + year + timedelta(seconds=1)
    due = expired(store, RetentionSettings(), later)
    assert due.accounts == 1
    assert store.account(record.pseudonym) is not None
    assert custodian(store).expire(RetentionSettings(), later) == due
    assert store.account(record.pseudonym) is None
    assert store.find_by_id(record.record_id).pseudonym == ""


def test_zero_days_keep_it_for_ever(store):
    issued(store)
    entries_of_days(store, 9_000)
    for_ever = RetentionSettings(accounts_days=0, access_log_days=0)
    due = custodian(store).expire(for_ever, datetime.now(UTC) + timedelta(days=30_000))
    assert due == (None, 0, None, 0)
    assert len(log(store)) == 1
