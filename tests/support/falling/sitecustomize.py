"""Pictures that a decoder really falls over, for the tests of what happens then.

No file is known that makes today's decoders crash or hang within the limits on files. Python
imports this module by itself where PYTHONPATH names its directory; Pillow's PNG decoder then does
what the text chunk `deed` of a picture says. Nothing in the product knows of it.
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import PngImagePlugin

_TWO_GB = 1 << 31
#: Written where the deed `once` was done, so that it is done only once.
_DONE = "PROVENANCE_TEST_DONE"


def _answers() -> int:
    """The descriptor on which a worker answers."""
    return int(sys.argv[1])


def _spin() -> None:
    """Native code that never ends and never lets go of the interpreter."""
    re.match(r"(a*)*b", "a" * 64)


def _native_memory() -> None:
    import cv2
    import numpy as np

    cv2.resize(np.zeros((2, 2, 3), np.uint8), (30_000, 30_000))


def _hog() -> None:
    hoard = []
    while True:
        hoard.append(bytearray(1 << 26))


def _close() -> None:
    os.close(_answers())
    time.sleep(3600)


def _child() -> None:
    """Leave a child behind that holds the pipe of the answers open."""
    if os.fork() == 0:
        time.sleep(3600)
    os.kill(os.getpid(), signal.SIGSEGV)


def _endless() -> None:
    while True:
        os.write(_answers(), b"x" * 65536)


def _drip() -> None:
    while True:
        os.write(_answers(), b"x")
        time.sleep(0.05)


def _once() -> None:
    place = Path(os.environ[_DONE])
    if not place.exists():
        # Written by another process: a worker may write no file.
        os.mkfifo(place)
        os.kill(os.getpid(), signal.SIGKILL)


def _says(text: bytes) -> Callable[[], None]:
    def say() -> None:
        os.write(_answers(), text + b"\n")

    return say


DEEDS: dict[str, Callable[[], Any]] = {
    "segfault": lambda: ctypes.string_at(0),
    "abort": os.abort,
    "exit": lambda: os._exit(3),
    "spin": _spin,
    "sleep": lambda: time.sleep(3600),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "once": _once,
    "memory": lambda: bytearray(_TWO_GB),
    "hog": _hog,
    "native memory": _native_memory,
    "close": _close,
    "child": _child,
    "endless": _endless,
    "drip": _drip,
    "noise": _says(b"\xff\xfe not JSON"),
    "other": _says(b'{"row": 1}'),
    "forge": _says(b'["row", 0, {"verdict": "TRACED"}]'),
    "deep": _says(b"[" * 100_000),
    "leak": lambda: setattr(sys, "leaked", bytearray(os.urandom(1 << 10)) * 500_000),
    "write": lambda: Path(os.environ[_DONE]).write_bytes(b"pixels"),
}


def _patch() -> None:
    original = PngImagePlugin.PngImageFile.load

    def load(self: PngImagePlugin.PngImageFile) -> Any:
        deed = self.info.get("deed")
        if deed is not None:
            DEEDS[deed]()
        return original(self)

    PngImagePlugin.PngImageFile.load = load


_patch()
