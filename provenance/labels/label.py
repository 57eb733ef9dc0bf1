"""Which labels there are, and what they say. The rules behind them: docs/labels.md."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from provenance.errors import ArgumentError


class Label(StrEnum):
    """Whose rules a visible label follows; the value is what users write."""

    EU = "eu"  # AI Act, Article 50, and its Code of Practice: position and words
    CN = "cn"  # GB 45438-2025: text with AI and its meaning, and the AIGC metadata
    IN = "in"  # G.S.R. 120(E): a prominent label; the identifier is in the metadata

    @classmethod
    def parse(cls, name: str) -> Label:
        """The label of that name.

        Raises:
            ArgumentError: there is none.
        """
        try:
            return cls(name.lower())
        except ValueError:
            known = ", ".join(cls)
            raise ArgumentError(f"there is no label {name!r}", hint=f"one of {known}") from None


#: What is drawn: for a picture that a model made, and for one that it changed.
_WORDS: Final = {
    Label.EU: ("AI GENERATED", "AI MODIFIED"),
    Label.CN: ("AI生成", "AI合成"),
    Label.IN: ("AI GENERATED", "AI MODIFIED"),
}


def words(label: Label, *, edited: bool) -> str:
    """What a label says."""
    made, changed = _WORDS[label]
    return changed if edited else made
