"""The node in a host that writes its pictures itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from support import pictures
from support.invokeai import Images, node_class

from provenance import Verdict, Workspace
from provenance.imaging import Encoding, Metadata, encode


class Host:
    """A running host with the node pack loaded."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.images = Images(folder)
        self.node = node_class(monkeypatch)

    def stamp(self, image: str, **fields: Any) -> Path:
        node = self.node(image={"image_name": image}, **fields)
        output = node.invoke(SimpleNamespace(images=self.images))
        return self.images.get_path(output.image.image_name)

    def keep(self, picture: Image.Image) -> str:
        return str(self.images.save(picture).image_name)

    @property
    def files(self) -> set[Path]:
        return {path for path in self.images.folder.rglob("*") if path.is_file()}


@pytest.fixture
def host(tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.setenv("PROVENANCE_PYTHON", sys.executable)
    monkeypatch.setenv("PROVENANCE_WORKSPACE", str(workspace.path))
    running = Host(tmp_path, monkeypatch)
    yield running
    sys.modules["provenance_stamp.stamp"].STAMPING.close()


def generated() -> Image.Image:
    return Image.fromarray(pictures.crop())


def traced(workspace: Workspace, path: Path) -> Any:
    report = workspace.verifier().verify(path)
    assert report.verdict is Verdict.TRACED, report.reasons
    return report


def test_what_the_host_saved_is_the_stamped_file(host: Host, workspace: Workspace) -> None:
    saved = host.stamp(host.keep(generated()), model="sdxl-base")
    assert traced(workspace, saved).evidence.manifest.generation.model == "sdxl-base"
    assert b"private" not in saved.read_bytes()
    with Image.open(saved) as image:
        kept = host.images.get_pil(saved.name)
        assert type(kept) is Image.Image
        assert kept.tobytes() == image.convert(kept.mode).tobytes()


def test_a_stamped_source_keeps_its_manifest(host: Host, workspace: Workspace) -> None:
    first = host.stamp(host.keep(generated()))
    second = host.stamp(
        host.keep(Image.fromarray(pictures.crop(top=200))),
        source={"image_name": first.name},
        edit="redraw",
    )
    (parent,) = [
        item for item in traced(workspace, second).evidence.manifest.ingredients if item.depth == 1
    ]
    assert parent.manifest_id == traced(workspace, first).evidence.manifest.manifest_id


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        pytest.param(Image.new("RGB", (16, 16)), "E_LIMIT", id="tiny"),
        pytest.param(Image.new("I;16", (256, 256)), "mode I;16", id="sixteen-bits"),
        pytest.param(Image.new("RGBA", (256, 256)), "nothing visible", id="transparent"),
    ],
)
def test_what_cannot_be_stamped_is_not_kept(host: Host, picture: Image.Image, message: str) -> None:
    host.images.kept["given.png"] = picture
    with pytest.raises(RuntimeError, match=message):
        host.stamp("given.png")
    assert host.files == set()


def test_a_stamped_picture_without_a_source_is_refused(host: Host) -> None:
    stamped = host.stamp(host.keep(generated()))
    before = host.files
    with pytest.raises(RuntimeError, match="E_STAMPED"):
        host.stamp(stamped.name)
    assert host.files == before


def test_a_host_that_writes_something_else_loses_the_file(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = host.keep(generated())
    before, save = host.files, host.images.save
    monkeypatch.setattr(host.images, "save", lambda image: save(image.convert("RGB")))
    with pytest.raises(RuntimeError, match="is removed"):
        host.stamp(name)
    assert [path.suffix for path in host.files - before] == [".webp"]  # only its thumbnail


def test_another_format_is_refused(host: Host, tmp_path: Path) -> None:
    outside = sys.modules["provenance_outside.invokeai"]
    data = encode(pictures.crop(), None, Encoding.parse("png"), Metadata())
    picture = outside.StampedPicture.of(data)
    with pytest.raises(RuntimeError, match="stamped as PNG, not as JPEG"):
        picture.save(tmp_path / "x.jpg", "JPEG")
    assert not (tmp_path / "x.jpg").exists()
    assert type(picture.rotate(90)) is Image.Image


def test_the_pack_does_not_load_where_nothing_stamps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROVENANCE_PYTHON", raising=False)
    with pytest.raises(RuntimeError, match="set PROVENANCE_PYTHON"):
        node_class(monkeypatch)


def test_an_installation_without_this_library_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho No module named provenance >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setenv("PROVENANCE_PYTHON", str(python))
    with pytest.raises(RuntimeError, match=r"has no provenance\.integrations: No module"):
        node_class(monkeypatch)
