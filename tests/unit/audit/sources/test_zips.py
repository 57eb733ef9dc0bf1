"""Zip archives: what is a row, and what is refused."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib

import pytest
from support import archives as made
from support.archives import entry, picture, zip_of
from support.sources import chunks, images, problems, rows, rows_of

from provenance.audit.sources.bounds import Bounds
from provenance.imaging import Limits

METHODS = {
    "stored": zipfile.ZIP_STORED,
    "deflated": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}
NAMES = ["a.png", "../../x.png", "/abs.png", "C:\\x.png", "a.png", "\u4e2d.png", "n" * 5000]


@pytest.fixture
def keep(tmp_path):
    return lambda data, name="a.zip": made.keep(tmp_path, name, data)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("method", METHODS)
def test_members_come_in_order_under_their_numbers(keep, method):
    members = [(name, picture(number) * 40) for number, name in enumerate(NAMES)]
    path = keep(made.zip_(members, METHODS[method]))
    found = rows(path, size=3)
    assert images(found) == [data for _, data in members]
    assert [r.key for r in found] == [f"{path}!{number}" for number in range(len(members))]
    assert [r.name for r in found] == [name[-4096:] for name in NAMES]


def test_every_chunk_can_be_begun_anywhere(keep):
    members = made.pictures(11)
    found = chunks(keep(made.zip_(members)), size=3)
    assert [chunk.count for chunk in found] == [3, 3, 3, 2]
    for chunk in reversed(found):
        for start in range(chunk.count + 1):
            expected = [d for _, d in members[chunk.first : chunk.first + chunk.count]][start:]
            assert [r.data for r in rows_of(chunk, start)] == expected


def test_directories_and_side_files_get_no_row(keep):
    found = chunks(keep(made.zip_([("d/", b""), ("a.json", b"{}"), ("a.png", picture(1))])))
    assert [(chunk.count, chunk.aside) for chunk in found] == [(1, 1)]


def test_an_image_is_not_hidden_by_its_name(keep):
    members = [("a.json", picture(1)), ("d/", picture(2)), ("b.json", b"{}")]
    assert images(rows(keep(made.zip_(members)))) == [picture(1), picture(2)]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("data", [picture(1) + made.noise(100_000), made.tar(made.pictures(1))])
def test_neither_image_nor_archive_is_hidden_by_its_name(keep, method, data):
    assert len(rows(keep(made.zip_([("a.json", data)], METHODS[method])))) == 1


def test_what_cannot_be_looked_into_is_not_a_side_file(keep):
    found = rows(keep(zip_of([(b"a.json", b"{}", {"flags": 1})])))
    assert problems(found) == ["E_IO: the member is encrypted"]


def test_an_empty_archive_has_no_rows(keep):
    assert rows(keep(made.zip_([]))) == []


@pytest.mark.parametrize("count", [3, 70_000])
def test_zip64(keep, count):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for number in range(count):
            with archive.open(zipfile.ZipInfo(f"{number}"), "w", force_zip64=count < 10) as member:
                member.write(b"x")
    found = chunks(keep(file.getvalue()), size=30_000)
    assert sum(chunk.count for chunk in found) == count
    assert rows_of(found[-1], found[-1].count - 1)[0].data == b"x"


def test_something_in_front_of_an_archive_moves_everything(keep):
    data = made.zip_(made.pictures(3))
    path = keep(b"PK\x03\x04 in front" + data)
    assert images(rows(path)) == [d for _, d in made.pictures(3)]


KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_regular_file_is_a_row_that_says_so(keep, kind):
    link = (b"x.png", b"/etc/passwd", {"mode": kind | 0o777})
    found = rows(keep(zip_of([link, (b"a.png", picture(1), {})])))
    assert found[0].said.startswith(f"E_IO: not a regular file: {KINDS[kind]}")
    assert found[1].data == picture(1)


GOOD = picture(1)
ZEROS = zlib.compress(bytes(10_000_000), 9)[2:-4]
BROKEN = {
    "encrypted": ({"flags": 1}, "E_IO: the member is encrypted"),
    "table encrypted": ({"flags": 1 << 13}, "E_IO: the member is encrypted"),
    "unknown method": ({"method": 99}, "E_FORMAT: compression method 99 is not read"),
    "wrong checksum": ({"crc": 1}, "E_CORRUPT: the checksum of the member is wrong"),
    "too short": ({"size": len(GOOD) - 1}, "E_CORRUPT: the member does not have the size"),
    "too long": ({"size": len(GOOD) + 1}, "E_CORRUPT: the member does not have the size"),
    "no such place": ({"header": 10**9}, "E_CORRUPT: the archive is damaged: this member"),
    "in the middle": (
        {"header": 42 + len(picture(2))},
        "E_CORRUPT: the archive is damaged: this member",
    ),
    "packed beyond the end": ({"packed": 10**7}, "E_TRUNC: the archive is cut off in"),
    "packed far beyond": ({"packed": 2**31}, "E_LIMIT: 2,147,483,648 compressed bytes"),
    "not deflated": ({"method": 8}, "E_CORRUPT: the compressed data of the member"),
    "not bzip2": ({"method": 12}, "E_CORRUPT: the compressed data of the member"),
    "not LZMA": ({"method": 14}, "E_CORRUPT: the archive is damaged: the LZMA"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_member_is_a_row_and_the_next_one_is_read(keep, name):
    wrong, said = BROKEN[name]
    found = rows(keep(zip_of([(b"b.png", picture(2), {}), (b"a.png", GOOD, wrong)])))
    assert found[0].data == picture(2)
    assert len(found) == 2
    assert found[1].said.startswith(said)


def test_a_member_that_is_too_large_is_a_row(keep):
    path = keep(made.zip_([("a", bytes(range(256)) * 20), ("b.png", picture(1))], 0))
    found = rows(path, limits=Limits(max_bytes=2000))
    assert found[0].said == "E_LIMIT: file size is 5,120 bytes; the limit is 2,000"
    assert found[1].data == picture(1)


def test_a_member_that_expands_too_much_is_a_row(keep):
    bomb = (b"a.png", ZEROS, {"method": 8, "size": 10_000_000, "crc": 0})
    found = rows(keep(zip_of([bomb, (b"b.png", picture(1), {})])))
    assert found[0].said == f"E_LIMIT: {len(ZEROS):,} bytes expand to 10,000,000"
    assert found[1].data == picture(1)


def test_a_member_that_lies_about_a_bomb_gives_no_more_than_it_states(keep):
    bomb = (b"a.png", ZEROS, {"method": 8, "size": 500, "crc": 0})
    [found] = rows(keep(zip_of([bomb])))
    assert found.said == "E_CORRUPT: the member does not have the size that it states"


# --- the whole archive --------------------------------------------------------------------


def overlapping(count: int) -> bytes:
    """Every member quotes the headers of all that follow, down to one kernel, as in zbsm.zip."""
    step = 30 + 2  # a local header and its name
    body, tables = ZEROS, []
    for number in reversed(range(count)):
        local, central = entry(f"{number:02d}".encode(), body, step * number)
        body, tables = local, [central, *tables]
    table = b"".join(tables)
    end = made.end_of(count, len(table), len(body))
    return body + table + end


def test_overlapping_members_are_a_bomb(keep):
    path = keep(overlapping(9))
    assert problems(rows(path)) == ["E_LIMIT: members of the archive overlap: a bomb"]


def test_one_member_named_twice_by_the_table_is_a_bomb(keep):
    data = zip_of([(b"a.png", picture(1), {}), (b"b.png", b"", {"header": 0, "packed": 81})])
    assert problems(rows(keep(data))) == ["E_LIMIT: members of the archive overlap: a bomb"]


def test_members_in_another_order_than_the_table_do_not_overlap(keep):
    first, one = entry(b"a.png", picture(1), 0)
    second, two = entry(b"b.png", picture(2), len(first))
    body, table = first + second, two + one
    end = made.end_of(2, len(table), len(body))
    assert images(rows(keep(body + table + end))) == [picture(2), picture(1)]


WHOLE = zip_of([(b"a.png", picture(1), {}), (b"b.png", picture(2), {})])
REFUSED = {
    "cut": (WHOLE[:-30], "E_TRUNC: the archive has no table of contents"),
    "something behind": (WHOLE + b"PK\x03\x04", "E_CORRUPT: the archive is damaged: something"),
    "several volumes": (
        WHOLE[:-18] + struct.pack("<H", 1) + WHOLE[-16:],
        "E_FORMAT: a part of an archive of several volumes",
    ),
    "a table of 4 GB": (
        zip_of([(b"a.png", b"", {})], length=2**32 - 2),
        "E_CORRUPT: the archive is damaged: its table",
    ),
    "42.zip": (
        zip_of([(b"lib.zip", made.zip_([("x", b"y")]), {})]),
        "E_FORMAT: an archive inside an archive, which is not opened",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_at_all_is_one_row(keep, name):
    data, said = REFUSED[name]
    found = rows(keep(data))
    assert len(found) == 1
    assert found[0].said.startswith(said)


def test_a_table_with_fewer_entries_than_stated_is_said(keep):
    found = rows(keep(zip_of([(b"a.png", picture(1), {})], count=5)))
    assert images(found) == [picture(1)]
    assert problems(found) == [
        "E_CORRUPT: the archive is damaged: its table of contents has 1 entries, not 5"
    ]


def test_a_table_that_is_too_large_is_not_read(keep):
    found = rows(keep(WHOLE), bounds=Bounds(contents=50))
    assert problems(found) == ["E_LIMIT: a table of contents of 102 bytes; the limit is 50"]


def test_a_million_members_are_cut_at_the_limit(keep):
    _, central = entry(b"", b"", 0)
    table = central * 200_000  # one empty member, again and again, takes no room
    end = made.end_of(3392, len(table), 30)
    path = keep(entry(b"", b"", 0)[0] + table + end)
    found = chunks(path, size=256, bounds=Bounds(members=1000))
    assert found[-1].problem.startswith(("members of the archive overlap", "more than 1,000"))


def test_the_sum_of_all_members_is_limited(keep):
    path = keep(made.zip_(made.pictures(20)))
    found = rows(path, bounds=Bounds(total=1000))
    assert 0 < len(images(found)) < 20
    assert found[-1].said == "E_LIMIT: the archive holds more than 1,000 bytes"
