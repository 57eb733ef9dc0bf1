"""What made a picture, as far as the pipeline says so without giving anything away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from provenance.model.generation import MAX_TEXT, Generation

_HUB_ID: Final = re.compile(r"[\w.-]+/(?P<name>[\w.-]+)", re.ASCII)


def default_generation(pipeline: Any) -> Generation:  # noqa: ANN401 - known by its shape
    """The name of the model on a hub and its commit as version, else the class of the pipeline.

    A path may hold the name of a user or of a customer, so nothing of it is ever used; nor is the
    owner of a model, who may be a person. `a/b` may be a path as well: it counts as a model of a
    hub only if a component lies in the hub's cache as one of this model.
    """
    source = str(getattr(pipeline.config, "_name_or_path", None) or "")
    found = _HUB_ID.fullmatch(source)
    if found is not None and len(found["name"]) <= MAX_TEXT:
        cached = re.compile(
            rf"models--{re.escape(source.replace('/', '--'))}/snapshots/([0-9a-f]+)"
        )
        for place in _places(pipeline):
            if hit := cached.search(place.replace("\\", "/")):
                return Generation(model=found["name"], model_version=hit[1][:MAX_TEXT])
    return Generation(model=type(pipeline).__name__)


def _places(pipeline: Any) -> Iterator[str]:  # noqa: ANN401
    """Where the components were loaded from; these paths are compared and go nowhere."""
    for component in pipeline.components.values():
        config = getattr(component, "config", None)
        yield str(getattr(config, "_name_or_path", None) or "")
