"""The language that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenance.errors import ArgumentError

from .console import shown

if TYPE_CHECKING:
    from provenance.report.language import Translator


def chosen_translator(name: str) -> Translator:
    """The translator of a language.

    Raises:
        ArgumentError: there is no catalogue for it.
    """
    from provenance.report.language import Language, translator

    try:
        return translator(Language(name))
    except ValueError:
        known = ", ".join(language.value for language in Language)
        raise ArgumentError(f"no such language: {shown(name)}", hint=f"one of: {known}") from None
