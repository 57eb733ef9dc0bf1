"""A stand-in for the parts of ComfyUI that a node pack touches, after its interface of 2026.

A pack is a folder that is imported by path; a node is called with its inputs by name, under
`torch.inference_mode`; `folder_paths` says where files go.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

PACK = Path(__file__).parents[2] / "integrations" / "comfyui"


class ComfyUi:
    """One running host with the node pack loaded."""

    def __init__(self, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.output = output
        folder_paths = types.ModuleType("folder_paths")
        vars(folder_paths).update(
            get_output_directory=lambda: str(output), get_save_image_path=self._save_image_path
        )
        monkeypatch.setitem(sys.modules, "folder_paths", folder_paths)
        spec = importlib.util.spec_from_file_location("custom_nodes_pack", PACK / "__init__.py")
        assert spec is not None
        assert spec.loader is not None
        pack = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "custom_nodes_pack", pack)
        monkeypatch.delitem(sys.modules, "custom_nodes_pack.nodes", raising=False)
        spec.loader.exec_module(pack)
        self.nodes: dict[str, Any] = pack.NODE_CLASS_MAPPINGS
        self.names: dict[str, str] = pack.NODE_DISPLAY_NAME_MAPPINGS

    def run(self, name: str, **inputs: Any) -> Any:
        """Run one node with its defaults, and `inputs`."""
        node = self.nodes[name]
        declared = node.INPUT_TYPES()
        values = {key: _default(value) for key, value in declared["required"].items()}
        assert inputs.keys() <= values.keys() | declared.get("optional", {}).keys()
        with torch.inference_mode():
            return getattr(node(), node.FUNCTION)(**(values | inputs))

    def files(self, result: Any) -> list[Path]:
        """The files that the interface would show."""
        shown = result["ui"]["images"]
        assert all(item["type"] == "output" for item in shown)
        return [self.output / item["subfolder"] / item["filename"] for item in shown]

    @staticmethod
    def _save_image_path(
        filename_prefix: str, output_dir: str, image_width: int = 0, image_height: int = 0
    ) -> tuple[str, str, int, str, str]:
        prefix = Path(
            filename_prefix.replace("%width%", str(image_width)).replace(
                "%height%", str(image_height)
            )
        )
        folder = (Path(output_dir) / prefix.parent).resolve()
        if not folder.is_relative_to(Path(output_dir).resolve()):
            raise Exception("outside the output folder")  # noqa: TRY002 - as the host does
        folder.mkdir(parents=True, exist_ok=True)
        number = re.compile(re.escape(prefix.name) + r"_(\d+)_")
        taken = [int(m[1]) for path in folder.iterdir() if (m := number.match(path.name))]
        subfolder = "" if prefix.parent == Path() else str(prefix.parent)
        return str(folder), prefix.name, max(taken, default=0) + 1, subfolder, filename_prefix


def image(*pictures: npt.NDArray[np.uint8]) -> torch.Tensor:
    """Pictures as the host hands them on: IMAGE, as its own loader makes it."""
    return torch.from_numpy(np.stack(pictures).astype(np.float32) / 255.0)


def bytes_again(images: torch.Tensor) -> npt.NDArray[np.uint8]:
    """What the host's own save node makes of an IMAGE."""
    return np.clip(255.0 * images.cpu().numpy(), 0, 255).astype(np.uint8)


def _default(declared: tuple[Any, ...]) -> Any:
    kind, options = declared[0], declared[1] if len(declared) > 1 else {}
    return options.get("default", kind[0] if isinstance(kind, list) else None)
