"""Where a stamped file goes: complete and under its name, or not at all."""

from __future__ import annotations

import os

import pytest

from provenance.errors import ErrorCode, InputError, ProvenanceError
from provenance.imaging import DEFAULT_LIMITS, Limits
from provenance.stamp.target import FileTarget, MemoryTarget


@pytest.fixture
def path(tmp_path):
    return tmp_path / "picture.png"


def names(path):
    return sorted(item.name for item in path.parent.iterdir())


def test_what_was_written_is_read_back_and_not_yet_visible(path):
    target = FileTarget(path)
    target.prepare()
    target.write(b"data")
    assert target.read_back(DEFAULT_LIMITS) == b"data"
    assert not path.exists()
    assert all(name.startswith(".") for name in names(path))


def test_publishing_gives_the_file_its_name_and_nothing_else_is_left(path):
    target = FileTarget(path)
    target.write(b"data")
    target.publish()
    target.discard()
    assert path.read_bytes() == b"data"
    assert names(path) == [path.name]


def test_discarding_leaves_nothing(path):
    target = FileTarget(path)
    target.write(b"data")
    target.discard()
    target.discard()
    assert names(path) == []


def test_a_name_that_was_taken_meanwhile_is_refused(path):
    target = FileTarget(path)
    target.prepare()
    target.write(b"ours")
    path.write_bytes(b"theirs")
    with pytest.raises(ProvenanceError, match="exists already"):
        target.publish()
    assert path.read_bytes() == b"theirs"


def test_an_existing_file_is_replaced_on_request(path):
    path.write_bytes(b"old")
    target = FileTarget(path, overwrite=True)
    target.prepare()
    target.write(b"new")
    target.publish()
    assert path.read_bytes() == b"new"
    assert names(path) == [path.name]


def test_a_link_is_replaced_and_not_written_through(path):
    other = path.with_name("other")
    other.write_bytes(b"other")
    path.symlink_to(other)
    target = FileTarget(path, overwrite=True)
    target.write(b"new")
    target.publish()
    assert not path.is_symlink()
    assert other.read_bytes() == b"other"


def test_two_targets_of_one_name_do_not_meet_before_they_publish(path):
    one, two = FileTarget(path), FileTarget(path)
    one.write(b"one")
    two.write(b"two")
    assert (one.read_back(DEFAULT_LIMITS), two.read_back(DEFAULT_LIMITS)) == (b"one", b"two")


def test_reading_back_keeps_to_the_limits_of_a_verifier(path):
    for target in (FileTarget(path), MemoryTarget()):
        target.write(bytes(100))
        assert len(target.read_back(Limits(max_bytes=100))) == 100
        with pytest.raises(InputError) as caught:
            target.read_back(Limits(max_bytes=99))
        assert caught.value.code is ErrorCode.LIMIT


def test_a_link_in_the_place_of_the_written_file_is_not_followed(path):
    target = FileTarget(path)
    target.write(b"data")
    (aside,) = path.parent.iterdir()
    aside.unlink()
    aside.symlink_to("/etc/hostname")
    with pytest.raises(InputError):
        target.read_back(DEFAULT_LIMITS)


def test_a_missing_directory_is_noticed_before_anything_is_written(tmp_path):
    with pytest.raises(ProvenanceError, match="not a directory") as caught:
        FileTarget(tmp_path / "nothing" / "x.png").prepare()
    assert caught.value.code is ErrorCode.IO


def test_the_file_has_the_rights_that_new_files_have(path):
    before = os.umask(0o027)
    try:
        target = FileTarget(path)
        target.write(b"data")
        target.publish()
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640


def test_memory_keeps_bytes_until_it_is_told_to_forget_them():
    target = MemoryTarget()
    target.prepare()
    target.write(b"data")
    target.publish()
    assert target.read_back(DEFAULT_LIMITS) == b"data"
    target.discard()
    assert target.read_back(DEFAULT_LIMITS) == b""
