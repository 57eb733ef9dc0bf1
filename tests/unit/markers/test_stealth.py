"""Text in the lowest bits, written bit by bit and read back."""

from __future__ import annotations

import numpy as np
import pytest
from support import markers, pictures

from provenance.imaging import load
from provenance.imaging.embedded import MAX_TEXT
from provenance.markers.stealth import stealth_texts

SIGNATURES = ("stealth_pnginfo", "stealth_pngcomp", "stealth_rgbinfo", "stealth_rgbcomp")


def read(data):
    image = load(data)
    return list(stealth_texts(image.rgb, image.alpha))


def planted(stream, side=64):
    """Colour and alpha with these bytes in the lowest bits of alpha, column by column."""
    bits = np.unpackbits(np.frombuffer(stream, np.uint8))[: side * side]
    alpha = np.full(side * side, 254, dtype=np.uint8)
    alpha[: len(bits)] |= bits
    rgb = np.zeros((side, side, 3), dtype=np.uint8)
    return rgb, np.ascontiguousarray(alpha.reshape(side, side).T)


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize("text", ["", "x", "Grüße, 東京", "Steps: 20, Sampler: Euler"])
def test_text_is_read_back(signature, text):
    if not text and not signature.endswith("comp"):
        text = "-"
    (found,) = read(markers.with_stealth(text, signature))
    assert (found.key, found.value) == (signature, text)
    assert "lowest bits" in found.where


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_plain_pictures_have_none(mode):
    rgb = pictures.crop()
    alpha = None if mode == "RGB" else np.full(rgb.shape[:2], 200, dtype=np.uint8)
    assert list(stealth_texts(rgb, alpha)) == []


@pytest.mark.parametrize("length", [0, 8, 10_000, 2**32 - 1])
def test_a_length_that_is_not_true_reads_what_is_there(length):
    rgb, alpha = planted(b"stealth_pnginfo" + length.to_bytes(4) + b"abc")
    (found,) = stealth_texts(rgb, alpha)
    assert found.value.startswith("abc"[: length // 8])
    assert len(found.value) <= alpha.size // 8


@pytest.mark.parametrize("body", [b"", b"no gzip", b"\x1f\x8b\x08\0" + bytes(20)])
def test_text_that_does_not_expand_is_empty_and_still_a_signature(body):
    size = (8 * len(body)).to_bytes(4)
    (found,) = stealth_texts(*planted(b"stealth_pngcomp" + size + body))
    assert found.value == ""


def test_a_bomb_is_expanded_no_further_than_is_looked_at():
    (found,) = read(markers.with_stealth("a" * (4 * MAX_TEXT)))
    assert len(found.value) == MAX_TEXT


@pytest.mark.parametrize("shape", [(1, 1), (1, 152), (152, 1), (3, 5), (200, 2)])
def test_tiny_pictures_do_not_raise(shape):
    rgb = np.zeros((*shape, 3), dtype=np.uint8)
    assert list(stealth_texts(rgb, rgb[:, :, 0])) == []
