"""The catalogues: complete, compiled, and French as it is printed."""

from __future__ import annotations

import gettext
import re
import string
from collections import Counter

import pytest
from babel.messages.pofile import read_po
from support.wording import NEVER

from provenance.markers import catalogue as markers
from provenance.model import Verdict
from provenance.report.catalogue import entries
from provenance.report.language import DOMAIN, LOCALE, Language, translator
from provenance.report.words import ORACLES, TECHNICAL

ENTRIES = list(entries())
FOLDER = LOCALE / "fr" / "LC_MESSAGES"
COMPILED = gettext.translation(DOMAIN, LOCALE, ["fr"])
NARROW = "\u202f"  # narrow no-break space
#: Texts that are the same word in both languages, or no word at all.
SAME = {
    "Actions",
    "Contradiction",
    "Dimensions",
    "Format",
    "MD5",
    "Orientation",
    "Page",
    "Provenance",
    "Python",
    "SHA-1",
    "SHA-256",
    "Verdict",
    "Version",
    "absent",
    "z #, synchronisation #",
    "{detail}",
    "{reason} [{notes}]",
    "{record}",
    "{scheme}",
    "{seconds:.2f} s",
    "{share:.0%}",
}
ENGLISH_WORDS = (
    r"\b(the|of|is|are|was|were|and|with|which|by|not|this|that|it|for|from|but|to|in|no|as|anybody|"
    r"watermark|record|signer|trusted|found|mark|picture|manifest|checked)\b"
)


def french(context, text):
    return COMPILED.pgettext(context, text)


TRANSLATED = [(text, french(context, text)) for context, text in ENTRIES]


def test_no_entry_is_there_twice():
    assert [entry for entry, count in Counter(ENTRIES).items() if count > 1] == []


def test_the_french_catalogue_holds_exactly_the_texts_of_the_code():
    with (FOLDER / f"{DOMAIN}.po").open("rb") as file:
        written = [(m.context, m.id, m.string) for m in read_po(file) if m.id]
    assert [(context, text) for context, text, _ in written] == ENTRIES
    assert all(string_ for *_, string_ in written)


def test_what_is_compiled_is_what_is_written():
    with (FOLDER / f"{DOMAIN}.po").open("rb") as file:
        for message in read_po(file):
            if message.id:
                assert french(message.context, message.id) == message.string


def test_the_template_lists_the_texts_of_the_code():
    with (LOCALE / f"{DOMAIN}.pot").open("rb") as file:
        assert [(m.context, m.id) for m in read_po(file) if m.id] == ENTRIES


def test_only_what_is_listed_is_the_same_in_french():
    assert {text for text, said in TRANSLATED if said == text} == SAME


def fields(template):
    return sorted(
        (name, spec, conversion)
        for _, name, spec, conversion in string.Formatter().parse(template)
        if name is not None
    )


def test_every_text_has_the_same_placeholders_and_formats():
    for text, said in TRANSLATED:
        assert fields(said) == fields(text), text
        assert said.count("#") == text.count("#"), text


def test_nothing_is_left_in_english():
    for text, said in TRANSLATED:
        plain = re.sub(r"\(.*?\)|\{.*?\}", " ", said)  # terms of C2PA stand in brackets
        assert not re.search(ENGLISH_WORDS, plain), (text, said)


def test_french_is_set_as_it_is_printed():
    for _, said in TRANSLATED:
        free = re.sub(r"\{.*?\}", "x", said)
        assert not set("'\"") & set(free), said
        assert not re.search(rf"[^{NARROW}][;!?»]", free), said
        assert not re.search(rf"[^{NARROW}]:(?!//)", free), said
        assert not re.search(rf"«[^{NARROW}]", free), said
        assert "  " not in free, said
        assert free.count("«") == free.count("»"), said
        assert "..." not in free, said


def test_a_sentence_stays_a_sentence():
    for text, said in TRANSLATED:
        assert said.endswith(".") == text.endswith("."), (text, said)
        if re.match(r"[A-Z][a-z]", text) and text not in (*TECHNICAL, *ORACLES):
            assert said[0].isupper() or said[0] in "«#", (text, said)


@pytest.mark.parametrize("language", list(Language))
def test_no_text_breaks_the_rules_of_wording(language):
    """Besides the table of verdicts: meanings, headings, remarks."""
    for context, text in ENTRIES:
        said = text if language is Language.ENGLISH else french(context, text)
        for pattern in NEVER[language]:
            assert not re.search(pattern, said, re.IGNORECASE), (pattern, said)


def test_absence_and_assignment_are_worded_as_the_rules_ask():
    said = dict(TRANSLATED)
    absent = next(said[text] for text in said if text.startswith("No known mark found."))
    assert absent.startswith("Aucune marque connue trouvée.")
    assert said["revocation not checked"] == "révocation non vérifiée"
    for text, in_french in TRANSLATED:
        assert ("consistent with" in text) == ("compatibles avec" in in_french), text
        assert ("hard binding" in text) == ("liaison forte (hard binding)" in in_french), text
        assert ("assigned to" in text) == ("attribuée à" in in_french), text
        if "hard binding" in text:
            assert f"récupéré, {'liaison forte (hard binding)'} non applicable" in in_french


def test_whom_to_ask_about_a_marker_is_translated_unless_it_is_a_name():
    tr = translator(Language.FRENCH)
    known = markers()
    asked = {
        entry.oracle
        for kind in (known.signers, known.soft_bindings, known.texts)
        for entry in kind
        if entry.oracle
    }
    prose = {oracle for oracle in asked if re.search(r" [a-z]", oracle)}
    assert prose
    for oracle in prose:
        assert tr.technical(oracle) != oracle, oracle


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_has_a_name_and_a_meaning_in_french(verdict):
    texts = [french(context, text) for context, text in ENTRIES if context == f"Verdict.{verdict}"]
    assert len(set(texts)) == 2
