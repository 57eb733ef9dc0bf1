"""Several pictures at once, and pictures from coroutines."""

from __future__ import annotations

import asyncio
import pickle
import threading
from dataclasses import dataclass, replace

import numpy as np
import pytest
from support import pictures

from provenance import Generation
from provenance.errors import ArgumentError, BatchError, ErrorCode, InputError, ProvenanceError
from provenance.imaging import ValueRange
from provenance.keys import Signer
from provenance.model import RecordState
from provenance.stamp.batch import ManyAtOnce

PICTURES = [pictures.crop(left=128 * at) for at in range(3)]
TINY = pictures.crop(16, 16)


def assert_looks_like(stamped, picture):
    shown = pictures.decoded(stamped.data).astype(int)
    assert np.abs(shown - picture).mean() < 5


# --- batches -------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [None, 1, 2])
def test_every_picture_of_a_list_is_stamped_in_order(bench, threads):
    made = bench.stamper.stamp_batch(PICTURES, bench.generation, threads=threads)
    for stamped, picture in zip(made, PICTURES, strict=True):
        assert_looks_like(stamped, picture)
    assert len({stamped.mark_id for stamped in made}) == 3
    assert bench.states() == {RecordState.RELEASED: 3}


def test_an_array_is_a_batch(bench):
    batch = (np.stack(PICTURES) / 127.5 - 1).astype(np.float32).transpose(0, 3, 1, 2)
    made = bench.stamper.stamp_batch(batch, bench.generation, value_range=ValueRange.SIGNED)
    for stamped, picture in zip(made, PICTURES, strict=True):
        assert_looks_like(stamped, picture)


def test_a_tensor_is_a_batch(bench):
    torch = pytest.importorskip("torch")
    made = bench.stamper.stamp_batch(torch.from_numpy(np.stack(PICTURES)), bench.generation)
    for stamped, picture in zip(made, PICTURES, strict=True):
        assert_looks_like(stamped, picture)


def test_files_and_requests_go_with_their_pictures(bench):
    paths = [bench.folder / f"{at}.png" for at in range(3)]
    requests = ["a", "b", "c"]
    made = bench.stamper.stamp_batch(PICTURES, bench.generation, to=paths, requests=requests)
    assert [stamped.path for stamped in made] == paths
    assert [path.read_bytes() for path in paths] == [stamped.data for stamped in made]
    again = bench.stamper.stamp(PICTURES[1], bench.generation, to=paths[1], request="b")
    assert again.record_id == made[1].record_id


def test_one_failure_is_named_and_keeps_nobody_else_from_being_stamped(bench):
    paths = [bench.folder / f"{at}.png" for at in range(4)]
    images = [PICTURES[0], TINY, PICTURES[1], PICTURES[2] / 255]
    with pytest.raises(BatchError, match=r"2 of 4 .* picture 1: .*also 3") as caught:
        bench.stamper.stamp_batch(images, bench.generation, to=paths)
    error = caught.value
    assert error.code is ErrorCode.LIMIT
    assert list(error.errors) == [1, 3]
    assert isinstance(error.errors[3], InputError)
    assert [error.results[at].path for at in (0, 2)] == [paths[0], paths[2]]
    assert bench.left_behind() == ["0.png", "2.png"]


def test_a_batch_error_crosses_processes_with_its_results(bench):
    with pytest.raises(BatchError) as caught:
        bench.stamper.stamp_batch([PICTURES[0], TINY], bench.generation)
    there = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - made here
    assert str(there) == str(caught.value)
    assert there.code is ErrorCode.LIMIT
    assert there.results[0] == caught.value.results[0]


@pytest.mark.parametrize(
    ("images", "options"),
    [
        (PICTURES[0], {}),
        (b"an image file", {}),
        (None, {}),
        (iter(PICTURES), {}),
        (PICTURES, {"to": []}),
        (PICTURES, {"requests": ["a", "b"]}),
        (PICTURES, {"requests": "abc"}),
        (PICTURES, {"requests": ["a", "b", "a"]}),
        (PICTURES, {"threads": 0}),
    ],
    ids=["array", "bytes", "none", "iterator", "paths", "requests", "text", "twice", "threads"],
)
def test_what_is_no_batch_is_refused_before_anything_is_stamped(bench, images, options):
    with pytest.raises(ArgumentError):
        bench.stamper.stamp_batch(images, bench.generation, **options)
    assert bench.states() == {}


def test_the_same_path_twice_is_refused(bench):
    with pytest.raises(ArgumentError, match="paths"):
        bench.stamper.stamp_batch(PICTURES[:2], bench.generation, to=[bench.target] * 2)
    assert bench.states() == {}


def test_an_empty_batch_is_empty(bench):
    assert bench.stamper.stamp_batch([], bench.generation) == ()


def test_a_defect_loses_no_result_of_another_picture(bench):
    class Defective(ManyAtOnce):
        def stamp(self, image, generation, **options):
            if image is TINY:
                raise ZeroDivisionError("oh")
            return bench.stamper.stamp(image, generation, **options)

    with pytest.raises(BatchError, match="ZeroDivisionError: oh") as caught:
        Defective().stamp_batch([TINY, PICTURES[0]], bench.generation)
    assert caught.value.code is ErrorCode.INTERNAL
    assert caught.value.results[1].record_id


# --- coroutines ----------------------------------------------------------------------


@dataclass
class Held:
    """A signer that signs once it may."""

    signer: Signer

    def __post_init__(self):
        self.asked, self.may = threading.Event(), threading.Event()

    chain = property(lambda self: self.signer.chain)
    algorithm = property(lambda self: self.signer.algorithm)

    def sign(self, data):
        self.asked.set()
        assert self.may.wait(30)
        return self.signer.sign(data)


def test_coroutines_stamp_at_once(bench):
    async def all_of_them():
        return await asyncio.gather(
            *(bench.stamper.astamp(picture, bench.generation) for picture in PICTURES)
        )

    for stamped, picture in zip(asyncio.run(all_of_them()), PICTURES, strict=True):
        assert_looks_like(stamped, picture)


def test_an_error_arrives_where_it_is_awaited(bench):
    with pytest.raises(ProvenanceError) as caught:
        asyncio.run(bench.stamper.astamp(TINY, bench.generation))
    assert caught.value.code is ErrorCode.LIMIT


def test_a_cancelled_task_leaves_a_whole_release(bench):
    signer = Held(bench.stamper.signer)
    stamper = replace(bench.stamper, signer=signer)

    async def cancelled():
        task = asyncio.create_task(
            stamper.astamp(PICTURES[0], bench.generation, to=bench.target, request="job")
        )
        await asyncio.to_thread(signer.asked.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not bench.target.exists()
        signer.may.set()

    asyncio.run(cancelled())
    again = bench.stamper.stamp(PICTURES[0], bench.generation, to=bench.target, request="job")
    assert bench.left_behind() == ["stamped.png"]
    assert bench.target.read_bytes() == again.data
    assert bench.states() == {RecordState.RELEASED: 1}


def test_a_task_that_is_cancelled_before_its_turn_stamps_nothing(bench, monkeypatch):
    from provenance.stamp import batch

    monkeypatch.setattr(batch, "_processors", lambda: 1)
    monkeypatch.setattr(batch, "_THREADS", batch._Threads())
    signer = Held(bench.stamper.signer)
    stamper = replace(bench.stamper, signer=signer)

    async def cancelled():
        first = asyncio.create_task(stamper.astamp(PICTURES[0], bench.generation))
        await asyncio.to_thread(signer.asked.wait, 30)
        second = asyncio.create_task(stamper.astamp(PICTURES[1], Generation(model="never")))
        await asyncio.sleep(0)
        second.cancel()
        signer.may.set()
        await first
        assert second.cancelled() or (await asyncio.wait([second]))

    asyncio.run(cancelled())
    assert bench.states() == {RecordState.RELEASED: 1}
