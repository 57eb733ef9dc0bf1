"""Reading the payload where the alignment is known: which key, which word, how sure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from provenance.model.evidence import WatermarkStatus
from provenance.watermark.carriers.lattice import Lines
from provenance.watermark.coding.convolutional import RATE, decode, encode
from provenance.watermark.keyring import DetectionKey, Keyring
from provenance.watermark.payload import Payload, unpack
from provenance.watermark.reading.soft import Soft, score, soft_values
from provenance.watermark.schemes.lattice.words import Format
from provenance.watermark.statistics.bound import log10_chance

#: Below this pilot score a key is not decoded, if the keyring holds more than a few.
PILOT_SCORE: Final = 2.5
_FEW: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A decoded word and its chance."""

    payload: Payload
    key: DetectionKey
    status: WatermarkStatus
    z: float
    log10_p: float


def read_word(lines: list[Lines], format_: Format, keyring: Keyring, *, trials: int) -> Word | None:
    """The most certain word that any key reads, or None if none has the right header and tag.

    Args:
        lines: aligned, complex64 (L,) of each plane.
        format_: layout and band.
        keyring: whose marks are looked for.
        trials: pairs of key and alignment examined so far, these included.
    """
    values = [soft_values(part, format_.grid) for part in lines]
    words = [_word(values, format_, key, trials) for key in _promising(values, format_, keyring)]
    return min((w for w in words if w), key=lambda word: word.log10_p, default=None)


def _promising(values: list[Soft], format_: Format, keyring: Keyring) -> list[DetectionKey]:
    """The keys that are worth a decode, by their pilots."""
    keys = keyring.keys
    if len(keys) <= _FEW:
        return list(keys)
    pilot = format_.grid.pilot
    seen = np.concatenate([value[pilot] for value in values])
    signs = _pilot_signs(format_, tuple(key.carrier_key for key in keys))[:, : len(seen)]
    scores = signs @ seen / (np.linalg.norm(seen) + 1e-12)
    return [keys[i] for i in np.argsort(-scores) if scores[i] >= PILOT_SCORE]


@lru_cache(maxsize=8)
def _pilot_signs(format_: Format, keys: tuple[bytes, ...]) -> npt.NDArray[np.float32]:
    """float32 (keys, pilots of both planes)."""
    pilot = format_.grid.pilot
    return np.stack([format_.chips(key).sign[:, pilot].ravel() for key in keys])


def _word(values: list[Soft], format_: Format, key: DetectionKey, trials: int) -> Word | None:
    code = format_.chips(key.carrier_key)
    evidence = np.zeros(code.code_bits + 1)
    for value, signs, places in zip(values, code.sign, code.bit, strict=False):
        evidence += np.bincount(places, value * signs, minlength=code.code_bits + 1)
    soft = evidence[: code.code_bits].astype(np.float32).reshape(-1, RATE)
    system_id = key.system.id
    if system_id is None:
        return None
    bits = decode(soft, format_.known(system_id))
    z = score(values, code.codeword(encode(bits)))
    word = np.empty_like(bits)
    word[format_.order] = bits
    payload = unpack(format_.layout, word)
    authentic = key.tag_key is not None
    if key.tag_key is not None and not payload.tag_verifies(
        system_id=system_id, tag_key=key.tag_key
    ):
        return None
    return Word(
        payload=payload,
        key=key,
        status=WatermarkStatus.READ_AUTHENTIC if authentic else WatermarkStatus.READ,
        z=z,
        log10_p=log10_chance(z, words=format_.words(tag_known=authentic), trials=trials),
    )
