"""The nodes. Without a workspace they do not load, and workflows that use them do not run."""

import os
from pathlib import Path

import folder_paths
import torch

from provenance import Encoding, ProvenanceError, Workspace
from provenance.integrations import comfyui

if not os.environ.get("PROVENANCE_WORKSPACE"):
    raise ProvenanceError("set PROVENANCE_WORKSPACE to the workspace of this system")
STAMPER = Workspace.open(os.environ["PROVENANCE_WORKSPACE"]).stamper()

_IMAGES = ("IMAGE", {"tooltip": "The finished pictures."})
_MODEL = ("STRING", {"default": "ComfyUI", "tooltip": "What made them; no prompt, no account."})
_EDIT = (list(comfyui.EDITS), {"tooltip": "What was done to the source, for an edit."})
_SOURCE = ("IMAGE", {"tooltip": "What they were made from, for an edit: one, or one for each."})


class ProvenanceMark:
    """Puts the mark into the pixels. The record waits an hour for "Save (stamped)" to sign it."""

    CATEGORY = "image/provenance"
    DESCRIPTION = __doc__
    FUNCTION = "mark"
    RETURN_TYPES = ("IMAGE",)

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {"images": _IMAGES, "model": _MODEL, "edit": _EDIT},
            "optional": {"source": _SOURCE},
        }

    @classmethod
    def IS_CHANGED(cls, **_):
        """Never cached: a picture that was marked can be signed once."""
        return float("nan")

    def mark(self, images, model, edit, source=None):
        made = comfyui.generation(model, edit, source)
        return (torch.from_numpy(comfyui.mark(STAMPER, images, made, source=source)),)


class ProvenanceSave:
    """Stamps the pictures, or signs those that "Mark" marked, and saves them; all or none.

    The prompt and the workflow are not written into the files.
    """

    CATEGORY = "image/provenance"
    DESCRIPTION = __doc__
    FUNCTION = "save"
    RETURN_TYPES = ()
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "images": _IMAGES,
                "filename_prefix": ("STRING", {"default": "ComfyUI"}),
                "model": _MODEL,
                "format": (list(comfyui.FORMATS),),
                "edit": _EDIT,
                "marked": (
                    "BOOLEAN",
                    {"default": False, "tooltip": 'They come from "Mark", unchanged.'},
                ),
            },
            "optional": {"source": _SOURCE},
        }

    def save(self, images, filename_prefix, model, format, edit, marked, source=None):
        made = comfyui.generation(model, edit, source)
        height, width = images.shape[1:3]
        folder, filename, counter, subfolder, _ = folder_paths.get_save_image_path(
            filename_prefix, folder_paths.get_output_directory(), width, height
        )
        files = comfyui.save(
            STAMPER,
            images,
            made,
            comfyui.Place(folder=Path(folder), filename=filename, counter=counter),
            encoding=Encoding.parse(format),
            marked=marked,
            source=source,
        )
        shown = [{"filename": p.name, "subfolder": subfolder, "type": "output"} for p in files]
        return {"ui": {"images": shown}}


NODE_CLASS_MAPPINGS = {"ProvenanceMark": ProvenanceMark, "ProvenanceSave": ProvenanceSave}
NODE_DISPLAY_NAME_MAPPINGS = {
    "ProvenanceMark": "Mark (provenance)",
    "ProvenanceSave": "Save (stamped)",
}
