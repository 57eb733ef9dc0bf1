"""Tiles: their names, their bytes, and the few that a proof of a large log needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.leaves import commitment

from benchmarks import rfc6962
from provenance.errors import LogError
from provenance.log import tiles
from provenance.log.merkle import inclusion_proof, root_of
from provenance.log.tiles import (
    ENTRIES,
    TileReader,
    TileWriter,
    bundle,
    parse_tile_name,
    read_tile,
    tile_name,
    tiles_of,
    unbundle,
)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((0, 0), "tile/0/000"),
        ((0, 1234067), "tile/0/x001/x234/067"),  # the example of C2SP tlog-tiles
        ((3, 999, 17), "tile/3/999.p/17"),
        ((0, 1000, 1), "tile/0/x001/000.p/1"),
        ((ENTRIES, 1234067), "tile/entries/x001/x234/067"),
    ],
)
def test_names_of_tiles(arguments: tuple, name: str) -> None:
    assert tile_name(*arguments) == name
    level, index, *width = arguments
    assert parse_tile_name(name) == (level, index, *(width or [256]))


@given(
    level=st.one_of(st.just(ENTRIES), st.integers(0, 63)),
    index=st.integers(0, 10**12),
    width=st.integers(1, 256),
)
def test_every_name_is_read_back(level: int | str, index: int, width: int) -> None:
    assert parse_tile_name(tile_name(level, index, width)) == (level, index, width)


@pytest.mark.parametrize(
    "name",
    [
        "checkpoint",
        "tile/0/0",
        "tile/00/000",
        "tile/0/x000/000",
        "tile/0/x001/000/",
        "tile/0/001/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/999",
        "tile/0/\u0661\u0661\u0661",
        "tile/other/000",
        "/tile/0/000",
        "tile/0/000\n",
    ],
)
def test_what_is_no_name_of_a_tile(name: str) -> None:
    assert parse_tile_name(name) is None


def test_the_tiles_of_the_example_of_the_specification() -> None:
    assert list(tiles_of(70_000)) == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert list(tiles_of(256)) == [(0, 1, 0), (1, 0, 1)]
    assert list(tiles_of(0)) == []


def test_entry_bundles() -> None:
    entries = [commitment(0), commitment(1)]
    assert bundle(entries) == b"\0\x20" + entries[0] + b"\0\x20" + entries[1]
    assert unbundle(bundle(entries)) == entries
    for bad in (bundle(entries)[:-1], b"\0\x21" + bundle(entries)[2:], b"x"):
        assert unbundle(bad) is None


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[bytes]]:
    """Tiles of 66,000 leaves, so that there are three levels of them."""
    folder = tmp_path_factory.mktemp("large")
    (folder / ".tmp").mkdir()
    leaves = [commitment(number) for number in range(66_000)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda descriptor: None)
        writer = TileWriter(folder, 0)
        for leaf in leaves:
            writer.append(leaf)
        writer.finish()
    return folder, leaves


def test_a_proof_of_a_large_log_reads_few_tiles(
    large: tuple[Path, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, leaves = large
    read = []
    original = tiles.read_bounded
    monkeypatch.setattr(
        tiles, "read_bounded", lambda path, limit: (read.append(path), original(path, limit))[1]
    )
    root = root_of(TileReader(folder, len(leaves)), len(leaves))
    assert root == rfc6962.mth(leaves)
    for index in (0, 255, 256, 65_535, 65_536, 65_999, 31_337):
        read.clear()
        proof = inclusion_proof(TileReader(folder, len(leaves)), index, len(leaves))
        assert len(read) <= 6, index
        digest = rfc6962.leaf(leaves[index])
        assert rfc6962.root_from_path(digest, index, len(leaves), proof) == root


def test_a_full_tile_stands_for_the_partial_ones_before_it(
    large: tuple[Path, list[bytes]],
) -> None:
    folder, leaves = large
    for size in (1, 255, 256, 257, 40_000):
        assert root_of(TileReader(folder, size), size) == rfc6962.mth(leaves[:size])


def test_tiles_that_are_missing_or_of_another_length_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"000\.p/3 is missing"):
        read_tile(tmp_path, 0, 0, 3)
    path = tmp_path / "tile/0/000.p/3"
    path.parent.mkdir(parents=True)
    for data in (b"", b"\0" * 95, b"\0" * 97, b"\0" * 128):
        path.write_bytes(data)
        with pytest.raises(LogError, match="length of a tile"):
            read_tile(tmp_path, 0, 0, 3)
    path.write_bytes(b"\0" * 100_000)
    with pytest.raises(LogError, match="more than"):
        read_tile(tmp_path, 0, 0, 3)


def test_a_tile_that_is_there_with_other_content_is_kept(tmp_path: Path) -> None:
    (tmp_path / ".tmp").mkdir()
    path = tmp_path / "tile/0/000.p/1"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\0" * 32)
    writer = TileWriter(tmp_path, 0)
    writer.append(commitment(0))
    with pytest.raises(LogError, match="not overwritten"):
        writer.finish()
    assert path.read_bytes() == b"\0" * 32
