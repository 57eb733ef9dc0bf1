"""Asked again, a request gives the same record and the same bytes, or a clear error."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Timer

import numpy as np
import pytest
from support import again, pictures

from provenance import Encoding, Generation
from provenance.errors import (
    ArgumentError,
    ProvenanceError,
    RegistryError,
    RequestError,
    SelfCheckError,
)
from provenance.imaging import Metadata, encode
from provenance.keys import Pseudonyms
from provenance.model import Operation, RecordState
from provenance.registry import SqliteStore
from provenance.stamp import Requests, job
from provenance.stamp.target import FileTarget
from provenance.trust import TrustStore

NAME = "order 4711/7"
ONE = {RecordState.RELEASED: 1}


@pytest.fixture
def ask(bench):
    """The same request, with what is to be different."""

    def asked(image=None, *, stamper=None, **options):
        options = {"generation": bench.generation, "request": NAME} | options
        return (stamper or bench.stamper).stamp(
            pictures.crop() if image is None else image, **options
        )

    return asked


# --- the same again --------------------------------------------------------------------


@pytest.mark.parametrize("kind", again.FORMATS)
def test_the_same_record_and_bytes_in_every_format(bench, ask, kind):
    rgb = pictures.crop()
    picture = rgb if kind == "jpeg" else np.dstack([rgb, np.full(rgb.shape[:2], 200, np.uint8)])
    encoding = Encoding.parse(kind)
    data = encode(picture[:, :, :3], None, Encoding.parse("png"), again.METADATA)
    for image in (picture, data):
        name = f"{kind} {type(image)}"
        first = ask(image, encoding=encoding, request=name)
        assert ask(image, encoding=encoding, request=name) == first
    assert bench.states() == {RecordState.RELEASED: 2}


def test_an_edit_is_the_same_again(bench, ask, monkeypatch):
    parent = bench.stamper.stamp(pictures.crop(), bench.generation).data
    made = Generation(model="acme-1", operations=(Operation.INPAINT,))
    first = ask(parent, parents=[parent] * 3, generation=made)
    assert ask(parent, parents=[parent] * 3, generation=made) == first
    assert len(first.parents) == 3


def test_without_a_request_everything_is_as_it_was(bench):
    first, second = (bench.stamper.stamp(pictures.crop(), bench.generation) for _ in range(2))
    assert first.record_id != second.record_id
    record = bench.workspace.store().find_by_id(first.record_id)
    assert record.request is None
    assert record.file.envelope == b""


def test_the_registry_holds_neither_the_id_nor_a_digest_of_the_picture(bench, ask):
    made = ask()
    record = bench.workspace.store().find_by_id(made.record_id)
    other = replace(bench.stamper, pseudonyms=Pseudonyms(b"k" * 32))
    ask(stamper=other)
    records = [bench.workspace.store().find_by_id(r) for r in (made.record_id,)]
    assert records == [record]
    assert bench.states() == {RecordState.RELEASED: 2}  # another key: another request
    assert NAME.encode() not in (bench.workspace.path / "registry.sqlite3").read_bytes()


def test_the_file_is_written_once_more_where_it_is_missing(bench, ask):
    first = ask(to=bench.target)
    data = bench.target.read_bytes()
    before = bench.target.stat().st_ino
    assert ask(to=bench.target) == first
    assert bench.target.stat().st_ino == before
    bench.target.unlink()
    assert ask(to=bench.target) == first
    assert bench.target.read_bytes() == data
    other = bench.folder / "other.png"
    assert ask(to=other).path == other
    assert other.read_bytes() == data
    assert bench.left_behind() == ["other.png", "stamped.png"]
    assert bench.states() == ONE


def test_another_file_under_that_name_is_not_replaced_unasked(bench, ask):
    ask()
    bench.target.write_bytes(b"somebody else's")
    with pytest.raises(ProvenanceError, match="exists already"):
        ask(to=bench.target)
    with pytest.raises(ProvenanceError, match="exists already"):
        ask(to=bench.target, request="new")
    assert bench.target.read_bytes() == b"somebody else's"
    assert bench.states() == ONE
    made = ask(to=bench.target, overwrite=True)
    assert bench.target.read_bytes() == made.data
    assert bench.left_behind() == ["stamped.png"]


def test_a_link_to_the_file_is_not_the_file(bench, ask):
    made = ask()
    (bench.folder / "elsewhere").write_bytes(made.data)
    bench.target.symlink_to(bench.folder / "elsewhere")
    with pytest.raises(ProvenanceError, match="exists already"):
        ask(to=bench.target)


# --- after a crash -------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["publish", "release"])
def test_what_a_crash_left_undone_is_finished(bench, ask, monkeypatch, method):
    owner = FileTarget if method == "publish" else SqliteStore
    with monkeypatch.context() as patch:
        patch.setattr(owner, method, _dies)
        patch.setattr(FileTarget, "discard", lambda _: None)
        with pytest.raises(KeyboardInterrupt):
            ask(to=bench.target)
    assert bench.states() == {RecordState.ISSUED: 1}
    assert bench.target.exists() is (method == "release")
    made = ask(to=bench.target)
    assert bench.target.read_bytes() == made.data
    assert bench.states() == ONE


def test_a_failure_before_the_commit_gives_the_id_free(bench, ask, stranger):
    with pytest.raises(SelfCheckError):
        ask(stamper=replace(bench.stamper, signer=stranger))
    assert bench.states() == {RecordState.VOID: 1}
    ask()
    assert bench.states() == {RecordState.VOID: 1, RecordState.RELEASED: 1}


def test_an_erased_record_gives_the_id_free(bench, ask):
    first = ask()
    bench.workspace.store().erase(first.record_id)
    assert ask().record_id != first.record_id


def test_who_is_faster_does_it_for_both(bench, ask):
    """Between the commit and the name of one, the whole of another."""

    class Overtaken(SqliteStore):
        def issue(self, record_id, file):
            record = super().issue(record_id, file)
            ask(to=bench.target)
            return record

    slow = replace(bench.stamper, store=Overtaken(bench.workspace.path / "registry.sqlite3"))
    made = ask(to=bench.target, stamper=slow)
    assert bench.target.read_bytes() == made.data
    assert bench.left_behind() == ["stamped.png"]
    assert bench.states() == ONE


def test_a_file_that_was_given_to_somebody_is_not_taken_back(bench, ask, monkeypatch):
    """Where it cannot be noted that it has its name, it stays, and is finished later."""
    monkeypatch.setattr(SqliteStore, "release", _full)
    with pytest.raises(RegistryError):
        ask(to=bench.target)
    monkeypatch.undo()
    assert bench.target.exists()
    assert ask(to=bench.target).data == bench.target.read_bytes()
    assert bench.states() == ONE


def test_threads_with_one_request_get_one_record(bench, ask):
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: ask(to=bench.target), range(4)))
    assert all(one == made[0] for one in made)
    assert bench.states() == ONE


def test_it_waits_for_who_is_at_work(bench, ask):
    requests = Requests(wait_s=20, poll_s=0.01)
    waiting = replace(bench.stamper, requests=requests)
    made = []

    class Slow(SqliteStore):
        def issue(self, record_id, file):
            timer = Timer(0, lambda: made.append(ask(stamper=waiting)))
            timer.start()
            assert not made
            record = super().issue(record_id, file)
            timer.join()
            return record

    slow = replace(bench.stamper, store=Slow(bench.workspace.path / "registry.sqlite3"))
    assert ask(stamper=slow) == made[0]
    assert bench.states() == ONE


# --- another input, or not possible ---------------------------------------------------------


def different(change, data):
    """What is different, as options of the request."""
    rgb = pictures.crop()
    rgb[0, 0, 0] ^= 1
    rgba = np.dstack([pictures.crop(), np.full((256, 256), 254, np.uint8)])
    with_metadata = encode(
        pictures.crop(), None, Encoding.parse("png"), Metadata(xmp=again.METADATA.xmp)
    )
    return {
        "one bit": {"image": rgb},
        "shape": {"image": pictures.crop(256, 320)},
        "alpha": {"image": rgba},
        "metadata": {"image": with_metadata},
        "ancestor": {"image": data},
        "model": {"generation": Generation(model="acme-2", model_version="2.0")},
        "version": {"generation": Generation(model="acme-1", model_version="2.1")},
        "operation": {
            "generation": Generation(
                model="acme-1", model_version="2.0", operations=(Operation.FACE,)
            ),
            "parents": [data],
        },
        "parents": {"parents": [data]},
        "format": {"encoding": Encoding.parse("webp-lossless")},
        "quality": {"encoding": Encoding.parse("jpeg", quality=96)},
        "background": {"encoding": Encoding.parse("png", background=(0, 0, 0))},
    }[change]


@pytest.mark.parametrize(
    "change",
    [
        "one bit", "shape", "alpha", "metadata", "ancestor", "model", "version", "operation",
        "parents", "format", "quality", "background",
    ],
)  # fmt: skip
def test_everything_that_decides_the_result_belongs_to_the_request(bench, ask, change):
    first = ask()
    options = different(change, first.data)
    with pytest.raises(RequestError) as caught:
        ask(options.pop("image", None), to=bench.target, **options)
    assert first.record_id in caught.value.message
    assert bench.states() == ONE
    assert bench.left_behind() == []


def test_the_scheme_belongs_to_the_request(bench, ask):
    ask()
    with pytest.raises(RequestError):
        ask(stamper=replace(bench.stamper, scheme="imwatermark.dwtDct"))


def test_other_bytes_are_never_given(bench, ask, monkeypatch):
    ask()
    monkeypatch.setattr(
        job, "encode", lambda *a: encode(*a)[:-1] + b"\0"
    )  # another library version
    with pytest.raises(RegistryError, match="cannot be made again"):
        ask(to=bench.target)
    assert bench.left_behind() == []
    assert bench.states() == ONE


def test_another_epoch_cannot_make_it_again(bench, ask):
    ask()
    key = replace(bench.stamper.key, epoch=1, carrier_key=b"n" * 32, tag_key=b"t" * 32)
    with pytest.raises(RegistryError, match="cannot be made again"):
        ask(stamper=replace(bench.stamper, key=key))


def test_a_record_without_an_envelope_cannot_be_made_again(bench, ask, monkeypatch):
    monkeypatch.setattr("provenance.stamp.steps.envelope", lambda *_: b"")
    ask()
    with pytest.raises(RegistryError, match="how its file was put together"):
        ask()


def test_what_is_made_again_is_verified_like_everything_else(bench, ask):
    ask()
    with pytest.raises(SelfCheckError, match="UNTRUSTED"):
        ask(stamper=replace(bench.stamper, trust=TrustStore()), to=bench.target)
    assert bench.left_behind() == []


@pytest.mark.parametrize("name", ["n" * 201, "two\nlines", "\x1b[2J"])
def test_an_id_that_cannot_be_printed_is_refused(bench, ask, name):
    with pytest.raises(ArgumentError, match="request id"):
        ask(request=name)
    assert bench.states() == {}


def test_a_stamper_without_a_key_for_requests_says_so(bench, ask):
    with pytest.raises(ArgumentError, match="no pseudonym key"):
        ask(stamper=replace(bench.stamper, pseudonyms=None))


def _dies(*_):
    raise KeyboardInterrupt


def _full(*_):
    raise RegistryError("disk full")
