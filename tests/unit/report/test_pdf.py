import dataclasses
import re

import pytest

pytest.importorskip("typst", reason="the extra [report] is not installed")

import typst
from support.report_pages import CASES, HOSTILE, document_of, refused, result_of

from provenance.errors import InputError
from provenance.report.pdf import COVERED, STANDARD, render_pdf
from provenance.report.view import view


@pytest.fixture(scope="module")
def traced():
    return render_pdf(view(document_of(result_of())))


def pages(pdf):
    return len(re.findall(rb"/Type */Page\b", pdf))


def test_the_same_report_gives_the_same_bytes(traced):
    assert render_pdf(view(document_of(result_of()))) == traced


def test_its_date_is_when_the_run_finished(traced):
    assert re.search(rb"/CreationDate *\(D:20260102030409", traced)


def test_it_calls_itself_pdf_a_1a_and_has_what_that_asks_for(traced):
    assert traced.startswith(b"%PDF-1.4")
    assert b"<pdfaid:part>1</pdfaid:part>" in traced
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in traced
    assert b"/GTS_PDFA1" in traced
    assert b"/MarkInfo" in traced
    assert b"/StructTreeRoot" in traced
    assert re.search(rb"/Lang *\(en\)", traced)


def test_every_font_is_in_the_file(traced):
    fonts = re.findall(rb"/Type */FontDescriptor\b", traced)
    files = re.findall(rb"/FontFile[23]? \d", traced)
    assert len(fonts) == len(files) > 0


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_in_every_field_adds_no_picture_no_action_and_no_file(hostile):
    pdf = render_pdf(view(document_of(result_of("CONFLICT", hostile=hostile), text=hostile)))
    for name in (b"/Image", b"/JavaScript", b"/JS", b"/AA", b"/OpenAction", b"/Launch", b"/URI"):
        assert not re.search(re.escape(name) + rb"\b", pdf), name
    assert b"/EmbeddedFile" not in pdf
    assert b"/Annots" not in pdf


def test_two_hundred_rows_run_over_several_pages(traced):
    rows = render_pdf(view(document_of(result_of("OTHER_SYSTEM", markers=200))))
    assert pages(rows) > pages(traced) >= 3


def test_several_files_make_one_document():
    results = [*map(result_of, CASES), *(refused(f"broken-{i}.jpg") for i in range(20))]
    assert pages(render_pdf(view(document_of(*results)))) > 2 * len(CASES)


def test_both_fonts_hold_every_character_that_is_not_spelled_out():
    characters = "".join(chr(code) for first, last in COVERED for code in range(first, last + 1))
    source = '#set text(fallback: false, font: "{}")\n#sys.inputs.text'
    for font in ("Libertinus Serif", "DejaVu Sans Mono"):
        pdf = typst.compile(
            source.format(font).encode(),
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"text": characters},
            pdf_standards=[STANDARD],
            timestamp=0,
        )
        assert pdf.startswith(b"%PDF")


def test_a_report_without_a_time_is_refused():
    outline = dataclasses.replace(view(document_of(result_of())), finished_at="yesterday")
    with pytest.raises(InputError, match="when its run finished"):
        render_pdf(outline)
