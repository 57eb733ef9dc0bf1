"""Object stores behind fsspec, with the one that is in memory."""

from __future__ import annotations

import logging
import sys

import pytest
from support import archives as made
from support.archives import picture
from support.sources import chunks, images, problems, rows, rows_of

from provenance.errors import ConfigError
from provenance.imaging import Limits

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def store():
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    yield system
    system.store.clear()


def test_objects_come_in_the_order_of_their_names(store):
    for number in (3, 1, 2):
        store.pipe(f"/bucket/d/{number}.png", picture(number))
    store.pipe("/other/x.png", picture(9))
    found = rows("memory://bucket", size=2)
    assert images(found) == [picture(n) for n in (1, 2, 3)]
    assert [r.key for r in found] == [f"memory:///bucket/d/{n}.png" for n in (1, 2, 3)]
    assert images(rows("memory://bucket/d/2.png")) == [picture(2)]
    assert images(rows("memory://bucket/*/[13].png")) == [picture(1), picture(3)]


ARCHIVES = {
    "zip": made.zip_(made.pictures(5)),
    "tar": made.tar(made.pictures(5)),
    "tar.gz": made.COMPRESSIONS["gzip"](made.tar(made.pictures(5))),
    "tar.zst": made.COMPRESSIONS["zstd"](made.tar(made.pictures(5))),
    "parquet": made.parquet({"image": [d for _, d in made.pictures(5)]}),
    "warc": made.warc(
        [made.record("response", made.response(d)) for _, d in made.pictures(5)], packed=True
    ),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives_are_opened_where_they_are(store, name):
    store.pipe("/b/data.bin", ARCHIVES[name])
    found = chunks("memory://b", size=2)
    assert [chunk.count for chunk in found] == [2, 2, 1]
    assert images([r for c in reversed(found) for r in rows_of(c)]) == [
        picture(n) for n in (4, 2, 3, 0, 1)
    ]


def test_a_column_of_a_table_in_a_store(store):
    store.pipe("/b/t.parquet", made.parquet({"a": [picture(1)], "b": [picture(2)]}))
    assert images(rows("memory://b/t.parquet::b")) == [picture(2)]


def test_what_cannot_be_read_is_a_row(store):
    store.pipe("/b/1.png", picture(1))
    store.pipe("/b/2.png", bytes(5000))
    store.pipe("/b/3.png", picture(3))
    [chunk] = chunks("memory://b")
    store.rm("/b/1.png")
    found = rows_of(chunk, limits=Limits(max_bytes=2000))
    assert problems(found) == [
        "E_IO: cannot read object: FileNotFoundError",
        "E_LIMIT: file size is 5,000 bytes; the limit is 2,000",
    ]
    assert images(found) == [picture(3)]


@pytest.mark.parametrize("address", ["memory://nothing", "memory://nothing/*.png"])
def test_an_address_without_objects_is_a_row(store, address):
    [found] = rows(address)
    assert found.said.startswith("E_IO: ")


def test_files_are_read_without_fsspec(tmp_path):
    made.keep(tmp_path, "a b.png", picture(1))
    (tmp_path / "link.png").symlink_to("a b.png")
    assert images(rows(f"file://{tmp_path}")) == [picture(1)]
    assert images(rows(f"file://{tmp_path}/a%20b.png")) == [picture(1)]


REFUSED = [
    "s3://bucket/x",
    "gs://bucket",
    "hf://datasets/a/b",
    "http://example.com/a.png",
    "ftp://example.com/a.png",
    "simplecache::s3://bucket/x",
    "memory://a::s3://bucket/x",
    "zip://x.png::memory://a.zip",
    "local:///etc/passwd",
]


@pytest.mark.parametrize("address", REFUSED)
def test_nothing_is_asked_unless_it_is_allowed(address, monkeypatch):
    monkeypatch.setattr(fsspec.core, "url_to_fs", lambda *_: pytest.fail("was asked"))
    if "simplecache" in address:  # the name of a file that is not there
        assert len(problems(rows(address))) == 1
        return
    with pytest.raises(ConfigError):
        chunks(address)


def test_a_password_in_an_address_is_refused():
    with pytest.raises(ConfigError) as error:
        chunks("s3://key:secret@bucket/x", allow_network=True)
    assert "secret" not in str(error.value)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(ConfigError, match="not installed") as error:
        chunks("s3://bucket/x", allow_network=True)
    assert "s3fs" in error.value.hint


def test_what_a_store_says_goes_no_further(store, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    store.pipe("/b/1.png", picture(1))
    [chunk] = chunks("memory://b")

    def fails(*_, **__):
        raise RuntimeError("token=secret")

    monkeypatch.setattr(type(store), "_open", fails)
    [found] = rows_of(chunk)
    assert found.said == "E_IO: cannot read object: RuntimeError"
    assert "secret" not in caplog.text
