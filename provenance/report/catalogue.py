"""What there is to translate: every entry of a catalogue, enumerated from the code.

An entry is a context and its English text. The context says which code the text belongs to,
as `Translator` looks it up. `docs/catalogues.py` writes the catalogues from this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from provenance.model.messages import Template
from provenance.model.notes import NoteCode
from provenance.model.statements import LimitCode, StatementCode, StepCode
from provenance.model.verdict import ReasonCode
from provenance.report.words import ORACLES, TECHNICAL, TERMS, Word

MESSAGES: Final[tuple[type[Template], ...]] = (
    StatementCode,
    ReasonCode,
    NoteCode,
    StepCode,
    LimitCode,
)


def entries() -> Iterator[tuple[str, str]]:
    """Every (context, English text), in a fixed order; two of one context differ in text."""
    for codes in MESSAGES:
        for code in codes:
            yield f"{codes.__name__}.{code.name}", code.template
    for table in TERMS:
        for member, text in table.items():
            yield f"{type(member).__name__}.{member.name}", text
    for word in Word:
        yield "word", word.value
    for remark in (*TECHNICAL, *ORACLES):
        yield "technical", remark
