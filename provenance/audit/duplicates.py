"""Which rows show again what an earlier row has shown: the same bytes, or nearly the same picture.

The first row of each picture counts, in the order of the run, and the others repeat it. Memory is
bounded: the same bytes are looked for in as many passes as it takes, each over its own share of
the hashes; near pictures are compared in memory, up to `MOST_NEAR` different fingerprints.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from provenance.audit.results import Results
from provenance.errors import ArgumentError, ConfigError
from provenance.fingerprint.bands import WORDS, Bands
from provenance.fingerprint.pdq import CONFIDENT_DISTANCE, MIN_QUALITY
from provenance.model.generation import PDQ_BYTES, Fingerprint

#: Hashes that are sorted at a time: about 400 MB.
PASS: Final = 8_000_000
#: Different fingerprints that are compared: about 500 MB.
MOST_NEAR: Final = 5_000_000

_HEX: Final = 64
Mask = npt.NDArray[np.bool_]
_Words = npt.NDArray[np.uint64]


def exact(results: Results, rows: int, per_pass: int = PASS) -> Mask:
    """True for each row whose bytes no earlier row has: bool (rows,).

    A row whose bytes could not be read repeats nothing.

    Args:
        results: the run.
        rows: how many rows it has.
        per_pass: how many hashes are held at a time, about.
    """
    first = np.ones(rows, bool)
    passes = max(1, -(-rows // per_pass))
    for share in range(passes):
        # Half of a hash suffices: to make two files agree in 128 bits takes 2^64 trials.
        words, places = [np.zeros((0, 2), np.uint64)], [np.zeros(0, np.intp)]
        for halves, at in _hashes(results):
            mine = halves[:, 0] % passes == share
            words.append(halves[mine])
            places.append(at[mine])
        first[_repeats(np.concatenate(words), np.concatenate(places))] = False
    return first


def _hashes(results: Results) -> Iterator[tuple[_Words, npt.NDArray[np.intp]]]:
    """Half of the SHA-256 of the rows that have one, uint64 (n, 2), and their places."""
    begin = 0
    for batch in results.batches(["sha256"]):
        column = batch.column(0)
        there = column.is_valid().to_numpy(zero_copy_only=False)
        halves = np.ascontiguousarray(_digests(column.drop_null())[:, :16]).view(np.uint64)
        yield halves, np.flatnonzero(there) + begin
        begin += len(column)


def _digests(column: pa.Array) -> npt.NDArray[np.uint8]:
    text = "".join(column.to_pylist())
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    if len(text) != _HEX * len(column) or 2 * len(data) != len(text):
        raise ConfigError("a row of this run has no SHA-256 where one should be")
    return np.frombuffer(data, np.uint8).reshape(-1, _HEX // 2)


def _repeats(words: _Words, at: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Places of all but the first of each group of equal words."""
    order = np.lexsort((at, *words.T))
    words, at = words[order], at[order]
    same = (words[1:] == words[:-1]).all(axis=1)
    repeated: npt.NDArray[np.intp] = at[1:][same]
    return repeated


def near(results: Results, rows: int, within: int = CONFIDENT_DISTANCE) -> Mask:
    """True for each row whose picture no earlier row that counts looks like: bool (rows,).

    Two pictures look alike where their PDQ hashes differ in at most `within` bits. Pictures with
    too little structure for that, and rows without a hash, repeat only what has the same bytes.

    Raises:
        ArgumentError: there are more than `MOST_NEAR` different hashes.
    """
    first = exact(results, rows)
    words, at = _prints(results, first)
    first[_repeats(words, at)] = False
    once = first[at]
    words, at = np.ascontiguousarray(words[once]), at[once]
    if len(words) > MOST_NEAR:
        raise ArgumentError(
            f"{len(words)} different fingerprints are more than can be compared here",
            hint=f"at most {MOST_NEAR}; ask for exact duplicates, or audit a --sample",
        )
    first[at[_like_an_earlier_one(words, within)]] = False
    return first


def _prints(results: Results, wanted: Mask) -> tuple[_Words, npt.NDArray[np.intp]]:
    """PDQ of the wanted rows that have a good one, uint64 (n, 4), and their places."""
    found, places, begin = [], [], 0
    for batch in results.batches(["pdq", "pdq_quality"]):
        print_, quality = batch.column(0), batch.column(1)
        good = quality.fill_null(-1).to_numpy(zero_copy_only=False) >= MIN_QUALITY
        good &= print_.is_valid().to_numpy(zero_copy_only=False)
        good &= wanted[begin : begin + len(good)]
        data = b"".join(print_.filter(pa.array(good)).to_pylist())
        if len(data) != PDQ_BYTES * int(good.sum()):
            raise ConfigError("a row of this run has no PDQ hash where one should be")
        found.append(np.frombuffer(data, np.uint64).reshape(-1, WORDS))
        places.append(np.flatnonzero(good) + begin)
        begin += len(good)
    if not found:
        return np.zeros((0, WORDS), np.uint64), np.zeros(0, np.intp)
    return np.concatenate(found), np.concatenate(places)


def _like_an_earlier_one(words: _Words, within: int) -> Mask:
    """Each hash in turn: unless an earlier one took it, it takes what is near behind it."""
    bands, taken = Bands.of(words), np.zeros(len(words), bool)
    for number, word in enumerate(words):
        if not taken[number]:
            question = Fingerprint(bits=word.tobytes(), quality=100)
            others = bands.near([question], within).number
            taken[others[others > number]] = True
    return taken
