"""Private files: 0600 from the first moment, refused when anybody else can read them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from provenance.errors import ErrorCode, KeyMaterialError
from provenance.keys import read_private, write_private


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def refused(path, **options):
    with pytest.raises(KeyMaterialError) as caught:
        read_private(path, **options)
    assert caught.value.code is ErrorCode.KEY
    return caught.value


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    write_private(path, b"data")
    return path


def test_what_was_written_is_read(secret):
    assert read_private(secret) == b"data"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_new_file_is_for_its_owner_alone_whatever_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        write_private(tmp_path / "secret", b"x")
    finally:
        os.umask(before)
    assert mode(tmp_path / "secret") == 0o600


def test_an_existing_file_is_never_overwritten(secret):
    with pytest.raises(KeyMaterialError, match="exists"):
        write_private(secret, b"other")
    assert read_private(secret) == b"data"


def test_a_link_is_not_written_through(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyMaterialError):
        write_private(tmp_path / "link", b"x")
    assert not (tmp_path / "elsewhere").exists()


def test_a_missing_directory_is_our_error(tmp_path):
    with pytest.raises(KeyMaterialError):
        write_private(tmp_path / "nothing" / "secret", b"x")


@pytest.mark.parametrize("bit", [0o040, 0o020, 0o010, 0o004, 0o002, 0o001])
def test_any_right_of_others_is_refused_with_the_remedy(secret, bit):
    secret.chmod(0o600 | bit)
    error = refused(secret)
    assert error.hint == f"chmod 600 {secret}"
    assert f"{0o600 | bit:04o}" in error.message


@pytest.mark.parametrize("rights", [0o400, 0o600, 0o700])
def test_rights_of_the_owner_do_not_matter(secret, rights):
    secret.chmod(rights)
    assert read_private(secret) == b"data"


def test_rights_are_those_of_the_file_and_not_of_a_link_to_it(secret, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(secret)
    assert read_private(link) == b"data"
    secret.chmod(0o644)
    refused(link)


def test_a_missing_file_is_our_error(tmp_path):
    refused(tmp_path / "nothing")


def test_a_directory_is_refused(tmp_path):
    refused(tmp_path)


def test_a_refused_directory_leaves_no_descriptor_open(tmp_path):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        refused(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_fifo_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "fifo", 0o600)
    assert "regular" in refused(tmp_path / "fifo").message


def test_a_file_beyond_the_limit_is_refused(secret):
    assert read_private(secret, limit=4) == b"data"
    refused(secret, limit=3)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(secret):
    os.chown(secret, 12345, 12345)
    assert "another user" in refused(secret).message
