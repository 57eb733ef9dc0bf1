"""The extension in a host that swallows what callbacks raise."""

from __future__ import annotations

import errno
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image, ImageOps
from support import pictures
from support.webui import WebUi

from provenance import Verdict, Workspace
from provenance.model.generation import Relationship


@pytest.fixture
def host(tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebUi]:
    monkeypatch.setenv("PROVENANCE_PYTHON", sys.executable)
    monkeypatch.setenv("PROVENANCE_WORKSPACE", str(workspace.path))
    folder = tmp_path / "outputs"
    folder.mkdir()
    running = WebUi(folder, monkeypatch)
    yield running
    running.close()


def generated(top: int = 0, *, size: int = 256) -> Image.Image:
    return Image.fromarray(pictures.crop(size, size, top=top))


def photograph(*, size: int = 256) -> Image.Image:
    return Image.fromarray(pictures.sample("camera.png", size, size))


def txt2img() -> SimpleNamespace:
    return SimpleNamespace(init_images=None)


def traced(workspace: Workspace, data: bytes | Path) -> Any:
    report = workspace.verifier().verify(data)
    assert report.verdict is Verdict.TRACED, report.reasons
    return report


def recorded(workspace: Workspace, saved: Path) -> Any:
    traced(workspace, saved)
    sha256 = hashlib.sha256(saved.read_bytes()).hexdigest()
    (record,) = workspace.store(read_only=True).find_by_sha256(sha256)
    return record


@pytest.mark.parametrize("extension", ["png", "jpg", "webp"])
def test_what_is_saved_shown_and_sent_is_one_file(
    host: WebUi, workspace: Workspace, extension: str
) -> None:
    host.opts.samples_format = extension
    (image,) = host.process(txt2img(), [generated()])
    (saved,) = host.folder.iterdir()
    traced(workspace, saved)
    assert b"private" not in saved.read_bytes()
    assert host.gallery_image(image) == saved
    assert host.api_image(image) == saved.read_bytes()
    assert host.reported == []


def test_what_is_only_sent_or_shown_is_stamped(host: WebUi, workspace: Workspace) -> None:
    sent, shown = host.process(txt2img(), [generated(), generated(100)], save=False)
    assert list(host.folder.iterdir()) == []
    assert b"private" not in host.api_image(sent)
    traced(workspace, host.api_image(sent))
    traced(workspace, host.gallery_image(shown))


def test_the_save_button_writes_the_same_file_again(host: WebUi, workspace: Workspace) -> None:
    (image,) = host.process(txt2img(), [generated()], save=False)
    shown = host.gallery_image(image)
    again = host.save_button(shown)
    assert again.read_bytes() == shown.read_bytes()
    other = traced(workspace, host.save_button(shown, extension="jpg"))
    (parent,) = other.evidence.manifest.ingredients
    assert parent.manifest_id == traced(workspace, shown).evidence.manifest.manifest_id


def test_a_grid_is_a_picture_of_its_own(host: WebUi, workspace: Workspace) -> None:
    grid = Image.new("RGB", (512, 256))
    for index, image in enumerate(host.process(txt2img(), [generated(), generated(100)])):
        grid.paste(image, (256 * index, 0))
    traced(workspace, host.save_image(grid, p=txt2img(), name="grid"))


def test_the_large_picture_beside_a_png_is_stamped_too(host: WebUi, workspace: Workspace) -> None:
    host.opts.export_for_4chan = True
    host.process(txt2img(), [generated(size=512)])
    small, large = sorted(host.folder.iterdir())
    assert (large.suffix, small.suffix) == (".png", ".jpg")
    traced(workspace, large)
    traced(workspace, small)


@pytest.mark.parametrize(("mask", "operation"), [(None, "redraw"), ("mask", "inpaint")])
def test_image_to_image_names_its_source(
    host: WebUi, workspace: Workspace, mask: str | None, operation: str
) -> None:
    source = photograph()
    p = SimpleNamespace(init_images=[source], image_mask=mask and Image.new("L", source.size, 255))
    host.process(p, [generated()])
    (saved,) = host.folder.iterdir()
    record = recorded(workspace, saved)
    assert [item.relationship for item in record.file.parents] == [Relationship.PARENT_OF]
    assert [item.value for item in record.generation.operations] == [operation]


def test_an_issued_source_keeps_its_manifest(host: WebUi, workspace: Workspace) -> None:
    (first,) = host.process(txt2img(), [generated()], save=False)
    shown = host.gallery_image(first)
    with Image.open(shown) as source:
        source.load()
        host.process(SimpleNamespace(init_images=[source], image_mask=None), [generated(100)])
    edited = traced(workspace, next(path for path in host.folder.iterdir() if path != shown))
    (parent,) = [item for item in edited.evidence.manifest.ingredients if item.depth == 1]
    assert parent.manifest_id == traced(workspace, shown).evidence.manifest.manifest_id


def test_an_uploaded_source_that_the_host_keeps_is_not_called_generated(host: WebUi) -> None:
    source = photograph()
    host.always_on.before_process(SimpleNamespace(init_images=[source]))
    kept = host.save_image(source, name="init")
    with Image.open(kept) as image:
        assert image.tobytes() == source.tobytes()
    assert b"c2pa" not in kept.read_bytes()
    assert host.reported == []


def test_extras_name_their_source(host: WebUi, workspace: Workspace) -> None:
    saved = host.extras(
        photograph(),
        lambda image: image.resize((512, 512)),
    )
    record = recorded(workspace, saved)
    assert [item.relationship for item in record.file.parents] == [Relationship.PARENT_OF]


# --- what cannot be stamped does not go out ----------------------------------------


def test_a_tiny_picture_is_refused(host: WebUi) -> None:
    tiny = Image.new("RGB", (16, 16))
    for way_out in (host.save_image, host.api_image, host.gallery_image):
        with pytest.raises(RuntimeError, match="E_LIMIT"):
            way_out(tiny)
    assert [path for path in host.folder.iterdir() if path.stat().st_size] == []


def test_a_picture_of_sixteen_bits_is_refused(host: WebUi) -> None:
    with pytest.raises(RuntimeError, match="mode I;16"):
        host.save_image(Image.new("I;16", (256, 256)), p=txt2img())
    assert list(host.folder.iterdir()) == []


def test_a_format_without_a_manifest_is_refused(host: WebUi) -> None:
    with pytest.raises(RuntimeError, match="GIF is not written"):
        host.save_image(generated(), p=txt2img(), extension="gif")
    assert list(host.folder.iterdir()) == []


def test_a_stamping_process_that_dies_is_refused_and_started_again(
    host: WebUi, workspace: Workspace
) -> None:
    host.script.STAMPING._process.kill()
    host.script.STAMPING._process.wait()
    traced(workspace, host.save_image(generated(), p=txt2img()))  # started again
    command, host.script.STAMPING._command = host.script.STAMPING._command, ("/nonexistent",)
    host.script.STAMPING.close()
    with pytest.raises(RuntimeError, match="cannot run"):
        host.api_image(generated(100))
    host.script.STAMPING._command = command


def test_a_stamped_picture_of_unknown_origin_is_refused(host: WebUi) -> None:
    (image,) = host.process(txt2img(), [generated()], save=False)
    shown = host.gallery_image(image)
    host.script.EXITS._issued.clear()  # the host was started again
    with pytest.raises(RuntimeError, match="E_STAMPED"):
        host.save_button(shown)
    assert list(host.folder.iterdir()) == [shown]


def test_a_full_disk_leaves_no_part_of_a_file(host: WebUi, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        with path.open("wb") as file:
            file.write(data[:100])
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        host.save_image(generated(), p=txt2img())
    assert list(host.folder.iterdir()) == []


def test_a_defect_before_saving_stops_the_picture(
    host: WebUi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(host.script.EXITS, "outgoing", broken)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        host.save_image(generated(), p=txt2img())
    assert list(host.folder.iterdir()) == []


def test_another_extension_that_changes_the_picture_loses_the_file(host: WebUi) -> None:
    host.before.append(lambda params: setattr(params, "image", generated(100)))
    assert not host.save_image(generated(), p=txt2img()).exists()
    assert ["removed" in str(error) for error in host.reported] == [True]


def test_another_extension_that_changes_the_stamped_picture_stamps_its_own(
    host: WebUi, workspace: Workspace
) -> None:
    host.before.append(lambda params: setattr(params, "image", ImageOps.mirror(params.image)))
    traced(workspace, host.save_image(generated(), p=txt2img()))


def test_another_extension_that_changes_the_file_loses_it(host: WebUi) -> None:
    host.after.insert(0, lambda params: Path(params.filename).write_bytes(b"changed"))
    assert not host.save_image(generated(), p=txt2img()).exists()


def test_live_previews_are_off(host: WebUi) -> None:
    assert host.opts.data["live_previews_enable"] is False
    host.opts.data["live_previews_enable"] = True  # somebody turned them on
    host.process(txt2img(), [])
    assert host.opts.data["live_previews_enable"] is False


@pytest.mark.parametrize("missing", ["PROVENANCE_PYTHON", "PROVENANCE_WORKSPACE"])
def test_the_host_ends_where_it_could_not_stamp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setenv("PROVENANCE_PYTHON", sys.executable)
    monkeypatch.setenv("PROVENANCE_WORKSPACE", str(tmp_path))
    monkeypatch.delenv(missing)
    with pytest.raises(SystemExit, match=f"would not be stamped, so this ends.*{missing}"):
        WebUi(tmp_path, monkeypatch)


def test_the_host_ends_where_there_is_no_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVENANCE_PYTHON", sys.executable)
    monkeypatch.setenv("PROVENANCE_WORKSPACE", str(tmp_path))
    with pytest.raises(SystemExit, match="E_CONFIG"):
        WebUi(tmp_path, monkeypatch)
