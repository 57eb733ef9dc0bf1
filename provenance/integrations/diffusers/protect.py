"""Protecting a pipeline: from then on its call gives stamped pictures, or raises."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from provenance.errors import ArgumentError
from provenance.imaging import Encoding
from provenance.integrations.diffusers.call import run, settle
from provenance.integrations.diffusers.protection import Protection
from provenance.integrations.diffusers.support import require_handled
from provenance.model.generation import Generation
from provenance.stamp import Stamped, Stamper
from provenance.stamp.job import PNG

_Pipeline = TypeVar("_Pipeline")
_MARK: Final = "_provenance_protection"


def protect(
    pipeline: _Pipeline,
    stamper: Stamper,
    *,
    encoding: Encoding = PNG,
    generation: Generation | None = None,
    allow_latent: bool = False,
    keep_watermark: bool = False,
    sources: Sequence[str] | None = None,
    on_stamped: Callable[[Stamped], object] | None = None,
) -> _Pipeline:
    """Make a diffusers pipeline stamp every picture that it gives.

    The pipeline itself is changed, so that nobody can go on with an unprotected one: its class
    becomes a subclass of the same name. Pictures of output type "pil" come out as
    `StampedImage`; of "np" and "pt" as the pixels of the stamped file. The records are in
    `output.provenance`. Pictures that the call was given become the parents of what it makes. The
    decoder (VAE), which other pipelines may share, works in protected calls only.

    Args:
        pipeline: one that gives pictures through `image_processor.postprocess`.
        stamper: of the system that is named in marks and manifests.
        encoding: of the stamped files.
        generation: what is stated about the model; by default its name and commit on the hub, or
            the name of the pipeline's class. Its operations stand for those of an edit, and are
            left out where nothing was edited.
        allow_latent: let latents out unstamped, to be finished by another protected pipeline.
        keep_watermark: leave a foreign watermarker in the slot of SDXL pipelines. By default it
            is taken out, as pictures would be marked twice.
        sources: names of the arguments that hold the pictures to be edited, where the default
            does not fit; empty for none.
        on_stamped: called with each record before the pictures are returned. What it raises is
            raised, and no picture leaves.

    Returns:
        The same object.

    Raises:
        ArgumentError: the pipeline cannot be protected, or is already, in another way.
    """
    protection = Protection(
        stamper=stamper,
        encoding=encoding,
        generation=generation,
        allow_latent=allow_latent,
        keep_watermark=keep_watermark,
        sources=None if sources is None else tuple(sources),
        on_stamped=on_stamped,
    )
    present = getattr(type(pipeline), _MARK, None)
    if present is None:
        require_handled(pipeline)
        settle(pipeline, protection)
        pipeline.__class__ = _protected(type(pipeline), protection)
    elif present != protection:
        raise ArgumentError(
            "the pipeline is protected already, with another stamper or in another way",
            hint="load it anew, or make another with from_pipe and protect that",
        )
    return pipeline


def _protected(base: type, protection: Protection) -> type:
    """A subclass whose call stamps. It has its base's name, which diffusers saves and compares."""

    @functools.wraps(base.__call__)
    def call(self: Any, *arguments: object, **named: object) -> Any:  # noqa: ANN401
        return run(self, base, protection, arguments, named)

    def reduce(self: object, _: object) -> tuple[object, ...]:
        return _restored, (base, protection), vars(self)

    members = {
        "__call__": call,
        "__reduce_ex__": reduce,
        "__module__": base.__module__,
        "__qualname__": base.__qualname__,
        "__doc__": base.__doc__,
        _MARK: protection,
    }
    return type(base)(base.__name__, (base,), members)


def _restored(base: type, protection: Protection) -> object:
    """An empty pipeline for `pickle` and `copy`, protected before there is anything in it."""
    return object.__new__(_protected(base, protection))
