"""`provenance systems` and `registry export | import`, through the real entry point."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from support import laboratory, pictures
from support.command import Command, run
from support.laboratory import Case, pin, resigned

from provenance import Generation


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """An operator with one released picture; its laboratory is not used."""
    case = laboratory.case(tmp_path_factory.mktemp("operator"))
    stamper = case.operator.stamper()
    picture = pictures.sample("kitchen.png", 256, 256)
    stamper.stamp(picture, Generation(model="m"), to=case.folder / "released.png")
    return case


@pytest.fixture
def case(operator: Case, tmp_path: Path) -> Case:
    """The operator and a new laboratory."""
    fresh = laboratory.Workspace.create(tmp_path / "lab", system_name="lab", system_id=5)
    return Case(operator.operator, fresh, tmp_path)


@pytest.fixture
def released(operator: Case) -> Path:
    return operator.folder / "released.png"


def fingerprint(case: Case) -> str:
    return next(iter(pin(case.operator)))


def test_from_export_to_verdict(command: Command, case: Case, released: Path) -> None:
    """Every step as docs/bundles.md has it."""
    ours, lab, folder = case.operator.path, case.laboratory.path, case.folder
    bundle, extract = folder / "acme.bundle", folder / "acme.extract"
    exported = command(
        "systems", "export", "-w", ours, "--out", bundle, "--contact", "legal@acme.example",
        "--with-content-match",
    )  # fmt: skip
    assert (exported.code, exported.out) == (0, "")
    assert fingerprint(case) in exported.err
    assert "whoever holds it can read, write and remove its marks" in exported.err
    assert stat.S_IMODE(bundle.stat().st_mode) == 0o600
    exported = command("registry", "export", "-w", ours, "--out", extract, "--reason", "file 12")
    assert exported.code == 0
    assert "1 records of acme-images (#77)" in exported.err

    refused = command("systems", "import", bundle, "-w", lab)
    assert refused.code == 2
    assert fingerprint(case) in refused.err
    named = ("--fingerprint", fingerprint(case).upper())
    shown = command("systems", "import", bundle, "-w", lab, *named, "--dry-run")
    assert shown.code == 0
    for words in ("acme-images (#77)", "acme-images reports", "legal@acme.example", "epochs:"):
        assert words in shown.out
    assert command("systems", "list", "-w", lab).out == ""
    assert command("systems", "import", bundle, "-w", lab, *named).code == 0
    taken = command("registry", "import", extract, "-w", lab, "--json")
    assert (taken.code, json.loads(taken.out)["records"]) == (0, 1)

    traced = command("verify", "-w", lab, "--jsonl", released)
    assert traced.rows[0]["verdict"] == "TRACED"
    assert "legal requests about acme-images (#77): legal@acme.example" in traced.err
    found = command("registry", "find", "--similar-to", released, "--extract", "77", "-w", lab)
    assert found.code == 0
    assert "0 bits" in found.out
    (listed,) = json.loads(command("systems", "list", "-w", lab, "--json").out)
    assert listed["system"] == {"id": 77, "name": "acme-images"}
    assert listed["content_match"] is True
    assert command("doctor", "-w", lab).out.count("acme-images (#77)") == 2

    removed = command("systems", "remove", "77", "-w", lab)
    assert removed.code == 0
    assert "bundle and extract of system 77" in removed.err
    (row,) = command("verify", "-w", lab, "--jsonl", released).rows
    assert row["verdict"] != "TRACED"
    assert command("systems", "remove", "77", "-w", lab).code == 2


def test_a_list_of_the_caller_vouches(command: Command, case: Case) -> None:
    root = case.operator.path / "trust" / "root.pem"
    done = command(
        "systems",
        "import",
        case.bundle(),
        "-w",
        case.laboratory.path,
        "--trust-list",
        root,
        "--json",
    )
    assert done.code == 0
    assert json.loads(done.out)["vouched_by"].startswith("root.pem")


def test_a_signed_bundle_for_one_run(command: Command, case: Case, released: Path) -> None:
    bundle = case.bundle()
    refused = command("verify", "--keyring", bundle, released)
    assert refused.code == 2
    assert "--keyring-fingerprint" in refused.err
    root = case.operator.path / "trust" / "root.pem"
    for by in (("--keyring-fingerprint", fingerprint(case)), ("--trust-list", root)):
        (row,) = command("verify", "--keyring", bundle, *by, "--jsonl", released).rows
        assert row["mark_id"] is not None
        assert row["verdict"] == "TRACED"  # the bundle's anchor vouches for the manifest
    resigned(bundle, case.operator, lambda d: d.update(
        created_at="2026-10-01T00:00:00Z", not_after="2026-10-02T00:00:00Z"))  # fmt: skip
    late = command("verify", "--keyring", bundle, "--trust-list", root, released)
    assert late.code == 2
    assert "has expired on 2026-10-02" in late.err


def test_what_was_imported_is_used_without_the_extra(case: Case, released: Path) -> None:
    case.take_bundle(case.bundle())
    case.take_extract(case.extract())
    code = (
        "import sys; sys.modules['jwt'] = sys.modules['pyhanko'] = None\n"
        "from provenance_cli.main import main; main()"
    )
    arguments = ("-w", case.laboratory.path)
    result = run("verify", *arguments, "--jsonl", released, wrapper=("-c", code))
    assert result.returncode == 0, result.stderr.decode()
    assert b'"TRACED"' in result.stdout
    refused = run("systems", "import", released, *arguments, wrapper=("-c", code))
    assert refused.returncode == 2
    assert b"provenance[report]" in refused.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("systems", "import", "{released}", "-w", "{lab}"),
        ("systems", "import", "{missing}", "-w", "{lab}"),
        ("registry", "import", "{released}", "-w", "{lab}"),
        ("registry", "import", "{missing}", "-w", "{lab}"),
        ("registry", "find", "--similar-to", "{released}", "--extract", "77", "-w", "{lab}"),
        ("registry", "export", "--out", "{missing}", "--since", "yesterday", "-w", "{ours}"),
        ("registry", "export", "--out", "{nowhere}", "-w", "{ours}"),
        ("systems", "export", "--out", "{nowhere}", "-w", "{ours}"),
        ("systems", "export", "--out", "{missing}", "--epochs", "9", "-w", "{ours}"),
        ("systems", "export", "--out", "{missing}", "--not-after", "soon", "-w", "{ours}"),
        ("systems", "export", "--out", "{missing}", "--contact", "a\x1b[2J", "-w", "{ours}"),
        ("systems", "import", "{missing}", "--fingerprint", "12", "-w", "{lab}"),
    ],
    ids=lambda arguments: " ".join(arguments[:2] + arguments[3:5]),
)
def test_bad_input_gets_one_line(
    command: Command, case: Case, released: Path, arguments: tuple[str, ...]
) -> None:
    places = {
        "released": released, "lab": case.laboratory.path, "ours": case.operator.path,
        "missing": case.folder / "missing", "nowhere": case.folder / "no" / "where",
    }  # fmt: skip
    result = command(*(item.format(**places) for item in arguments))
    assert result.code == 2
    errors = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "\x1b" not in result.err
    assert not (case.folder / "missing").exists()
