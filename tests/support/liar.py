"""A process that was started as a worker and is none.

    python -P -m support.liar ANSWERS LIFE

It reads one line of its orders, in plain text, and does what that says: one of `DEEDS`, or it
answers with the bytes that the line spells in hexadecimal digits.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

ANSWERS, LIFE = map(int, sys.argv[1:])


def say(text: bytes) -> None:
    os.write(ANSWERS, text)


def tell(value: object) -> None:
    say(json.dumps(value).encode() + b"\n")


def descriptors() -> None:
    """Which descriptors are open that are not its own."""
    found = {int(path.name) for path in Path("/proc/self/fd").iterdir()}
    tell(sorted(filter(is_open, found - {0, 1, 2, ANSWERS, LIFE})))


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def endless() -> None:
    while True:
        say(b"x" * 65536)


def drip() -> None:
    while True:
        say(b"x")
        time.sleep(0.05)


def child() -> None:
    """Die, and leave a child behind that holds the pipes."""
    if os.fork():
        end_by(signal.SIGSEGV)


def end_by(number: int) -> None:
    os.kill(os.getpid(), number)


DEEDS: dict[str, Callable[[], object]] = {
    "child": child,
    "close": lambda: os.close(ANSWERS),
    "descriptors": descriptors,
    "drip": drip,
    "endless": endless,
    "exit": lambda: sys.exit(3),
    "kill": lambda: end_by(signal.SIGKILL),
    "real-time signal": lambda: end_by(signal.SIGRTMIN + 3),
    "session": lambda: tell([os.getsid(0) == os.getpid()]),
    "stop": lambda: end_by(signal.SIGSTOP),
    "twice": lambda: say(b'["one"]\n["two"]\n'),
}


def main() -> None:
    if "LIAR_DOES_NOT_READ" not in os.environ:
        deed = sys.stdin.readline().strip()
        if deed in DEEDS:
            DEEDS[deed]()
        else:
            say(bytes.fromhex(deed) + b"\n")
    time.sleep(3600)


if __name__ == "__main__":
    main()
