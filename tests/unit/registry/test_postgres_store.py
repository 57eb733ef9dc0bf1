"""What is particular about the registry in PostgreSQL: its server, its locks, its failures."""

# ruff: noqa: S608 - names and ids that are made here

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import text
from support import records
from support.records import SYSTEM, a_request, issued_file, reserved

from provenance.errors import ErrorCode, RegistryError
from provenance.model import Account, RecordState, new_record_id
from provenance.registry import StoreRule, create_store, fingerprint_table, open_store
from provenance.registry.postgres_store import PostgresStore

SHORT = 0.3


@pytest.fixture
def url(postgres_url):
    return postgres_url


@pytest.fixture
def store(url):
    return open_store(url)


@pytest.fixture
def impatient(url):
    return PostgresStore(url, busy_seconds=SHORT)


@pytest.fixture
def unfinished(postgres, postgres_database):
    """Statements in a transaction of somebody else that stays open."""

    @contextmanager
    def begun(*statements):
        with closing(postgres.connect(postgres_database)) as connection:
            connection.execute("BEGIN")
            for statement in statements:
                connection.execute(statement)
            yield connection

    return begun


@contextmanager
def meanwhile(action):
    """Do it in a thread; gives a function that waits for what comes of it."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(action).result


@pytest.fixture
def until_locked(postgres, postgres_database):
    """Waits until so many transactions wait for a lock."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        f" AND datname = '{postgres_database}'"
    )

    def wait(number=1):
        until(lambda: postgres.sql(query)[0][0] >= number)

    return wait


def until(condition):
    """Wait for it, and not for ever."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


def setting(store, name, *, reading=False):
    with store._reading() if reading else store._writing() as connection:
        return connection.scalar(text(f"SHOW {name}"))


# --- sessions -------------------------------------------------------------------------------


def test_a_commit_waits_for_the_disk_whatever_the_role_says(postgres, store):
    postgres.sql("ALTER ROLE provenance SET synchronous_commit = off")
    try:
        assert setting(store, "synchronous_commit") == "on"
    finally:
        postgres.sql("ALTER ROLE provenance RESET synchronous_commit")


def test_readers_see_one_state_and_writers_what_was_committed(store):
    assert setting(store, "transaction_isolation", reading=True) == "repeatable read"
    assert setting(store, "transaction_read_only", reading=True) == "on"
    assert setting(store, "transaction_isolation") == "read committed"


def test_nobody_waits_for_ever(url):
    store = PostgresStore(url, busy_seconds=7)
    assert setting(store, "lock_timeout") == "7s"
    assert setting(store, "statement_timeout") == "140s"
    assert setting(store, "idle_in_transaction_session_timeout") == "140s"


def test_a_store_for_reading_cannot_write_even_past_its_methods(url):
    reader = open_store(url, read_only=True)
    with pytest.raises(RegistryError, match="reading only"):
        reserved(reader)
    with (
        pytest.raises(RegistryError, match="read only"),
        reader._translated(),
        reader._opened().connect() as connection,
    ):
        connection.execute(text("DELETE FROM records"))


def test_pages_come_from_one_state(store, url, monkeypatch):
    monkeypatch.setattr(fingerprint_table, "_PAGE", 1)
    for _ in range(3):
        store.issue(reserved(store).record_id, issued_file())
    pages = store.fingerprint_pages(parents=False)
    first = next(pages)
    store.issue(reserved(store).record_id, issued_file())
    assert len(first) + sum(map(len, pages)) == 3


def test_the_connections_of_a_store_end_with_it(postgres, postgres_database, url):
    query = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{postgres_database}'"
    store = open_store(url)
    store.count()
    assert postgres.sql(query) == [(1,)]
    del store
    until(lambda: postgres.sql(query) == [(0,)])


def test_a_child_that_ends_leaves_the_connections_of_its_parent_alone(url):
    code = """
import os, sys
from sqlalchemy import text
from provenance.registry import open_store

def server(store):
    with store._reading() as connection:
        return connection.scalar(text("SELECT pg_backend_pid()"))

store = open_store(sys.argv[1])
mine = server(store)
child = os.fork()
if child == 0:
    sys.exit(server(store) == mine)  # ends like any program, with all that runs at the end
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.exit(status or server(store) != mine)
"""
    command = [sys.executable, "-W", "ignore", "-c", code, url]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()


# --- in flight ------------------------------------------------------------------------------


def test_nothing_appears_below_the_horizon(store, impatient, unfinished):
    record = store.issue(reserved(store).record_id, issued_file())
    values = f"('{record.record_id}', 7, '\\x{bytes(32).hex()}', 50)"
    insert = f"INSERT INTO fingerprints (record_id, position, pdq, quality) VALUES {values}"
    with unfinished(insert) as other:
        store.issue(reserved(store).record_id, issued_file())
        with pytest.raises(RegistryError, match="has not finished") as caught:
            impatient.fingerprint_horizon()
        assert caught.value.code is ErrorCode.BUSY
        with meanwhile(store.fingerprint_horizon) as result:
            store.issue(reserved(store).record_id, issued_file())
            other.execute("COMMIT")
            horizon = result()
    both = (store.fingerprint_pages(parents=kind, upto=horizon) for kind in (False, True))
    found = [row.fingerprint_id for pages in both for page in pages for row in page]
    assert horizon >= 3
    assert sorted(found) == list(range(1, horizon + 1))


def test_the_horizon_needs_no_right_to_write(postgres, postgres_database, store):
    store.issue(reserved(store).record_id, issued_file())
    postgres.sql("CREATE ROLE onlooker LOGIN")
    postgres.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO onlooker", postgres_database)
    try:
        reader = open_store(postgres.url(postgres_database, user="onlooker"), read_only=True)
        assert reader.fingerprint_horizon() == 1
        assert reader.broken_rules() == dict.fromkeys(StoreRule, ())
    finally:
        postgres.sql("DROP OWNED BY onlooker", postgres_database)
        postgres.sql("DROP ROLE onlooker")


@pytest.mark.slow
def test_a_standby_is_read_and_does_not_know_the_horizon(postgres, postgres_database, store):
    record = store.issue(reserved(store).record_id, issued_file())
    with postgres.standby(postgres_database) as address:
        reader = open_store(address, read_only=True)
        assert reader.find_by_id(record.record_id) == record
        assert reader.broken_rules() == dict.fromkeys(StoreRule, ())
        with pytest.raises(RegistryError, match="is a standby") as caught:
            reader.fingerprint_horizon()
        assert "primary" in caught.value.hint
        with pytest.raises(RegistryError, match="read only"):
            reserved(open_store(address))


def test_a_leaf_that_is_committed_late_follows_and_is_never_lost(store, unfinished):
    leaf = bytes(range(32))
    with unfinished(f"INSERT INTO leaves (commitment) VALUES ('\\x{leaf.hex()}')") as other:
        first = store.issue(reserved(store).record_id, issued_file())
        assert store.sequence() == 1
        other.execute("COMMIT")
    assert store.waiting() == 1
    assert store.sequence() == 2
    assert list(store.leaves(0, 2)) == [store.commitment_of(first.record_id), leaf]


def test_only_one_gives_positions_at_a_time(store, impatient):
    with store._writing() as connection:
        store._serialise(connection, "sequence")
        with pytest.raises(RegistryError, match="locked") as caught:
            impatient.sequence()
        assert caught.value.code is ErrorCode.BUSY
        impatient.add_checkpoint(records.checkpoint(3))  # has a lock of its own


def test_leaves_are_numbered_while_others_are_issued(store, url):
    stop = threading.Event()
    sizes = []

    def number():
        mine = open_store(url)
        while not stop.is_set():
            sizes.append(mine.sequence())

    with ThreadPoolExecutor(4) as pool:
        numbering = [pool.submit(number) for _ in range(2)]
        issuing = [pool.submit(records.walk_through, open_store(url), 15) for _ in range(2)]
        for work in issuing:
            work.result()
        stop.set()
        for work in numbering:
            work.result()
    assert store.sequence() == 30
    assert len(set(store.leaves(0, 30))) == 30
    assert store.broken_rules()[StoreRule.POSITIONS] == ()


def test_a_mark_id_that_is_being_erased_is_not_given_again(store, url, unfinished, until_locked):
    record = reserved(store, id_bits=0)
    store.issue(record.record_id, issued_file())
    statements = (
        f"INSERT INTO erased VALUES ('{record.record_id}', {SYSTEM.id}, 0, '')",
        f"DELETE FROM records WHERE record_id = '{record.record_id}'",
    )
    with (
        unfinished(*statements) as other,
        meanwhile(lambda: reserved(open_store(url), id_bits=0)) as result,
    ):
        until_locked()
        other.execute("COMMIT")
        with pytest.raises(RegistryError, match="no free mark id"):
            result()
    assert store.count() == dict.fromkeys(RecordState, 0)


def test_a_record_is_erased_once(store, url, unfinished, until_locked):
    record = store.issue(reserved(store).record_id, issued_file())
    lock = f"SELECT * FROM records WHERE record_id = '{record.record_id}' FOR UPDATE"

    def erase():
        try:
            return open_store(url).erase(record.record_id)
        except RegistryError as error:
            return error.message

    with unfinished(lock) as other, ThreadPoolExecutor(2) as pool:
        both = [pool.submit(erase) for _ in range(2)]
        until_locked(2)
        other.execute("COMMIT")
        answers = [one.result() for one in both]
    assert sorted(answers, key=str) == [None, f"record {record.record_id} is missing"]


def test_an_account_that_is_used_again_does_not_expire(store, url, unfinished, until_locked):
    account = Account("ab" * 16, b"sealed")
    reserved(store, account=account)
    moment = datetime.now(UTC) + timedelta(seconds=1)
    later = (moment + timedelta(days=1)).isoformat()
    with (
        unfinished(f"UPDATE accounts SET used_at = '{later}'") as other,
        meanwhile(lambda: open_store(url).expire_accounts(moment)) as result,
    ):
        until_locked()
        other.execute("COMMIT")
        assert result() == 0
    assert store.account(account.pseudonym) == account
    assert len(store.records_of(account.pseudonym)) == 1


def test_a_table_that_stays_locked_is_busy(store, impatient, unfinished):
    with unfinished("LOCK TABLE records IN ACCESS EXCLUSIVE MODE"):
        with pytest.raises(RegistryError, match="locked") as caught:
            reserved(impatient)
        assert caught.value.code is ErrorCode.BUSY
    reserved(store)


def test_a_deadlock_is_busy_and_leaves_nothing(store, url, unfinished, until_locked):
    first, second = (store.issue(reserved(store).record_id, issued_file()) for _ in range(2))

    def touch(record):
        return f"UPDATE records SET scheme = scheme WHERE record_id = '{record.record_id}'"

    def both(other):
        with open_store(url)._writing() as connection:
            connection.execute(text(touch(second)))
            pool.submit(other.execute, touch(second))
            until_locked()
            connection.execute(text("SET LOCAL deadlock_timeout = '10ms'"))
            connection.execute(text(touch(first)))

    patient = "SET deadlock_timeout = '1h'"  # so that it is not the other one that gives up
    with (
        ThreadPoolExecutor(1) as pool,
        unfinished(patient, touch(first)) as other,
        pytest.raises(RegistryError, match="deadlock") as caught,
    ):
        both(other)
    assert caught.value.code is ErrorCode.BUSY


# --- faults ---------------------------------------------------------------------------------


def test_what_was_acknowledged_survives_a_crash_of_the_server(postgres, store, url):
    acknowledged, errors = [], []
    under_way = threading.Event()

    def write():
        mine = open_store(url)
        try:
            while True:
                record = reserved(mine, request=a_request())
                mine.issue(record.record_id, issued_file())
                mine.release(record.record_id)
                acknowledged.append(record.record_id)
                if len(acknowledged) > 20:
                    under_way.set()
        except RegistryError as error:
            errors.append(error)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    under_way.wait(60)
    postgres.stop("immediate")
    for thread in threads:
        thread.join()
    postgres.start()
    assert len(errors) == 3
    states = {store.find_by_id(record_id).state for record_id in acknowledged}
    assert states == {RecordState.RELEASED}
    assert store.broken_rules() == dict.fromkeys(StoreRule, ())
    size = store.sequence()
    assert size >= len(acknowledged)
    assert len(set(store.leaves(0, size))) == size


def test_a_connection_that_was_cut_is_made_anew(postgres, postgres_database, store):
    record = reserved(store)
    postgres.disconnect(postgres_database)
    assert store.find_by_id(record.record_id) == record


def test_a_connection_that_is_cut_half_way_leaves_nothing(postgres, postgres_database, store):
    def cut():
        with store._writing() as connection:
            connection.execute(text("DELETE FROM schema_version"))
            postgres.disconnect(postgres_database)
            connection.execute(text("DELETE FROM records"))

    with pytest.raises(RegistryError) as caught:
        cut()
    assert caught.value.code is ErrorCode.REGISTRY
    assert "\n" not in caught.value.message
    store.check()


def test_a_server_that_is_down_is_our_error(postgres, store, url):
    store.count()
    postgres.stop("fast")
    try:
        for each in (store, open_store(url)):
            with pytest.raises(RegistryError) as caught:
                each.find_by_id(new_record_id())
            assert "\n" not in caught.value.message
    finally:
        postgres.start()
    assert store.find_by_id(new_record_id()) is None


def test_a_database_that_is_not_there_or_holds_no_registry_is_our_error(postgres):
    with pytest.raises(RegistryError, match="does not exist") as caught:
        open_store(postgres.url("nothing")).count()
    assert "createdb" in caught.value.hint
    with pytest.raises(RegistryError, match="no registry in this database") as caught:
        open_store(postgres.url("postgres")).check()
    assert "migrate --to" in caught.value.hint


def test_a_role_without_rights_is_told_so(postgres, postgres_database):
    postgres.sql("CREATE ROLE stranger LOGIN")
    try:
        with pytest.raises(RegistryError, match="permission denied") as caught:
            open_store(postgres.url(postgres_database, user="stranger")).count()
        assert "docs/registry.md" in caught.value.hint
    finally:
        postgres.sql("DROP ROLE stranger")


def test_a_role_that_stamps_needs_these_rights_and_no_others(postgres, postgres_database):
    postgres.sql("CREATE ROLE stamping LOGIN")
    grants = (  # as in docs/registry.md
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO stamping",
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO stamping",
    )
    for grant in grants:
        postgres.sql(grant, postgres_database)
    try:
        store = open_store(postgres.url(postgres_database, user="stamping"))
        records.walk_through(store, 2)
        record = store.issue(reserved(store).record_id, issued_file())
        assert store.sequence() == 3
        store.add_checkpoint(records.checkpoint(3))
        assert store.fingerprint_horizon() == 3
        store.erase(record.record_id)
        store.check()
    finally:
        postgres.sql("DROP OWNED BY stamping", postgres_database)
        postgres.sql("DROP ROLE stamping")


def test_a_password_comes_from_a_file_and_is_never_repeated(
    postgres, postgres_database, tmp_path, monkeypatch
):
    rules = postgres.folder / "data" / "pg_hba.conf"
    before = rules.read_text()
    postgres.sql("CREATE ROLE guarded LOGIN PASSWORD 'open sesame'")
    postgres.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guarded", postgres_database)
    rules.write_text(f"local all guarded scram-sha-256\n{before}")
    postgres.sql("SELECT pg_reload_conf()")
    passwords = tmp_path / "passwords"
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    store = open_store(postgres.url(postgres_database, user="guarded"), read_only=True)
    try:
        for text_of_file in ("", "*:*:*:guarded:open barley"):
            passwords.write_text(text_of_file)
            passwords.chmod(0o600)
            with pytest.raises(RegistryError, match="does not accept the password") as caught:
                store.count()
            assert "PGPASSFILE" in caught.value.hint
            assert "open" not in str(caught.value)
        passwords.write_text("*:*:*:guarded:open sesame")
        assert store.count()[RecordState.ISSUED] == 0
    finally:
        rules.write_text(before)
        postgres.sql("SELECT pg_reload_conf()")
        postgres.sql("DROP OWNED BY guarded", postgres_database)
        postgres.sql("DROP ROLE guarded")


def test_an_error_never_quotes_a_row(store):
    with pytest.raises(RegistryError) as caught, store._writing() as connection:
        connection.execute(
            text("INSERT INTO access_log VALUES (1, 'secret', repeat('x', 99), '', '', '')")
        )
    assert "secret" not in str(caught.value)


# --- making one ------------------------------------------------------------------------------


def test_a_registry_is_made_once(url):
    with pytest.raises(RegistryError, match="already"):
        create_store(url)


def test_two_who_make_one_at_once_make_one(postgres):
    def create(url):
        try:
            create_store(url)
        except RegistryError as error:
            return error.message
        return ""

    with postgres.database(template="template1") as name, ThreadPoolExecutor(4) as pool:
        url = postgres.url(name)
        answers = sorted(pool.map(create, [url] * 4))
        assert [bool(answer) for answer in answers] == [False, True, True, True]
        assert all("already" in answer for answer in answers[1:])
        open_store(url).check()


def test_tables_of_somebody_else_are_left_alone(postgres):
    with postgres.database(template="template1") as name:
        postgres.sql("CREATE TABLE records (mine int)", name)
        with pytest.raises(RegistryError, match="already exists"):
            create_store(postgres.url(name))
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        assert postgres.sql(query, name) == [("records",)]


def test_a_database_that_cannot_hold_every_text_is_refused(postgres):
    postgres.sql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    try:
        with pytest.raises(RegistryError, match="LATIN1, not UTF8"):
            create_store(postgres.url("latin"))
    finally:
        postgres.sql("DROP DATABASE latin WITH (FORCE)")


def test_an_index_that_is_not_valid_is_named(postgres):
    with postgres.database() as name:
        postgres.sql(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid ="
            " 'one_fingerprint_per_file'::regclass",
            name,
        )
        (damage,) = open_store(postgres.url(name)).broken_rules()[StoreRule.SOUND]
    assert damage == "index one_fingerprint_per_file is not valid"


def test_a_server_that_may_lose_records_is_pointed_out(store):
    assert store.cautions() == (
        "the server has fsync off: a crash may lose records",
        "the server has full_page_writes off: a crash may lose records",
    )


# --- addresses -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://me:secret@host/db", "no password"),
        ("postgresql://me@host/db?password=secret", "no password"),
        ("postgresql://me:secret@host:port/db", "no address"),
        ("mysql://me@host/secret", "cannot lie in 'mysql'"),
        ("postgresql+psycopg2://me@host/db", "cannot lie in"),
        ("postgresql://me@host", "no database"),
        ("postgresql://me@host/db?options=-csecret", "no parameter 'options'"),
        ("://secret", "no address"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_and_no_secret_repeated(address, said):
    with pytest.raises(RegistryError, match=said) as caught:
        open_store(address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "mode"),
    [
        ("postgresql://me@db.example.com/db", "verify-full"),
        ("postgresql://me@/db?host=db.example.com", "verify-full"),
        ("postgresql://me@127.0.0.1/db", "verify-full"),
        ("postgresql://me@db.example.com/db?sslmode=require", "require"),
        ("postgresql://me@/db?host=/run/postgresql", None),
        ("postgresql:///db", None),
    ],
)
def test_over_a_network_the_server_has_to_prove_who_it_is(address, mode):
    assert PostgresStore(address)._connect_arguments().get("sslmode") == mode


def test_without_psycopg_it_is_said_what_to_install(url, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(RegistryError, match="needs psycopg") as caught:
        open_store(url).count()
    assert "provenance[postgres]" in caught.value.hint


def test_the_tests_talk_to_a_real_server(postgres, postgres_database):
    with closing(postgres.connect(postgres_database)) as connection:
        assert isinstance(connection, psycopg.Connection)
        assert connection.info.server_version >= 130000
