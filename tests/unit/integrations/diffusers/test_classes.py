"""Every pipeline class of the installed diffusers is handled, or refused with a reason.

The table is complete: a class that a new release adds fails here until somebody has looked at it.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import diffusers.pipelines
import pytest
from diffusers import DiffusionPipeline, ModularPipeline

from provenance.errors import ArgumentError
from provenance.integrations.diffusers import protect
from provenance.integrations.diffusers.support import why_not

#: One line for each class: its name, and why it is refused, or "handled".
TABLE = Path(__file__).with_name("classes.txt")
_SETS = re.compile(r"(?m)^ +self\.(image_processor|video_processor) = (\w+)\(")


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


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # old modules
def test_every_class_is_handled_or_refused_for_a_reason():
    known = dict(line.split(": ", 1) for line in TABLE.read_text().splitlines())
    found = {kind.__name__: why_not(as_constructed(kind)) or "handled" for kind in every_class()}
    assert found == known
    assert Counter(found.values())["handled"] > 100


def test_a_refusal_says_what_to_do():
    with pytest.raises(ArgumentError, match="cannot be protected: it makes videos") as caught:
        protect(as_constructed(diffusers.WanPipeline), None)
    assert "Stamper.stamp" in caught.value.hint


@pytest.mark.parametrize("thing", [None, object(), print, DiffusionPipeline], ids=str)
def test_what_is_no_pipeline_is_refused(thing):
    with pytest.raises(ArgumentError, match="cannot be protected"):
        protect(thing, None)


def test_modular_pipelines_are_refused():
    with pytest.raises(ArgumentError, match="no output_type"):
        protect(diffusers.StableDiffusionXLAutoBlocks().init_pipeline(), None)
    assert issubclass(diffusers.StableDiffusionXLModularPipeline, ModularPipeline)
