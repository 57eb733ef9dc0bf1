"""`--private`: no name of a picture gets out, whatever happens to the picture."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from pathlib import Path

import pytest
from support.command import Command, run
from support.pictures import crop, file

LABEL = re.compile(r"file-[0-9a-f]{16}")
NAMED = "Anna Example"  # in every name below, folders included


@pytest.fixture(scope="module")
def small_png() -> bytes:
    """A picture that is too small to be searched for a mark."""
    return file(crop(24, 24), "PNG")


@pytest.fixture
def pictures(tmp_path: Path, small_png: bytes) -> Path:
    """One of each kind of file that can be met."""
    top = tmp_path / f"{NAMED} folder"
    (top / f"{NAMED} below").mkdir(parents=True)
    (top / f"{NAMED}.png").write_bytes(small_png)
    (top / f"{NAMED} named.jpg").write_bytes(small_png)
    (top / f"{NAMED} below" / f"{NAMED} broken.png").write_bytes(small_png[:90])
    (top / f"{NAMED} text.{NAMED}").write_text("not a picture")
    (top / f"{NAMED} link.png").symlink_to(top / f"{NAMED}.png")
    (top / f"{NAMED} loop.png").symlink_to(f"{NAMED} loop.png")
    os.mkfifo(top / f"{NAMED} pipe.png")
    (top / os.fsdecode(b"Anna Example \xff.png")).write_bytes(small_png)
    return top


def label_of(key: bytes, path: Path) -> str:
    """Written out again: 64 bits of HMAC-SHA256 over the absolute path."""
    return "file-" + hmac.new(key, os.fsencode(path), hashlib.sha256).hexdigest()[:16]


@pytest.mark.parametrize("form", [(), ("--json",), ("--jsonl",)], ids=["text", "json", "jsonl"])
def test_no_name_of_a_walked_directory_gets_out(
    command: Command, pictures: Path, form: tuple[str, ...]
) -> None:
    result = command("verify", "--private", *form, pictures)
    everything = result.out + result.err
    assert "Anna" not in everything
    assert "Example" not in everything
    assert str(pictures.parent) not in everything
    files = [path for path in pictures.rglob("*") if not path.is_dir()]
    # A JSON report also shows the command line, and there the directory by its label.
    named = len(files) + (form == ("--json",))
    assert len(set(LABEL.findall(everything))) == named


MISSING = {
    "missing": f"{NAMED} nothing.png",
    "pattern without a match": f"{NAMED} nothing*.png",
    "name too long": f"{NAMED}{'x' * 300}",
    "part of the path is a file": f"{NAMED}.png/{NAMED}",
    "empty directory": f"{NAMED} empty",
    "no picture": f"{NAMED} text.{NAMED}",
    "loop of links": f"{NAMED} loop.png",
    "pipe": f"{NAMED} pipe.png",
    "many files": "",
}


@pytest.mark.parametrize("name", MISSING.values(), ids=MISSING)
@pytest.mark.parametrize("which", ["verify", "inspect"])
def test_no_error_names_the_file(command: Command, pictures: Path, name: str, which: str) -> None:
    (pictures / f"{NAMED} empty").mkdir()
    result = command(which, "--private", pictures / name)
    assert result.code != 0
    assert "Anna" not in result.out + result.err
    assert str(pictures.parent) not in result.out + result.err
    assert "error:" in result.err or result.out


def test_an_unreadable_directory_is_not_named_either(command: Command, pictures: Path) -> None:
    closed = pictures / f"{NAMED} below"
    closed.chmod(0)
    try:
        result = command("verify", "--private", pictures)
    finally:
        closed.chmod(0o755)
    assert "Anna" not in result.out + result.err


def test_a_workspace_gives_the_same_label_in_every_run(
    command: Command, own_workspace: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from provenance import Workspace

    picture = pictures / f"{NAMED}.png"
    monkeypatch.chdir(pictures)
    labels = [
        command("verify", "-w", own_workspace, "--private", "--jsonl", name).rows[0]["path"]
        for name in (picture, picture.name, f"../{pictures.name}/{picture.name}")
    ]
    assert labels == [label_of(Workspace.open(own_workspace).name_key(), picture)] * 3


def test_without_a_workspace_every_run_has_labels_of_its_own(
    command: Command, pictures: Path
) -> None:
    picture = pictures / f"{NAMED}.png"
    first, second = (
        [row["path"] for row in command("verify", "--private", "--jsonl", picture, picture).rows]
        for _ in "ab"
    )
    assert first[0] == first[1]
    assert second[0] == second[1]
    assert first[0] != second[0]


def test_all_but_the_name_stays(command: Command, pictures: Path) -> None:
    picture = pictures / f"{NAMED} named.jpg"  # a PNG: the extension is still held against it
    (plain,) = command("verify", "--jsonl", picture).rows
    (hidden,) = command("verify", "--private", "--jsonl", picture).rows
    assert plain["flags"] == ["extension_mismatch"]
    assert LABEL.fullmatch(hidden.pop("path"))
    assert plain.pop("path") == str(picture)
    assert hidden == plain


def test_standard_input_has_no_name_to_hide(small_png: bytes) -> None:
    result = run("inspect", "--private", "-", stdin=small_png)
    assert result.returncode == 0, result.stderr.decode()
    assert b"path: -\n" in result.stdout
