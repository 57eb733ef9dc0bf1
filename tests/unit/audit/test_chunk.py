"""Chunks: their keys, and their way through a ledger."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.audit.chunk import Chunk
from provenance.errors import ErrorCode, InputError

NAMES = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=20)


@given(
    st.builds(
        Chunk,
        kind=st.sampled_from(["files", "tar"]),
        address=NAMES,
        first=st.integers(0, 10**9),
        count=st.integers(0, 10**6),
        names=st.lists(NAMES, max_size=4).map(tuple),
        problem=st.text(max_size=20),
        code=st.sampled_from(ErrorCode).map(lambda code: code.value),
        offset=st.integers(0, 10**15),
        size=st.integers(0, 10**15),
        aside=st.integers(0, 10**6),
        picks=st.lists(st.integers(0, 10**6), max_size=4).map(tuple),
    )
)
def test_a_chunk_survives_its_line(chunk):
    line = chunk.dump()
    assert line.isascii()
    assert "\n" not in line
    assert Chunk.parse(line) == chunk


def test_a_name_that_is_not_utf8_survives():
    chunk = Chunk(kind="files", address="d", names=("d/\udcff.png",))
    assert Chunk.parse(chunk.dump()) == chunk


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("a.png", "a.png"),
        ("a.zip!0", "a.zip!0!"),
        ("a.zip!0!", "a.zip!0!!"),
        ("a.zip!x", "a.zip!x"),
        ("!!", "!!"),
    ],
)
def test_no_file_is_called_like_a_member(name, key):
    assert Chunk(kind="files", address="d", names=(name,)).key(0) == key


@given(st.lists(st.text("a!01\n", min_size=1, max_size=6), min_size=2, max_size=8, unique=True))
def test_files_and_members_of_different_names_have_different_keys(names):
    files = Chunk(kind="files", address="d", count=len(names), names=tuple(names))
    keys = [files.key(i) for i in range(len(names))]
    for name in names:
        archive = Chunk(kind="zip", address=name, count=3)
        keys += [archive.key(i) for i in range(3)]
    assert len(set(keys)) == len(keys)


def test_what_is_refused_is_one_row_under_its_own_name():
    chunk = Chunk.refused("zip", "a.zip", InputError("no", code=ErrorCode.LIMIT))
    assert (chunk.count, chunk.key(0), chunk.code) == (1, "a.zip", "E_LIMIT")
