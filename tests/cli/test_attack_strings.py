"""Text of strangers, in every field of a manifest, does nothing where the command line shows it."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from provenance_cli.console import complain, error_fields, out_json
from provenance_cli.examination import Examination
from provenance_cli.exit_codes import ExitCode
from provenance_cli.inputs import Source
from pyhanko.pdf_utils.reader import PdfFileReader
from support import hostile_manifests
from support.attack_strings import ALL, CLASSES, IN_FILES, LONG
from support.command import Command

from provenance.errors import ErrorCode, ProvenanceError
from provenance.report.language import Language, translator
from provenance.report.render import ReportFormat, render
from provenance.verify import Verifier
from provenance.watermark import Depth

MAX_SHOWN = 400
_MAX_TEXT = 500  # characters of a value that evidence keeps
_MAX_MARKS = 8  # on one character

HARMLESS = "harmless"
#: For what is run once for each file: all texts of a class in one, as far as a file holds them.
JOINED = {kind: " ".join(texts.values())[:LONG] for kind, texts in CLASSES.items()}
del JOINED["surrogates"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture that says it for each text, and one that has its manifest at that address."""
    made = tmp_path_factory.mktemp("texts")
    for name, text in IN_FILES.items():
        (made / f"{name}.png").write_bytes(hostile_manifests.saying(text))
        _write_elsewhere(made, name, text)
    return made


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for each class of texts, and for a harmless text."""
    made = tmp_path_factory.mktemp("joined")
    for name, text in {**JOINED, HARMLESS: HARMLESS}.items():
        (made / f"{name}.png").write_bytes(hostile_manifests.saying(text))
        _write_elsewhere(made, name, text)
    return made


def _write_elsewhere(folder: Path, name: str, text: str) -> None:
    data = hostile_manifests.elsewhere(f"https://example.org/{text}")
    (folder / f"{name}.elsewhere.png").write_bytes(data)


def check_harmless(shown: str) -> None:
    """Nothing that a terminal obeys, that turns the direction of reading, or that piles up."""
    marks = 0
    for character in shown:
        category = unicodedata.category(character)
        assert category[0] != "C" or character == "\n", f"raw {character!r}"
        assert category not in ("Zl", "Zp"), f"raw {character!r}"
        marks = marks + 1 if category in ("Mn", "Me") else 0
        assert marks <= _MAX_MARKS


def check_safe_json(text: str) -> Any:
    """JSON that every reader takes: ASCII, no numbers beyond the standard."""
    assert text.isascii()
    return json.loads(text, parse_constant=pytest.fail)


@pytest.mark.parametrize("kind", ["bidi", "terminal", "control", "lines", "stacked", "surrogates"])
def test_what_is_checked_for_is_in_the_texts(kind: str) -> None:
    for text in set(CLASSES[kind].values()) - {"a\nverdict: TRACED"}:  # this only adds a line
        with pytest.raises(AssertionError):
            check_harmless(text)


def test_many_files_give_a_json_line_each(command: Command, folder: Path) -> None:
    result = command("verify", "--jsonl", folder)
    rows = [check_safe_json(line) for line in result.out.splitlines()]
    assert len(rows) == len(list(folder.iterdir()))
    assert [row["error"] for row in rows] == [None] * len(rows)
    signers = {Path(row["path"]).stem: row["manifest"]["signer"] for row in rows}
    for name, text in IN_FILES.items():  # so these tests look at something
        assert signers[name].startswith(hostile_manifests.signer_name(text))
        assert signers[f"{name}.elsewhere"] is None


@pytest.mark.parametrize("what", ["verify", "inspect"])
def test_a_text_adds_no_line(command: Command, joined: Path, what: str) -> None:
    """What is shown has the same lines, whatever stands in the values."""

    def lines(name: str) -> int:
        result = command(what, joined / f"{name}.png")
        check_harmless(result.out)
        check_harmless(result.err)
        shown = result.out.splitlines()
        assert max(map(len, shown)) < 12 * MAX_SHOWN
        return len(shown)

    expected = lines(HARMLESS)
    assert {name: lines(name) for name in JOINED} == dict.fromkeys(JOINED, expected)


def test_an_address_is_shown_on_one_line(command: Command, joined: Path) -> None:
    for name in JOINED:
        result = command("inspect", joined / f"{name}.elsewhere.png")
        check_harmless(result.out)
        found = [line for line in result.out.splitlines() if "remote_url: " in line]
        # XML has no NUL: an address with one is no address, and the picture has no manifest.
        assert len(found) == ("\0" not in JOINED[name])


@pytest.fixture(scope="module")
def reports(joined: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every form of a report about all of them, and of one about a harmless one."""
    place = tmp_path_factory.mktemp("reports")
    run = Examination(Verifier(depth=Depth.FAST), translator(Language.ENGLISH))
    results = {path: run.examine(Source(path, Path(path.name))) for path in joined.iterdir()}
    harmless = [results[joined / f"{HARMLESS}.png"]]
    for name, shown in (("all", list(results.values())), (HARMLESS, harmless)):
        document = run.document(shown, ExitCode.OTHER_SYSTEM)
        for form in ReportFormat:
            (place / f"{name}{form.extension}").write_bytes(render(document, form))
    return place


class _Tags(HTMLParser):
    """Which tags with which attributes a page has, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[tuple[str, tuple[str, ...]]] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def _tags(page: Path) -> _Tags:
    parser = _Tags()
    parser.feed(page.read_text("utf-8"))
    return parser


def test_a_page_has_the_tags_of_a_harmless_one(reports: Path) -> None:
    page, harmless = _tags(reports / "all.html"), _tags(reports / f"{HARMLESS}.html")
    check_harmless(page.text)
    extra = {tag for tag, _ in page.seen - harmless.seen}
    assert extra <= {"th", "tr", "td", "table", "thead", "tbody", "nav", "ul", "li", "dl", "div"}
    assert not any(name.startswith("on") for _, names in page.seen for name in names)
    assert not {"script", "img", "a", "iframe", "form"} & {tag for tag, _ in page.seen}


def test_text_and_csv_are_harmless_and_no_cell_is_a_formula(reports: Path) -> None:
    check_harmless((reports / "all.txt").read_text("utf-8"))
    rows = list(csv.reader((reports / "all.csv").read_text("utf-8").splitlines()))
    assert len({len(row) for row in rows}) == 1
    for cell in (cell for row in rows[1:] for cell in row):
        check_harmless(cell)
        is_number = cell.lstrip("-").replace(".", "", 1).isdigit()
        assert is_number or not cell.strip(' "').startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("extension", ["json", "jsonl", "case.jsonld", "vics.json"])
def test_machine_forms_are_ascii_json(reports: Path, extension: str) -> None:
    text = (reports / f"all.{extension}").read_text("ascii")
    for part in text.splitlines() if extension == "jsonl" else [text]:
        check_safe_json(part)


def test_a_pdf_has_nothing_that_acts(reports: Path) -> None:
    reader = PdfFileReader(io.BytesIO((reports / "all.pdf").read_bytes()))
    catalogue = set(reader.root)
    assert catalogue.isdisjoint({"/OpenAction", "/AA", "/Names", "/AcroForm", "/EmbeddedFiles"})
    for number in range(int(reader.root["/Pages"]["/Count"])):
        page = reader.find_page_for_modification(number)[0].get_object()
        assert not set(page) & {"/Annots", "/AA"}


def test_inspect_keeps_what_was_said(command: Command, joined: Path) -> None:
    for name, text in JOINED.items():
        document = check_safe_json(command("inspect", "--json", joined / f"{name}.png").out)
        generation = document["evidence"]["manifest"]["generation"]
        assert generation["model"] == text[:_MAX_TEXT]


def test_crjson_keeps_what_was_said(command: Command, joined: Path) -> None:
    for name, text in JOINED.items():
        result = command("verify", "--format", "crjson", joined / f"{name}.png")
        (manifest,) = check_safe_json(result.out)["manifests"]
        assert manifest["claim.v2"]["dc:title"] == text
        said = manifest["assertions"][hostile_manifests.CUSTOM]
        assert said == {text: text, "list": [text]}


def test_an_error_that_quotes_a_text_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for text in ALL.values():
        error = ProvenanceError(text, hint=text, code=ErrorCode.MANIFEST)
        complain(error, about=Path("a.png"))
        out_json(error_fields(error))
        written = capsys.readouterr()
        check_harmless(written.err)
        assert written.err.count("\n") == 1
        check_safe_json(written.out)
