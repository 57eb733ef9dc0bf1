"""One line in front of a diffusers pipeline, and no picture leaves it unstamped.

    pipeline = protect(StableDiffusionPipeline.from_pretrained(...), workspace.stamper())
    pipeline("a lighthouse").images[0].save("lighthouse.png")

diffusers and torch are not imported: pipelines and tensors are known by their shape.
"""

from provenance.integrations.diffusers.protect import protect

__all__ = ["protect"]
