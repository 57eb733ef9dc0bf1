"""Writing a stamped file where a host asks for a picture."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Union, cast

#: What Pillow takes: a path, or a file that is open.
Destination = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]", IO[bytes]]


def write(destination: Destination, data: bytes) -> None:
    """Write all bytes; of a file that could not be written in full nothing is left.

    Raises:
        OSError: it could not be written.
    """
    if hasattr(destination, "write"):
        cast("IO[bytes]", destination).write(data)
        return
    path = Path(os.fsdecode(cast("str", destination)))
    try:
        path.write_bytes(data)
    except BaseException:
        if path.is_file():  # and no device
            path.unlink()
        raise
