"""WARC files: which records are images, and what ends a file."""

from __future__ import annotations

import gzip
import zlib

import pytest
from support import archives as made
from support.archives import picture, record, response
from support.sources import chunks, images, problems, rows, rows_of

from provenance.audit.sources.bounds import Bounds
from provenance.imaging import Limits

PACKED = pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
PAGE = response(b"<html></html>", "text/html")


@pytest.fixture
def keep(tmp_path):
    return lambda data, name="a.warc": made.keep(tmp_path, name, data)


def crawl(count: int) -> list[bytes]:
    """What a crawler writes: its own words, requests, pages, and images among them."""
    found = [record("warcinfo", b"software: x\r\n")]
    for number in range(count):
        found += [
            record("request", b"GET / HTTP/1.1\r\n\r\n"),
            record("response", response(picture(number)), f"https://a/{number}.png?x=1"),
            record("metadata", b"x: y"),
            record("response", PAGE, "https://a/page.html"),
        ]
    return found


@PACKED
def test_images_are_rows_and_everything_else_is_counted(keep, packed):
    path = keep(made.warc(crawl(5), packed=packed))
    found = chunks(path, size=2)
    assert [chunk.count for chunk in found] == [2, 2, 1]
    assert sum(chunk.aside for chunk in found) == 16
    assert images(rows(path)) == [picture(n) for n in range(5)]
    assert [r.name for r in rows(path)] == [f"{n}.png" for n in range(5)]
    assert rows(path)[3].key == f"{path}!3"


@PACKED
def test_every_chunk_can_be_begun_anywhere(keep, packed):
    found = chunks(keep(made.warc(crawl(11), packed=packed)), size=3)
    assert [bool(chunk.offset) for chunk in found] == [True] * 4
    for chunk in reversed(found):
        for start in range(chunk.count + 1):
            expected = [picture(chunk.first + n) for n in range(chunk.count)][start:]
            assert [r.data for r in rows_of(chunk, start)] == expected


def test_a_file_that_is_compressed_as_a_whole(keep):
    path = keep(gzip.compress(made.warc(crawl(7), packed=False)), "a.warc.gz")
    found = chunks(path, size=3)
    assert {chunk.offset for chunk in found} == {0}
    assert images(rows(path, size=3)) == [picture(n) for n in range(7)]


KINDS = {
    "a response that only begins like an image": record(
        "response", response(picture(1), "text/html")
    ),
    "a resource": record("resource", picture(1), Content_Type="image/png"),
    "a resource without a type": record("resource", picture(1)),
    "received by another protocol": record("response", picture(1), "ftp://a/b.png"),
    "a conversion": record("conversion", picture(1), Content_Type="image/png"),
    "chunked": record(
        "response",
        response(
            b"5\r\n"
            + picture(1)[:5]
            + b"\r\n%X;x=y\r\n" % (len(picture(1)) - 5)
            + picture(1)[5:]
            + b"\r\n0\r\n\r\n",
            Transfer_Encoding="chunked",
        ),
    ),
    "called chunked": record("response", response(picture(1), Transfer_Encoding="chunked")),
    "gzip": record("response", response(gzip.compress(picture(1)), Content_Encoding="gzip")),
    "called gzip": record("response", response(picture(1), Content_Encoding="gzip")),
    "deflate": record("response", response(zlib.compress(picture(1)), Content_Encoding="deflate")),
    "raw deflate": record(
        "response", response(zlib.compress(picture(1))[2:-4], Content_Encoding="deflate")
    ),
    "gzip that says text": record(
        "response", response(gzip.compress(picture(1)), "text/plain", Content_Encoding="gzip")
    ),
}


@PACKED
@pytest.mark.parametrize("name", KINDS)
def test_a_body_is_taken_out_of_its_codings(keep, name, packed):
    assert images(rows(keep(made.warc([KINDS[name]], packed=packed)))) == [picture(1)]


BROKEN = {
    "a coding that is not read": (
        record("response", response(picture(1), Content_Encoding="br")),
        "E_FORMAT: the body has a content coding",
    ),
    "gzip that is none": (
        record("response", response(b"\x1f\x8b" + picture(1), Content_Encoding="gzip")),
        "E_CORRUPT: the coding of the body is damaged",
    ),
    "a bomb": (
        record("response", response(gzip.compress(bytes(10**7)), Content_Encoding="gzip")),
        "E_LIMIT: file size is 100,001 bytes; the limit is 100,000",
    ),
    "too large": (
        record("response", response(bytes(300_000))),
        "E_LIMIT: file size is 100,001 bytes; the limit is 100,000",
    ),
    "an archive": (
        record("response", response(made.zip_([("x", b"y")]))),
        "E_FORMAT: an archive inside an archive",
    ),
}


@PACKED
@pytest.mark.parametrize("name", BROKEN)
def test_a_body_that_cannot_be_read_is_a_row(keep, name, packed):
    broken, said = BROKEN[name]
    good = record("response", response(picture(2)))
    bounds = Bounds(expansion=2000)
    path = keep(made.warc([broken, good], packed=packed))
    found = rows(path, limits=Limits(max_bytes=100_000), bounds=bounds)
    assert found[0].said.startswith(said)
    assert images(found) == [picture(2)]


GOOD = record("response", response(picture(1)))
ENDS = {
    "cut in a record": (GOOD + GOOD[:-30], "E_TRUNC: the archive is cut off in a record"),
    "cut in a header": (GOOD + GOOD[:40], "E_TRUNC: the archive is cut off in a header"),
    "no length": (
        GOOD + b"WARC/1.0\r\nWARC-Type: response\r\n\r\n",
        "E_CORRUPT: the archive is damaged: a record does not state its length",
    ),
    "a length that is no number": (
        GOOD + b"WARC/1.0\r\nContent-Length: -1\r\n\r\n",
        "E_CORRUPT: the archive is damaged: a record does not state its length",
    ),
    "a length beyond the end": (
        GOOD + b"WARC/1.0\r\nContent-Length: 99999999999\r\n\r\n" + GOOD,
        "E_TRUNC: the archive is cut off in a record",
    ),
    "something else": (
        GOOD + b"HELLO\r\n\r\n" + GOOD,
        "E_CORRUPT: the archive is damaged: something else than a record follows",
    ),
    "line ends without end": (
        GOOD + b"\n" * 2000 + GOOD,
        "E_CORRUPT: the archive is damaged: something else than a record follows",
    ),
    "a header without end": (
        GOOD + b"WARC/1.0\r\n" + b"X: y\r\n" * 30_000 + GOOD,
        "E_CORRUPT: the archive is damaged: a record has a header without end",
    ),
}


@PACKED
@pytest.mark.parametrize("name", ENDS)
def test_whole_records_are_rows_and_one_row_says_what_ends_them(keep, name, packed):
    data, said = ENDS[name]
    path = keep(made.warc([GOOD, data.removeprefix(GOOD)], packed=packed))
    found = rows(path)
    assert images(found) == [picture(1)]
    assert [text.partition(";")[0] for text in problems(found)] == [said]


def test_line_ends_may_be_missing_and_may_be_short(keep):
    bare = GOOD.rstrip(b"\r\n").replace(b"\r\n\r\nHTTP", b"\n\nHTTP")
    assert images(rows(keep(bare + GOOD.rstrip(b"\r\n") + b"\n" + GOOD))) == [picture(1)] * 3
