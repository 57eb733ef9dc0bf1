"""Putting a signed file together again: laws of the envelope."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import RegistryError
from provenance.stamp.replay import MAX_ENVELOPE, MAX_LITERALS, MAX_RUN, envelope, replay

BLOBS = st.builds(
    lambda seed, size: np.random.default_rng(seed).bytes(size),
    st.integers(0, 2**32),
    st.integers(1, 20_000),
)
PLACES = st.floats(0, 1, allow_nan=False)
PATCHES = st.lists(st.tuples(PLACES, st.binary(min_size=1, max_size=12)), max_size=12)


def signed_file(encoded, manifest, patches, pieces, frame):
    """What a container makes of it: patched offsets, the manifest in framed segments."""
    data = bytearray(encoded)
    for place, patch in patches:
        at = int(place * max(0, len(data) - len(patch)))
        data[at : at + len(patch)] = patch[: max(0, len(data) - at)]
    at = int(pieces[0] * len(data))
    size = max(1, int(pieces[1] * len(manifest)))
    segments = [manifest[i : i + size] for i in range(0, len(manifest), size)][:20]
    return bytes(data[:at]) + b"".join(frame + part for part in segments) + bytes(data[at:])


@given(BLOBS, BLOBS, PATCHES, st.tuples(PLACES, st.floats(0.1, 1)), st.binary(max_size=20))
def test_what_a_container_makes_of_two_parts_is_replayed(encoded, manifest, patches, pieces, frame):
    signed = signed_file(encoded, manifest, patches, pieces, frame)
    made = envelope(encoded, signed, manifest)
    assert made
    assert len(made) < 2_000
    assert replay(encoded, manifest, made) == signed


@given(st.binary(max_size=300), st.binary(max_size=300), st.binary(max_size=300))
def test_an_envelope_gives_the_file_or_there_is_none(encoded, signed, manifest):
    made = envelope(encoded, signed, manifest)
    assert bool(made) is bool(signed)
    assert not made or replay(encoded, manifest, made) == signed


@given(BLOBS, BLOBS, st.integers(MAX_RUN + 1, 30_000))
def test_no_envelope_holds_more_than_a_few_bytes_of_its_own(encoded, manifest, size):
    foreign = np.random.default_rng([1, size]).bytes(size)
    assert envelope(encoded, encoded + foreign + manifest, manifest) == b""


def test_many_short_foreign_parts_are_too_much_as_well():
    encoded, foreign = (np.random.default_rng(n).bytes(60_000) for n in (1, 2))
    signed = b"".join(foreign[i : i + 100] + encoded[i : i + 100] for i in range(0, 60_000, 100))
    assert len(signed[:8000]) > len(envelope(encoded, signed[:8000], b"m")) > MAX_LITERALS - 150
    assert envelope(encoded, signed[: 2 * MAX_LITERALS + 300], b"m") == b""


@given(BLOBS, st.binary(max_size=200), st.binary(min_size=1, max_size=400))
def test_any_bytes_as_an_envelope_are_refused_or_bounded(encoded, manifest, tail):
    for data in (tail, b"\1" + tail):
        try:
            made = replay(encoded, manifest, data)
        except RegistryError:
            continue
        assert len(made) <= len(encoded) + len(manifest) + 40_000


@given(BLOBS, st.integers(0, 30), st.integers(1, 255))
def test_a_changed_envelope_raises_nothing_else(encoded, at, flip):
    made = bytearray(envelope(encoded, encoded[:50] + b"frame" + encoded[50:], b"m" * 40))
    made[at % len(made)] ^= flip
    with contextlib.suppress(RegistryError):
        assert len(replay(encoded, b"m" * 40, bytes(made))) <= len(encoded) + 40_000


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\0",  # another version
        b"\2\0a",
        b"\1\0",  # a literal without its byte
        b"\1\1",  # a copy without its start
        b"\1\1\x80",  # a number that is cut off
        b"\1\1\x80\0",  # a number that could be shorter
        b"\1" + b"\xff" * 12,  # a number without end
        b"\1\1\x65",  # one byte from 101, of 100
        b"\1\xac\x02\1",  # 101 bytes from 1
        b"\1" + bytes.fromhex("a902 00") * 2000,  # far more than both parts together
        b"\1" + (b"\xfd\x02" + b"x" * 128) * 40,  # too many literals
        b"\1" * (MAX_ENVELOPE + 1),
    ],
)
def test_a_damaged_envelope_is_refused(damaged):
    with pytest.raises(RegistryError):
        replay(bytes(100), b"", damaged)
