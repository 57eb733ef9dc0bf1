"""What the packages for other programs saved, as the command line sees it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image
from support import comfyui, pictures
from support.command import Command
from support.invokeai import Images, node_class
from support.webui import WebUi


def by_comfyui(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    host = comfyui.ComfyUi(folder, monkeypatch)
    (path,) = host.files(host.run("ProvenanceSave", images=comfyui.image(pictures.crop())))
    return path


def by_webui(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    host = WebUi(folder, monkeypatch)
    host.process(SimpleNamespace(init_images=None), [Image.fromarray(pictures.crop())])
    host.close()
    (path,) = folder.iterdir()
    return path


def by_invokeai(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    images = Images(folder)
    given = images.save(Image.fromarray(pictures.crop())).image_name
    node = node_class(monkeypatch)(image={"image_name": given})
    saved = node.invoke(SimpleNamespace(images=images)).image.image_name
    sys.modules["provenance_stamp.stamp"].STAMPING.close()
    return images.get_path(saved)


@pytest.mark.parametrize("host", [by_comfyui, by_webui, by_invokeai])
def test_what_a_host_saved_is_traced(
    command: Command,
    own_workspace: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    host: Callable[[Path, pytest.MonkeyPatch], Path],
) -> None:
    monkeypatch.setenv("PROVENANCE_PYTHON", sys.executable)
    monkeypatch.setenv("PROVENANCE_WORKSPACE", str(own_workspace))
    saved = host(tmp_path, monkeypatch)
    result = command("verify", "-w", own_workspace, "--jsonl", saved)
    assert result.code == 0
    assert result.rows[0]["verdict"] == "TRACED"
