"""`--private`: pictures go by a label, never by their names."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .options import open_workspace

_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Labels:
    """Gives a name the same label as long as the key is the same."""

    key: bytes

    @classmethod
    def of(cls, workspace: Path | None) -> Self:
        """Labels of the workspace, the same in every run; without one, of this run alone.

        Raises:
            ConfigError: the workspace cannot be opened.
            KeyMaterialError: its secret cannot be read.
        """
        return cls(secrets.token_bytes(32) if workspace is None else _key_of(workspace))

    def __call__(self, path: Path) -> str:
        """`file-` and 64 bits of HMAC-SHA256 over the absolute path, links not followed."""
        name = os.path.abspath(os.fsencode(path))  # noqa: PTH100 - names need not be UTF-8
        return f"file-{hmac.digest(self.key, name, hashlib.sha256).hex()[:_DIGITS]}"


def _key_of(workspace: Path) -> bytes:
    return open_workspace(workspace).name_key()
