"""A stand-in for the parts of AUTOMATIC1111 1.10 and Forge that the extension touches.

Written from their interfaces: names, signatures and what they do with exceptions. A callback that
raises is reported and forgotten; a picture is written beside its name and then renamed; JPEG gets
the prompt after it was written; a large picture gets a JPEG beside it.
"""

from __future__ import annotations

import base64
import importlib.util
import io
import sys
import tempfile
import types
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

SCRIPT = Path(__file__).parents[2] / "integrations" / "a1111" / "scripts" / "provenance_stamp.py"


class ImageSaveParams:
    def __init__(self, image: Any, p: Any, filename: str, pnginfo: dict[str, Any]) -> None:
        self.image, self.p, self.filename, self.pnginfo = image, p, filename, pnginfo


class Script:
    """`modules.scripts.Script`."""


class ScriptPostprocessing:
    """`modules.scripts_postprocessing.ScriptPostprocessing`."""


class WebUi:
    """One running host with the extension loaded."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.reported: list[BaseException] = []
        self.before: list[Callable[[ImageSaveParams], None]] = []
        self.after: list[Callable[[ImageSaveParams], None]] = []
        self.opts = SimpleNamespace(
            samples_format="png",
            jpeg_quality=90,
            webp_lossless=False,
            enable_pnginfo=True,
            save_txt=False,
            export_for_4chan=False,
            sd_model_checkpoint="dreams_v3.safetensors [0123abcd]",
            data={"live_previews_enable": True},
        )
        for name, module in self._modules().items():
            monkeypatch.setitem(sys.modules, name, module)
        for name in [name for name in sys.modules if name.startswith("provenance_outside")]:
            monkeypatch.delitem(sys.modules, name)
        self._count = 0
        spec = importlib.util.spec_from_file_location("provenance_stamp.py", SCRIPT)
        assert spec is not None
        assert spec.loader is not None
        self.script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.script)
        self.always_on = self.script.ProvenanceStamp()
        self.extras_script = self.script.ProvenanceSource()

    def close(self) -> None:
        self.script.STAMPING.close()

    # --- what the host does --------------------------------------------------------

    def process(self, p: Any, made: list[Image.Image], *, save: bool = True) -> list[Image.Image]:
        """`process_images`, from the moment at which there are pixels."""
        self._caught(lambda: self.always_on.before_process(p))
        for image in made:
            if save:
                self.save_image(image, p=p, info="a prompt that is private")
            image.info["parameters"] = "a prompt that is private"
        processed = SimpleNamespace(images=made)
        self._caught(lambda: self.always_on.postprocess(p, processed))
        return processed.images

    def save_image(
        self,
        image: Any,
        *,
        p: Any = None,
        info: str | None = None,
        extension: str | None = None,
        name: str = "",
    ) -> Path:
        """`modules.images.save_image`."""
        self._count += 1
        extension = extension or self.opts.samples_format
        path = str(self.folder / f"{name or format(self._count, '05')}.{extension}")
        params = ImageSaveParams(image, p, path, {} if info is None else {"parameters": info})
        for callback in self.before:
            self._caught(lambda call=callback: call(params))
        image, info = params.image, params.pnginfo.get("parameters")
        extension = Path(params.filename).suffix
        base = params.filename.removesuffix(extension)
        self._write(image, base, extension, info, params.pnginfo)
        image.already_saved_as = params.filename
        if self.opts.export_for_4chan:
            image = image.resize((image.width // 2, image.height // 2))
            self._caught(lambda: self._write(image, base + "-small", ".jpg", info, params.pnginfo))
        if self.opts.save_txt and info is not None:
            Path(base + ".txt").write_text(info, encoding="utf8")
        for callback in self.after:
            self._caught(lambda call=callback: call(params))
        return Path(params.filename)

    def api_image(self, image: Image.Image) -> bytes:
        """One image of the answer of `/sdapi/v1/txt2img`."""
        return base64.b64decode(sys.modules["modules.api.api"].encode_pil_to_base64(image))

    def gallery_image(self, image: Image.Image) -> Path:
        """The file that the browser is given."""
        component = sys.modules["gradio"].components.IOComponent()
        return Path(component.pil_to_temp_file(image, str(self.folder)).partition("?")[0])

    def save_button(self, shown: Path, extension: str | None = None) -> Path:
        """The host reads the file that the browser shows, and saves it under another name."""
        with Image.open(shown) as image:
            image.load()
            return self.save_image(image, p=SimpleNamespace(all_seeds=[1]), extension=extension)

    def extras(self, image: Image.Image, change: Callable[[Image.Image], Image.Image]) -> Path:
        pp = SimpleNamespace(image=image.convert("RGB"))
        self.extras_script.process(pp)
        return self.save_image(change(pp.image))

    # --- its modules ---------------------------------------------------------------

    def _modules(self) -> dict[str, types.ModuleType]:
        component = type("IOComponent", (), {"pil_to_temp_file": self._save_pil_to_file})
        modules = {
            "modules": {},
            "modules.script_callbacks": {
                "on_before_image_saved": self.before.append,
                "on_image_saved": self.after.append,
            },
            "modules.scripts": {"Script": Script, "AlwaysVisible": object()},
            "modules.scripts_postprocessing": {"ScriptPostprocessing": ScriptPostprocessing},
            "modules.shared": {"opts": self.opts},
            "modules.ui_tempdir": {"save_pil_to_file": self._save_pil_to_file},
            "modules.api": {},
            "modules.api.api": {"encode_pil_to_base64": self._encode_pil_to_base64},
            "gradio": {"components": SimpleNamespace(IOComponent=component)},
        }
        made = {name: types.ModuleType(name) for name in modules}
        for name, names in modules.items():
            vars(made[name]).update(names)
            parent, _, child = name.rpartition(".")
            if parent:
                setattr(made[parent], child, made[name])
        return made

    def _caught(self, call: Callable[[], object]) -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001 - as the host does
            self.reported.append(error)

    def _write(
        self, image: Any, base: str, extension: str, info: str | None, pnginfo: dict[str, Any]
    ) -> None:
        aside = base + ".tmp"
        if extension == ".png":
            text = PngImagePlugin.PngInfo()
            for key, value in {**pnginfo, "parameters": info}.items():
                text.add_text(key, str(value))
            image.save(aside, format="PNG", quality=self.opts.jpeg_quality, pnginfo=text)
        elif extension in (".jpg", ".jpeg", ".webp"):
            if image.mode == "RGBA":
                image = image.convert("RGB")
            kind = "WEBP" if extension == ".webp" else "JPEG"
            quality, lossless = self.opts.jpeg_quality, self.opts.webp_lossless
            image.save(aside, format=kind, quality=quality, lossless=lossless)
            if info is not None:  # piexif.insert
                Path(aside).write_bytes(Path(aside).read_bytes() + info.encode())
        else:
            image.save(aside, format=extension.lstrip(".").upper())
        Path(aside).replace(base + extension)

    def _encode_pil_to_base64(self, image: Any) -> bytes:
        with io.BytesIO() as output:
            if self.opts.samples_format == "png":
                metadata = PngImagePlugin.PngInfo()
                for key, value in image.info.items():
                    if isinstance(key, str) and isinstance(value, str):
                        metadata.add_text(key, value)
                image.save(output, format="PNG", pnginfo=metadata, quality=self.opts.jpeg_quality)
            else:
                kind = {"jpg": "JPEG", "webp": "WEBP"}[self.opts.samples_format]
                image.save(output, format=kind, exif=b"", quality=self.opts.jpeg_quality)
            return base64.b64encode(output.getvalue())

    @staticmethod
    def _save_pil_to_file(
        component: object,
        pil_image: Any,
        dir: str | None = None,  # noqa: A002
        format: str = "png",  # noqa: A002
    ) -> str:
        saved = getattr(pil_image, "already_saved_as", None)
        if saved and Path(saved).is_file():
            return f"{saved}?{Path(saved).stat().st_mtime}"
        with tempfile.NamedTemporaryFile(delete=False, suffix=".png", dir=dir) as file:
            pil_image.save(file, pnginfo=PngImagePlugin.PngInfo())
        return file.name
