"""Random numbers that depend on names only: the same on every machine and in every shard."""

from __future__ import annotations

import hashlib

import numpy as np


def digest(*parts: object) -> bytes:
    """32 bytes that depend on all parts and on their order."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()


def generator(*parts: object) -> np.random.Generator:
    """A generator for one purpose, named by the parts."""
    return np.random.default_rng(int.from_bytes(digest(*parts)))
