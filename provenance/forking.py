"""No process forks in the middle of a stamp or a transaction of another of its threads.

A child inherits what other threads were holding, and not the threads that would let go of it:
the locks of native libraries (OpenBLAS hangs in its first product), and SQLite's note of the locks
that its process has on a file, which is then busy for ever. So a fork waits for the others, and
none begins until it is done.

A thread that is over for Python, joined even, is not over yet for them: OpenSSL then holds the lock
that every new thread of a child needs. So a fork waits for those to be gone, too.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: Seconds that a fork waits at most; as long as a transaction waits for another writer.
_MOST: Final = 30.0
#: Seconds for threads that are ending; it takes them less than a millisecond.
_MOST_ENDING: Final = 1.0
_MANY: Final = 256  # threads that are remembered, before those that are gone are forgotten


class _Gate:
    """What is under way in this process, by the thread that does it."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Nothing is under way: in a forked child, whatever the parent was doing."""
        self._changed = threading.Condition()
        self._running: dict[object, int] = {}
        self._native: set[int] = set()  # threads that were inside, as the kernel numbers them
        self._forking = 0

    @contextmanager
    def passage(self) -> Iterator[None]:
        """Nobody forks while somebody is inside."""
        token, me = object(), threading.get_ident()
        with self._changed:
            # Whoever is inside already may be what the fork waits for.
            self._changed.wait_for(lambda: not self._forking or me in self._running.values())
            self._running[token] = me
            self._native.add(threading.get_native_id())
            if len(self._native) > _MANY:
                self._native = set(filter(_exists, self._native))
        try:
            yield
        finally:
            with self._changed:  # in a child another one than at the beginning
                self._running.pop(token, None)
                self._changed.notify_all()

    def hold(self) -> None:
        """Wait for the other threads, and let nothing begin."""
        self._changed.acquire()
        self._forking += 1
        # A thread that forks while it is inside may be what the others wait for.
        if threading.get_ident() not in self._running.values():
            self._changed.wait_for(lambda: not self._running, _MOST)
        self._wait_for_ending()

    def _wait_for_ending(self) -> None:
        living = {thread.native_id for thread in threading.enumerate()}
        end = time.monotonic() + _MOST_ENDING
        for number in self._native - living:
            while _exists(number) and time.monotonic() < end:
                time.sleep(0.0005)
        self._native &= living

    def go_on(self) -> None:
        """After the fork."""
        self._forking -= 1
        self._changed.notify_all()
        self._changed.release()


def _exists(number: int) -> bool:
    """Whether the kernel still has this thread; False where it does not tell."""
    return os.path.exists(f"/proc/self/task/{number}")  # noqa: PTH110 - called within a fork


_GATE: Final = _Gate()
os.register_at_fork(before=_GATE.hold, after_in_parent=_GATE.go_on, after_in_child=_GATE.begin_anew)

#: A context, or a decorator: what happens inside is not forked away from.
unforked = _GATE.passage
