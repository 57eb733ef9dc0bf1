"""`provenance stamp` as a user sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from support.command import Command, run

from provenance import Workspace
from provenance.model import RecordState


def test_one_file(command: Command, own_workspace: Path, folder: Path, tmp_path: Path) -> None:
    result = command("stamp", "-w", own_workspace, folder / "a.png", "--out", tmp_path / "out")
    assert result.code == 0
    assert (tmp_path / "out" / "a.png").is_file()
    assert "mark" in result.out
    assert result.err == ""


def test_rows_have_the_promised_fields(
    command: Command, own_workspace: Path, folder: Path, tmp_path: Path
) -> None:
    result = command("stamp", "-w", own_workspace, "--jsonl", folder, "-o", tmp_path / "out")
    assert result.code == 6
    good = [row for row in result.rows if row["error"] is None]
    bad = [row for row in result.rows if row["error"] is not None]
    assert len(good) == 2
    for row in good:
        assert Path(row["output"]).is_file()
        assert len(row["mark_id"]) == 12
        assert row["manifest_id"] == f"urn:c2pa:{row['record_id']}"
    assert [row["error"]["code"] for row in bad] == ["E_FORMAT"]
    assert bad[0]["input"].endswith("notes.txt")
    assert bad[0]["output"] is None


def test_directory_structure_is_kept(
    command: Command, own_workspace: Path, folder: Path, tmp_path: Path
) -> None:
    command("stamp", "-w", own_workspace, folder, "-o", tmp_path / "out", "-f", "webp-lossless")
    written = sorted(p.relative_to(tmp_path / "out") for p in (tmp_path / "out").rglob("*.*"))
    assert written == [Path("a.webp"), Path("below/b.webp")]


def test_two_inputs_never_share_an_output(
    command: Command, own_workspace: Path, folder: Path, tmp_path: Path
) -> None:
    Image.open(folder / "a.png").save(folder / "a.jpg", quality=95)
    result = command(
        "stamp", "-w", own_workspace, "--jsonl", folder / "a.jpg", folder / "a.png",
        "-o", tmp_path / "out",
    )  # fmt: skip
    assert result.code == 0
    assert {Path(row["output"]).name for row in result.rows} == {"a.png", "a.png.png"}


def test_existing_output_is_not_replaced_unasked(
    command: Command, own_workspace: Path, folder: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out"
    arguments = ("stamp", "-w", own_workspace, folder / "a.png", "-o", target)
    assert command(*arguments).code == 0
    before = (target / "a.png").read_bytes()
    refused = command(*arguments)
    assert refused.code == 2
    assert "exists already" in refused.err
    assert "E_IO" in refused.err
    assert (target / "a.png").read_bytes() == before
    assert command(*arguments, "--overwrite").code == 0
    assert (target / "a.png").read_bytes() != before


def test_stdin_to_stdout(own_workspace: Path, plain_png: bytes) -> None:
    result = run("stamp", "-w", own_workspace, "-", "--out", "-", stdin=plain_png)
    assert result.returncode == 0
    assert result.stdout.startswith(b"\x89PNG")
    checked = run("verify", "-w", own_workspace, "--jsonl", "-", stdin=result.stdout)
    assert checked.returncode == 0
    assert json.loads(checked.stdout)["verdict"] == "TRACED"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--format", "bmp"), "unknown output format"),
        (("--quality", "80"), "quality applies to lossy formats only"),
        (("--scheme", "no-such"), "unknown watermark scheme"),
        (("--model", ""), "model"),
        (("--model", "a\nb"), "printable"),
        (("--background", "red"), "six hexadecimal digits"),
        (("--formats", "bmp"), "unknown image format"),
    ],
)
def test_bad_options_are_refused_before_anything_is_done(
    command: Command,
    own_workspace: Path,
    folder: Path,
    tmp_path: Path,
    arguments: tuple[str, ...],
    says: str,
) -> None:
    out = tmp_path / "out"
    result = command("stamp", "-w", own_workspace, folder / "a.png", "-o", out, *arguments)
    if arguments == ("--model", ""):  # an empty option falls back to the configured model
        assert result.code == 0
        return
    assert result.code == 2
    assert says in result.err
    assert not list(out.glob("*"))


def test_no_workspace(command: Command, folder: Path, tmp_path: Path) -> None:
    result = command("stamp", folder / "a.png", "-o", tmp_path / "out")
    assert result.code == 2
    assert "no workspace given" in result.err
    assert "provenance init" in result.err


def test_refused_pictures_leave_void_records_only(
    command: Command, tmp_path: Path, plain_png: bytes
) -> None:
    owner = Workspace.create(tmp_path / "workspace")
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a directory should be")
    picture = tmp_path / "p.png"
    picture.write_bytes(plain_png)
    result = command("stamp", "-w", owner.path, picture, "-o", blocked)
    assert result.code == 2
    count = owner.store().count()
    assert count[RecordState.RESERVED] == count[RecordState.ISSUED] == 0


def test_transparency_needs_a_background_in_jpeg(
    command: Command, own_workspace: Path, tmp_path: Path, plain_png: bytes
) -> None:
    picture = Image.open(__import__("io").BytesIO(plain_png)).convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    picture.save(tmp_path / "glass.png")
    arguments = ("stamp", "-w", own_workspace, tmp_path / "glass.png", "-f", "jpeg")
    refused = command(*arguments, "-o", tmp_path / "out")
    assert refused.code == 2
    assert "background" in refused.err
    accepted = command(*arguments, "--background", "ffffff", "-o", tmp_path / "out")
    assert accepted.code == 0


def test_a_request_is_stamped_once(
    own_workspace: Path, folder: Path, tmp_path: Path, command: Command
) -> None:
    options = ("-w", own_workspace, "--out", tmp_path / "out", "--jsonl", "--request", tmp_path)
    first = command("stamp", folder / "a.png", *options)
    assert first.code == 0
    assert command("stamp", folder / "a.png", *options).rows == first.rows
    piped = command("stamp", folder / "a.png", "-w", own_workspace, "--out", "-", "--request", "x")
    assert piped.code == 0
    other = command("stamp", folder / "a.png", *options, "--model", "another")
    assert other.code == 2
    assert other.rows[0]["error"]["code"] == "E_REQUEST"
    several = command("stamp", folder, *options)
    assert several.code == 2
    assert "--request belongs to one picture" in several.err
