"""A stand-in for the parts of InvokeAI 6.14 that a node touches, after its interface.

Pictures are kept as PNG under names of the host's; one that is saved gets a thumbnail, and is
handed out again from memory. A save that fails leaves no file.
"""

from __future__ import annotations

import importlib.util
import sys
import types
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image, PngImagePlugin
from pydantic import BaseModel, Field

PACK = Path(__file__).parents[2] / "integrations" / "invokeai" / "provenance_stamp"


class ImageField(BaseModel):
    image_name: str


class ImageOutput(BaseModel):
    image: ImageField
    width: int
    height: int

    @classmethod
    def build(cls, image_dto: Any) -> ImageOutput:
        field = ImageField(image_name=image_dto.image_name)
        return cls(image=field, width=image_dto.width, height=image_dto.height)


class With(BaseModel):
    """`BaseInvocation`, `WithMetadata` and `WithBoard`, as far as a node sees them."""


class Images:
    """`InvocationContext.images`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept: dict[str, Image.Image] = {}
        (folder / "thumbnails").mkdir()

    def get_path(self, image_name: str, thumbnail: bool = False) -> Path:
        if thumbnail:
            return (self.folder / "thumbnails" / image_name).with_suffix(".webp")
        return self.folder / image_name

    def get_pil(self, image_name: str, mode: Any = None) -> Image.Image:
        return self.kept[image_name].copy()

    def save(self, image: Image.Image) -> Any:
        name = f"{uuid.uuid4()}.png"
        paths = self.get_path(name), self.get_path(name, thumbnail=True)
        try:
            thumbnail = image.convert("RGB")
            thumbnail.thumbnail((256, 256))
            text = PngImagePlugin.PngInfo()
            text.add_text("invokeai_workflow", "a workflow that is private")
            image.info = {"invokeai_workflow": "a workflow that is private"}
            image.save(paths[0], "PNG", pnginfo=text, compress_level=1)
            thumbnail.save(paths[1])
        except Exception:
            for path in paths:
                path.unlink(missing_ok=True)
            raise
        self.kept[name] = image
        return SimpleNamespace(image_name=name, width=image.width, height=image.height)


def node_class(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The node, loaded as the host loads a pack."""
    api = types.ModuleType("invokeai.invocation_api")
    vars(api).update(
        BaseInvocation=With,
        WithMetadata=type("WithMetadata", (BaseModel,), {}),
        WithBoard=type("WithBoard", (BaseModel,), {}),
        ImageField=ImageField,
        ImageOutput=ImageOutput,
        InputField=Field,
        InvocationContext=object,
        invocation=lambda *_, **__: lambda node: node,
    )
    monkeypatch.setitem(sys.modules, "invokeai", types.ModuleType("invokeai"))
    monkeypatch.setitem(sys.modules, "invokeai.invocation_api", api)
    for name in [*sys.modules]:
        if name.startswith(("provenance_outside", "provenance_stamp")):
            monkeypatch.delitem(sys.modules, name)
    spec = importlib.util.spec_from_file_location("provenance_stamp", PACK / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    pack = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "provenance_stamp", pack)
    spec.loader.exec_module(pack)
    return pack.ProvenanceStampInvocation
