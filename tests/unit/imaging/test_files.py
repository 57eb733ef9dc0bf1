"""Reading one file from a place that somebody else may control."""

from __future__ import annotations

import os
import signal
import socket
import threading
import tracemalloc
from pathlib import Path

import pytest

from provenance.errors import ErrorCode, InputError
from provenance.imaging import DEFAULT_LIMITS, Limits, read_file


@pytest.fixture(autouse=True)
def alarm():
    """A file that blocks fails its test instead of holding up all others."""

    def ring(*_):
        pytest.fail("reading blocked")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def refused(path, limits=DEFAULT_LIMITS, **options):
    with pytest.raises(InputError) as caught:
        read_file(path, limits, **options)
    return caught.value


def open_descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def test_the_whole_file_is_read(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"\x00\xff" * 5000)
    assert read_file(path) == path.read_bytes()


def test_an_empty_file_is_no_error_here(tmp_path):
    (tmp_path / "file").touch()
    assert read_file(tmp_path / "file") == b""


def test_a_file_of_the_largest_size_is_read_and_one_more_byte_is_not(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(1000))
    assert len(read_file(path, Limits(max_bytes=1000))) == 1000
    assert refused(path, Limits(max_bytes=999)).code is ErrorCode.LIMIT


def test_a_small_file_takes_little_memory(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"small")
    tracemalloc.start()
    try:
        assert read_file(path, Limits(max_bytes=500_000_000)) == b"small"
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_sparse_file_of_a_terabyte_is_refused_by_its_size(tmp_path):
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.truncate(2**40)
    assert refused(path).code is ErrorCode.LIMIT


def test_a_missing_file_is_named_as_missing(tmp_path):
    error = refused(tmp_path / "nothing")
    assert error.code is ErrorCode.IO
    assert "no such file" in str(error)
    assert isinstance(error.__cause__, FileNotFoundError)


def test_a_path_through_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    assert refused(tmp_path / "file" / "inside").code is ErrorCode.IO


def test_a_directory_is_refused(tmp_path):
    error = refused(tmp_path)
    assert error.code is ErrorCode.IO
    assert "directory" in str(error)


def test_a_refused_directory_leaves_no_descriptor_open(tmp_path):
    before = open_descriptors()
    for _ in range(5):
        refused(tmp_path)
    assert open_descriptors() == before


def test_other_refusals_leave_no_descriptor_open(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "big").write_bytes(bytes(100))
    before = open_descriptors()
    for _ in range(5):
        refused(tmp_path / "fifo")
        refused(tmp_path / "big", Limits(max_bytes=10))
        refused(tmp_path / "missing")
    assert open_descriptors() == before


def test_a_fifo_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    error = refused(tmp_path / "fifo")
    assert error.code is ErrorCode.IO
    assert "FIFO" in str(error)


def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the address of a socket is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert refused(Path("socket")).code is ErrorCode.IO


def test_a_device_is_refused():
    error = refused(Path("/dev/zero"))
    assert error.code is ErrorCode.IO
    assert "character device" in str(error)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(tmp_path):
    path = tmp_path / "file"
    path.touch(mode=0)
    assert "permission" in str(refused(path))


def test_a_link_is_followed_only_where_that_is_wanted(tmp_path):
    (tmp_path / "file").write_bytes(b"data")
    link = tmp_path / "link"
    link.symlink_to("file")
    assert read_file(link) == b"data"
    error = refused(link, follow_links=False)
    assert error.code is ErrorCode.IO
    assert "link" in str(error)


def test_a_plain_file_is_read_without_following_links(tmp_path):
    (tmp_path / "file").write_bytes(b"data")
    assert read_file(tmp_path / "file", follow_links=False) == b"data"


def test_a_link_in_the_path_is_not_the_file_itself(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(b"data")
    (tmp_path / "link").symlink_to("folder")
    assert read_file(tmp_path / "link" / "file", follow_links=False) == b"data"


def test_a_loop_of_links_is_refused(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert refused(tmp_path / "a").code is ErrorCode.IO


def test_a_dangling_link_is_a_missing_file(tmp_path):
    (tmp_path / "a").symlink_to("nothing")
    assert "no such file" in str(refused(tmp_path / "a"))


@pytest.mark.parametrize("name", ["n" * 300, "a\0b"])
def test_impossible_names_are_our_error(tmp_path, name):
    assert refused(tmp_path / name).code is ErrorCode.IO


def test_names_that_are_no_text_are_read(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    path.write_bytes(b"data")
    assert read_file(path) == b"data"


def test_a_file_of_the_kernel_without_a_size_is_refused():
    assert refused(Path("/proc/self/status")).code is ErrorCode.IO


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(2_000_000))
    stop = threading.Event()

    def grow():
        with path.open("ab", buffering=0) as file:
            while not stop.is_set():
                file.write(b"x")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        for _ in range(500):
            try:
                read_file(path)
            except InputError as error:
                message = str(error)
                break
        else:
            message = "never noticed"
    finally:
        stop.set()
        writer.join()
    assert "changed" in message
