"""Every pipeline class of the installed diffusers is handled, or refused with a reason.

The table is complete: a class that a new release adds fails here until somebody has looked at it.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import diffusers.pipelines
import pytest
from diffusers import DiffusionPipeline, ModularPipeline

from provenance.errors import ArgumentError
from provenance.integrations.diffusers import protect
from provenance.integrations.diffusers.outputs import FIELDS
from provenance.integrations.diffusers.sources import (
    HELPERS,
    SOURCES,
    operations_of,
    source_names,
)
from provenance.integrations.diffusers.support import why_not

# Old modules warn when they are imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

#: One line for each class: why it is refused, or which arguments it edits, and how.
TABLE = Path(__file__).with_name("classes.txt")
_SETS = re.compile(r"(?m)^ +self\.(image_processor|video_processor) = (\w+)\(")


#: Arguments that are called after pictures and are none, or none that a result was made from.
NO_PICTURES = {
    "hint", "image_embeds", "image_guidance_scale", "input_images_mask",
    "ip_adapter_image_embeds", "mask_image", "masked_image_latents", "max_input_image_size",
    "negative_image_embeds", "negative_ip_adapter_image", "negative_ip_adapter_image_embeds",
    "num_images_per_prompt", "num_prompts_per_image", "prior_token_image_ids",
    "render_text_images", "source_image_grid_thw", "text_to_image_strength",
    "use_input_image_size_as_output",
}  # fmt: skip


def every_class() -> Iterator[type[DiffusionPipeline]]:
    for module in pkgutil.walk_packages(diffusers.pipelines.__path__, "diffusers.pipelines."):
        if module.name.rpartition(".")[2].startswith("pipeline_"):
            try:
                importlib.import_module(module.name)
            except ImportError:  # its package is missing, so nobody can use it here either
                continue
    waiting: list[type] = [DiffusionPipeline]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("diffusers.") and "__call__" in vars(kind):
            yield kind


def as_constructed(kind: type) -> object:
    """A pipeline as far as its constructor can be read: which processors it makes or is given."""
    pipeline = object.__new__(kind)
    makers = [c.__init__ for c in kind.__mro__ if "__init__" in vars(c) and hasattr(c, "config")]
    source = "".join(inspect.getsource(maker) for maker in makers)
    for name, processor in _SETS.findall(source):
        vars(pipeline)[name] = getattr(sys.modules[kind.__module__], processor)
    given = inspect.signature(kind.__init__).parameters.get("image_processor")
    if given is not None:
        vars(pipeline)["image_processor"] = given.annotation
    return pipeline


def entry(kind: type) -> str:
    """What the table says of a class."""
    reason = why_not(as_constructed(kind))
    if reason:
        return f"refused, {reason}"
    names = source_names(kind, inspect.signature(kind.__call__).parameters)
    return f"{', '.join(names)} -> {', '.join(operations_of(kind))}" if names else "creates"


def test_every_class_is_handled_or_refused_for_a_reason():
    known = dict(line.split(": ", 1) for line in TABLE.read_text().splitlines())
    assert {kind.__name__: entry(kind) for kind in every_class()} == known
    assert sum("refused" not in text for text in known.values()) > 100


def test_of_handled_classes_everything_that_goes_in_or_comes_out_is_known():
    known = {*SOURCES, *HELPERS, *NO_PICTURES}
    for kind in every_class():
        if why_not(as_constructed(kind)):
            continue
        parameters = inspect.signature(kind.__call__).parameters
        assert {name for name in parameters if "image" in name or name == "hint"} <= known, kind
        assert parameters["output_type"].default == "pil", kind
        for name in re.findall(r"return (\w+Output)\(", inspect.getsource(kind.__call__)):
            output = getattr(sys.modules[kind.__module__], name)
            fields = [field.name for field in dataclasses.fields(output)]
            assert sum(name in fields for name in FIELDS) == 1, kind


def test_a_refusal_says_what_to_do():
    with pytest.raises(ArgumentError, match="cannot be protected: it makes videos") as caught:
        protect(as_constructed(diffusers.WanPipeline), None)
    assert "Stamper.stamp" in caught.value.hint


@pytest.mark.parametrize(
    "thing", [None, object(), print, DiffusionPipeline], ids=["none", "object", "function", "class"]
)
def test_what_is_no_pipeline_is_refused(thing):
    with pytest.raises(ArgumentError, match="cannot be protected"):
        protect(thing, None)


def test_modular_pipelines_are_refused():
    with pytest.raises(ArgumentError, match="no output_type"):
        protect(diffusers.StableDiffusionXLAutoBlocks().init_pipeline(), None)
    assert issubclass(diffusers.StableDiffusionXLModularPipeline, ModularPipeline)
