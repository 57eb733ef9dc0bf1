"""A PIN or a token: read from a private file or a variable each time it is needed, never kept."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provenance.errors import KeyMaterialError
from provenance.keys.files import read_private

_MAX_BYTES: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateText:
    """Where a secret text is: in a file that its owner alone can read, else in a variable.

    `what` names it in messages. Neither the text nor anything derived from it is shown.
    """

    what: str
    path: Path | None = None
    variable: str = ""

    def read(self) -> str:
        """The text: one line of printable ASCII.

        Raises:
            KeyMaterialError: it is nowhere, the file is not private, or it is no such text.
        """
        if self.path is not None:
            data, where = read_private(self.path, limit=_MAX_BYTES), str(self.path)
        elif self.variable and self.variable in os.environ:
            data, where = (
                os.environ[self.variable].encode("utf-8", "surrogateescape"),
                self.variable,
            )
        else:
            also = f", or set {self.variable}" if self.variable else ""
            raise KeyMaterialError(
                f"there is no {self.what}", hint=f"name a private file that holds it{also}"
            )
        text = data.removesuffix(b"\n").removesuffix(b"\r")
        if not text or not text.isascii() or not text.decode("ascii").isprintable():
            raise KeyMaterialError(f"{where} does not hold one line of printable ASCII")
        return text.decode("ascii")
