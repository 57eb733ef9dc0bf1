"""Extracts: what is in them, what is not, and what a hostile one cannot do."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import stat
from datetime import UTC, datetime, timedelta

import pytest
from support.records import SYSTEM, a_request, issued_file, parent_file, reserved

from provenance.errors import RegistryError
from provenance.model import Account, RecordState, SystemRef
from provenance.registry import ExtractStore, ExtractWriter, SqliteStore, StoreRule, extract_table

ACCOUNT = Account("ab" * 16, b"the sealed account")


@pytest.fixture
def store(tmp_path):
    return SqliteStore.create(tmp_path / "registry.sqlite3")


def released(store, **options):
    record = reserved(store, **options)
    store.issue(record.record_id, issued_file(parents=(parent_file(0), parent_file(1))))
    return store.release(record.record_id)


def extract(store, path, **options):
    writer = ExtractWriter.begin(path)
    wanted = {"since": None, "manifests": True} | options
    for page in store.extract_pages(SYSTEM.id, **wanted):
        writer.add(page)
    return ExtractStore(path)


def altered(found, script):
    """A copy whose tables somebody changed with SQL."""
    path = found.path.with_name("altered")
    shutil.copy(found.path, path)
    path.chmod(0o600)
    with sqlite3.connect(path) as connection:
        connection.executescript("PRAGMA writable_schema=ON;" + script)
    connection.close()
    return ExtractStore(path)


# --- what is in it -------------------------------------------------------------------------


def test_a_record_is_found_by_all_that_names_it(store, tmp_path):
    record = released(store)
    found = extract(store, tmp_path / "x")
    again = found.find_by_mark(SYSTEM.id, record.mark_id)
    assert again == found.find_by_id(record.record_id)
    assert again.file.fingerprint == record.file.fingerprint
    assert again.file.parents == record.file.parents
    assert again.file.manifest == record.file.manifest
    assert again.file.grid == record.file.grid  # sealed as it was
    assert found.find_by_sha256(record.file.sha256) == (again,)
    (page,) = found.fingerprint_pages(parents=True)
    assert [item.pdq for item in page] == [p.fingerprint.bits for p in record.file.parents]


def test_nothing_personal_and_no_secret_is_in_the_file(store, tmp_path):
    request = a_request()
    record = released(store, request=request, account=ACCOUNT)
    with sqlite3.connect(store.path) as connection:
        (salt,) = connection.execute("SELECT salt FROM records").fetchone()
    connection.close()
    found = extract(store, tmp_path / "x")
    data = found.path.read_bytes()
    assert record.record_id.encode() in data
    for secret in (
        request.key, request.digest, ACCOUNT.sealed, ACCOUNT.pseudonym.encode(),
        record.file.envelope, salt,
    ):  # fmt: skip
        assert secret in store.path.read_bytes()
        assert secret not in data
    assert found.find_by_id(record.record_id).pseudonym == ""
    assert found.commitment_of(record.record_id) is None


def test_only_issued_records_of_the_system_are_in_it(store, tmp_path):
    kept = {released(store).record_id}
    issued = reserved(store)
    kept.add(store.issue(issued.record_id, issued_file()).record_id)
    store.void(reserved(store).record_id)
    reserved(store)
    released(store, system=SystemRef(78, "other"))
    gone = released(store)
    store.erase(gone.record_id)
    found = extract(store, tmp_path / "x")
    assert found.check_contents(SYSTEM.id) == len(kept)
    (page,) = found.fingerprint_pages(parents=False)
    assert {item.record_id for item in page} == kept
    assert found.find_by_id(gone.record_id) is None
    assert found.erased_at(record_id=gone.record_id) is None
    assert found.count()[RecordState.RELEASED] == 1


def test_since_and_without_manifests_leave_out_what_they_say(store, tmp_path):
    record = released(store)
    late = extract(store, tmp_path / "late", since=datetime.now(UTC) + timedelta(hours=1))
    assert late.check_contents(SYSTEM.id) == 0
    early = extract(store, tmp_path / "e", since=record.issued_at, manifests=False)
    assert early.find_by_id(record.record_id).file.manifest == b""
    assert record.file.manifest not in early.path.read_bytes()


def test_pages_lose_and_repeat_nothing(store, tmp_path, monkeypatch):
    ids = {released(store).record_id for _ in range(7)}
    monkeypatch.setattr(extract_table, "_PAGE", 3)
    pages = list(store.extract_pages(SYSTEM.id, since=None, manifests=True))
    assert [len(page.records) for page in pages] == [3, 3, 1]
    assert {row["record_id"] for page in pages for row in page.records} == ids


def test_it_is_private_and_says_what_it_is(store, tmp_path):
    found = extract(store, tmp_path / "x")
    assert stat.S_IMODE(found.path.stat().st_mode) == 0o600
    found.check()
    with pytest.raises(RegistryError, match="an extract, not a registry"):
        SqliteStore(found.path).check()
    assert SqliteStore(found.path).broken_rules()[StoreRule.SOUND]
    with pytest.raises(RegistryError, match="a registry, not an extract"):
        ExtractStore(store.path).check()
    with pytest.raises(RegistryError, match="exists already"):
        ExtractWriter.begin(found.path)


def test_fsck_of_an_extract_claims_nothing_about_a_log(store, tmp_path):
    released(store)
    rules = extract(store, tmp_path / "x").broken_rules()
    assert not any(rules.values())
    assert {StoreRule.LEAVES, StoreRule.POSITIONS}.isdisjoint(rules)
    assert set(rules) | {StoreRule.LEAVES, StoreRule.POSITIONS} == set(StoreRule)


def test_nothing_is_written_and_no_journal_is_looked_at(store, tmp_path):
    record = released(store)
    found = extract(store, tmp_path / "x")
    before = found.path.read_bytes()
    found.path.with_name("x-journal").write_bytes(os.urandom(4096))
    found.path.with_name("x-wal").write_bytes(os.urandom(4096))
    assert found.find_by_id(record.record_id) is not None
    with pytest.raises(RegistryError, match="reading only"):
        found.release(record.record_id)
    assert found.path.read_bytes() == before


# --- what a hostile one cannot do ----------------------------------------------------------

HOSTILE_SCHEMAS = {
    "a view in place of a table": "DROP TABLE erased; CREATE VIEW erased AS SELECT record_id, "
    "system_id, mark_id, issued_at AS erased_at FROM records;",
    "a view that never ends": "CREATE VIEW more AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
    "SELECT i + 1 FROM n) SELECT i FROM n;",
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON records BEGIN DELETE FROM records; END;",
    "a table more": "CREATE TABLE more (x);",
    "a table less": "DROP TABLE accounts;",
    "an index more": "CREATE INDEX more ON records (abs(width));",
    "a column more": "ALTER TABLE records ADD COLUMN more TEXT;",
    "a virtual table": "INSERT INTO sqlite_master(type, name, tbl_name, rootpage, sql) VALUES "
    "('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING fts5(x)');",
    "many tables": "".join(f"CREATE TABLE m{i} (x);" for i in range(101)),
    "a default that runs": "UPDATE sqlite_master SET sql = replace(sql, 'sealed BLOB', "
    "'sealed BLOB DEFAULT (randomblob(9))') WHERE name = 'accounts';",
}


@pytest.mark.parametrize("script", HOSTILE_SCHEMAS.values(), ids=HOSTILE_SCHEMAS.keys())
def test_another_schema_is_refused_before_a_table_is_read(store, tmp_path, script):
    released(store)
    with pytest.raises(RegistryError, match=r"other tables|malformed"):
        altered(extract(store, tmp_path / "x"), script).check_schema()


HOSTILE_ROWS = {
    "text for a number": "UPDATE records SET width = 'wide';",
    "a number for bytes": "UPDATE records SET grid = 17;",
    "text for bytes": "UPDATE fingerprints SET pdq = 'abc';",
    "bytes for text": "UPDATE parents SET format = x'00ff';",
    "no width": "UPDATE records SET width = 0;",
    "an endless height": "UPDATE parents SET height = 1 << 60;",
    "a short digest": "UPDATE records SET sha256 = 'ab';",
    "a long name": "UPDATE records SET system_name = printf('%.*c', 65, 'x');",
    "a time without zone": "UPDATE records SET issued_at = '2026-11-01T12:00:00';",
    "a fact that is missing": "UPDATE records SET signer = NULL;",
    "a short fingerprint": "UPDATE fingerprints SET pdq = x'00';",
    "a quality beyond all": "UPDATE fingerprints SET quality = 101;",
    "another system": "UPDATE records SET system_id = 78;",
    "a reserved record": "UPDATE records SET state = 'reserved';",
    "a request": "UPDATE records SET request_key = x'00';",
    "a pseudonym": "UPDATE records SET pseudonym = 'p';",
    "a salt": "UPDATE records SET salt = x'00';",
    "an envelope": "UPDATE records SET envelope = x'00';",
    "an account": "INSERT INTO accounts VALUES ('p', x'00', 't');",
    "an access": "INSERT INTO access_log VALUES (1, 't', 'reveal', 's', 'o', 'r');",
    "a leaf": "INSERT INTO leaves VALUES (1, x'00', NULL);",
    "an erased record": "INSERT INTO erased VALUES ('r', 1, 2, 't');",
}


@pytest.mark.parametrize("script", HOSTILE_ROWS.values(), ids=HOSTILE_ROWS.keys())
def test_rows_that_belong_in_no_extract_are_refused(store, tmp_path, script):
    released(store)
    found = altered(extract(store, tmp_path / "x"), script)
    found.check_schema()
    with pytest.raises(RegistryError, match="belongs in no extract"):
        found.check_contents(SYSTEM.id)


def test_a_file_that_is_no_database_or_cut_off_is_our_error(store, tmp_path):
    released(store)
    found = extract(store, tmp_path / "x")
    cut, garbage, nothing = (tmp_path / name for name in ("cut", "garbage", "nothing"))
    cut.write_bytes(found.path.read_bytes()[:20_000])
    garbage.write_bytes(os.urandom(20_000))
    nothing.write_bytes(b"")
    for path in (cut, garbage, nothing, tmp_path / "missing", tmp_path):
        with pytest.raises(RegistryError):
            ExtractStore(path).check()


def test_a_cell_beyond_the_limit_is_our_error(store, tmp_path):
    record = released(store)
    found = altered(
        extract(store, tmp_path / "x"), "UPDATE records SET manifest = zeroblob(71000000);"
    )
    with pytest.raises(RegistryError, match="too big"):
        found.find_by_id(record.record_id)


def test_whatever_bytes_are_changed_it_is_our_error_or_an_answer(store, tmp_path):
    """A signed extract may come from a hostile operator: no digest protects from that one."""
    record = released(store)
    found = extract(store, tmp_path / "x")
    data = found.path.read_bytes()
    used = [place for place in range(len(data)) if data[place]]
    draw = random.Random(0)  # noqa: S311 - repeatable, not secret
    for _ in range(150):
        changed = bytearray(data)
        for place in draw.sample(used, draw.choice((1, 4, 40))):
            changed[place] = draw.randrange(256)
        found.path.write_bytes(changed)
        for look in (
            found.check,
            lambda: found.check_contents(SYSTEM.id),
            lambda: found.find_by_mark(SYSTEM.id, record.mark_id),
            lambda: found.find_by_id(record.record_id),
            lambda: list(found.fingerprint_pages(parents=True)),
            found.broken_rules,
        ):
            with contextlib.suppress(RegistryError):
                look()
