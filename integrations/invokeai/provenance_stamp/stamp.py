"""The node "Save (stamped)"."""

import importlib
import importlib.util
import os
import subprocess
import sys
from typing import Literal

from invokeai.invocation_api import (
    BaseInvocation,
    ImageField,
    ImageOutput,
    InputField,
    InvocationContext,
    WithBoard,
    WithMetadata,
    invocation,
)


def _outside(name):
    """A module of the installation that stamps; it needs nothing but what this host has."""
    python = os.environ.get("PROVENANCE_PYTHON")
    if not python:
        raise RuntimeError("set PROVENANCE_PYTHON to the Python that has provenance installed")
    where = "import provenance.integrations.outside as o; print(o.__path__[0])"
    found = subprocess.run([python, "-I", "-c", where], capture_output=True, text=True, check=False)
    if found.returncode:
        raise RuntimeError(
            f"{python} has no provenance.integrations: {found.stderr.strip()[-200:]}"
        )
    folder = found.stdout.strip()
    spec = importlib.util.spec_from_file_location(
        "provenance_outside",
        os.path.join(folder, "__init__.py"),
        submodule_search_locations=[folder],
    )
    sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    return importlib.import_module(f"{spec.name}.{name}")


client, invokeai = _outside("client"), _outside("invokeai")
STAMPING = client.StampingProcess.from_environment()

Edit = Literal[
    "none", "inpaint", "outpaint", "redraw", "remove", "background", "face", "text", "style",
    "colour", "enhance", "upscale", "compose",
]  # fmt: skip


@invocation(
    "provenance_stamp",
    title="Save (stamped)",
    tags=["image", "provenance", "watermark", "c2pa"],
    category="image",
    version="1.0.0",
    use_cache=False,
)
class ProvenanceStampInvocation(BaseInvocation, WithMetadata, WithBoard):
    """Save a picture with an invisible mark, a signed C2PA manifest and a record of both."""

    image: ImageField = InputField(description="The picture to stamp")
    model: str = InputField(default="InvokeAI", description="What made it; no prompt, no account")
    source: ImageField | None = InputField(
        default=None, description="The picture that it was made from, where it is an edit"
    )
    edit: Edit = InputField(default="none", description="What was done to the source")

    def invoke(self, context: InvocationContext) -> ImageOutput:
        dto = invokeai.save_stamped(
            context.images,
            STAMPING,
            image=self.image.image_name,
            source=None if self.source is None else self.source.image_name,
            model=self.model,
            operations=() if self.edit == "none" else (self.edit,),
        )
        return ImageOutput.build(dto)
