"""Bounds on a manifest store, checked before the native validator starts on it.

Validation revisits ingredients: 190 manifests with 60 ingredients each, 5.5 MB in all, keep
it busy for a minute and a half. So what makes it slow is counted first, in the raw bytes:
assertion labels stand there as text. A compressed manifest hides its labels; how many of
those may be expanded, and to what size, is bounded instead.
"""

from __future__ import annotations

from typing import Final

#: Label of every ingredient assertion; it occurs about three times for each ingredient.
_INGREDIENT: Final = b"c2pa.ingredient"
_MAX_INGREDIENT_LABELS: Final = 3_000
#: Box type of a Brotli-compressed manifest (C2PA 2.4, "Compressed manifests").
_COMPRESSED: Final = b"brob"
_MAX_COMPRESSED: Final = 64
#: Expanded size of one compressed manifest in MB; a manifest without thumbnails has a few KB.
MAX_EXPANDED_MB: Final = 1


def excess(data: bytes) -> str:
    """What there is too much of, in words; empty where the store is within bounds.

    Args:
        data: an image file with a manifest store in it, or the store itself.
    """
    if data.count(_INGREDIENT) > _MAX_INGREDIENT_LABELS:
        return "the manifest store names too many ingredients"
    if data.count(_COMPRESSED) > _MAX_COMPRESSED:
        return "the manifest store holds too many compressed manifests"
    return ""
