"""Sentences in the language that was asked for, numbers written as it writes them."""

from __future__ import annotations

import pytest

from provenance.model import (
    Limit,
    LimitCode,
    Note,
    NoteCode,
    Reason,
    ReasonCode,
    Statement,
    StatementCode,
)
from provenance.report.language import Language, translator

ENGLISH, FRENCH = (translator(language) for language in (Language.ENGLISH, Language.FRENCH))
RATE = Limit(code=LimitCode.MARK_ERROR_RATE, values={"log10_p": -12.3456, "log10_threshold": -8.0})


def test_numbers_are_written_as_the_language_does():
    assert "10^-12.3;" in ENGLISH.message(RATE)
    assert "10^-12,3\u202f;" in FRENCH.message(RATE)
    covered = Note(
        code=NoteCode.GRID_COVERED, values={"log10_p": -9.0, "agreement": 0.934, "covered": 0.238}
    )
    assert "0.93; 24% of" in ENGLISH.message(covered)
    assert "0,93\u202f; 24\u202f% de" in FRENCH.message(covered)
    assert FRENCH.number(0.5, ".2f") == "0,50"


def test_english_is_the_text_of_the_code():
    assert ENGLISH.message(RATE) == str(RATE)


@pytest.mark.parametrize("tr", [ENGLISH, FRENCH], ids=lambda tr: tr.language)
def test_a_value_of_a_hostile_file_is_never_a_template(tr):
    hostile = "{0.__class__} {mark} % # 1.5"
    said = tr.message(Statement(code=StatementCode.UNSIGNED_METADATA, values={"system": hostile}))
    assert hostile in said
    assert tr.technical(hostile) == hostile


@pytest.mark.parametrize(
    ("remark", "said"),
    [
        ("image too small", "image trop petite"),
        ("rotated 270", "tournée de 270 degrés"),
        (
            "synchronisation 5.3, no key reads a payload",
            "synchronisation 5,3, aucune clé ne permet de lire un contenu",
        ),
        ("something that nobody translated 1.5", "something that nobody translated 1.5"),
    ],
)
def test_remarks_of_checks_are_translated_up_to_their_numbers(remark, said):
    assert FRENCH.technical(remark) == said
    assert ENGLISH.technical(remark) == remark


def test_the_notes_of_a_reason_stand_behind_it():
    notes = tuple(Note(code=NoteCode.DETAIL, values={"detail": text}) for text in ("one", "two"))
    bare = Reason(code=ReasonCode.MARK_NONE)
    assert ENGLISH.reason(bare) == ReasonCode.MARK_NONE.template
    noted = Reason(code=ReasonCode.MARK_NONE, notes=notes)
    assert ENGLISH.reason(noted) == f"{ReasonCode.MARK_NONE.template} [one; two]"
    assert FRENCH.reason(noted).endswith(". [one\u202f; two]")


def test_a_name_that_looks_like_a_remark_stays_a_name():
    said = FRENCH.message(Statement(code=StatementCode.TRACED, values={"system": "mirrored"}))
    assert "mirrored" in said
