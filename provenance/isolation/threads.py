"""One thread for each worker process, and the first failure of any of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

_LOOK: Final = 0.2  # seconds between two moments at which signals are handled


def on_threads(count: int, work: Callable[[], None], stop: Callable[[], None]) -> None:
    """Do the same on so many threads, until all have ended.

    Args:
        count: how many threads.
        work: takes what is to be done next, until nothing is.
        stop: has the others come to their end; called where one fails.

    Raises:
        BaseException: the first failure, once every thread has ended.
    """
    failures: list[BaseException] = []

    def one() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised below, in the caller's thread
            failures.append(error)
            stop()

    threads = [threading.Thread(target=one, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(_LOOK)
    if failures:
        raise failures[0]
