"""The catalogue: every known scheme by its name."""

from __future__ import annotations

from typing import Final

from provenance.errors import SchemeError
from provenance.watermark.scheme import Scheme
from provenance.watermark.schemes import imwatermark
from provenance.watermark.schemes.lattice import LATTICE

#: What new workspaces stamp with.
DEFAULT: Final = LATTICE.info.name

_SCHEMES: Final[dict[str, Scheme]] = {
    item.info.name: item for item in (LATTICE, *imwatermark.SCHEMES)
}


def names() -> tuple[str, ...]:
    """All scheme names."""
    return tuple(_SCHEMES)


def scheme(name: str) -> Scheme:
    """The scheme of that name.

    Raises:
        SchemeError: there is none.
    """
    try:
        return _SCHEMES[name]
    except KeyError:
        raise SchemeError(
            f"unknown watermark scheme {name!r}", hint=f"one of {', '.join(_SCHEMES)}"
        ) from None


def by_alg(alg: str) -> Scheme | None:
    """The scheme with that C2PA soft-binding algorithm name, if it is one of ours."""
    return next((item for item in _SCHEMES.values() if item.info.alg == alg), None)
