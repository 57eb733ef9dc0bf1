"""Every form that a report can take; each is made from the document alone."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from pathlib import PurePath
from typing import Final

from provenance.errors import ArgumentError
from provenance.report.build import text_of
from provenance.report.case_uco import render_case
from provenance.report.document import Document
from provenance.report.html import render_html
from provenance.report.language import Language, translator
from provenance.report.rows import render_csv, render_jsonl
from provenance.report.text import render_text
from provenance.report.vics import left_out, render_vics
from provenance.report.view import view


class ReportFormat(StrEnum):
    """The forms, by the name that the command line knows them under."""

    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    TEXT = "txt"
    CASE = "case"
    VICS = "vics"
    HTML = "html"
    PDF = "pdf"

    @property
    def extension(self) -> str:
        """The end of a file name that stands for this form."""
        return _EXTENSIONS.get(self, f".{self.value}")

    @property
    def meaning(self) -> str:
        """What it is for, for the reference documentation."""
        return _MEANINGS[self]


_EXTENSIONS: Final = {ReportFormat.CASE: ".case.jsonld", ReportFormat.VICS: ".vics.json"}
_MEANINGS: Final = {
    ReportFormat.JSON: "The saved report: everything, and what every other form is made from.",
    ReportFormat.JSONL: "JSON Lines: one object for each file, for programs.",
    ReportFormat.CSV: "One row for each file, for spreadsheets; long cells are cut.",
    ReportFormat.TEXT: "Plain text, for people.",
    ReportFormat.HTML: "A page to read and to print: self-contained, without script.",
    ReportFormat.PDF: "PDF/A, to file and to sign; needs the extra `provenance[report]`.",
    ReportFormat.CASE: "CASE/UCO JSON-LD, for case systems.",
    ReportFormat.VICS: "Project VIC (VICS 2.0): hashes, sizes and names of what could be read.",
}


def _json(document: Document, _language: Language) -> bytes:
    return document.to_json()


def _jsonl(document: Document, _language: Language) -> bytes:
    return render_jsonl(document.results).encode("ascii")


def _csv(document: Document, _language: Language) -> bytes:
    return render_csv(document.results).encode("utf-8")


def _text(document: Document, language: Language) -> bytes:
    return render_text(view(document, language)).encode("utf-8")


def _case(document: Document, _language: Language) -> bytes:
    return render_case(document)


def _vics(document: Document, _language: Language) -> bytes:
    return render_vics(document)


def _html(document: Document, language: Language) -> bytes:
    return render_html(view(document, language)).encode("utf-8")


def _pdf(document: Document, language: Language) -> bytes:
    from provenance.report.pdf import render_pdf  # needs the extra

    return render_pdf(view(document, language))


_RENDERERS: Final[dict[ReportFormat, Callable[[Document, Language], bytes]]] = {
    ReportFormat.JSON: _json,
    ReportFormat.JSONL: _jsonl,
    ReportFormat.CSV: _csv,
    ReportFormat.TEXT: _text,
    ReportFormat.CASE: _case,
    ReportFormat.VICS: _vics,
    ReportFormat.HTML: _html,
    ReportFormat.PDF: _pdf,
}
#: Forms that need an extra: the module to look for.
_EXTRAS: Final[dict[ReportFormat, str]] = {ReportFormat.PDF: "typst"}


def render(document: Document, form: ReportFormat, language: Language | None = None) -> bytes:
    """A document in one of its forms.

    Args:
        document: what is rendered.
        form: how.
        language: of the words; default: the document's own.

    Raises:
        ArgumentError: the form needs an extra that is not installed.
    """
    chosen = language or document.language
    return _RENDERERS[form](translated(document, chosen), chosen)


def lost(document: Document, form: ReportFormat) -> str:
    """What of this document a form cannot carry, in one sentence; empty where it can."""
    count = left_out(document) if form is ReportFormat.VICS else 0
    if not count:
        return ""
    return f"{count} of {len(document.results)} files could not be read and are not in VICS"


def translated(document: Document, language: Language) -> Document:
    """The same report with its sentences in another language."""
    if language is document.language:
        return document
    tr = translator(language)
    results = tuple(
        replace(result, text=text_of(result.finding, tr)) if result.finding else result
        for result in document.results
    )
    return document.model_copy(update={"language": language, "results": results})


def check_available(form: ReportFormat) -> None:
    """Raise `ArgumentError` with what to install where a form needs an extra that is missing."""
    module = _EXTRAS.get(form)
    if module is not None and importlib.util.find_spec(module) is None:
        raise ArgumentError(
            f"{form.value} reports need an extra that is not installed",
            hint="pip install 'provenance[report]'",
        )


def format_of(name: str | PurePath) -> ReportFormat:
    """The form that a file name asks for by its extension.

    Raises:
        ArgumentError: there is no such form.
    """
    lower = PurePath(name).name.lower()
    for form in sorted(ReportFormat, key=lambda item: -len(item.extension)):
        if lower.endswith(form.extension):
            return form
    known = ", ".join(form.extension for form in ReportFormat)
    raise ArgumentError(f"no report format for this file name; known: {known}")
