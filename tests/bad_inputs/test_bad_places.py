"""Row 40: things in a file system that are no image file. One row each, and the run goes on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bad_inputs import make
from bad_inputs.checks import (
    ERROR,
    SOME_ROWS_FAILED,
    everything_below,
    open_records,
    stamp,
    verify,
)
from bad_inputs.command import check_behaviour, provenance
from bad_inputs.lab import Lab
from provenance.errors import ErrorCode, InputError
from provenance.imaging import Limits, read_file

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="made of Linux file types")

IO, LIMIT = ErrorCode.IO, ErrorCode.LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Something that can be named on the command line.

    `make` puts it into a folder; the message `says` what it is.
    """

    name: str
    make: Callable[[Path], Path]
    says: str
    code: ErrorCode = IO


def _fifo(folder: Path) -> Path:
    os.mkfifo(folder / "fifo.png")
    return folder / "fifo.png"


def _empty_directory(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


def _link(name: str, target: str) -> Callable[[Path], Path]:
    def make_link(folder: Path) -> Path:
        (folder / name).symlink_to(target)
        return folder / name

    return make_link


def _two_links(folder: Path) -> Path:
    (folder / "a.png").symlink_to("b.png")
    (folder / "b.png").symlink_to("a.png")
    return folder / "a.png"


def _unreadable(folder: Path) -> Path:
    path = folder / "secret.png"
    path.write_bytes(make.png())
    path.chmod(0)
    if os.geteuid() == 0:
        pytest.skip("root can read everything")
    return path


def _in_a_closed_directory(folder: Path) -> Path:
    (folder / "closed").mkdir()
    (folder / "closed").chmod(0)
    if os.geteuid() == 0:
        pytest.skip("root can read everything")
    return folder / "closed" / "picture.png"


def _sparse(folder: Path) -> Path:
    path = folder / "sparse.png"
    with path.open("wb") as file:
        file.truncate(10**12)
    return path


PLACES = (
    Place(name="fifo", make=_fifo, says="a FIFO"),
    Place(name="empty directory", make=_empty_directory, says="no files"),
    Place(name="endless device", make=lambda _: Path("/dev/zero"), says="a character device"),
    Place(name="link to an endless device", make=_link("zero.png", "/dev/zero"), says="device"),
    Place(name="link to itself", make=_link("loop.png", "loop.png"), says="symbolic link"),
    Place(name="links in a circle", make=_two_links, says="symbolic link"),
    Place(name="link to nothing", make=_link("gone.png", "nothing.png"), says="no such file"),
    Place(name="unreadable", make=_unreadable, says="permission denied"),
    Place(name="missing", make=lambda folder: folder / "missing.png", says="no such file"),
    Place(name="part of the path is a file", make=lambda _: Path("/dev/null/a.png"), says="part"),
    Place(
        name="name too long",
        make=lambda folder: folder / ("a" * 300),
        says="name is too long",
    ),
    Place(
        name="in a closed directory",
        make=_in_a_closed_directory,
        says="permission denied",
    ),
    Place(
        name="no size until it is read", make=lambda _: Path("/proc/self/stat"), says="not known"
    ),
    Place(name="a terabyte of nothing", make=_sparse, says="limit", code=LIMIT),
)


def _places() -> list[object]:
    return [pytest.param(place, id=place.name) for place in PLACES]


@pytest.mark.parametrize("place", _places())
def test_verify(place: Place, lab: Lab, tmp_path: Path) -> None:
    path = place.make(tmp_path)
    ran = verify(lab, path)
    check_behaviour(ran)
    assert (ran.row["error"]["code"], ran.code) == (place.code.value, ERROR)
    assert place.says in ran.row["error"]["message"]
    assert ran.row["path"] == str(path)


def test_stamp(lab: Lab, tmp_path: Path) -> None:
    """All of them in one run, with a picture between them."""
    (tmp_path / "in").mkdir()
    good = tmp_path / "in" / "good.png"
    good.write_bytes(make.png())
    places = [place for place in PLACES if place.make is not _unreadable]
    paths = [place.make(tmp_path / "in") for place in places]
    open_before = open_records(lab)
    ran = stamp(lab, *paths[:5], good, *paths[5:], out=tmp_path / "out")
    check_behaviour(ran)
    assert ran.code == SOME_ROWS_FAILED
    codes = [row["error"] and row["error"]["code"] for row in ran.rows]
    assert codes.pop(5) is None
    assert codes == [place.code.value for place in places]
    assert everything_below(tmp_path / "out") == [tmp_path / "out" / "good.png"]
    assert open_records(lab) == open_before


def test_a_directory_of_all_that(lab: Lab, tmp_path: Path) -> None:
    """Every entry has its row, and the picture among them is checked."""
    _fifo(tmp_path)
    _two_links(tmp_path)
    _link("zero.png", "/dev/zero")(tmp_path)
    (tmp_path / "good.png").write_bytes(make.png())
    _link("link-to-good.png", "good.png")(tmp_path)
    ran = verify(lab, tmp_path)
    check_behaviour(ran)
    assert ran.code == SOME_ROWS_FAILED
    found = {Path(row["path"]).name: row["verdict"] for row in ran.rows}
    assert found == {
        "a.png": None,
        "b.png": None,
        "fifo.png": None,
        "good.png": "NOT_FOUND",
        "link-to-good.png": None,
        "zero.png": None,
    }


def test_linked_directory_inside_a_directory(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "top").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "top" / "good.png").write_bytes(make.png())
    _link("linked", "../elsewhere")(tmp_path / "top")
    ran = verify(lab, tmp_path / "top")
    assert {Path(row["path"]).name for row in ran.rows} == {"good.png", "linked"}


def test_endless_standard_input(lab: Lab) -> None:
    ran = provenance("verify", "-w", lab.workspace.path, "--jsonl", "-", stdin=Path("/dev/zero"))
    check_behaviour(ran)
    assert (ran.row["error"]["code"], ran.code) == (LIMIT.value, ERROR)


# --- a file that changes while it is read ----------------------------------------------


def _grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def _shrink(path: Path) -> None:
    os.truncate(path, 10)


def _overwrite(path: Path) -> None:
    size = path.stat().st_size
    path.write_bytes(bytes(size))
    os.utime(path, ns=(1, 1))  # the clock of the file system may be too coarse to tell


@pytest.mark.parametrize("change", [_grow, _shrink, _overwrite], ids=lambda c: c.__name__)
def test_file_that_changes(
    change: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(make.png())
    real, calls = os.fstat, []

    def fstat(descriptor: int) -> os.stat_result:
        calls.append(descriptor)
        if len(calls) == 2:  # the first look is before reading, the second after it
            change(path)
        return real(descriptor)

    monkeypatch.setattr("provenance.imaging.files.os.fstat", fstat)
    with pytest.raises(InputError, match="changed while it was being read") as caught:
        read_file(path)
    assert caught.value.code is IO


def test_file_that_grows_beyond_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(bytes(100))
    real = os.fstat

    def fstat(descriptor: int) -> os.stat_result:
        status = real(descriptor)
        path.write_bytes(bytes(300))
        return status

    monkeypatch.setattr("provenance.imaging.files.os.fstat", fstat)
    with pytest.raises(InputError) as caught:
        read_file(path, Limits(max_bytes=200))
    assert caught.value.code is LIMIT
