"""Tar archives: what is a row, what is passed over, and what ends an archive."""

from __future__ import annotations

import tarfile

import pytest
from support import archives as made
from support.archives import BLOCK, END, header, member, padded, picture
from support.sources import chunks, images, problems, rows, rows_of

from provenance.audit.sources.bounds import Bounds
from provenance.imaging import Limits

LONG = "a" * 90 + "/" + "b" * 150 + ".png"
NAMES = ["a.png", "../../etc/passwd.png", "/abs.png", "a.png", LONG, "\u00e9\u4e2d.png"]
FORMS = {"pax": tarfile.PAX_FORMAT, "gnu": tarfile.GNU_FORMAT}
ONE = member("a.png", picture(1))
BIG_HEADER = header(b"x", 5_000_000, b"x")


@pytest.fixture
def keep(tmp_path):
    return lambda data, name="a.tar": made.keep(tmp_path, name, data)


@pytest.mark.parametrize("packed", ["", *made.COMPRESSIONS])
@pytest.mark.parametrize("form", FORMS)
def test_members_come_in_order_under_their_numbers(keep, form, packed):
    members = [(name, picture(number)) for number, name in enumerate(NAMES)]
    data = made.tar(members, FORMS[form])
    path = keep(made.COMPRESSIONS[packed](data) if packed else data)
    found = rows(path, size=4)
    assert images(found) == [data for _, data in members]
    assert [r.key for r in found] == [f"{path}!{number}" for number in range(len(members))]
    assert [r.name for r in found] == NAMES


@pytest.mark.parametrize("packed", ["", *made.COMPRESSIONS])
def test_every_chunk_can_be_begun_anywhere(keep, packed):
    members = made.pictures(11)
    data = made.tar(members)
    path = keep(made.COMPRESSIONS[packed](data) if packed else data)
    found = chunks(path, size=3)
    assert [chunk.count for chunk in found] == [3, 3, 3, 2]
    for chunk in reversed(found):
        for start in range(chunk.count + 1):
            expected = [d for _, d in members[chunk.first : chunk.first + chunk.count]][start:]
            assert [r.data for r in rows_of(chunk, start)] == expected


def test_a_plain_archive_is_entered_where_a_chunk_begins(keep):
    path = keep(made.tar(made.pictures(9)))
    offsets = [chunk.offset for chunk in chunks(path, size=3)]
    assert offsets == [0, 3 * 2 * BLOCK, 6 * 2 * BLOCK]


def test_directories_get_no_row(keep):
    folder = header(b"d/", 0, b"5") + header(b"old/", 0)
    assert images(rows(keep(folder + ONE + END))) == [picture(1)]


def test_a_directory_that_holds_bytes_is_none(keep):
    assert images(rows(keep(member("d/", picture(1)) + END))) == [picture(1)]


SPECIAL = {
    b"1": "hard link",
    b"2": "symbolic link",
    b"3": "character device",
    b"4": "block device",
    b"6": "FIFO",
    b"M": "another volume",
    b"S": "sparse",
    b"Q": "unknown kind",
}


@pytest.mark.parametrize("kind", SPECIAL)
def test_what_is_no_regular_file_is_a_row_that_says_so(keep, kind):
    path = keep(header(b"x.png", 0, kind, link=b"/etc/passwd") + ONE + END)
    found = rows(path)
    assert len(found) == 2
    assert SPECIAL[kind] in found[0].said
    assert found[0].said.startswith("E_IO: not a regular file")
    assert found[1].data == picture(1)


def test_a_link_says_nothing_about_what_follows(keep):
    # The size of a link counts for nothing; a reader that believed it would miss a member.
    path = keep(header(b"x.png", 1024, b"2") + ONE + END)
    assert images(rows(path)) == [picture(1)]


def test_a_sparse_file_as_pax_writes_it(keep):
    fields = b"22 GNU.sparse.major=1\n"
    path = keep(header(b"x", len(fields), b"x") + padded(fields) + ONE + ONE + END)
    found = rows(path)
    assert "sparse" in found[0].said
    assert found[1].data == picture(1)


def test_pax_fields_give_name_and_size(keep):
    size = len(picture(1))
    fields = b"18 path=other.png\n" + f"{len(f'00 size={size}') + 1} size={size}\n".encode()
    data = header(b"x", len(fields), b"x") + padded(fields)
    data += header(b"a.png", 0) + padded(picture(1)) + END
    found = rows(keep(data))
    assert (found[0].name, found[0].data) == ("other.png", picture(1))


# --- side files ---------------------------------------------------------------------------


@pytest.mark.parametrize("packed", ["", "gzip"])
def test_a_webdataset_shard(keep, packed):
    shard = [
        entry
        for number in range(5)
        for entry in (
            (f"{number:05d}.cls", b"7"),
            (f"{number:05d}.jpg", picture(number, "JPEG")),
            (f"{number:05d}.json", b"{}"),
            (f"{number:05d}.txt", b"a caption"),
        )
    ]
    data = made.tar(shard)
    path = keep(made.COMPRESSIONS[packed](data) if packed else data)
    found = chunks(path, size=2)
    assert sum(chunk.count for chunk in found) == 5
    assert sum(chunk.aside for chunk in found) == 15
    assert images(rows(path)) == [picture(number, "JPEG") for number in range(5)]


def test_an_image_is_not_hidden_by_its_name(keep):
    found = rows(keep(made.tar([("a.json", picture(1)), ("b.json", b"{}")])))
    assert images(found) == [picture(1)]


@pytest.mark.parametrize("packed", ["", "gzip"])
def test_an_archive_is_not_hidden_by_its_name(keep, packed):
    data = made.tar([("a.txt", made.tar(made.pictures(1))), ("b.json", made.zip_([]))])
    found = rows(keep(made.COMPRESSIONS[packed](data) if packed else data))
    assert problems(found) == ["E_FORMAT: an archive inside an archive, which is not opened"] * 2


@pytest.mark.parametrize("packed", ["gzip", "bzip2", "xz", "zstd"])
def test_streams_that_follow_one_another_are_one(keep, packed):
    data, compress = made.tar(made.pictures(9)), made.COMPRESSIONS[packed]
    path = keep(compress(data[:3000]) + compress(data[3000:3001]) + compress(data[3001:]))
    assert images(rows(path)) == [d for _, d in made.pictures(9)]


def test_side_files_alone_are_counted(keep):
    found = chunks(keep(made.tar([("a.json", b"{}"), ("b.txt", b"")])))
    assert [(chunk.count, chunk.aside) for chunk in found] == [(0, 2)]
    assert rows_of(found[0]) == []


@pytest.mark.parametrize("make", [made.zip_, made.tar, lambda m: made.COMPRESSIONS["gzip"](b"x")])
def test_archives_inside_archives_are_not_opened(keep, make):
    inner = make([("x.png", picture(2))])
    found = rows(keep(made.tar([("inner.bin", inner), ("a.png", picture(1))])))
    assert found[0].said == "E_FORMAT: an archive inside an archive, which is not opened"
    assert found[1].data == picture(1)


# --- hostile archives ---------------------------------------------------------------------

HOSTILE = {
    "cut in a member": (ONE + header(b"b.png", 2000) + b"x" * 700, 1, "E_TRUNC"),
    "cut in a header": (ONE + header(b"b.png", 2000)[:100], 1, "E_TRUNC"),
    "cut between members": (ONE, 1, "E_TRUNC"),
    "cut in a long name": (ONE + header(b"x", 600, b"L") + b"y" * 512, 1, "E_TRUNC"),
    "size beyond the end": (ONE + header(b"b.png", 0o77777777777) + END, 1, "E_TRUNC"),
    "size of 2^63": (
        ONE + header(b"b.png", b"\x80\0\0\0\x80" + bytes(7)) + END,
        1,
        "E_TRUNC",
    ),
    "negative size": (ONE + header(b"b.png", b"\xff" * 12) + END, 1, "E_CORRUPT"),
    "size that is no number": (ONE + header(b"b.png", b"1_0\0" + bytes(8)) + END, 1, "E_CORRUPT"),
    "wrong checksum": (ONE + b"c" + header(b"b.png", 0)[1:] + END, 1, "E_CORRUPT"),
    "rubbish": (ONE + b"\xa5" * 2048, 1, "E_CORRUPT"),
    "a header of 5 MB": (ONE + BIG_HEADER + bytes(5_000_192) + END, 1, "E_LIMIT"),
    "headers without end": (ONE + (header(b"x", 4, b"L") + padded(b"abcd")) * 50, 1, "E_CORRUPT"),
    "bad pax field": (ONE + header(b"x", 4, b"x") + padded(b"9 ab") + END, 1, "E_CORRUPT"),
    "pax field of no length": (ONE + header(b"x", 4, b"x") + padded(b"0 a=") + END, 1, "E_CORRUPT"),
    "negative pax size": (
        ONE + header(b"x", 11, b"x") + padded(b"11 size=-1\n") + ONE + END,
        1,
        "E_CORRUPT",
    ),
    "members behind the end": (ONE + END + ONE + END, 1, "E_CORRUPT"),
}


@pytest.mark.parametrize("packed", ["", "gzip", "xz"])
@pytest.mark.parametrize("name", HOSTILE)
def test_whole_members_are_rows_and_one_row_says_what_ends_them(keep, name, packed):
    data, whole, code = HOSTILE[name]
    path = keep(made.COMPRESSIONS[packed](data) if packed else data)
    found = rows(path)
    assert images(found) == [picture(1)] * whole
    assert [said.partition(":")[0] for said in problems(found)] == [code]
    assert found[-1].key == path


@pytest.mark.parametrize("packed", made.COMPRESSIONS)
def test_a_compressed_archive_that_is_cut(keep, packed):
    noise = made.noise(12 * 30_000)
    members = [(f"{n}.png", picture(n) + noise[30_000 * n :][:30_000]) for n in range(12)]
    data = made.COMPRESSIONS[packed](made.tar(members))
    found = rows(keep(data[: len(data) // 2], "a.tar.x"))
    whole = [d for _, d in members]
    assert images(found) == whole[: len(images(found))]
    assert problems(found) == ["E_TRUNC: the compressed data is cut off"]
    if packed in ("gzip", "zstd"):  # the others decode blocks of a megabyte
        assert 0 < len(images(found)) < 12


@pytest.mark.parametrize("packed", made.COMPRESSIONS)
def test_a_bomb_ends_at_its_limit(keep, packed):
    bounds = Bounds(free=200_000, expansion=50)
    data = ONE + header(b"b.png", 30_000_000) + bytes(30_000_256) + END
    path = keep(made.COMPRESSIONS[packed](data))
    found = rows(path, bounds=bounds)
    assert images(found) == [picture(1)]
    assert "expand to more than" in found[-1].said
    assert found[-1].said.startswith("E_LIMIT")


def test_the_sum_of_all_members_is_limited(keep):
    data = made.COMPRESSIONS["gzip"](made.tar(made.pictures(400)))
    found = rows(keep(data), bounds=Bounds(total=100_000))
    assert 0 < len(images(found)) < 400
    assert found[-1].said == "E_LIMIT: the archive holds more than 100,000 bytes"


def test_the_number_of_members_is_limited(keep):
    found = rows(keep(made.tar(made.pictures(9))), bounds=Bounds(members=5))
    assert images(found) == [d for _, d in made.pictures(5)]
    assert found[-1].said == "E_LIMIT: more than 5 members; the rest is not read"


def test_what_follows_the_compressed_data_is_said(keep):
    data = made.COMPRESSIONS["gzip"](made.tar(made.pictures(2)))
    assert problems(rows(keep(data + bytes(700)))) == []
    found = rows(keep(data + picture(1)))
    assert len(images(found)) == 2
    assert problems(found) == [
        "E_CORRUPT: something else follows the compressed data, which is not read"
    ]


def test_a_member_that_is_too_large_is_a_row(keep):
    path = keep(made.tar([("a.png", bytes(5000)), ("b.png", picture(1))]))
    found = rows(path, limits=Limits(max_bytes=2000))
    assert found[0].said == "E_LIMIT: file size is 5,000 bytes; the limit is 2,000"
    assert found[1].data == picture(1)


def test_an_archive_that_changed_is_not_read(keep):
    path = keep(made.tar(made.pictures(3)))
    [chunk] = chunks(path)
    keep(made.tar(made.pictures(30)))
    assert {r.said for r in rows_of(chunk)} == {"E_IO: the archive has changed since it was listed"}


def test_an_archive_that_changed_in_place_gives_as_many_rows(keep):
    path = keep(made.tar(made.pictures(5)))
    [chunk] = chunks(path, size=9)
    data = bytearray(made.tar(made.pictures(2)).ljust(10240, b"\0"))
    keep(bytes(data))
    found = rows_of(chunk)
    assert images(found) == [d for _, d in made.pictures(2)]
    assert set(problems(found)) == {"E_IO: the archive has fewer members than when it was listed"}
