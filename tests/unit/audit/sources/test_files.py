"""Files, directories, patterns and lists: a row for everything that has a name."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from support import archives as made
from support.archives import picture
from support.sources import chunks, images, problems, rows

from provenance.audit.sources.bounds import Bounds
from provenance.errors import ConfigError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="made of Linux file types")


@pytest.fixture
def tree(tmp_path):
    top = tmp_path / "top"
    (top / "b").mkdir(parents=True)
    (top / "b" / "1.png").write_bytes(picture(1))
    (top / "a.png").write_bytes(picture(2))
    (top / "c.zip").write_bytes(made.zip_(made.pictures(3)))
    (top / "shard.jpg").write_bytes(made.tar(made.pictures(2)))
    (top / "z.png").write_bytes(picture(3))
    return top


def keys(found, top):
    return [r.key.removeprefix(f"{top}/") for r in found]


def test_a_directory_is_walked_in_order_and_archives_in_it_are_opened(tree):
    found = rows(str(tree))
    members = ["c.zip!0", "c.zip!1", "c.zip!2", "shard.jpg!0", "shard.jpg!1"]
    assert sorted(keys(found, tree)) == sorted(["a.png", "z.png", "b/1.png", *members])
    assert not problems(found)
    assert rows(str(tree)) == found


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_the_size_of_chunks_changes_nothing_but_chunks(tree, size):
    found = chunks(str(tree), size=size)
    assert all(chunk.count <= size for chunk in found)
    assert sorted(keys(rows(str(tree), size=size), tree)) == sorted(keys(rows(str(tree)), tree))


def test_what_is_no_image_file_is_a_row(tmp_path):
    (tmp_path / "link.png").symlink_to("/etc/passwd")
    (tmp_path / "folder").symlink_to("/etc")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "nowhere").symlink_to("nothing")
    os.mkfifo(tmp_path / "fifo.png")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        found = rows(str(tmp_path))
    said = dict(zip(keys(found, tmp_path), problems(found), strict=True))
    assert said == {
        "fifo.png": "E_IO: not a regular file: a FIFO",
        "folder": "E_IO: cannot read file: symbolic link, not followed",
        "link.png": "E_IO: cannot read file: symbolic link, not followed",
        "loop": "E_IO: cannot read file: symbolic link, not followed",
        "nowhere": "E_IO: cannot read file: symbolic link, not followed",
        "s": "E_IO: cannot read file: not a regular file",
    }


def test_a_link_that_leads_to_an_archive_is_not_opened_below_a_directory(tmp_path):
    (tmp_path / "d").mkdir()
    made.keep(tmp_path, "a.zip", made.zip_(made.pictures(2)))
    (tmp_path / "d" / "x.zip").symlink_to("../a.zip")
    assert problems(rows(str(tmp_path / "d"))) == [
        "E_IO: cannot read file: symbolic link, not followed"
    ]
    assert len(images(rows(str(tmp_path / "d" / "x.zip")))) == 2  # this one somebody named


def test_devices_are_rows_and_are_not_waited_for():
    assert (
        problems(rows("/dev/zero", "/dev/null"))
        == ["E_IO: not a regular file: a character device"] * 2
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_a_directory_that_cannot_be_read_is_a_row(tmp_path):
    (tmp_path / "closed").mkdir(mode=0)
    assert problems(rows(str(tmp_path))) == ["E_IO: cannot read directory: Permission denied"]


@pytest.mark.parametrize("name", ["nothing.png", "x\0y.png", "n" * 300])
def test_a_name_without_a_file_is_a_row(tmp_path, name):
    [found] = rows(f"{tmp_path}/{name}")
    assert found.said.startswith("E_IO: cannot read file")


def test_a_name_that_is_not_utf8(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff\xfe.png"
    Path(os.fsdecode(path)).write_bytes(picture(1))
    [found] = rows(str(tmp_path))
    assert found.data == picture(1)
    assert os.fsencode(found.key) == path


def test_a_place_that_is_named_twice_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="named twice"):
        chunks(str(tmp_path), "x", str(tmp_path))


# --- patterns -----------------------------------------------------------------------------


def test_a_pattern_names_files_and_directories(tree):
    found = rows(f"{tree}/*.png", f"{tree}/b*")
    assert keys(found, tree) == ["a.png", "z.png", "b/1.png"]


def test_a_pattern_of_any_depth_names_every_file_once(tree):
    (tree / ".hidden.png").write_bytes(picture(9))
    assert sorted(keys(rows(f"{tree}/**"), tree)) == sorted(keys(rows(str(tree)), tree))


def test_links_that_a_pattern_names_are_not_followed(tree):
    (tree / "link.png").symlink_to("a.png")
    (tree / "linked").symlink_to("b")
    assert (
        problems(rows(f"{tree}/link*"))
        == ["E_IO: cannot read file: symbolic link, not followed"] * 2
    )


def test_a_pattern_that_names_nothing_is_a_row(tree):
    assert problems(rows(f"{tree}/*.webp")) == ["E_IO: nothing has a name like this"]


def test_a_file_that_is_called_like_a_pattern_is_meant_itself(tmp_path):
    path = made.keep(tmp_path, "a[1].png", picture(1))
    assert images(rows(path)) == [picture(1)]


# --- lists --------------------------------------------------------------------------------

LISTS = {
    "lines": b"{0}/a.png\n{0}/z.png\n",
    "no end": b"{0}/a.png\n{0}/z.png",
    "carriage returns": b"{0}/a.png\r\n{0}/z.png\r\n",
    "empty lines": b"\n{0}/a.png\n\n\n{0}/z.png\n",
    "zeros": b"{0}/a.png\0{0}/z.png\0",
    "zeros without end": b"{0}/a.png\0{0}/z.png",
}


@pytest.mark.parametrize("form", LISTS)
def test_a_list_names_files(tree, tmp_path, form):
    data = LISTS[form].replace(b"{0}", os.fsencode(tree))
    wanted = [picture(2), picture(3)]
    assert images(rows("-", stdin=io.BytesIO(data))) == wanted
    assert images(rows("@" + made.keep(tmp_path, "list", data))) == wanted


def test_names_with_line_ends_and_without_an_encoding(tmp_path):
    path = os.fsencode(tmp_path) + b"/a\nb\xff.png"
    Path(os.fsdecode(path)).write_bytes(picture(1))
    [found] = rows("-", stdin=io.BytesIO(path + b"\0"))
    assert found.data == picture(1)


def test_a_long_list_is_read_in_pieces(tmp_path):
    paths = [f"{tmp_path}/{'d' * 150}/{number}.png" for number in range(2000)]
    found = chunks("-", size=1000, stdin=io.BytesIO("\n".join(paths).encode()))
    assert [name for chunk in found for name in chunk.names] == paths


def test_a_name_without_end_is_a_row_and_no_memory(tree):
    data = b"x" * 300_000 + b"\n" + os.fsencode(tree) + b"/a.png\n"
    found = rows("-", stdin=io.BytesIO(data), bounds=Bounds(line=4096))
    assert found[0].said == "E_LIMIT: name 1 of the list has more than 4,096 bytes"
    assert found[1].data == picture(2)


def test_what_a_list_names_is_a_file_or_an_archive(tree):
    data = f"{tree}/c.zip\n{tree}\n{tree}/none\n@x\n".encode()
    found = rows("-", stdin=io.BytesIO(data))
    assert len(images(found)) == 3
    assert problems(found) == [
        "E_IO: not a regular file: a directory",
        "E_IO: cannot read file: no such file",
        "E_IO: cannot read file: no such file",
    ]


def test_links_that_a_list_names_are_not_followed(tree):
    (tree / "link.png").symlink_to("a.png")
    found = rows("-", stdin=io.BytesIO(f"{tree}/link.png".encode()))
    assert problems(found) == ["E_IO: cannot read file: symbolic link, not followed"]


@pytest.mark.parametrize("address", ["@/nowhere/list", "@a\0b", "-"])
def test_a_list_that_cannot_be_read_is_an_error(address):
    with pytest.raises(ConfigError):
        chunks(address)


# --- nothing is written -------------------------------------------------------------------

READS = """
import sys
from support import guard
from provenance.audit.sources import scan, items, rows, cloud, fetch
from provenance.imaging import DEFAULT_LIMITS
guard.forbid("writes")
found = [item for chunk in scan(sys.argv[1:], 3) for item in items(chunk, 0, DEFAULT_LIMITS)]
print(sum(item.problem is None for item in found), len(found))
"""


def test_no_source_writes_a_file_or_opens_a_socket(tree, tmp_path):
    if subprocess.run(
        [sys.executable, "-c", "from support import guard; guard.forbid('writes')"],
        env={**os.environ, "PYTHONPATH": "tests"},
    ).returncode:
        pytest.skip("this kernel or container does not allow seccomp filters")
    for packed in made.COMPRESSIONS:
        data = made.COMPRESSIONS[packed](made.tar(made.pictures(7)))
        made.keep(tree, f"a.tar.{packed}", data)
    responses = [made.record("response", made.response(picture(n))) for n in range(5)]
    made.keep(tree, "a.warc", made.warc(responses, packed=False))
    made.keep(tree, "a.warc.gz", made.warc(responses, packed=True))
    made.keep(tree, "a.parquet", made.parquet({"image": [picture(n) for n in range(6)]}))
    done = subprocess.run(
        [sys.executable, "-c", READS, tree],
        env={**os.environ, "PYTHONPATH": "tests", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    count = 3 + 3 + 2 + 4 * 7 + 2 * 5 + 6
    assert done.stdout.split() == [str(count).encode()] * 2
