"""`provenance registry find`: from a photograph to what was made from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support import copies, pictures
from support.command import Command

from provenance import Generation, Operation, Workspace
from provenance.model import Record

SIDE = 384
Pixels = copies.Pixels


def photo() -> Pixels:
    return pictures.sample("canyon.jpg", SIDE, SIDE, top=200, left=200)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    path = tmp_path_factory.mktemp("find") / "workspace"
    return Workspace.create(path, system_name="a maker")


@pytest.fixture(scope="module")
def edit(ours: Workspace) -> Record:
    """The record of an edit that looks like another picture altogether."""
    after = pictures.sample("bottle.jpg", SIDE, SIDE, top=200, left=200)
    stamped = ours.stamper().stamp(
        after,
        Generation(model="acme-1", operations=(Operation.REDRAW,)),
        parents=[pictures.file(photo(), "PNG")],
    )
    record = ours.store(read_only=True).find_by_id(stamped.record_id)
    assert record is not None
    return record


def written(folder: Path, rgb: Pixels, kind: str = "PNG") -> Path:
    path = folder / f"query.{kind.lower()}"
    path.write_bytes(pictures.file(rgb, kind))
    return path


def framed(rgb: Pixels) -> Pixels:
    edge = SIDE // 8
    return copies.framed(rgb, top=edge, bottom=edge, left=edge, right=edge, level=255)


@pytest.mark.parametrize(
    ("copied", "kind", "crop", "orientation"),
    [
        (lambda rgb: rgb, "PNG", "whole", "upright"),
        (lambda rgb: copies.jpeg(rgb, 40), "PNG", "whole", "upright"),
        (lambda rgb: copies.resized(rgb, 0.5), "JPEG", "whole", "upright"),
        (lambda rgb: np.ascontiguousarray(rgb[:, ::-1]), "JPEG", "whole", "mirrored"),
        (framed, "PNG", "centre 80 %", "upright"),
    ],
    ids=["itself", "jpeg", "resized", "mirrored", "framed"],
)
def test_a_photograph_leads_to_the_edit_that_was_made_from_it(
    command: Command,
    ours: Workspace,
    edit: Record,
    tmp_path: Path,
    copied: Callable[[Pixels], Pixels],
    kind: str,
    crop: str,
    orientation: str,
) -> None:
    query = written(tmp_path, copied(photo()), kind)
    result = command("registry", "find", "--made-from", query, "-w", ours.path, "--jsonl")
    assert result.code == 0
    (row,) = result.rows
    assert row["record_id"] == edit.record_id
    assert (row["crop"], row["orientation"]) == (crop, orientation)
    assert 0 <= row["distance"] <= 31
    assert (
        "candidates within 31 bits: 1; parents of issued pictures searched: 1; similar, never proof"
        in result.err
    )


def test_a_candidate_is_named_by_every_id_and_no_file_name(
    command: Command, ours: Workspace, edit: Record, tmp_path: Path
) -> None:
    query = written(tmp_path, photo())
    result = command("registry", "find", "--made-from", query, "-w", ours.path, "--json")
    document = json.loads(result.out)
    assert edit.file is not None
    assert edit.issued_at is not None
    (row,) = document.pop("candidates")
    assert row == {
        "record_id": edit.record_id,
        "system": {"id": ours.system.id, "name": "a maker"},
        "mark_id": str(edit.mark_id),
        "manifest_id": edit.manifest_id,
        "state": "released",
        "issued_at": edit.issued_at.isoformat(),
        "sha256": edit.file.sha256,
        "similar_sha256": edit.file.parents[0].sha256,
        "relationship": "parentOf",
        "distance": 0,
        "crop": "whole",
        "orientation": "upright",
    }
    assert document["query"]["sha256"] == hashlib.sha256(query.read_bytes()).hexdigest()
    assert (document["query"]["find"], document["searched"], document["left_out"]) == (
        "made-from",
        1,
        0,
    )
    assert query.name not in result.out + result.err


def test_a_copy_of_an_issued_picture_leads_to_its_record(
    command: Command, ours: Workspace, edit: Record, tmp_path: Path
) -> None:
    query = written(tmp_path, pictures.sample("bottle.jpg", SIDE, SIDE, top=200, left=200), "JPEG")
    result = command("registry", "find", "--similar-to", query, "-w", ours.path)
    assert result.code == 0
    (line,) = result.out.splitlines()
    assert f"record {edit.record_id}  mark {edit.mark_id}  a maker (#" in line
    assert "parentOf" not in line


@pytest.mark.parametrize("option", ["--similar-to", "--made-from"])
def test_an_unrelated_photograph_finds_nothing(
    command: Command, ours: Workspace, edit: Record, tmp_path: Path, option: str
) -> None:
    query = written(tmp_path, pictures.sample("satellite.jpg", SIDE, SIDE))
    result = command("registry", "find", option, query, "-w", ours.path, "--within", "84")
    assert (result.code, result.out) == (1, "")
    assert "no similar picture known here within 84 bits; " in result.err
    assert (
        "issued pictures searched: 1; this says nothing about other crops and edits" in result.err
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--made-from", "{flat}"), "PDQ quality 0"),
        (("--made-from", "{good}", "--within", "85"), "85 bits"),
        (("--made-from", "{good}", "--similar-to", "{good}"), "use one of"),
        ((), "use one of"),
        (("--made-from", "{folder}"), "2 files"),
        (("--made-from", "{folder}/none.png"), "E_IO"),
    ],
)
def test_what_cannot_be_searched_for_is_refused(
    command: Command, ours: Workspace, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    good = written(tmp_path, pictures.crop())
    flat = tmp_path / "flat.png"
    flat.write_bytes(pictures.file(np.full((256, 256, 3), 99, np.uint8), "PNG"))
    filled = [argument.format(flat=flat, good=good, folder=tmp_path) for argument in arguments]
    result = command("registry", "find", "-w", ours.path, *filled)
    assert (result.code, result.out) == (2, "")
    assert says in result.err
