"""PDF reports under tools that share nothing with what makes them.

PDFBox preflight validates PDF/A-1b (Debian: libpdfbox2-java libactivation-java
libjaxb-api-java); pdftotext (Debian: poppler-utils) says where each word stands.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("typst", reason="the extra [report] is not installed")

import typst
from support.report_pages import CASES, HOSTILE, document_of, refused, result_of
from support.signed_reports import report_signer

from provenance.attest import pades
from provenance.keys import create_chain
from provenance.report.pdf import render_pdf
from provenance.report.view import view

JAVA = Path("/usr/share/java")
JARS = [
    *(JAVA / f"{name}.jar" for name in ("preflight", "pdfbox2", "xmpbox", "fontbox2")),
    *(JAVA / f"{name}.jar" for name in ("commons-logging", "javax.activation", "jaxb-api")),
]
needs_preflight = pytest.mark.skipif(
    shutil.which("java") is None or not all(jar.exists() for jar in JARS),
    reason="PDFBox preflight is not installed",
)
needs_pdftotext = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="pdftotext is not installed"
)


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Paths by what is in them: every verdict and error, 200 rows, each hostile text, signed."""
    place = tmp_path_factory.mktemp("pdf")
    documents = {
        "verdicts": document_of(*map(result_of, CASES), refused("broken.jpg")),
        "rows": document_of(result_of("OTHER_SYSTEM", markers=200)),
        "single": document_of(result_of()),
    }
    for number, text in enumerate(HOSTILE):
        entry = result_of("CONFLICT", hostile=text)
        documents[f"hostile-{number}"] = document_of(entry, text=text)
    for name, document in documents.items():
        (place / f"{name}.pdf").write_bytes(render_pdf(view(document)))
    signer = report_signer(place, create_chain("an operator", "a signer"))
    plain = (place / "single.pdf").read_bytes()
    (place / "signed.pdf").write_bytes(pades.seal(plain, signer, None))
    return place


@pytest.mark.slow
@needs_preflight
def test_a_validator_finds_every_report_to_be_pdf_a(reports):
    classpath = ":".join(map(str, JARS))
    main = "org.apache.pdfbox.preflight.Validator_A1b"
    names = ["verdicts", "signed", "hostile-7"]
    plain = reports / "plain"  # a PDF that is no PDF/A, for what the validator is worth
    plain.write_bytes(typst.compile(b"no PDF/A", format="pdf", ignore_system_fonts=True))
    files = [reports / f"{name}.pdf" for name in names]
    (reports / "list").write_text("\n".join(map(str, (*files, plain))))
    seen = subprocess.run(
        ["java", "-cp", classpath, main, "batch", str(reports / "list")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    valid = re.findall(r"The file (\S+) is a valid PDF/A-1b file", seen.stdout)
    assert sorted(valid) == sorted(file.name for file in files), seen.stdout


@needs_pdftotext
def test_no_word_stands_outside_its_page(reports):
    for file in sorted(reports.glob("*.pdf")):
        seen = subprocess.run(
            ["pdftotext", "-bbox", file, "-"], capture_output=True, text=True, check=True
        )
        size = re.search(r'<page width="([\d.]+)" height="([\d.]+)"', seen.stdout)
        words = re.findall(
            r'<word xMin="(-?[\d.]+)" yMin="(-?[\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)"',
            seen.stdout,
        )
        assert size is not None
        assert len(words) > 100
        margin = 40  # points; the text block keeps 20 mm (57 points) at the sides
        width, height = map(float, size.groups())
        assert min(float(word[0]) for word in words) > margin, file
        assert max(float(word[2]) for word in words) < width - margin, file
        assert max(float(word[3]) for word in words) < height, file


@needs_pdftotext
def test_the_first_page_holds_the_whole_finding_and_its_words(reports):
    for name, case in (("single", "TRACED"), ("rows", "OTHER_SYSTEM")):
        seen = subprocess.run(
            ["pdftotext", "-l", "1", "-raw", reports / f"{name}.pdf", "-"],
            capture_output=True,
            text=True,
            check=True,
        )
        file = view(document_of(result_of(case))).files[0]
        assert file.headline in seen.stdout
        assert file.sha256 in seen.stdout
        assert all(section.title in seen.stdout for section in file.summary)
        assert not any(section.title in seen.stdout for section in file.details[:1])
