"""What a signature is over. It is part of what is signed, so that none passes for another."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """The types of JSON Web Signatures (`typ`, RFC 7515, 4.1.9). A closed list."""

    REPORT = "provenance-report+jws"
    BUNDLE = "provenance-bundle+jws"
    EXTRACT = "provenance-extract+jws"

    @property
    def noun(self) -> str:
        """How messages call it."""
        return _NOUNS[self]


_NOUNS = {Kind.REPORT: "report", Kind.BUNDLE: "detector bundle", Kind.EXTRACT: "registry extract"}
