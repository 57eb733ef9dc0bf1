"""The nodes in a host that calls them as ComfyUI does."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from support import comfyui, pictures
from support.comfyui import ComfyUi

from provenance import ProvenanceError, Verdict, Workspace
from provenance.imaging import load
from provenance.model.generation import Record, RecordState, Relationship

A, B = pictures.crop(256, 256), pictures.crop(256, 256, top=200)


@pytest.fixture
def host(tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> ComfyUi:
    monkeypatch.setenv("PROVENANCE_WORKSPACE", str(workspace.path))
    return ComfyUi(tmp_path, monkeypatch)


def record_of(workspace: Workspace, path: Path) -> Record:
    report = workspace.verifier().verify(path)
    assert report.verdict is Verdict.TRACED, report.reasons
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    (record,) = workspace.store(read_only=True).find_by_sha256(sha256)
    assert record.state is RecordState.RELEASED
    return record


def test_the_nodes_have_names(host: ComfyUi) -> None:
    assert host.names == {
        "ProvenanceMark": "Mark (provenance)",
        "ProvenanceSave": "Save (stamped)",
    }


def test_a_batch_is_saved_under_the_hosts_names(host: ComfyUi, workspace: Workspace) -> None:
    prefix = "renders/cat_%batch_num%_%width%"
    result = host.run("ProvenanceSave", images=comfyui.image(A, B), filename_prefix=prefix)
    files = host.files(result)
    assert [path.name for path in files] == ["cat_0_256_00001_.png", "cat_1_256_00002_.png"]
    assert {item["subfolder"] for item in result["ui"]["images"]} == {"renders"}
    records = {record_of(workspace, path).record_id for path in files}
    assert len(records) == 2
    assert sorted((host.output / "renders").iterdir()) == files


@pytest.mark.parametrize("name", ["png", "webp-lossless", "jpeg", "webp"])
def test_every_format_is_traced(host: ComfyUi, workspace: Workspace, name: str) -> None:
    (path,) = host.files(
        host.run("ProvenanceSave", images=comfyui.image(A), format=name, model="m-1")
    )
    assert record_of(workspace, path).generation.model == "m-1"


def test_numbers_go_on(host: ComfyUi) -> None:
    first, second = (
        host.files(host.run("ProvenanceSave", images=comfyui.image(picture)))[0].name
        for picture in (A, B)
    )
    assert (first, second) == ("ComfyUI_00001_.png", "ComfyUI_00002_.png")


def test_nothing_of_the_workflow_is_asked_for(host: ComfyUi) -> None:
    for node in host.nodes.values():
        assert "hidden" not in node.INPUT_TYPES()


def test_a_source_is_the_parent(host: ComfyUi, workspace: Workspace) -> None:
    result = host.run(
        "ProvenanceSave", images=comfyui.image(A, A), source=comfyui.image(B), edit="inpaint"
    )
    for path in host.files(result):
        record = record_of(workspace, path)
        assert record.file is not None
        assert [item.relationship for item in record.file.parents] == [Relationship.PARENT_OF]
        assert [item.value for item in record.generation.operations] == ["inpaint"]


def test_marked_pictures_are_signed(host: ComfyUi, workspace: Workspace) -> None:
    (marked,) = host.run("ProvenanceMark", images=comfyui.image(A, B), model="m-2")
    assert marked.dtype == torch.float32
    assert tuple(marked.shape) == (2, 256, 256, 3)
    files = host.files(host.run("ProvenanceSave", images=marked, marked=True))
    for path, pixels in zip(files, comfyui.bytes_again(marked), strict=True):
        assert record_of(workspace, path).generation.model == "m-2"
        assert np.array_equal(load(path.read_bytes()).rgb, pixels)


def test_a_marked_edit_is_signed_with_its_source(host: ComfyUi, workspace: Workspace) -> None:
    (marked,) = host.run(
        "ProvenanceMark", images=comfyui.image(A), source=comfyui.image(B), edit="redraw"
    )
    with pytest.raises(ProvenanceError):
        host.run("ProvenanceSave", images=marked, marked=True)
    (path,) = host.files(
        host.run("ProvenanceSave", images=marked, marked=True, source=comfyui.image(B))
    )
    record = record_of(workspace, path)
    assert record.file is not None
    assert len(record.file.parents) == 1


def test_marking_is_never_cached(host: ComfyUi) -> None:
    now = host.nodes["ProvenanceMark"].IS_CHANGED(images=None)
    assert now != now


def test_every_byte_survives_the_hosts_own_arithmetic() -> None:
    every = np.arange(256, dtype=np.uint8)
    given = torch.from_numpy(every.astype(np.float32) / np.float32(255))
    assert np.array_equal(comfyui.bytes_again(given), every)


# --- refused -----------------------------------------------------------------------


def bad(**change: float) -> torch.Tensor:
    values = comfyui.image(B)
    values[0, 5, 5, 0] = change["value"]
    return values


@pytest.mark.parametrize(
    ("images", "message"),
    [
        pytest.param(comfyui.image(A)[0], "no IMAGE", id="no-batch"),
        pytest.param(comfyui.image(A).movedim(3, 1), "no IMAGE", id="channels-first"),
        pytest.param(comfyui.image(A)[:0], "no IMAGE", id="empty"),
        pytest.param(bad(value=float("nan")), "no numbers", id="nan"),
        pytest.param(bad(value=float("inf")), "no numbers", id="infinite"),
        pytest.param(comfyui.image(A) * 255, "IMAGE is 0 to 1", id="bytes-as-floats"),
        pytest.param(comfyui.image(A) * 2 - 1, "IMAGE is 0 to 1", id="signed"),
        pytest.param(comfyui.image(A[:16, :16]), "too few", id="tiny"),
    ],
)
def test_what_is_no_picture_is_refused(host: ComfyUi, images: torch.Tensor, message: str) -> None:
    with pytest.raises(ProvenanceError, match=message):
        host.run("ProvenanceSave", images=images)
    assert list(host.output.rglob("*.png")) == []


def test_an_overshoot_of_a_filter_is_cut_off_as_the_host_does(host: ComfyUi) -> None:
    images = comfyui.image(A) * 1.2 - 0.1
    (path,) = host.files(host.run("ProvenanceSave", images=images))
    difference = load(path.read_bytes()).rgb.astype(int) - comfyui.bytes_again(images)[0]
    assert abs(difference).mean() < 5


def test_one_that_fails_stops_the_batch(host: ComfyUi) -> None:
    flat = np.full((256, 256, 4), 0, np.uint8)  # fully transparent
    seen = np.dstack([A, np.full((256, 256), 255, np.uint8)])
    with pytest.raises(ProvenanceError, match="nothing visible"):
        host.run("ProvenanceSave", images=comfyui.image(seen, flat))
    assert list(host.output.iterdir()) == []


def test_a_file_that_cannot_be_written_takes_the_others_with_it(host: ComfyUi) -> None:
    (host.output / "x_00002_.png").mkdir()  # after the numbers were given out
    place = ComfyUi._save_image_path
    folder, name, _, subfolder, prefix = place("x", str(host.output))
    import folder_paths

    folder_paths.get_save_image_path = lambda *_: (folder, name, 1, subfolder, prefix)
    with pytest.raises(ProvenanceError, match="exists already"):
        host.run("ProvenanceSave", images=comfyui.image(A, B), filename_prefix="x")
    assert [path.name for path in host.output.iterdir()] == ["x_00002_.png"]


@pytest.mark.parametrize("node", ["ProvenanceMark", "ProvenanceSave"])
def test_an_edit_of_nothing_is_refused(host: ComfyUi, node: str) -> None:
    with pytest.raises(ProvenanceError, match="inpaint needs a source"):
        host.run(node, images=comfyui.image(A), edit="inpaint")


def test_three_pictures_have_one_source_or_three(host: ComfyUi) -> None:
    with pytest.raises(ProvenanceError, match="2 sources for 3 pictures"):
        host.run("ProvenanceSave", images=comfyui.image(A, A, A), source=comfyui.image(B, B))


def test_unmarked_pictures_are_not_signed(host: ComfyUi) -> None:
    with pytest.raises(ProvenanceError):
        host.run("ProvenanceSave", images=comfyui.image(A), marked=True)
    assert list(host.output.iterdir()) == []


def test_marked_pictures_are_not_stamped_again(host: ComfyUi) -> None:
    (marked,) = host.run("ProvenanceMark", images=comfyui.image(A))
    with pytest.raises(ProvenanceError) as refused:
        host.run("ProvenanceSave", images=marked)
    assert refused.value.code == "E_STAMPED"
    assert list(host.output.iterdir()) == []


def test_the_pack_does_not_load_without_a_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PROVENANCE_WORKSPACE", raising=False)
    with pytest.raises(ProvenanceError, match="PROVENANCE_WORKSPACE"):
        ComfyUi(tmp_path, monkeypatch)
