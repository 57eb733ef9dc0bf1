"""Many pictures at once, on several threads; and one from a coroutine.

Most of a stamp happens in native code that lets other threads run, so threads of one process
do what processes would, with one copy of everything.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypedDict, Unpack

from provenance.errors import ArgumentError, BatchError, ErrorCode, ProvenanceError
from provenance.imaging import Axes, Encoding, ValueRange
from provenance.imaging.arrays import ArrayInput, is_array, shape_of
from provenance.imaging.memory import ImageInput
from provenance.model.generation import Generation
from provenance.stamp.job import Stamped

BatchInput = Sequence[ImageInput] | ArrayInput


class BatchOptions(TypedDict, total=False):
    """The keyword arguments of `Stamper.stamp` that hold for a whole batch."""

    value_range: ValueRange | None
    axes: Axes | None
    parents: Sequence[bytes]
    encoding: Encoding
    overwrite: bool
    name: str
    account: str


class StampOptions(BatchOptions, total=False):
    """All keyword arguments of `Stamper.stamp`."""

    to: Path | None
    request: str


class ManyAtOnce(ABC):
    """What a stamper does beside stamping one picture in the thread that asks for it."""

    __slots__ = ()

    @abstractmethod
    def stamp(
        self, image: ImageInput, generation: Generation, **options: Unpack[StampOptions]
    ) -> Stamped:
        """Stamp one picture."""
        ...

    def stamp_batch(
        self,
        images: BatchInput,
        generation: Generation,
        *,
        to: Sequence[Path] | None = None,
        requests: Sequence[str] | None = None,
        threads: int | None = None,
        **options: Unpack[BatchOptions],
    ) -> tuple[Stamped, ...]:
        """Stamp several pictures, each for itself.

        Args:
            images: a list, or one array or tensor (B, H, W, C) or (B, C, H, W).
            generation: of all of them.
            to: a path for each, in the same order; None keeps them in memory.
            requests: a request id for each, in the same order.
            threads: how many are stamped at once; None for one on each processor.
            options: of all of them; see `Stamper.stamp`.

        Returns:
            The results in the order of the pictures.

        Raises:
            BatchError: some could not be stamped. All others were, and are among its results.
            ArgumentError: the batch itself is not acceptable; nothing was stamped.
        """

        def one(item: Item) -> Stamped:
            return self.stamp(item.image, generation, to=item.to, request=item.request, **options)

        return _run(one, _items(images, to, requests), threads)

    async def astamp(
        self, image: ImageInput, generation: Generation, **options: Unpack[StampOptions]
    ) -> Stamped:
        """`Stamper.stamp` in a thread, for an event loop; at most one on each processor at once.

        A task that is cancelled before its turn has come stamps nothing. After that the thread
        goes on to the end: the picture is recorded, and released at `to`, though nobody waits.
        With a request id it can be asked for again.

        Args:
            image: see `Stamper.stamp`.
            generation: what made it.
            options: see `Stamper.stamp`.

        Raises:
            ProvenanceError: see `Stamper.stamp`.
        """
        call = partial(self.stamp, image, generation, **options)
        # The caller's context, for the trace that an observer adds to.
        future = _THREADS.get().submit(contextvars.copy_context().run, call)
        return await asyncio.wrap_future(future)


# --- batches ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One picture of a batch, where its file goes, and the id of its request."""

    image: ImageInput
    to: Path | None
    request: str


def _items(
    images: BatchInput, to: Sequence[Path] | None, requests: Sequence[str] | None
) -> tuple[Item, ...]:
    """The pictures of a batch, in order.

    Raises:
        ArgumentError: one picture instead of several, another number of paths or requests,
            or one of these twice.
        InputError: an array that is no batch.
    """
    pictures = tuple(_pictures(images))
    for what, values in (("paths", to), ("request ids", requests)):
        if values is None:
            continue
        if isinstance(values, str | bytes) or len(values) != len(pictures):
            raise ArgumentError(f"{len(pictures)} pictures need as many {what}, in the same order")
        named = [value for value in values if value]
        if len(set(named)) != len(named):
            raise ArgumentError(f"the same of the {what} is given to two pictures of a batch")
    nowhere: Sequence[Path | None] = [None] * len(pictures)
    return tuple(
        Item(image=image, to=path, request=request)
        for image, path, request in zip(
            pictures, to or nowhere, requests or [""] * len(pictures), strict=True
        )
    )


def _pictures(images: object) -> Iterator[ImageInput]:
    if is_array(images):
        shape = shape_of(images)
        if len(shape) != 4:
            raise ArgumentError(
                f"an array of shape {shape} is not a batch",
                hint="pass (B, H, W, C), (B, C, H, W) or a list",
            )
        yield from (images[at] for at in range(shape[0]))  # type: ignore[index]
    elif isinstance(images, Sequence) and not isinstance(images, str | bytes | bytearray):
        yield from images
    else:
        raise ArgumentError(
            f"a batch is a list of pictures or one array, not a {type(images).__name__}"
        )


def _run(
    stamp: Callable[[Item], Stamped], batch: Sequence[Item], threads: int | None
) -> tuple[Stamped, ...]:
    """Stamp every item, whatever becomes of the others.

    Args:
        stamp: stamps one.
        batch: what to stamp.
        threads: how many at once; None for as many as there are processors to this process.

    Raises:
        BatchError: some could not be stamped; it holds the results of all.
        ArgumentError: fewer than one thread.
    """
    if threads is not None and threads < 1:
        raise ArgumentError("a batch needs one thread at least")
    if not batch:
        return ()
    with ThreadPoolExecutor(min(threads or _processors(), len(batch)), "provenance-batch") as pool:
        futures = [pool.submit(_attempt, stamp, item) for item in batch]
        try:
            results = tuple(future.result() for future in futures)
        except BaseException:  # Ctrl-C: what has begun is finished, the rest is not begun
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    stamped = tuple(result for result in results if isinstance(result, Stamped))
    if len(stamped) < len(results):
        raise BatchError.of(results)
    return stamped


def _attempt(stamp: Callable[[Item], Stamped], item: Item) -> Stamped | ProvenanceError:
    try:
        return stamp(item)
    except ProvenanceError as error:
        return error
    except Exception as error:  # noqa: BLE001 - the others' results must not be lost with it
        failure = ProvenanceError(f"{type(error).__name__}: {error}", code=ErrorCode.INTERNAL)
        failure.__cause__ = error
        return failure


# --- threads ---------------------------------------------------------------------------------


def _processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Threads:
    """The threads of `astamp`, made on first use; a forked child makes its own."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    def get(self) -> ThreadPoolExecutor:
        # Only coroutines come here, and two of two event loops at once lose a pool at worst.
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_processors(), "provenance-async")
        return self._pool

    def forget(self) -> None:
        self._pool = None


_THREADS: Final = _Threads()
os.register_at_fork(after_in_child=_THREADS.forget)
