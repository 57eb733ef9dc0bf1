"""What holds for every source: counts are exact, chunks are only cuts, damage costs no row."""

from __future__ import annotations

import gzip
import sys
import tracemalloc
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import archives as made
from support.archives import picture
from support.confined import confined
from support.sources import Row, chunks, images, row, rows_of

from provenance.audit.sources import items
from provenance.audit.sources.bounds import Bounds
from provenance.imaging import DEFAULT_LIMITS, Limits

NAMES = st.sampled_from(
    ["a.png", "a.png", "../x.jpg", "/y", "n" * 120 + ".png", "s.json", "s.TXT", "\u00e9.png"]
)
BYTES = st.one_of(st.integers(0, 300).map(picture), st.binary(max_size=600))
MEMBERS = st.lists(st.tuples(NAMES, BYTES), max_size=12)
LIMITS = Limits(max_bytes=100_000)
BOUNDS = Bounds(free=300_000, total=2_000_000, members=50, contents=20_000, footer=100_000)


def warc(members, *, packed):
    return made.warc(
        [made.record("response", made.response(data), f"https://a/{n}") for n, data in members],
        packed=packed,
    )


FORMS = {
    "tar": made.tar,
    "tar.gz": lambda members: made.COMPRESSIONS["gzip"](made.tar(members)),
    "tar.bz2": lambda members: made.COMPRESSIONS["bzip2"](made.tar(members)),
    "tar.xz": lambda members: made.COMPRESSIONS["xz"](made.tar(members)),
    "tar.zst": lambda members: made.COMPRESSIONS["zstd"](made.tar(members)),
    "zip": made.zip_,
    "warc": lambda members: warc(members, packed=False),
    "warc.gz": lambda members: warc(members, packed=True),
    "warc whole.gz": lambda members: gzip.compress(warc(members, packed=False)),
    "parquet": lambda members: made.parquet({"image": [d for _, d in members]}, rows=3),
}


def plain(form, members) -> list[bytes]:
    """The bytes of the members that get a row, without any archive."""
    if "tar" in form or form == "zip":
        members = [
            (name, data)
            for name, data in members
            if not name.lower().endswith((".json", ".txt")) or data.startswith(b"\x89PNG")
        ]
    return [data for _, data in members]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25)
@given(members=MEMBERS, size=st.integers(1, 7), data=st.data())
def test_chunks_put_together_are_the_plain_listing(tmp_path_factory, form, members, size, data):
    members = members or [("a.png", picture(0))]
    path = made.keep(tmp_path_factory.mktemp("law"), f"x.{form}", FORMS[form](members))
    found = chunks(path, size=size)
    expected = plain(form, members)
    assert sum(chunk.count for chunk in found) == len(expected)
    got = [r for chunk in found for r in rows_of(chunk)]
    assert [r.key for r in got] == [f"{path}!{n}" for n in range(len(expected))]
    for r, bytes_ in zip(got, expected, strict=True):
        assert r.data == bytes_ or "archive inside" in r.said
    if not expected:
        return
    for _ in range(4):  # resumed anywhere, in any order
        chunk = data.draw(st.sampled_from(found))
        start = data.draw(st.integers(0, chunk.count))
        assert rows_of(chunk, start) == got[chunk.first + start : chunk.first + chunk.count]


@pytest.mark.parametrize("form", FORMS)
def test_some_of_a_chunk_are_the_same_as_in_the_whole(tmp_path, form):
    path = made.keep(tmp_path, f"x.{form}", sound(form))
    whole = [r for chunk in chunks(path, size=7) for r in rows_of(chunk)]
    first, second = chunks(path, size=7)
    some = replace(first, count=3, picks=(1, 2, 5))
    more = replace(second, count=2, picks=(0, 1))
    assert rows_of(more) == whole[7:9]
    for start in range(4):
        assert rows_of(some, start) == [whole[1], whole[2], whole[5]][start:]
    gone = replace(first, count=2, picks=(3, 99))
    assert [bool(r.said) for r in rows_of(gone)] == [False, True]


@cache
def sound(form) -> bytes:
    return FORMS[form]([(f"{n}.png", picture(n)) for n in range(9)])


@st.composite
def damaged(draw, seed: bytes) -> bytes:
    data = bytearray(seed)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        match draw(st.sampled_from(["flip", "set", "cut out", "double", "truncate"])):
            case "flip" if data:
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "set":
                data[at : at + 4] = draw(st.sampled_from([bytes(4), b"\xff" * 4, b"\x7f\xff" * 2]))
            case "cut out":
                del data[at : at + draw(st.integers(1, 600))]
            case "double":
                data[at:at] = data[at : at + 600]
            case "truncate":
                del data[at:]
    return bytes(data)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=80)
@given(data=st.data())
def test_damage_never_raises_and_costs_no_row(tmp_path_factory, form, data):
    bytes_ = data.draw(damaged(sound(form)))
    folder = tmp_path_factory.mktemp("damage")
    path = made.keep(folder, f"x.{form}", bytes_)
    found = chunks(path, size=4, bounds=BOUNDS)
    assert found
    for chunk in found:
        start = data.draw(st.integers(0, chunk.count))
        got = rows_of(chunk, start, LIMITS, BOUNDS)
        assert all(isinstance(r, Row) for r in got)
        assert not any("E_INTERNAL" in r.said for r in got)
        again = rows_of(chunk, 0, LIMITS, BOUNDS)
        assert again[start:] == got


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=30)
@given(data=st.data())
def test_an_archive_that_changes_after_it_was_listed_costs_no_row(tmp_path_factory, form, data):
    folder = tmp_path_factory.mktemp("change")
    path = made.keep(folder, f"x.{form}", sound(form))
    found = chunks(path, size=4)
    changed = data.draw(damaged(sound(form)))[: len(sound(form))]
    made.keep(folder, f"x.{form}", changed.ljust(len(sound(form)), b"\0"))
    for chunk in found:
        assert not any("E_INTERNAL" in r.said for r in rows_of(chunk, 0, LIMITS, BOUNDS))


@pytest.mark.parametrize("form", sorted(FORMS.keys() - {"parquet", "tar.bz2", "tar.xz"}))
def test_a_large_member_takes_no_memory_but_its_own(tmp_path, form):
    """A member beyond the limit is passed over; scanning takes next to nothing."""
    large = made.noise(1_500_000) * 20  # 30 MB
    path = made.keep(tmp_path, f"x.{form}", FORMS[form]([("a", large), ("b.png", picture(1))]))
    bounds = Bounds(expansion=10_000)
    tracemalloc.start()
    found = chunks(path, size=4, bounds=bounds)
    scanned = tracemalloc.get_traced_memory()[1]
    limits = Limits(max_bytes=1_000_000)
    got = [r for chunk in found for r in rows_of(chunk, 0, limits, bounds)]
    read = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [bool(r.said) for r in got][-2:] == [True, False]
    assert images(got) == [picture(1)]
    assert scanned < 15_000_000
    assert read < 15_000_000


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits the address space")
@pytest.mark.parametrize("form", ["tar", "zip", "warc.gz"])
def test_one_that_needs_too_much_memory_costs_no_other(tmp_path, form):
    members = [(f"{n}.png", picture(n)) for n in range(4)]
    members[1:1] = [("large", made.noise(1_000_000) * 60)]
    path = made.keep(tmp_path, "x", FORMS[form](members))
    assert confined(path, 50_000_000)[:2] == [5, 4]


@pytest.mark.parametrize("form", ["tar.gz", "tar.xz", "warc whole.gz", "parquet"])
def test_a_worker_reads_an_archive_once(tmp_path, form, monkeypatch):
    """However many chunks there are: what it passes over is not read again from the start."""
    members = [(f"{n}.png", picture(n) + made.picture(n) * 30) for n in range(60)]
    path = made.keep(tmp_path, f"x.{form}", FORMS[form](members))
    found = chunks(path, size=2)
    opened = []
    from provenance.audit.sources import members as module

    begin = module._begin
    monkeypatch.setattr(module, "_begin", lambda *a: opened.append(1) or begin(*a))
    got = []
    for chunk in found:
        iterator = items(chunk, 0, DEFAULT_LIMITS)
        # As a worker does it: nobody asks for the end.
        got += [row(chunk, index, next(iterator)) for index in range(chunk.count)]
    assert [r.data for r in got] == [data for _, data in members]
    assert len(opened) == 1
