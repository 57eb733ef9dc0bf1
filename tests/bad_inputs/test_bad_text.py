"""Text from strangers: nothing of it reaches a terminal or a program unescaped."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bad_inputs import make, signed
from bad_inputs.checks import ERROR, check_plain, open_records, stamp, verify
from bad_inputs.command import check_behaviour, provenance
from bad_inputs.inputs import Input
from bad_inputs.lab import Files

_HOSTILE_NAME = "\x1b[2J\u202egnp.\x07\n\x9b31m<script>.png"
_COMMANDS = (("verify",), ("inspect",), ("inspect", "--json"))


@pytest.mark.parametrize("command", _COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    "item",
    [signed.hostile_text, signed.long_text, signed.hostile_signer],
    ids=lambda item: item.filename,
)
def test_hostile_manifest(command: tuple[str, ...], item: Input, files: Files) -> None:
    path = files.write(item)
    ran = provenance(*command, "-w", files.lab.workspace.path, path)
    check_behaviour(ran)
    check_plain(ran.out)
    check_plain(ran.err)
    if "--json" in command:
        assert ran.out.isascii()
        json.loads(ran.out)


def test_long_text_is_cut(files: Files) -> None:
    path = files.write(signed.long_text)
    ran = provenance("inspect", "--json", "-w", files.lab.workspace.path, path)
    # A value has at most 500 characters, six bytes each as JSON; a sentence may quote two.
    assert max(map(len, ran.out.splitlines())) < 7_000


def test_control_the_hostile_text_is_read(files: Files) -> None:
    """It arrives in the report, so the tests above look at something."""
    path = files.write(signed.hostile_text)
    ran = provenance("inspect", "--json", "-w", files.lab.workspace.path, path)
    generation = json.loads(ran.out)["evidence"]["manifest"]["generation"]
    assert generation["model"] == signed.HOSTILE
    shown = provenance("inspect", "-w", files.lab.workspace.path, path)
    assert b"\\x1b" in shown.out
    assert b"\\u202e" in shown.out


@pytest.mark.parametrize("item", [make.empty, make.polyglot], ids=["refused", "accepted"])
def test_hostile_file_name(item: Input, files: Files, tmp_path: Path) -> None:
    path = files.write(item).rename(files.folder / _HOSTILE_NAME)
    verified = verify(files.lab, path)
    assert verified.row["path"] == str(path)
    assert verified.out.isascii()
    workspace = files.lab.workspace.path
    for ran in (
        verified,
        provenance("verify", "-w", workspace, path),
        provenance("stamp", "-w", workspace, path, "--out", tmp_path / "out"),
    ):
        check_behaviour(ran)
        check_plain(ran.out)
        check_plain(ran.err)


def test_name_that_is_not_utf8(files: Files, tmp_path: Path) -> None:
    path = os.fsencode(files.write(make.polyglot).parent) + b"/\xff\xfe.jpg"
    (files.folder / make.polyglot.filename).rename(Path(os.fsdecode(path)))
    seen = verify(files.lab, path)
    check_behaviour(seen)
    assert seen.row["verdict"] == "NOT_FOUND"
    assert seen.row["path"].endswith("\\xff\\xfe.jpg")
    done = stamp(files.lab, path, out=tmp_path / "out")
    check_behaviour(done)
    assert done.row["error"] is None
    assert [os.fsencode(path.name) for path in (tmp_path / "out").iterdir()] == [b"\xff\xfe.png"]


def test_error_about_a_name_that_is_not_utf8(files: Files, tmp_path: Path) -> None:
    """JSON with a lone surrogate is refused by strict readers."""
    out = tmp_path / "out"
    out.mkdir()
    (out / os.fsdecode(b"\xff\xfe.png")).touch()
    path = files.write(make.polyglot).rename(files.folder / os.fsdecode(b"\xff\xfe.jpg"))
    ran = stamp(files.lab, path, out=out)
    assert ran.code == ERROR
    json.dumps(ran.row, ensure_ascii=False).encode("utf-8")


def test_name_of_many_bytes(files: Files, tmp_path: Path) -> None:
    """64 characters and 244 bytes, so there is room for the name but not for 25 bytes more."""
    open_before = open_records(files.lab)
    path = files.write(make.polyglot).rename(files.folder / ("\U0001f5bc" * 60 + ".jpg"))
    ran = stamp(files.lab, path, out=tmp_path / "out")
    assert ran.row["error"] is None
    assert open_records(files.lab) == open_before
