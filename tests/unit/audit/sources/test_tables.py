"""Parquet tables: which column holds images, and what hostile ones give."""

from __future__ import annotations

import os

import pytest
from support import archives as made
from support.archives import picture
from support.confined import confined
from support.sources import chunks, images, problems, rows, rows_of

from provenance.audit.sources.bounds import Bounds
from provenance.audit.sources.tables import split
from provenance.audit.sources.thrift import ThriftError, footer_of
from provenance.imaging import Limits

DATA = [picture(n) for n in range(11)]


@pytest.fixture
def keep(tmp_path):
    return lambda data, name="a.parquet": made.keep(tmp_path, name, data)


def struct(data, path="x/{}.png"):
    return [{"bytes": d, "path": path.format(n)} for n, d in enumerate(data)]


SHAPES = {
    "bytes": {"image": DATA, "caption": ["a"] * 11, "width": [4] * 11},
    "one of that kind": {"whatever": DATA, "text": ["a"] * 11},
    "Hugging Face": {"image": struct(DATA), "label": [1] * 11},
    "img2dataset": {
        "key": [f"{n:09d}" for n in range(11)],
        "url": ["https://a/b"] * 11,
        "status": ["success"] * 11,
        "jpg": DATA,
    },
    "with lists beside": {"boxes": [[1, 2], []] * 5 + [None], "image": DATA, "tags": [["a"]] * 11},
    "with nested structs beside": {"meta": [{"a": {"b": 1, "c": [b"x"]}}] * 11, "image": DATA},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_column_of_images_is_found_by_the_schema(keep, shape):
    path = keep(made.parquet(SHAPES[shape], rows=4))
    found = rows(path, size=3)
    assert images(found) == DATA
    assert [r.key for r in found] == [f"{path}!{n}" for n in range(11)]


def test_names_come_from_the_path_or_the_key(keep):
    assert rows(keep(made.parquet(SHAPES["Hugging Face"])))[2].name == "x/2.png"
    assert rows(keep(made.parquet(SHAPES["img2dataset"])))[2].name == "000000002"


@pytest.mark.parametrize("group", [1, 4, 100])
def test_every_chunk_can_be_begun_anywhere(keep, group):
    found = chunks(keep(made.parquet({"image": DATA}, rows=group)), size=3)
    assert [chunk.count for chunk in found] == [3, 3, 3, 2]
    for chunk in reversed(found):
        for start in range(chunk.count + 1):
            expected = DATA[chunk.first : chunk.first + chunk.count][start:]
            assert [r.data for r in rows_of(chunk, start)] == expected


def test_rows_without_bytes_say_why(keep):
    columns = {
        "key": ["0", "1", "2"],
        "status": ["success", "failed_to_download\n\x1b[2J" + "x" * 500, None],
        "jpg": [picture(1), None, None],
    }
    found = rows(keep(made.parquet(columns)))
    assert found[0].data == picture(1)
    said = "E_IO: the table holds no bytes for this row"
    assert found[1].said.startswith(rf"{said} (status: failed_to_download\x0a\x1b[2Jxxx")
    assert len(found[1].said) < 400
    assert found[2].said == said


def test_a_struct_that_is_missing_is_a_row(keep):
    column = [{"bytes": picture(1), "path": None}, None, {"bytes": None, "path": "x.png"}]
    found = rows(keep(made.parquet({"image": column})))
    assert images(found) == [picture(1)]
    assert len(problems(found)) == 2
    assert found[2].name == "x.png"


TWO = {"image": struct(DATA), "mask": struct(DATA[::-1]), "raw": DATA, "text": ["a"] * 11}


def test_several_columns_have_to_be_told_apart(keep):
    path = keep(made.parquet(TWO))
    assert problems(rows(path)) == [
        "E_FORMAT: several columns may hold images (image, mask, raw): name one as TABLE::COLUMN"
    ]
    assert images(rows(f"{path}::mask")) == DATA[::-1]
    found = rows(f"{path}::raw")
    assert images(found) == DATA
    assert found[1].key == f"{path}::raw!1"


@pytest.mark.parametrize(
    ("column", "said"),
    [("nothing", "E_FORMAT: the table has no column nothing"), ("width", "E_FORMAT: the column")],
)
def test_a_column_that_holds_none_is_refused(keep, column, said):
    [found] = problems(rows(keep(made.parquet(SHAPES["bytes"])) + f"::{column}"))
    assert found.startswith(said)


def test_a_table_without_images_is_one_row(keep):
    path = keep(made.parquet({"url": ["https://a/b"] * 3, "width": [1, 2, 3]}))
    assert problems(rows(path)) == ["E_FORMAT: the table has no column of images"]


def test_a_column_of_text_is_read_if_it_is_named(keep):
    path = keep(made.parquet({"x": ["abc"]}))
    assert images(rows(f"{path}::x")) == [b"abc"]


@pytest.mark.parametrize("options", [{"compression": "gzip"}, {"use_dictionary": False}])
def test_how_a_table_is_written_changes_nothing(keep, options):
    assert images(rows(keep(made.parquet({"image": DATA}, **options)))) == DATA


def test_a_column_that_wants_to_be_something_else(keep):
    import pyarrow as pa

    coded = pa.array(DATA).dictionary_encode()
    assert images(rows(keep(made.parquet({"image": coded})))) == DATA


def test_an_address_is_split_at_its_column(tmp_path):
    assert split("a.parquet::x") == ("a.parquet", "x")
    assert split("a::b::c") == ("a::b", "c")
    assert split("a::b/c.png") == ("a::b/c.png", "")
    assert split("::x") == ("::x", "")
    path = made.keep(tmp_path, "odd::name", b"")
    assert split(path) == (path, "")


# --- hostile tables -----------------------------------------------------------------------

WHOLE = made.parquet({"image": DATA}, rows=4)
REFUSED = {
    "cut": (WHOLE[:-5], "E_TRUNC: the table has no footer; it is cut off"),
    "encrypted": (WHOLE[:-4] + b"PARE", "E_IO: the table is encrypted"),
    "a footer of 4 GB": (WHOLE[:-8] + b"\xff" * 4 + b"PAR1", "E_LIMIT: a footer of 4,294,967,295"),
    "a footer that does not fit": (
        WHOLE[:-8] + b"\0\0\1\0PAR1",
        "E_CORRUPT: the footer does not fit into the table",
    ),
    "an empty footer": (WHOLE[:-8] + b"\0\0\0\0PAR1", "E_CORRUPT: the footer is damaged"),
    "a footer of zeros": (b"PAR1" + bytes(100) + b"\x60\0\0\0PAR1", "E_CORRUPT: the footer"),
    "a footer of ones": (b"PAR1" + b"\xff" * 96 + b"\x60\0\0\0PAR1", "E_CORRUPT: the footer"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_table_without_a_footer_is_one_row(keep, name):
    data, said = REFUSED[name]
    [found] = problems(rows(keep(data)))
    assert found.startswith(said)


def test_a_table_that_states_too_many_rows_is_one_row(keep):
    [found] = problems(rows(keep(WHOLE), bounds=Bounds(members=10)))
    assert found == "E_LIMIT: the table states 11 rows; the limit is 10"


def test_pages_that_are_damaged_cost_their_row_group(keep):
    options = {"compression": "none", "use_dictionary": False}
    data = bytearray(made.parquet({"image": DATA}, rows=4, **options))
    at = data.index(DATA[5]) - 4  # the length of the value
    data[at : at + 4] = b"\xff" * 4
    found = rows(keep(bytes(data)))
    assert len(found) == 11
    assert images(found)[:4] == DATA[:4]
    assert images(found)[-3:] == DATA[8:]
    assert problems(found)


def test_footers_are_never_trusted():
    length = int.from_bytes(WHOLE[-8:-4], "little")
    footer = WHOLE[-8 - length : -8]
    assert footer_of(footer).rows == 11
    for at in range(len(footer)):
        for value in (0, 0xFF, footer[at] ^ 0x10):
            try:
                footer_of(footer[:at] + bytes([value]) + footer[at + 1 :])
            except ThriftError:
                continue
    for at in range(20):
        with pytest.raises(ThriftError):
            footer_of(footer[:at])


def test_a_footer_of_too_many_parts():
    # A list of a million lists; each is one byte that becomes an object.
    with pytest.raises(ThriftError, match="too many parts"):
        footer_of(b"\x29\xf9\xff\xff\x7f" + b"\x09" * 1_100_000)


def test_a_footer_nested_without_end():
    with pytest.raises(ThriftError):
        footer_of(b"\x1c" * 10_000)
    with pytest.raises(ThriftError):
        footer_of(b"\x19" * 10_000)


# --- memory -------------------------------------------------------------------------------

PLAIN = {"use_dictionary": False, "compression": "none"}


@pytest.mark.slow
def test_a_row_group_of_images_is_never_in_memory(keep):
    column = [os.urandom(1_000_000)] * 400
    path = keep(made.parquet({"image": column}, rows=400, write_batch_size=1, **PLAIN))
    found, good, more = confined(path)
    assert (found, good) == (400, 400)
    assert more < 200_000  # of 400 MB


@pytest.mark.slow
def test_a_page_that_needs_too_much_memory_costs_its_row_group(keep):
    column = [bytes(60_000_000)] * 6 + [picture(1)] * 2
    options = PLAIN | {"compression": "zstd"}
    path = keep(made.parquet({"image": column}, rows=6, **options))
    assert confined(path)[:2] == [8, 2]


def test_limits_hold_for_rows(keep):
    found = rows(keep(made.parquet({"image": [bytes(5000)]})), limits=Limits(max_bytes=2000))
    assert problems(found) == ["E_LIMIT: file size is 5,000 bytes; the limit is 2,000"]
