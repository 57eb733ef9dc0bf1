"""Markers of other systems on the command line: shown, classed, and harmless.

Where the workspace is not what is tested there is none: without its keys no mark is searched
for, which takes a second and more for each picture.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import markers, pictures
from support.command import Command

from provenance import Generation, Workspace


@pytest.fixture
def attack(tmp_path: Path) -> Path:
    """A claim in EXIF with terminal escapes and direction marks behind what identifies it."""
    path = tmp_path / "attack.jpg"
    text = 'AIGC{"Label":"1"}\x1b]0;owned\x07\u202e'
    path.write_bytes(markers.with_exif({markers.COMMENT: markers.user_comment(text)}))
    return path


def named(tmp_path: Path, name: str) -> Path:
    (found,) = markers.FOLDER.glob(f"{name}.*")
    copy = tmp_path / found.name
    copy.write_bytes(found.read_bytes())
    return copy


def test_text_shows_class_system_place_and_value(
    command: Command, own_workspace: Path, tmp_path: Path
) -> None:
    result = command("verify", "-w", own_workspace, named(tmp_path, "midjourney"))
    assert result.code == 4
    assert result.out.startswith("OTHER_SYSTEM")
    assert 'Unsigned metadata points to "Midjourney"' in result.out
    assert f"Job ID: {markers.UUID}" in result.out
    assert "PNG tEXt Description" in result.out
    assert "Midjourney, with the job id" in result.out
    assert "PRIVATE" not in result.out


def test_a_public_watermark_is_consistent_with_and_never_more(
    command: Command, own_workspace: Path, tmp_path: Path
) -> None:
    result = command("verify", "-w", own_workspace, named(tmp_path, "stable-diffusion-xl"))
    assert result.code == 4
    assert 'consistent with the public watermark of "Stable Diffusion XL"' in result.out
    assert "chance at most 10^" in result.out


def test_rows_carry_the_markers(command: Command, tmp_path: Path) -> None:
    path = named(tmp_path, "xai-grok")
    (row,) = command("verify", "--jsonl", path).rows
    (marker,) = row["markers"]
    assert row["verdict"] == "OTHER_SYSTEM"
    assert row["system"] == {"id": None, "name": "xAI Grok"}
    assert marker["kind"] == "unsigned_metadata"
    assert marker["marker"] == "xai-grok"
    assert marker["excerpt"] == markers.UUID
    assert marker["oracle"].startswith("xAI")


def test_inspect_shows_the_markers(command: Command, tmp_path: Path) -> None:
    path = named(tmp_path, "flux")
    document = json.loads(command("inspect", "--json", path).out)
    (marker,) = document["evidence"]["markers"]
    assert marker["kind"] == "public_watermark"
    assert marker["log10_p"] <= marker["log10_threshold"] < 0
    assert "public_watermark" in command("inspect", path).out


def test_a_picture_without_markers_has_none(
    command: Command, own_workspace: Path, tmp_path: Path
) -> None:
    path = tmp_path / "plain.png"
    path.write_bytes(pictures.file(pictures.crop(), "PNG"))
    (row,) = command("verify", "-w", own_workspace, "--jsonl", path).rows
    assert row["markers"] == []
    assert row["verdict"] == "NOT_FOUND"


def test_our_own_stamp_is_no_marker_of_another_system(
    command: Command, own_workspace: Path, workspace: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "stamped.png"
    path.write_bytes(workspace.stamper().stamp(pictures.crop(512, 512), Generation(model="m")).data)
    (row,) = command("verify", "-w", own_workspace, "--jsonl", path).rows
    assert row["verdict"] == "TRACED"
    # Our XMP says "AI" and who; both are shown, and neither is a reason.
    assert {marker["system"] for marker in row["markers"]} == {"", "test-system: m"}
    assert not any(reason["code"].startswith("marker.") for reason in row["reasons"])


@pytest.mark.parametrize("arguments", [("verify",), ("inspect",), ("verify", "--jsonl")])
def test_hostile_values_reach_no_terminal(
    command: Command, attack: Path, arguments: tuple[str, ...]
) -> None:
    result = command(*arguments, attack)
    assert result.code in (0, 4)
    assert "AIGC" in result.out
    for character in ("\x1b", "\x07", "\u202e"):
        assert character not in result.out + result.err


@pytest.mark.parametrize("arguments", [("verify",), ("verify", "--jsonl"), ("inspect", "--json")])
def test_no_prompt_comes_out(command: Command, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    for name, (extension, data) in markers.unsigned().items():
        (tmp_path / f"{name}.{extension}").write_bytes(data)
    paths = sorted(tmp_path.iterdir())
    for path in paths[:1] if arguments[0] == "inspect" else [tmp_path]:
        result = command(*arguments, path)
        assert result.code == (0 if arguments[0] == "inspect" else 4)
        assert "PRIVATE" not in result.out + result.err
