"""Accounts, erasure and retention through the command line."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from support import pictures, tamper
from support.command import Command, run

from provenance import Workspace
from provenance.keys import Pseudonyms
from provenance.model import AccessAction, AccessEntry, Record

#: Letters that no other text has, so that no part of them is met by chance.
ACCOUNT = "zq\u00e9llow-\u017eyxtra@kunde.example"
FORMS = [
    form
    for text in (ACCOUNT, ACCOUNT.upper(), "zqe\u0301llow", "zq\u00e9llow", "kunde.example")
    for form in (text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be"))
] + [ACCOUNT.encode().hex().encode(), ACCOUNT.encode("unicode_escape")]


class Ours(NamedTuple):
    """A workspace with one picture that an account asked for."""

    workspace: Workspace
    file: Path
    record: Record
    said: str  # all that stamping printed

    def __call__(self, *arguments: str | Path) -> list[str | Path]:
        return ["registry", *arguments, "-w", self.workspace.path]


def assert_nowhere(data: bytes, where: object) -> None:
    for form in FORMS:
        assert form not in data, f"{form!r} is in {where}"


@pytest.fixture(scope="module")
def stamped(tmp_path_factory: pytest.TempPathFactory) -> Ours:
    top = tmp_path_factory.mktemp("privacy")
    workspace = Workspace.create(top / "workspace", system_name="acme-images")
    picture = top / "a.png"
    picture.write_bytes(
        pictures.file(pictures.sample("bottle.jpg", 384, 384, top=200, left=200), "PNG")
    )
    done = run(
        *("stamp", picture, "-w", workspace.path, "--out", top / "out", "--jsonl"),
        env={"PROVENANCE_ACCOUNT": f" {ACCOUNT} "},
    )
    assert done.returncode == 0, done.stderr
    record = workspace.store().find_by_id(json.loads(done.stdout)["record_id"])
    assert record is not None
    said = (done.stdout + done.stderr).decode()
    return Ours(workspace, top / "out" / "a.png", record, said)


@pytest.fixture
def ours(stamped: Ours, tmp_path: Path) -> Ours:
    """A copy of its own."""
    top = stamped.workspace.path.parent
    shutil.copytree(top, tmp_path / "copy")
    return stamped._replace(
        workspace=Workspace.open(tmp_path / "copy" / "workspace"),
        file=tmp_path / "copy" / "out" / "a.png",
    )


# --- where an account is, and where it is not ----------------------------------------------


def test_an_account_is_in_no_file_and_in_no_output(stamped: Ours, command: Command) -> None:
    assert stamped.record.pseudonym
    top = stamped.workspace.path.parent
    files = [path for path in top.rglob("*") if path.is_file()]
    assert len(files) > 8
    for path in files:
        assert_nowhere(path.read_bytes(), path)
        assert_nowhere(os.fsencode(path.name), path)
    assert_nowhere(stamped.said.encode(), "what stamping printed")
    # neither is its pseudonym in anything that leaves the operator
    assert stamped.record.pseudonym.encode() not in stamped.file.read_bytes()
    assert stamped.record.pseudonym not in stamped.said
    for arguments in (
        stamped("show", stamped.record.record_id, "--json"),
        stamped("stats", "--json"),
        stamped("access", "--json"),
        ["verify", stamped.file, "-w", stamped.workspace.path, "--json"],
        ["inspect", stamped.file, "-w", stamped.workspace.path, "--json"],
    ):
        result = command(*arguments)
        assert result.code == 0
        assert_nowhere((result.out + result.err).encode(), arguments)


@pytest.mark.parametrize("account", ["   ", f"{ACCOUNT}\n", f"{ACCOUNT}\u202e", ACCOUNT * 9])
def test_what_is_no_account_stamps_nothing_and_is_not_repeated(
    stamped: Ours, command: Command, tmp_path: Path, account: str
) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(pictures.file(pictures.crop(), "PNG"))
    before = stamped.workspace.store().count()
    result = command(
        *("stamp", picture, "-w", stamped.workspace.path, "--out", tmp_path / "out"),
        *("--account", account, "--json"),
    )
    assert result.code == 2
    assert "an account is printable text of 1 to 200 characters" in result.out
    assert_nowhere((result.out + result.err).encode(), "the messages")
    assert stamped.workspace.store().count() == before


def test_the_same_account_has_the_same_pseudonym_whatever_was_rotated(stamped: Ours) -> None:
    config = stamped.workspace.path / "config.toml"
    text = config.read_text("utf-8")
    pseudonyms = stamped.workspace.pseudonyms()
    config.write_text(text.replace("epoch = 0", "epoch = 7"), "utf-8")
    try:
        later: Pseudonyms = Workspace.open(stamped.workspace.path, {}).pseudonyms()
    finally:
        config.write_text(text, "utf-8")
    assert later.of(ACCOUNT).pseudonym == pseudonyms.of(ACCOUNT).pseudonym
    assert later.of(ACCOUNT).pseudonym == stamped.record.pseudonym


# --- revealing -----------------------------------------------------------------------------


def test_an_account_is_revealed_by_every_name_of_its_record(ours: Ours, command: Command) -> None:
    assert ours.record.file is not None
    names = (
        ours.record.record_id,
        ours.record.manifest_id,
        str(ours.record.mark_id).upper(),
        ours.record.file.sha256,
    )
    for name in names:
        result = command(*ours("reveal", name, "--reason", "order 12", "--operator", "op-1"))
        assert (result.code, result.out) == (0, f"{ACCOUNT}\n")
    result = command(*ours("reveal", names[0], "--reason", "order 12", "--json"))
    assert json.loads(result.out) == {
        "schema_version": 1,
        "record_id": ours.record.record_id,
        "pseudonym": ours.record.pseudonym,
        "account": ACCOUNT,
    }
    rows = command(*ours("access", "--jsonl")).rows
    assert [row["operator"] for row in rows] == ["op-1"] * 4 + [""]
    assert {(row["action"], row["subject"], row["reason"]) for row in rows} == {
        ("reveal", ours.record.record_id, "order 12")
    }
    text = command(*ours("access")).out.splitlines()
    assert text[0].endswith(f"reveal   {ours.record.record_id}  by op-1: order 12")
    whole = json.loads(command(*ours("access", "--json")).out)
    assert whole["entries"] == rows


@pytest.mark.parametrize("reason", [None, "", " ", "two\nlines"])
def test_without_a_reason_nothing_is_revealed(
    ours: Ours, command: Command, reason: str | None
) -> None:
    given = [] if reason is None else ["--reason", reason]
    result = command(*ours("reveal", ours.record.record_id, *given))
    assert (result.code, result.out) == (2, "")
    assert "reason" in result.err
    assert command(*ours("access")).out == ""


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("0" * 12, 1, "no such record"),
        ("f" * 64, 1, "no such record"),
        ("urn:c2pa:00000000-0000-4000-8000-000000000000", 1, "no such record"),
        ("' OR 1=1 --", 2, "names no record"),
        ("*", 2, "names no record"),
        ("", 2, "names no record"),
        ("\x1b[31m", 2, r"\x1b[31m names no record"),
    ],
)
def test_what_names_no_record_is_told_so(
    stamped: Ours, command: Command, name: str, code: int, says: str
) -> None:
    for arguments in (
        stamped("reveal", name, "--reason", "order 12"),
        stamped("show", name),
        stamped("purge", "--record", name, "--reason", "order 12", "--yes"),
    ):
        result = command(*arguments)
        assert (result.code, result.out) == (code, "")
        assert says in result.err
    assert list(stamped.workspace.store().access_entries()) == []


def test_whoever_has_another_secret_reveals_nothing(
    ours: Ours, command: Command, tmp_path: Path
) -> None:
    other = Workspace.create(tmp_path / "other")
    secret = ours.workspace.path / "keys" / "system.secret"
    shutil.copy(other.path / "keys" / "system.secret", secret)
    result = command(*ours("reveal", ours.record.record_id, "--reason", "order 12"))
    assert (result.code, result.out) == (2, "")
    assert "does not open" in result.err
    assert [row["action"] for row in command(*ours("access", "--jsonl")).rows] == ["reveal"]


# --- erasing -------------------------------------------------------------------------------


def test_an_erased_record_is_gone_from_everywhere_but_the_log(
    ours: Ours, command: Command, tmp_path: Path
) -> None:
    record = ours.record
    assert record.file is not None
    leaked = tmp_path / "leaked.jpg"
    leaked.write_bytes(tamper.recompress(ours.file.read_bytes()))
    store = ours.workspace.store()
    size = store.sequence()
    leaves = list(store.leaves(0, size))
    index = ours.workspace.path / "registry.index"
    index.write_bytes(record.file.fingerprint.bits)
    query = ("find", "--similar-to", leaked)
    assert command(*ours(*query)).code == 0

    purge = ours("purge", "--record", str(record.mark_id), "--reason", "order 13")
    planned = command(*purge, "--dry-run")
    assert planned.code == 0
    assert planned.out.startswith(f"would be erased  record {record.record_id}")
    assert store.find_by_id(record.record_id) == ours.workspace.store().find_by_id(record.record_id)
    assert index.exists()
    refused = command(*purge)
    assert (refused.code, refused.out) == (2, "")
    assert "nobody can be asked here" in refused.err
    assert list(store.access_entries()) == []

    done = command(*purge, "--yes")
    assert done.code == 0
    assert done.out == f"erased  record {record.record_id}  mark {record.mark_id}\n"
    assert "are not reached" in done.err
    assert not index.exists()
    pieces = (
        record.file.manifest[:32],
        record.file.manifest[-32:],
        record.file.sha256.encode(),
        record.file.fingerprint.bits,
        record.file.grid[:32],
    )
    for path in ours.workspace.path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert [piece for piece in pieces if piece in data] == [], path
    assert list(store.leaves(0, size)) == leaves
    assert command(*ours("fsck")).code == 0
    assert command(*ours(*query)).code == 1

    erased_at = store.erased_at(record_id=record.record_id)
    assert erased_at is not None
    day = f"{erased_at:%Y-%m-%d}"
    for name in (record.record_id, record.manifest_id, str(record.mark_id)):
        shown = command(*ours("show", name, "--json"))
        assert shown.code == 1
        assert json.loads(shown.out)["state"] == "erased"
        assert f"the record was erased on {day}" in shown.err
    again = command(*purge, "--yes")
    assert (again.code, again.out) == (1, "")
    assert f"the record was erased on {day}" in again.err
    assert [row["subject"] for row in command(*ours("access", "--jsonl")).rows] == [
        record.record_id
    ]
    for picture in (ours.file, leaked):
        verify = ("verify", picture, "-w", ours.workspace.path)
        assert f"holds no such record. [it was erased on {day}]" in command(*verify).out
        french = command(*verify, "--lang", "fr").out
        assert f"ne contient pas cet enregistrement. [il a été effacé le {day}]" in french
        (result,) = json.loads(command(*verify, "--json").out)["results"]
        assert result["evidence"]["record"]["status"] == "ABSENT"
        assert result["evidence"]["record"]["detail"] == f"it was erased on {day}"


def test_several_records_are_erased_together_or_not_at_all(ours: Ours, command: Command) -> None:
    purge = ours("purge", "--record", ours.record.record_id, "--reason", "order 13", "--yes")
    result = command(*purge, "--record", "0" * 12)
    assert (result.code, result.out) == (1, "")
    assert "000000000000: no such record" in result.err
    assert ours.workspace.store().find_by_id(ours.record.record_id) == ours.record
    assert list(ours.workspace.store().access_entries()) == []
    twice = command(*purge, "--record", str(ours.record.mark_id))
    assert (twice.code, len(twice.out.splitlines())) == (0, 1)


def test_an_account_is_forgotten_and_its_pictures_stay(ours: Ours, command: Command) -> None:
    account = ours.workspace.store().account(ours.record.pseudonym)
    assert account is not None
    arguments = ours("purge", "--account", ACCOUNT, "--reason", "request 5")
    planned = command(*arguments, "--dry-run")
    assert planned.code == 0
    assert planned.out == f"would be erased  pseudonym {ours.record.pseudonym}  records: 1\n"
    assert ours.workspace.store().account(ours.record.pseudonym) == account
    done = command(*arguments, "--yes")
    assert done.code == 0
    assert done.out == f"erased  pseudonym {ours.record.pseudonym}  records: 1\n"
    assert_nowhere((planned.out + planned.err + done.out + done.err).encode(), "the output")
    raw = (ours.workspace.path / "registry.sqlite3").read_bytes()
    assert account.sealed[:24] not in raw
    assert raw.count(account.pseudonym.encode()) == 1  # the entry of the access log
    revealed = command(*ours("reveal", ours.record.record_id, "--reason", "order 14"))
    assert (revealed.code, revealed.out) == (1, "")
    assert "none was named, or it was erased" in revealed.err
    assert command(*arguments, "--yes").code == 1
    assert command("verify", ours.file, "-w", ours.workspace.path).code == 0
    assert command(*ours("fsck")).code == 0


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (ACCOUNT.encode() + b"\n", 0),
        (b"somebody else\n", 1),
        (ACCOUNT.encode() + b"\nmore\n", 2),
        (b"\xff\xfe", 2),
        (b"x" * 5000, 2),
    ],
    ids=["line", "unknown", "lines", "no UTF-8", "long"],
)
def test_an_account_can_come_from_standard_input(ours: Ours, typed: bytes, code: int) -> None:
    done = run(*ours("purge", "--account", "-", "--reason", "r", "--yes"), stdin=typed)
    assert done.returncode == code, done.stderr
    assert_nowhere(done.stdout + done.stderr, "the output")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--expired", "--account", "x"),
        ("--record", "0" * 12, "--account", "x"),
        ("--record", "0" * 12),
        ("--account", "x"),
        ("--account", ""),
        ("--account", "", "--reason", "r"),
    ],
)
def test_a_purge_that_is_not_clear_is_refused(
    stamped: Ours, command: Command, arguments: tuple[str, ...]
) -> None:
    result = command(*stamped("purge", "--yes", *arguments))
    assert (result.code, result.out) == (2, "")
    assert list(stamped.workspace.store().access_entries()) == []


# --- retention -----------------------------------------------------------------------------


def test_what_has_expired_is_removed_by_the_policy_of_the_workspace(
    ours: Ours, command: Command
) -> None:
    store = ours.workspace.store()
    for days in (400, 1):
        store.note_access(
            AccessEntry(
                at=datetime.now(UTC) - timedelta(days=days),
                action=AccessAction.REVEAL,
                subject=ours.record.record_id,
                operator="",
                reason=f"{days} days before",
            )
        )
    planned = command(*ours("purge", "--expired", "--dry-run"))
    assert planned.code == 0
    assert "would be removed  access log  1  older than" in planned.out
    assert len(list(store.access_entries())) == 2
    assert command(*ours("purge", "--expired")).code == 2
    done = command(*ours("purge", "--expired", "--yes"))
    assert done.code == 0
    assert "removed  accounts    0  older than" in done.out
    assert "removed  access log  1  older than" in done.out
    kept = list(store.access_entries())
    assert [(entry.action.value, entry.reason) for entry in kept] == [
        ("reveal", "1 days before"),
        ("purge", "retention"),
    ]
    # where there is nothing to remove nobody has to be asked, and nothing is noted
    assert command(*ours("purge", "--expired")).code == 0
    assert list(store.access_entries()) == kept
    config = ours.workspace.path / "config.toml"
    text = config.read_text("utf-8").replace("# accounts_days = 365", "accounts_days = 0")
    config.write_text(text, "utf-8")
    assert "accounts    0  kept for ever by config.toml" in command(*ours("purge", "--expired")).out


# --- on a terminal -------------------------------------------------------------------------


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)


@pytest.mark.parametrize(
    ("answer", "code", "left"), [(b"n\n", 1, True), (b"\n", 1, True), (b"y\n", 0, False)]
)
def test_on_a_terminal_somebody_is_asked(
    ours: Ours, terminal: tuple[int, int], answer: bytes, code: int, left: bool
) -> None:
    mine, theirs = terminal
    arguments = ours("purge", "--record", ours.record.record_id, "--reason", "order 13")
    process = subprocess.Popen(
        [sys.executable, "-m", "provenance_cli", *map(str, arguments)],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(mine, answer)
    said: list[bytes] = []
    reader = threading.Thread(target=_read_all, args=(mine, said))
    reader.start()
    printed, _ = process.communicate(timeout=120)
    reader.join(timeout=120)
    assert process.returncode == code
    assert b"records to erase for good" in b"".join(said)
    assert (ours.workspace.store().find_by_id(ours.record.record_id) is not None) is left
    assert bool(printed) is not left
    assert bool(list(ours.workspace.store().access_entries())) is not left


def _read_all(descriptor: int, into: list[bytes]) -> None:
    while True:
        try:
            data = os.read(descriptor, 4096)
        except OSError:  # how the end of a terminal shows itself
            return
        if not data:
            return
        into.append(data)
