"""A fork waits for what other threads are in the middle of."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from pathlib import Path

import pytest

from provenance.forking import unforked


def forked(child):
    """The exit status of a child that does this; 9 if it raises."""
    pid = os.fork()
    if pid == 0:
        status = 9
        try:
            status = child() or 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.fixture
def other():
    """A thread that is inside until `leave` is set."""

    class Other(threading.Thread):
        inside, leave, left = threading.Event(), threading.Event(), False

        @unforked()
        def work(self):
            self.inside.set()
            assert self.leave.wait(30)
            self.left = True

        run = work

    thread = Other()
    thread.start()
    assert thread.inside.wait(30)
    yield thread
    thread.leave.set()
    thread.join()


def pass_through():
    with unforked():
        return 7


def test_a_fork_waits_for_another_thread(other):
    threading.Timer(0.2, other.leave.set).start()
    assert forked(lambda: 1 if other.left else 2) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel has to tell of its threads")
def test_a_fork_waits_for_a_joined_thread_whose_libraries_still_clean_up():
    libc = ctypes.CDLL(None)
    key = ctypes.c_uint()
    # What is kept for a thread is given to this function when the thread ends: it sleeps.
    assert libc.pthread_key_create(ctypes.byref(key), libc.usleep) == 0
    numbers = []

    def work():
        assert libc.pthread_setspecific(key, ctypes.c_void_p(300_000)) == 0
        numbers.append(threading.get_native_id())
        pass_through()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    ending = Path(f"/proc/self/task/{numbers[0]}")
    assert ending.exists()
    assert forked(lambda: 7) == 7
    assert not ending.exists()
    libc.pthread_key_delete(key)


def test_nothing_begins_while_a_fork_waits_but_parts_of_what_has_begun(other):
    seen = []

    def later():
        with unforked():
            seen.append(other.left)

    class Inner(threading.Thread):
        inside, go_on = threading.Event(), threading.Event()

        def run(self):
            with unforked():
                self.inside.set()
                assert self.go_on.wait(30)
                pass_through()  # must not wait for the fork, which waits for this

    inner = Inner()
    inner.start()
    assert inner.inside.wait(30)
    late = threading.Thread(target=later)

    def meanwhile():
        late.start()
        inner.go_on.set()
        inner.join(30)
        other.leave.set()

    threading.Timer(0.1, meanwhile).start()
    assert forked(pass_through) == 7
    late.join(30)
    assert seen == [True]


def test_a_thread_may_fork_while_it_is_inside():
    with unforked():
        assert forked(pass_through) == 7
    assert pass_through() == 7


def test_parent_and_child_go_on():
    assert forked(lambda: forked(pass_through)) == 7
    assert pass_through() == 7
