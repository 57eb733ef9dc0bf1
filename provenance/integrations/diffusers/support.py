"""Which pipelines can be protected, and why the others cannot.

A pipeline is handled if it follows the convention that all newer ones share: pictures go
through `image_processor.postprocess`, which defines the ranges of the output types, and come out
in the field `images` (or `image`). All others are refused before they make anything.
"""

from __future__ import annotations

import inspect
from typing import Final

from provenance.errors import ArgumentError

#: Follow the convention in form, and not in what comes out. Found by class name in the MRO.
_EXCEPTIONS: Final = {
    "LEditsPPPipelineStableDiffusion": "its method invert gives pictures too",
    "LEditsPPPipelineStableDiffusionXL": "its method invert gives pictures too",
    "QwenImageLayeredPipeline": "it gives layers to be laid over one another, not pictures",
    "StableDiffusionDiffEditPipeline": "what it edits is given to its method invert, unseen",
    "StableDiffusionLDM3DPipeline": "it gives depth maps beside pictures",
    "StableDiffusionPix2PixZeroPipeline": "what it edits is given to its method invert, unseen",
    "TextToVideoZeroPipeline": "it makes videos",
    "TextToVideoZeroSDXLPipeline": "it makes videos",
    "UniDiffuserPipeline": "it makes text as well, and pictures only in some of its modes",
    "VisualClozeGenerationPipeline": "it gives grids, cut into lists of pictures",
}


def require_handled(pipeline: object) -> None:
    """Refuse what could let a picture out unstamped.

    Raises:
        ArgumentError: with the reason.
    """
    reason = why_not(pipeline)
    if reason:
        raise ArgumentError(
            f"a {type(pipeline).__name__} cannot be protected: {reason}",
            hint="stamp what it makes yourself: Stamper.stamp",
        )


def why_not(pipeline: object) -> str:
    """Why a pipeline cannot be protected; empty if it can."""
    kind = type(pipeline)
    for name in (item.__name__ for item in kind.__mro__):
        if name in _EXCEPTIONS:
            return _EXCEPTIONS[name]
    if not all(hasattr(kind, name) for name in ("components", "config", "__call__")):
        return "it is no pipeline of diffusers"
    if hasattr(pipeline, "video_processor"):
        return "it makes videos"
    parameters = inspect.signature(kind.__call__).parameters
    if "output_type" not in parameters:
        return "its call has no output_type (modular pipelines, priors, audio and others)"
    processor = getattr(pipeline, "image_processor", None)
    if not callable(getattr(processor, "postprocess", None)):
        return "it has no image_processor.postprocess, which would say what its output means"
    return ""
