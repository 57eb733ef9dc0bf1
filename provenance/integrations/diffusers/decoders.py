"""Decoders of protected pipelines work inside protected calls only.

Pipelines share their models: `from_pipe` and `Other(**pipeline.components)` make a second pipeline
in a moment, which nobody protected. What turns latents into pixels is shared with it, so this is
where it is stopped.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from provenance.errors import ArgumentError

#: The components that diffusers' pipelines decode pictures with.
NAMES: Final = ("vae", "movq", "vqvae", "vqgan")

_inside: ContextVar[bool] = ContextVar("provenance_inside_protected_call", default=False)


@dataclass(slots=True)
class Guarded:
    """The `decode` of a model, as an attribute of the model itself.

    It is copied and pickled with the model. A deliberate way around it is open:
    `type(vae).decode(vae, latents)`.
    """

    decode: Callable[..., Any]

    def __call__(self, *arguments: object, **named: object) -> Any:  # noqa: ANN401 - the model's
        """Decode.

        Raises:
            ArgumentError: nobody would stamp what comes out.
        """
        if not _inside.get():
            raise ArgumentError(
                "this decoder belongs to a protected pipeline and was used outside of it: "
                "the pictures would be unstamped",
                hint="protect the other pipeline too: protect(other, stamper)",
            )
        return self.decode(*arguments, **named)

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        """Where `inspect.signature` looks, by which pipelines learn what a decoder takes."""
        return self.decode


def guard(pipeline: Any) -> bool:  # noqa: ANN401 - known by its shape
    """Guard every decoder of a pipeline; guarding twice changes nothing.

    Returns:
        Whether it has any. A pipeline without works on pixels all the time.
    """
    found = False
    for name in NAMES:
        model: Any = getattr(pipeline, name, None)
        if model is not None and callable(getattr(model, "decode", None)):
            found = True
            if not isinstance(model.decode, Guarded):
                model.decode = Guarded(model.decode)
    return found


@contextlib.contextmanager
def opened() -> Iterator[None]:
    """A protected call is under way in this thread: decoders work."""
    yield from _set(inside=True)


@contextlib.contextmanager
def closed() -> Iterator[None]:
    """Code of the user's runs inside a protected call: decoders do not work."""
    yield from _set(inside=False)


def _set(*, inside: bool) -> Iterator[None]:
    token = _inside.set(inside)
    try:
        yield
    finally:
        _inside.reset(token)


def outside(callback: Any) -> Any:  # noqa: ANN401 - a function or a callback object of diffusers
    """A callback that runs as the user's code: what it decoded would be unstamped."""
    if not hasattr(callback, "tensor_inputs"):

        @functools.wraps(callback, updated=())
        def closed_callback(*arguments: object, **named: object) -> object:
            with closed():
                return callback(*arguments, **named)

        return closed_callback
    kind = type(callback)  # pipelines ask isinstance, so it has to stay one

    def call(_: object, *arguments: object, **named: object) -> object:
        with closed():
            return callback(*arguments, **named)

    same: Any = object.__new__(type(kind.__name__, (kind,), {"__call__": call}))
    same.__dict__.update(vars(callback))
    return same
