"""`verify --sign` and `report verify` as a user sees them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from support import chains, guard
from support.command import Command, run
from support.signed_reports import report_signer, small_pdf

import provenance.report
from provenance import Generation, Workspace
from provenance.attest import sign_pdf
from provenance.workspace.selftest import synthetic_picture

CATALOGUE = (
    Path(provenance.report.__file__).parent / "locale" / "fr" / "LC_MESSAGES" / "provenance.mo"
)
ROOT = Path("trust") / "root.pem"


@pytest.fixture(scope="module")
def picture(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stamped") / "picture.png"
    workspace.stamper().stamp(synthetic_picture(), Generation(model="m"), to=path)
    return path


@pytest.fixture
def report(command: Command, own_workspace: Path, picture: Path, tmp_path: Path) -> Path:
    """A signed report, with its signature beside it."""
    path = tmp_path / "case.json"
    made = command("verify", "-w", own_workspace, picture, "--report", path, "--sign")
    assert made.code == 0, made.err
    assert path.with_name("case.json.jws").is_file()
    return path


def test_a_signed_report_is_recognised_with_its_verdicts(
    command: Command, own_workspace: Path, report: Path
) -> None:
    result = command("report", "verify", "-w", own_workspace, report)
    assert result.code == 0
    assert "exactly what test-system reports signed" in result.out
    assert "TRACED" in result.out
    told = json.loads(command("report", "verify", "-w", own_workspace, "--json", report).out)
    assert told["genuine"] is True
    assert told["integrity"] == "INTACT"
    assert told["revocation"] == "not checked"
    before = json.loads(report.read_bytes())["results"][0]["source"]["before"]
    assert told["verdicts"][0]["sha256"] == before["sha256"]


def test_a_root_alone_suffices_to_check(
    command: Command, own_workspace: Path, report: Path
) -> None:
    assert command("report", "verify", "--trust-list", own_workspace / ROOT, report).code == 0
    nobody = command("report", "verify", report)
    assert nobody.code == 5
    assert "the signer is not trusted" in nobody.out


def test_checking_opens_no_socket(own_workspace: Path, report: Path) -> None:
    wrapper = (str(Path(guard.__file__)), "sockets")
    if run("--try", wrapper=wrapper).returncode != 0:
        pytest.skip("this kernel or container does not allow seccomp filters")
    result = run("report", "verify", "-w", own_workspace, report, wrapper=wrapper)
    assert result.returncode == 0, result.stderr.decode()


def test_a_changed_report_is_refused_clearly(
    command: Command, own_workspace: Path, report: Path
) -> None:
    data = report.read_bytes()
    report.write_bytes(data.replace(b'"TRACED"', b'"tRACED"', 1))
    result = command("report", "verify", "-w", own_workspace, report)
    assert result.code == 3
    assert result.out.startswith("The report is not what was signed: ")
    assert result.out.count("\n") == 1  # nothing of what it says is repeated


def test_a_report_without_signature(command: Command, own_workspace: Path, report: Path) -> None:
    beside = report.with_name("case.json.jws")
    moved = beside.rename(report.with_name("elsewhere"))
    missing = command("report", "verify", "-w", own_workspace, report)
    assert missing.code == 1
    assert "there is no case.json.jws beside it" in missing.out
    named = command("report", "verify", "-w", own_workspace, "--signature", moved, report)
    assert named.code == 0
    assert command("report", "verify", report, "--signature", beside).code == 2
    assert command("report", "verify", report.with_name("none.json")).code == 2


def test_a_pdf_is_checked_too(command: Command, own_workspace: Path, tmp_path: Path) -> None:
    workspace = Workspace.open(own_workspace)
    path = tmp_path / "case.pdf"
    signed = sign_pdf(small_pdf(), workspace.report_signer(), trust=workspace.trust()).data
    for data, code in ((signed, 0), (signed + b" ", 3), (small_pdf(), 1)):
        path.write_bytes(data)
        assert command("report", "verify", "-w", own_workspace, path).code == code


def test_an_examiners_own_key(command: Command, picture: Path, tmp_path: Path) -> None:
    report_signer(tmp_path, chains.authority())
    root = tmp_path / "root.pem"
    root.write_bytes(chains.authority().root_pem)
    signing = ("--sign", "--sign-key", tmp_path / "report.key")
    signing += ("--sign-chain", tmp_path / "report.pem")
    path = tmp_path / "case.json"
    command("verify", picture, "--report", path, *signing)
    result = command("report", "verify", "--trust-list", root, path)
    assert result.code == 0
    assert "examiner" in result.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--report", "case.csv", "--sign"), "csv report cannot be signed"),
        (("--report", "case.json", "--sign"), "no key to sign reports with"),
        (("--sign", "-w", "WORKSPACE"), "--sign needs --report"),
        (("--report", "case.json", "--sign-key", "key"), "need --sign"),
        (("--report", "case.json", "--sign", "--sign-key", "key"), "go together"),
        (("--report", "taken.json", "--sign", "-w", "WORKSPACE"), "taken.json.jws exists"),
        (("--report", "case.json", "--sign", "-w", "OLD"), "--renew-certificate makes one"),
    ],
)
def test_what_cannot_be_signed_is_refused_before_anything_is_written(
    command: Command,
    own_workspace: Path,
    picture: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    old = shutil.copytree(own_workspace, tmp_path / "old")
    (old / "keys" / "report.key").unlink()
    Path("taken.json.jws").write_text("")
    before = sorted(Path().glob("*"))
    names = {"WORKSPACE": own_workspace, "OLD": old}
    if "csv" in arguments[1]:
        arguments += ("-w", "WORKSPACE")
    result = command("verify", picture, *(names.get(item, item) for item in arguments))
    assert result.code == 2
    assert words in result.err
    assert sorted(Path().glob("*")) == before


def test_an_old_workspace_gets_a_signer_for_reports(
    command: Command, own_workspace: Path, tmp_path: Path
) -> None:
    old = shutil.copytree(own_workspace, tmp_path / "old")
    (old / "keys" / "report.key").unlink()
    (old / "certs" / "report-chain.pem").unlink()
    assert command("init", "--renew-certificate", old).code == 0
    workspace = Workspace.open(old)
    assert workspace.report_signer().chain.leaf != workspace.signer().chain.leaf


# --- the same input, the same settings ---------------------------------------------------


def _result(command: Command, path: Path, *arguments: str | Path) -> dict[str, Any]:
    assert command("verify", *arguments, "--report", path).code == 0
    entry: dict[str, Any] = json.loads(path.read_bytes())["results"][0]
    return entry


def _bytes(value: object) -> bytes:
    return json.dumps(value, indent=2).encode()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_same_input_and_settings_give_the_same_bytes(
    command: Command, own_workspace: Path, picture: Path, tmp_path: Path, language: str
) -> None:
    if language != "en" and not CATALOGUE.exists():
        pytest.skip("the French catalogue is not there")
    arguments = ("-w", own_workspace, picture)
    first = _result(command, tmp_path / "a.json", *arguments)
    again = _result(command, tmp_path / "b.json", *arguments, "--lang", language)
    for section in ("finding", "input", "source"):
        assert _bytes(first[section]) == _bytes(again[section])
    for entry in (first, again):  # when certificates were judged is up to the clock
        assert entry["evidence"]["manifest"]["validity"].pop("at")
    assert _bytes(first["evidence"]) == _bytes(again["evidence"])
    assert (_bytes(first["text"]) == _bytes(again["text"])) is (language == "en")
