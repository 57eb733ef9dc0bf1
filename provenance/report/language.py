"""The languages of reports: sentences are looked up in gettext catalogues.

English is in the code; `locale/` holds the other languages. The context of an entry is the
code it belongs to, so that equal English words may differ elsewhere.
"""

from __future__ import annotations

import gettext
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, reduce
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from provenance.model.messages import Message, Template, Value
from provenance.model.verdict import Reason
from provenance.report.words import Word

DOMAIN: Final = "provenance"
LOCALE: Final = Path(__file__).parent / "locale"
#: Values of messages that are remarks of a check, not names or numbers.
_REMARKS: Final = frozenset({"detail", "orientation", "oracle"})
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")

_Member = TypeVar("_Member", bound=StrEnum)


class Language(StrEnum):
    """What a report can be written in (ISO 639-1)."""

    ENGLISH = "en"
    FRENCH = "fr"


@dataclass(frozen=True, slots=True)
class Translator:
    """Turns codes and values into sentences of one language."""

    language: Language
    catalogue: gettext.NullTranslations

    def word(self, word: Word, **values: Value) -> str:
        """A heading, a label or a sentence of the report itself."""
        return self._filled(self.catalogue.pgettext("word", word.value), values)

    def term(self, table: Mapping[_Member, str], member: _Member) -> str:
        """The word for a member of a closed set, from one of the tables of `words`."""
        context = f"{type(member).__name__}.{member.name}"
        return self.catalogue.pgettext(context, table[member])

    def message(self, message: Message) -> str:
        """A sentence of a finding."""
        return self._filled(self.template(message.code), message.values)

    def template(self, code: Template) -> str:
        """The sentence of a code, not filled in."""
        return self.catalogue.pgettext(f"{type(code).__name__}.{code.name}", code.template)

    def reason(self, reason: Reason) -> str:
        """A reason with its notes behind it."""
        sentence, notes = self.message(reason), self.notes(reason)
        return self.word(Word.WITH_NOTES, reason=sentence, notes=notes) if notes else sentence

    def notes(self, reason: Reason) -> str:
        """The notes of a reason in one line."""
        texts = [self.message(note) for note in reason.notes] or [""]
        return reduce(lambda all_, one: self.word(Word.AND_NOTE, notes=all_, note=one), texts)

    def technical(self, text: str) -> str:
        """A remark of a check: translated where it is a known one, else as it stands.

        Remarks are known up to their numbers, for which `#` stands in the catalogue.
        """
        known = _NUMBER.sub("#", text)
        translated = self.catalogue.pgettext("technical", known)
        if translated == known:
            return text
        numbers = iter(_NUMBER.findall(text))
        return re.sub("#", lambda _: _localised(self.language, next(numbers)), translated)

    def number(self, value: float, spec: str) -> str:
        """A number in the writing of the language."""
        return _written(self.language, value, spec)

    def _filled(self, template: str, values: Mapping[str, Value]) -> str:
        shown = {
            name: self.technical(value) if name in _REMARKS and isinstance(value, str) else value
            for name, value in values.items()
        }
        return _Formatter(self.language).vformat(template, (), shown)


class _Formatter(string.Formatter):
    """`str.format` that writes numbers as the language does."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """Plain names only: no attribute of a value can be reached from a template."""
        return self.get_value(field_name, args, kwargs), field_name

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401
        if isinstance(value, float):
            return _written(self.language, value, format_spec)
        return cast("str", super().format_field(value, format_spec))


def _written(language: Language, value: float, spec: str) -> str:
    return _localised(language, format(value, spec))


def _localised(language: Language, text: str) -> str:
    if language is Language.FRENCH:
        # A decimal comma, and a narrow no-break space before the percent sign.
        return text.replace(".", ",").replace("%", "\u202f%")
    return text


@cache
def translator(language: Language) -> Translator:
    """The translator of a language.

    Raises:
        FileNotFoundError: the installation lacks the catalogue.
    """
    if language is Language.ENGLISH:
        return Translator(language, gettext.NullTranslations())
    return Translator(language, gettext.translation(DOMAIN, LOCALE, [language.value]))
