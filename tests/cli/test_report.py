"""`provenance report` as a user sees it."""

from __future__ import annotations

import json
import os
import pty
from pathlib import Path

import pytest
from support import reports
from support.command import Command, run

from provenance.report.document import Document
from provenance.report.render import ReportFormat, format_of, render


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "saved.json"
    path.write_bytes(reports.document().to_json())
    return path


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "txt", "case", "vics"])
def test_a_saved_report_is_shown_in_every_form(command: Command, saved: Path, form: str) -> None:
    result = command("report", "render", saved, "--to", form)
    assert result.code == 0
    assert result.out.encode() == render(reports.document(), ReportFormat(form))


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "txt", "case", "vics"])
def test_the_name_of_the_file_says_which_form(
    command: Command, saved: Path, tmp_path: Path, form: str
) -> None:
    target = tmp_path / f"made{ReportFormat(form).extension}"
    assert format_of(target) is ReportFormat(form)
    result = command("report", "render", saved, "--out", target)
    assert (result.code, result.out) == (0, "")
    assert target.read_bytes() == render(reports.document(), ReportFormat(form))


def test_text_is_shown_where_nothing_was_asked_for(command: Command, saved: Path) -> None:
    assert command("report", "render", saved).out.startswith("Provenance report\n=====")


def test_every_form_is_listed(command: Command) -> None:
    result = command("report", "formats")
    assert [line.split()[0] for line in result.out.splitlines()] == [f.value for f in ReportFormat]
    assert [line.split()[1] for line in result.out.splitlines()] == [
        form.extension for form in ReportFormat
    ]


def test_a_report_goes_through_standard_input_and_output(saved: Path) -> None:
    done = run("report", "render", "-", "--to", "json", "--out", "-", stdin=saved.read_bytes())
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == saved.read_bytes()


def test_what_vics_cannot_carry_is_said(command: Command, saved: Path) -> None:
    result = command("report", "render", saved, "--to", "vics")
    assert result.code == 0
    assert "1 of 8 files could not be read" in result.err
    assert "could not be read" not in command("report", "render", saved, "--to", "csv").err


def test_a_verification_writes_both_and_says_it_too(command: Command, tmp_path: Path) -> None:
    made = [tmp_path / "r.vics.json", tmp_path / "r.case.jsonld"]
    options = [item for path in made for item in ("--report", path)]
    result = command("verify", tmp_path / "gone.png", *options)
    assert result.code == 2
    assert "1 of 1 files could not be read" in result.err
    assert json.loads(made[0].read_bytes())["value"] == []
    assert json.loads(made[1].read_bytes())["@graph"]


def test_a_file_that_exists_is_only_replaced_when_asked(
    command: Command, saved: Path, tmp_path: Path
) -> None:
    target = tmp_path / "made.csv"
    target.write_text("mine")
    refused = command("report", "render", saved, "--out", target)
    assert refused.code == 2
    assert "exists already" in refused.err
    assert target.read_text() == "mine"
    assert command("report", "render", saved, "--out", target, "--overwrite").code == 0
    assert target.read_text() != "mine"


def test_the_saved_report_is_never_replaced(command: Command, saved: Path) -> None:
    before = saved.read_bytes()
    result = command("report", "render", saved, "--out", saved, "--to", "txt", "--overwrite")
    assert result.code == 2
    assert saved.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--to", "docx"), "one of: json"),
        (("--out", "made.docx"), "known: .json"),
        (("--lang", "tlh"), "one of: en"),
    ],
)
def test_what_cannot_be_made_is_refused_in_one_line(
    command: Command, saved: Path, arguments: tuple[str, ...], expected: str
) -> None:
    result = command("report", "render", saved, *arguments)
    assert (result.code, result.out) == (2, "")
    assert expected in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("data", [b"", b"{}", b"\x89PNG\r\n", b'{"kind": "provenance-report"}'])
def test_what_is_no_report_is_refused_in_one_line(
    command: Command, tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "saved.json"
    path.write_bytes(data)
    result = command("report", "render", path)
    assert (result.code, result.out) == (2, "")
    assert "not a provenance report" in result.err
    assert result.err.count("\n") == 1


def test_a_report_over_the_size_limit_is_not_read(command: Command, tmp_path: Path) -> None:
    from provenance.report.document import MAX_BYTES

    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    result = command("report", "render", path)
    assert result.code == 2
    assert "E_LIMIT" in result.err


def test_hostile_text_steers_no_terminal(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "hostile.json"
    path.write_bytes(reports.hostile().to_json())
    assert Document.from_json(path.read_bytes()).results
    for form in ("json", "jsonl", "csv", "txt", "case", "vics"):
        out = command("report", "render", path, "--to", form).out
        assert not {"\x1b", "\0", "\u202e", "\u2028"} & set(out), form


def test_bytes_that_are_no_text_stay_away_from_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    from provenance_cli.commands.report import _print

    from provenance.errors import ArgumentError

    reader, writer = pty.openpty()
    with os.fdopen(writer, "w") as terminal:
        monkeypatch.setattr("sys.stdout", terminal)
        with pytest.raises(ArgumentError, match="not text"):
            _print(b"%PDF-1.7\n\xff\xfe")
        _print(b"text")
    assert os.read(reader, 100) == b"text"
    os.close(reader)
