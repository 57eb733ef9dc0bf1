"""A sealed signature opens with the right key, the right mark and for the right record only."""

from __future__ import annotations

import numpy as np
import pytest

from provenance.fingerprint import GridSignature, SignatureKey, seal, unseal
from provenance.model import MarkId

RNG = np.random.default_rng(5)
SIGNATURE = GridSignature(trits=RNG.integers(-1, 2, (32, 32, 3)).astype(np.int8))
KEY = SignatureKey(system_id=7, epoch=0, value=bytes(range(32)))
MARK, RECORD = MarkId(0xABCDEF012345), "3c1f2a52-0c4f-4a8e-9d0e-2f5b0a3f7d10"
SEALED = seal(SIGNATURE, KEY, MARK, RECORD)


def test_it_opens_with_key_mark_and_record():
    assert np.array_equal(unseal(SEALED, KEY, MARK, RECORD).trits, SIGNATURE.trits)


@pytest.mark.parametrize(
    ("key", "mark", "record"),
    [
        (SignatureKey(system_id=7, epoch=0, value=bytes(32)), MARK, RECORD),
        (KEY, MarkId(MARK.value ^ 1), RECORD),
        (KEY, MARK, RECORD.replace("3", "4")),
    ],
    ids=["another key", "another mark", "another record"],
)
def test_it_opens_with_nothing_else(key, mark, record):
    assert unseal(SEALED, key, mark, record) is None


@pytest.mark.parametrize("place", [0, 11, 12, 300, len(SEALED) - 1])
def test_a_changed_byte_keeps_it_shut(place):
    changed = bytearray(SEALED)
    changed[place] ^= 1
    assert unseal(bytes(changed), KEY, MARK, RECORD) is None


@pytest.mark.parametrize("length", [0, 5, 12, 27, 28, len(SEALED) - 1])
def test_a_cut_one_stays_shut(length):
    assert unseal(SEALED[:length], KEY, MARK, RECORD) is None


def test_every_sealing_has_a_nonce_of_its_own():
    sealed = {seal(SIGNATURE, KEY, MARK, RECORD) for _ in range(20)}
    assert len({item[:12] for item in sealed}) == 20


def test_nothing_of_the_plain_signature_is_seen():
    plain = SIGNATURE.pack()
    assert all(plain[i : i + 8] not in SEALED for i in range(len(plain) - 8))


def test_a_key_is_never_shown_and_has_32_bytes():
    assert "value" not in repr(KEY)
    with pytest.raises(ValueError, match="32 bytes"):
        SignatureKey(system_id=7, epoch=0, value=bytes(31))
