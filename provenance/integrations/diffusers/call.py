"""One call of a protected pipeline."""

from __future__ import annotations

import inspect
import logging
from typing import Any, Final

from provenance.errors import ArgumentError
from provenance.integrations.diffusers import decoders
from provenance.integrations.diffusers.outputs import require_latents, stamp_output
from provenance.integrations.diffusers.protection import Protection
from provenance.integrations.diffusers.sources import sources

_OUTPUT_TYPES: Final = ("pil", "np", "pt")
_CALLBACKS: Final = ("callback_on_step_end", "callback")
_log = logging.getLogger(__name__)


def run(
    pipeline: Any,  # noqa: ANN401 - known by its shape
    base: Any,  # noqa: ANN401 - its class before it was protected
    protection: Protection,
    arguments: tuple[object, ...],
    named: dict[str, object],
) -> Any:  # noqa: ANN401 - what the pipeline returns
    """Call the pipeline and stamp all that comes out.

    Raises:
        ArgumentError: an output type that cannot be stamped, or an unknown output.
        BatchError: a picture cannot be stamped; none leaves.
    """
    has_decoder = settle(pipeline, protection)
    call = inspect.signature(base.__call__).bind(pipeline, *arguments, **named)
    given = _by_name(call)
    output_type = given["output_type"]
    _require_type(output_type, protection, has_decoder=has_decoder)
    made_from = sources(base, given, protection.sources, protection.stamper.limits)
    for name in _CALLBACKS:
        _close(call, name)
    with decoders.opened():
        result = base.__call__(*call.args, **call.kwargs)
    if output_type == "latent":
        require_latents(result)
        return result
    generation = protection.stated(pipeline, made_from)
    return stamp_output(
        result,
        lambda pictures, axes: protection.stamp_all(pictures, axes, generation, made_from),
        protection.stamper.limits,
    )


def settle(pipeline: Any, protection: Protection) -> bool:  # noqa: ANN401 - known by its shape
    """Guard the decoders and empty the watermark slot: components can be exchanged at any time.

    Returns:
        Whether there is a decoder, so that latents are no pictures.
    """
    foreign = getattr(pipeline, "watermark", None)
    if foreign is not None and not protection.keep_watermark:
        _log.warning(
            "%s was taken out of %s: its pictures carry the mark of the stamper; "
            "keep_watermark=True keeps both",
            type(foreign).__name__,
            type(pipeline).__name__,
        )
        pipeline.watermark = None
    return decoders.guard(pipeline)


def _by_name(call: inspect.BoundArguments) -> dict[str, Any]:
    """All arguments of a call by name, with defaults and what the pipeline takes as `**kwargs`."""
    every = inspect.BoundArguments(call.signature, dict(call.arguments))
    every.apply_defaults()
    more = every.arguments.get("kwargs") or {}
    return {**every.arguments, **more}


def _require_type(output_type: object, protection: Protection, *, has_decoder: bool) -> None:
    if output_type in _OUTPUT_TYPES:
        return
    if output_type != "latent":
        raise ArgumentError(
            f"output_type {output_type!r} is none of a protected pipeline",
            hint="one of pil, np, pt",
        )
    if not has_decoder:
        raise ArgumentError("without a decoder the latents of this pipeline are its pictures")
    if not protection.allow_latent:
        raise ArgumentError(
            "latents would leave the pipeline unstamped",
            hint="to finish them in another protected pipeline: protect(..., allow_latent=True)",
        )


def _close(call: inspect.BoundArguments, name: str) -> None:
    """Let a callback run as the user's code, wherever the pipeline takes it."""
    for where in (call.arguments, call.arguments.get("kwargs")):
        if where is not None and where.get(name) is not None:
            where[name] = decoders.outside(where[name])
