"""Threads that share work: all of it is done, and a failure ends it once."""

from __future__ import annotations

from queue import Empty, SimpleQueue

import pytest

from provenance.isolation import on_threads


def work_of(queue, done):
    def work():
        while True:
            try:
                item = queue.get_nowait()
            except Empty:
                return
            if isinstance(item, BaseException):
                raise item
            done.append(item)

    return work


def filled(items):
    queue = SimpleQueue()
    for item in items:
        queue.put(item)
    return queue


def test_everything_is_done_once():
    done, stops = [], []
    on_threads(3, work_of(filled(range(100)), done), lambda: stops.append(True))
    assert sorted(done) == list(range(100))
    assert stops == []


def test_a_failure_stops_the_others_and_is_raised_when_all_have_ended():
    done, stops = [], []
    with pytest.raises(KeyError, match="first"):
        on_threads(1, work_of(filled([1, KeyError("first"), 2]), done), lambda: stops.append(True))
    assert done == [1]
    assert stops == [True]
