"""What is particular about the registry in SQLite: its file, its rights, its failures."""

from __future__ import annotations

import os
import pickle
import secrets
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from support.records import SYSTEM, a_request, issued_file, parent_file, reserved

from provenance.errors import ErrorCode, RegistryError
from provenance.model import Account, RecordState, new_record_id
from provenance.registry import SqliteStore, StoreRule
from provenance.registry.tables import SCHEMA_VERSION, metadata


@pytest.fixture
def path(tmp_path):
    return tmp_path / "registry.sqlite3"


@pytest.fixture
def store(path):
    return SqliteStore.create(path)


def created_elsewhere(path):
    """A registry whose process has ended, so that nothing of it is left in a log file."""
    code = (
        "import sys, pathlib; from provenance.registry import SqliteStore; "
        "SqliteStore.create(pathlib.Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, timeout=60)
    return path


def sql(path, statement):
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


def test_a_registry_is_created_once(store, path):
    with pytest.raises(RegistryError, match="exists"):
        SqliteStore.create(path)


def test_a_new_registry_is_sound_and_empty(store):
    store.check()
    assert set(store.count().values()) == {0}


def test_a_store_that_was_not_opened_travels_to_another_process(store, path):
    there = pickle.loads(pickle.dumps(SqliteStore(path)))  # noqa: S301 - made here
    record = reserved(there)
    assert store.find_by_id(record.record_id) == record


def test_commits_are_synced_to_the_disk(store, path):
    with store._writing() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "delete"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 3  # EXTRA


def test_a_writer_takes_the_lock_before_it_looks_at_anything(store, path):
    with (
        store._writing(),
        closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other,
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        other.execute("BEGIN IMMEDIATE")


def test_a_committed_record_is_visible_to_others_at_once(store, path):
    record = reserved(store)
    assert SqliteStore(path, read_only=True).find_by_id(record.record_id) == record


def test_a_record_that_was_committed_survives_a_killed_process(path):
    created_elsewhere(path)
    code = (
        "import os, pathlib, sys; from provenance.registry import SqliteStore; "
        "from support.records import reserved; "
        "print(reserved(SqliteStore(pathlib.Path(sys.argv[1]))).record_id, flush=True); "
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == -9
    assert SqliteStore(path).find_by_id(done.stdout.decode().strip()) is not None


# --- reading only ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["reserve", "issue", "release", "void"])
def test_a_store_for_reading_never_writes(store, path, name):
    record = reserved(store)
    reader = SqliteStore(path, read_only=True)
    calls = {
        "reserve": lambda: reserved(reader),
        "issue": lambda: reader.issue(record.record_id, issued_file()),
        "release": lambda: reader.release(record.record_id),
        "void": lambda: reader.void(record.record_id),
    }
    with pytest.raises(RegistryError, match="reading only"):
        calls[name]()
    assert reader.find_by_id(record.record_id) == record


def test_a_store_for_reading_leaves_the_directory_as_it_was(store, path):
    reserved(store)
    before = {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in path.parent.iterdir()}
    assert set(before) == {path.name}
    reader = SqliteStore(path, read_only=True)
    reader.check()
    with reader._reading():  # while it is open, too
        assert {p.name for p in path.parent.iterdir()} == set(before)
    assert {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in path.parent.iterdir()} == before


def test_what_a_killed_writer_left_is_undone_by_a_writer_and_never_by_a_reader(path):
    code = (
        "import os, pathlib, sys; from provenance.registry import SqliteStore; "
        "from support.records import reserved; "
        "store = SqliteStore.create(pathlib.Path(sys.argv[1])); reserved(store)\n"
        "with store._writing() as connection:\n"
        "    connection.exec_driver_sql('PRAGMA cache_size=1')\n"
        "    connection.exec_driver_sql('DELETE FROM records')\n"
        "    connection.exec_driver_sql('CREATE TABLE large AS SELECT zeroblob(9000000)')\n"
        "    os.kill(os.getpid(), 9)"
    )
    command = [sys.executable, "-c", code, str(path)]
    killed = subprocess.run(command, timeout=60, check=False, cwd=Path(__file__).parents[2])
    assert killed.returncode == -9
    journal = path.with_name(path.name + "-journal")
    before = path.read_bytes(), journal.read_bytes()
    with pytest.raises(RegistryError, match="provenance doctor"):
        SqliteStore(path, read_only=True).count()
    assert (path.read_bytes(), journal.read_bytes()) == before
    assert SqliteStore(path).count()[RecordState.RESERVED] == 1
    assert SqliteStore(path, read_only=True).count()[RecordState.RESERVED] == 1


def test_a_registry_with_a_write_ahead_log_is_converted_by_its_next_writer(store, path):
    record = reserved(store)
    assert sql(path, "PRAGMA journal_mode=WAL") == [("wal",)]
    reserved(store)
    assert sql(path, "PRAGMA journal_mode") == [("delete",)]
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert store.find_by_id(record.record_id) == record


def test_a_store_for_reading_creates_nothing(tmp_path):
    with pytest.raises(RegistryError, match="no registry"):
        SqliteStore(tmp_path / "nothing", read_only=True).count()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_registry_can_be_read_without_any_right_to_write(store):
    store.check()  # loads what another user may not be able to load
    folder = Path(tempfile.mkdtemp())
    try:
        path = created_elsewhere(folder / "registry.sqlite3")
        path.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
        folder.chmod(0o555)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                if os.geteuid() == 0:
                    os.setgid(65534)
                    os.setuid(65534)
                SqliteStore(path, read_only=True).count()
                status = 0
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


# --- failures ---------------------------------------------------------------------------


def test_a_missing_registry_is_our_error(tmp_path):
    with pytest.raises(RegistryError, match="no registry") as caught:
        SqliteStore(tmp_path / "nothing").find_by_id(new_record_id())
    assert caught.value.code is ErrorCode.REGISTRY


def test_writing_to_a_missing_registry_creates_nothing(tmp_path):
    with pytest.raises(RegistryError):
        reserved(SqliteStore(tmp_path / "nothing"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no database" * 500, b"SQLite format 3\0" + bytes(500)])
def test_a_file_that_is_no_registry_is_our_error(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    for call in (SqliteStore(path).check, SqliteStore(path).count):
        with pytest.raises(RegistryError):
            call()


def test_a_damaged_registry_is_noticed(path):
    created_elsewhere(path)
    store = SqliteStore(path)
    for _ in range(60):
        store.issue(reserved(store).record_id, issued_file(manifest=bytes(4000)))
    data = bytearray(path.read_bytes())
    data[len(data) // 2 :] = b"\xa5" * (len(data) - len(data) // 2)
    damaged = path.with_name("damaged")
    damaged.write_bytes(data)
    with pytest.raises(RegistryError):
        SqliteStore(damaged).check()


def test_a_registry_of_another_version_is_noticed(store, path):
    sql(path, "UPDATE schema_version SET version = version + 1")
    with pytest.raises(RegistryError, match=f"version {SCHEMA_VERSION + 1}, not {SCHEMA_VERSION}"):
        store.check()


def test_a_directory_is_our_error(tmp_path):
    with pytest.raises(RegistryError):
        SqliteStore(tmp_path).count()


def test_a_registry_in_a_missing_directory_is_not_created(tmp_path):
    with pytest.raises(RegistryError):
        SqliteStore.create(tmp_path / "nothing" / "registry.sqlite3")


def test_a_registry_that_stays_locked_is_busy(store, path):
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RegistryError) as caught:
            reserved(SqliteStore(path, busy_seconds=0.2))
        assert caught.value.code is ErrorCode.BUSY
        assert SqliteStore(path).count()[RecordState.RESERVED] == 0  # readers do not wait
    reserved(SqliteStore(path))


def test_a_name_with_odd_characters_is_one_file(tmp_path):
    path = tmp_path / "a b?mode=memory#c%20d.sqlite3"
    reserved(SqliteStore.create(path))
    assert path.is_file()
    assert SqliteStore(path).count()[RecordState.RESERVED] == 1


def test_a_relative_name_is_relative_to_where_it_was_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reserved(SqliteStore.create(Path("registry.sqlite3")))
    assert (tmp_path / "registry.sqlite3").is_file()


def test_a_system_without_id_is_told_so(store):
    from dataclasses import replace

    with pytest.raises(RegistryError, match="no id"):
        reserved(store, replace(SYSTEM, id=None))


def test_a_record_that_is_erased_takes_its_parents_with_it(store, path):
    kept, erased = reserved(store), reserved(store)
    for record in (kept, erased):
        store.issue(record.record_id, issued_file(parents=(parent_file(), parent_file(1))))
    with store._writing() as connection:
        statement = "DELETE FROM records WHERE record_id = ?"
        connection.exec_driver_sql(statement, (erased.record_id,))
    assert {row[0] for row in sql(path, "SELECT record_id FROM parents")} == {kept.record_id}


#: Every column that could hold a text or bytes that somebody chose, and what it holds. A new one
#: has to be written down here, and must be none that a prompt, a name or pixels fit in.
REVIEWED = {
    "records.system_name": "the operator's name of the system",
    "records.scheme": "of the watermark; a closed list",
    "records.model": "the operator's name of the model",
    "records.model_version": "the same",
    "records.operations": "a closed list",
    "records.request_key": "keyed hash",
    "records.request_digest": "keyed hash",
    "records.pseudonym": "keyed hash",
    "records.grid": "sealed",
    "records.manifest": "C2PA, as it is in the file",
    "records.time_stamp": "what an authority answered",
    "records.envelope": "the bytes of the file around its pixels",
    "records.salt": "random",
    "schema_version.identity": "random",
    "fingerprints.pdq": "perceptual hash",
    "markings.pdq": "perceptual hash",
    "markings.origin": "hash of hashes",
    "leaves.commitment": "salted hash",
    "checkpoints.root": "hash",
    "checkpoints.note": "signed note of hashes",
    "checkpoints.time_stamp": "RFC 3161 token",
    "accounts.sealed": "sealed",
    "access_log.subject": "an id",
    "access_log.operator": "a pseudonym, by the operator",
    "access_log.reason": "by the operator",
}
#: Columns of a fixed form: ids, times, hashes and members of closed lists.
FORMAL = {
    "record_id", "state", "reserved_at", "issued_at", "format", "sha256", "signer", "signed_at",
    "relationship", "pseudonym", "used_at", "at", "action", "erased_at", "expires_at",
}  # fmt: skip


def test_no_column_of_any_table_could_hold_a_prompt_or_pixels(store, path):
    names = {row[0] for row in sql(path, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    names -= {"sqlite_sequence"}
    assert names == set(metadata.tables)
    texts = set()
    for table in names:
        for _, column, kind, *_ in sql(path, f"PRAGMA table_info({table})"):
            assert column not in {"prompt", "user", "account", "ip", "pixels", "path", "title"}
            if kind not in {"INTEGER", "BIGINT", "DOUBLE"} and column not in FORMAL:
                texts.add(f"{table}.{column}")
    assert texts == set(REVIEWED) - {"records.pseudonym"}


def test_what_is_erased_is_no_longer_in_the_file(store, path):
    """Many records of all sizes, so that pages are split, merged and given up."""
    made = []
    for number in range(60):
        account = Account(secrets.token_hex(16), secrets.token_bytes(284))
        record = reserved(store, account=account)
        size = (100, 900, 3_000, 20_000)[number % 4]
        file = issued_file(manifest=secrets.token_bytes(size), parents=(parent_file(),))
        made.append((store.issue(record.record_id, file), account))
    salts = dict(sql(path, "SELECT record_id, salt FROM records"))
    gone, kept = made[::2] + made[1::8], [pair for pair in made[1::2] if pair not in made[1::8]]

    def found(record, account):
        data, file, parent = path.read_bytes(), record.file, record.file.parents[0]
        pieces = {
            "manifest": file.manifest[:24],
            "end of manifest": file.manifest[-24:],
            "sha256": file.sha256.encode(),
            "pdq": file.fingerprint.bits,
            "grid": file.grid[:24],
            "salt": salts[record.record_id],
            "envelope": file.envelope[:24],
            "signer": file.signer.encode(),
            "sha256 of parent": parent.sha256.encode(),
            "pdq of parent": parent.fingerprint.bits,
            "pseudonym": account.pseudonym.encode(),
            "sealed": account.sealed[:24],
        }
        return {name for name, piece in pieces.items() if piece in data}, set(pieces)

    for record, account in gone:
        there, everything = found(record, account)
        assert there == everything
        store.erase(record.record_id)
        store.erase_account(account.pseudonym)
    for record, account in gone:
        assert found(record, account)[0] == set()
    for record, account in kept:
        there, everything = found(record, account)
        assert there == everything
    assert store.broken_rules() == dict.fromkeys(StoreRule, ())
    assert [item.name for item in path.parent.iterdir()] == [path.name]


def test_deleted_rows_are_overwritten_whatever_the_library_was_built_with(store):
    with store._writing() as connection:
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1


@pytest.mark.parametrize(
    ("statement", "rule", "text"),
    [
        ("UPDATE records SET sha256 = NULL", StoreRule.FACTS, "(issued)"),
        ("UPDATE records SET state = 'void'", StoreRule.FACTS, "(void)"),
        ("UPDATE records SET state = 'sold'", StoreRule.STATES, "(sold)"),
        ("UPDATE schema_version SET version = 99", StoreRule.VERSION, "version 99"),
    ],
)
def test_a_record_that_breaks_a_rule_is_named(store, path, statement, rule, text):
    store.issue(reserved(store).record_id, issued_file())
    sql(path, statement)
    broken = SqliteStore(path, read_only=True).broken_rules()
    assert [text in detail for detail in broken[rule]] == [True]


def test_a_mark_id_that_was_given_twice_is_named(store, path):
    record = reserved(store)
    with closing(sqlite3.connect(path)) as connection, connection:
        # What a hand that removes the constraint could do.
        connection.execute("CREATE TABLE copy AS SELECT * FROM records")
        connection.execute("DROP TABLE records")
        connection.execute("ALTER TABLE copy RENAME TO records")
        connection.execute("INSERT INTO records SELECT * FROM records")
    (broken,) = store.broken_rules()[StoreRule.MARKS]
    assert f"{record.mark_id.value:012x}" in broken
    assert "2 records" in broken


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE fingerprints SET pdq = x'00' WHERE fingerprint_id = 2",
        "UPDATE fingerprints SET pdq = zeroblob(33) WHERE fingerprint_id = 2",
    ],
)
def test_a_damaged_fingerprint_ends_a_search(store, path, statement):
    for _ in range(2):
        store.issue(reserved(store).record_id, issued_file())
    sql(path, statement)
    with pytest.raises(RegistryError, match="damaged"):
        list(store.fingerprint_pages(parents=False))


@pytest.mark.parametrize(
    "change",
    [
        "sha256 = replace(sha256, substr(sha256, 1, 1), '-')",
        "mark_id = mark_id + 1",
        "model = 'acme-2'",
        "epoch = 4",
        "width = width + 1",
        "byte_size = byte_size + 1",
        "margin = margin + 0.5",
        "manifest = zeroblob(100)",
        "grid = x''",
        "envelope = x''",
        "signer = ''",
        "salt = zeroblob(32)",
        "time_stamp = 'stamped: by somebody else'",
        "issued_at = '2020-01-01T00:00:00+00:00'",
        "request_digest = zeroblob(32)",
        "operations = ''",
    ],
)
def test_a_fact_that_was_changed_after_it_was_logged_is_named(store, path, change):
    record = store.issue(reserved(store, request=a_request()).record_id, issued_file())
    other = store.issue(reserved(store).record_id, issued_file())
    sql(path, f"UPDATE records SET {change} WHERE request_key IS NOT NULL")  # noqa: S608
    (broken,) = store.broken_rules()[StoreRule.LEAVES]
    assert broken == f"record {record.record_id} is not the one that was logged"
    assert store.find_by_id(other.record_id) == other


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("UPDATE parents SET sha256 = 'x'", "is not the one that was logged"),
        ("DELETE FROM parents", "is not the one that was logged"),
        ("UPDATE fingerprints SET quality = 3", "is not the one that was logged"),
        ("DELETE FROM fingerprints", "is damaged"),
        ("UPDATE records SET salt = x'00'", "a salt has 32 bytes"),
        ("UPDATE records SET reserved_at = 'yesterday'", "is damaged"),
        ("DELETE FROM leaves", "is not the one that was logged"),
    ],
)
def test_what_belongs_to_a_record_is_held_against_its_leaf_too(store, path, statement, text):
    store.issue(reserved(store).record_id, issued_file(parents=(parent_file(),)))
    sql(path, statement)
    (broken,) = store.broken_rules()[StoreRule.LEAVES]
    assert text in broken


def test_a_gap_among_the_leaves_is_named(store, path):
    for _ in range(3):
        store.issue(reserved(store).record_id, issued_file())
    store.sequence()
    sql(path, "UPDATE leaves SET position = 7 WHERE position = 1")
    (broken,) = store.broken_rules()[StoreRule.POSITIONS]
    assert "3 leaves" in broken
    with pytest.raises(RegistryError, match="leaf 1 is missing"):
        list(store.leaves(0, 3))


def test_a_record_that_came_back_after_it_was_erased_is_named(store, path):
    record = store.issue(reserved(store).record_id, issued_file())
    sql(path, "INSERT INTO erased SELECT record_id, 77, 1, reserved_at FROM records")
    assert store.broken_rules()[StoreRule.ERASED] == (f"record {record.record_id} (issued)",)
