"""The index file: what was saved is what is opened, and nothing else is opened at all."""

from __future__ import annotations

import hashlib
import os
import stat

import numpy as np
import pytest

from provenance.errors import SearchIndexError
from provenance.fingerprint import bands, index_header
from provenance.fingerprint.bands import Bands
from provenance.fingerprint.index import Contents, FingerprintIndex, Hashes, save_index
from provenance.fingerprint.index_header import HEADER_BYTES, Header
from provenance.model import Fingerprint

IDENTITY = bytes(range(16))
WITNESSES = {7: b"7" * 32, 40: b"4" * 32}


def hashes(n, seed=1, left_out=0):
    rng = np.random.default_rng(seed)
    words = rng.integers(0, 1 << 64, (n, 4), np.uint64, endpoint=False)
    return Hashes(words=words, ids=np.arange(1, n + 1) * 2, left_out=left_out)


def saved(path, own=None, parents=None, horizon=100):
    contents = Contents(
        identity=IDENTITY,
        horizon=horizon,
        witnesses=WITNESSES,
        own=own or hashes(30, left_out=3),
        parents=parents or hashes(5, seed=2, left_out=1),
    )
    return save_index(path, lambda: contents)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "registry.index"


@pytest.mark.parametrize(("n", "m"), [(30, 5), (0, 1), (1, 0), (0, 0), (13, 27)])
def test_an_index_is_read_as_it_was_written(path, n, m):
    own, parents = hashes(n, left_out=3), hashes(m, seed=2, left_out=1)
    size = saved(path, own, parents)
    index = FingerprintIndex.open(path)
    assert (index.header.identity, index.header.horizon) == (IDENTITY, 100)
    assert dict(index.header.witnesses) == WITNESSES
    assert index.size == size == path.stat().st_size
    for part, source in ((index.own, own), (index.parents, parents)):
        expected = Bands.of(source.words)
        assert np.array_equal(part.bands.hashes, source.words)
        assert np.array_equal(part.bands.starts, expected.starts)
        assert np.array_equal(part.bands.lists, expected.lists)
        assert np.array_equal(part.ids, source.ids)
        assert part.left_out == source.left_out
        for number, row in enumerate(source.words[:3]):
            asked = Fingerprint(bits=row.tobytes(), quality=100)
            assert part.near([asked], 31) == [source.ids[number]]


def test_it_is_for_the_owner_alone_and_nothing_is_left_beside_it(path):
    before = os.umask(0)
    try:
        saved(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_whoever_searches_keeps_the_index_that_is_replaced(path):
    saved(path)
    before = FingerprintIndex.open(path)
    kept = before.own.bands.hashes.copy()
    saved(path, own=hashes(31, seed=9))
    assert np.array_equal(before.own.bands.hashes, kept)
    assert len(FingerprintIndex.open(path).own.ids) == 31


def test_an_index_that_cannot_be_written_leaves_the_one_before(path, monkeypatch):
    saved(path)
    before = path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SearchIndexError, match="No space left"):
        saved(path, own=hashes(31))
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_more_hashes_than_numbers_are_refused(path, monkeypatch):
    monkeypatch.setattr("provenance.fingerprint.index.MAX_HASHES", 10)
    with pytest.raises(SearchIndexError, match="at most 10"):
        saved(path)


def test_every_byte_is_covered_by_a_check(path):
    size = saved(path)
    whole = path.read_bytes()
    rng = np.random.default_rng(3)
    places = {*rng.integers(0, HEADER_BYTES, 20), *rng.integers(HEADER_BYTES, size, 20), size - 1}
    for at in places:
        with path.open("r+b") as file:
            file.seek(at)
            file.write(bytes([whole[at] ^ 1 << int(rng.integers(8))]))
            file.flush()
            with pytest.raises(SearchIndexError):
                FingerprintIndex.open(path)
            file.seek(at)
            file.write(whole[at : at + 1])
    assert FingerprintIndex.open(path).header.horizon == 100


@pytest.mark.parametrize("cut", [1, 64, -1, -64])
def test_a_file_of_another_length_is_refused(path, cut):
    os.truncate(path, saved(path) - cut)
    with pytest.raises(SearchIndexError, match="damaged"):
        FingerprintIndex.open(path)


@pytest.mark.parametrize("length", [0, 1, 16, HEADER_BYTES - 1, HEADER_BYTES])
def test_a_beginning_is_not_taken_for_the_whole(path, length):
    saved(path)
    os.truncate(path, length)
    with pytest.raises(SearchIndexError, match=r"damaged|not a search index"):
        FingerprintIndex.open(path)


def test_another_version_is_refused_as_such(path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(index_header, "_VERSION", 2)
        saved(path)
    with pytest.raises(SearchIndexError, match="another version"):
        FingerprintIndex.open(path)


def test_another_least_quality_is_another_index(path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(index_header, "MIN_QUALITY", 40)
        saved(path)
    with pytest.raises(SearchIndexError, match="another version"):
        FingerprintIndex.open(path)


def forged(path, change):
    """The file with its content changed and every digest right again."""
    data = bytearray(path.read_bytes())
    header = Header.parse(bytes(data[:HEADER_BYTES]))
    content = np.frombuffer(data, np.uint32, offset=HEADER_BYTES)
    change(content)
    changed = Header(
        identity=header.identity,
        horizon=header.horizon,
        witnesses=header.witnesses,
        hashes=header.hashes,
        left_out=header.left_out,
        content=hashlib.sha256(content).digest(),
    )
    path.write_bytes(changed.pack() + content.tobytes())


@pytest.mark.parametrize(
    ("place", "value"),
    [(0, 1), (5, 1 << 31), (bands.STARTS - 1, 31), (bands.STARTS - 1, 0xFFFFFFFF)],
)
def test_places_that_lead_out_of_the_lists_are_refused_though_the_digest_is_right(
    path, place, value
):
    saved(path)
    forged(path, lambda content: content.__setitem__(place, value))
    with pytest.raises(SearchIndexError, match="contradicts itself"):
        FingerprintIndex.open(path)


def test_a_list_of_hashes_that_are_not_there_is_an_error_and_not_a_crash(path):
    own = hashes(30)
    saved(path, own)
    first = bands.BANDS * bands.STARTS
    forged(path, lambda content: content.__setitem__(slice(first, first + 16 * 30), 30))
    index = FingerprintIndex.open(path)
    asked = Fingerprint(bits=own.words[0].tobytes(), quality=100)
    with pytest.raises(SearchIndexError, match="contradicts itself"):
        index.own.near([asked], 0)


def test_ids_beyond_the_horizon_are_refused(path):
    saved(path, horizon=59)
    with pytest.raises(SearchIndexError, match="contradicts itself"):
        FingerprintIndex.open(path)


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_an_index_that_others_can_write_is_refused(path, mode):
    saved(path)
    path.chmod(mode)
    with pytest.raises(SearchIndexError, match="only its owner can write"):
        FingerprintIndex.open(path)


@pytest.mark.parametrize("kind", ["missing", "directory", "fifo", "link", "text"])
def test_what_is_no_index_is_refused(path, kind):
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path, 0o600)
    elif kind == "link":
        saved(path.with_name("other"))
        path.symlink_to("other")
    elif kind == "text":
        path.write_text("provenance/inde" * 1000)
    with pytest.raises(SearchIndexError):
        FingerprintIndex.open(path)
