"""One bad file never stops the others."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

from provenance.errors import ErrorCode, ProvenanceError

_T = TypeVar("_T")


def safely(action: Callable[..., _T], *arguments: object) -> _T | ProvenanceError:
    """The result of an action, or its error as a value, a defect of ours included."""
    try:
        return action(*arguments)
    except ProvenanceError as error:
        return error
    except MemoryError:
        return ProvenanceError("not enough memory for this image", code=ErrorCode.LIMIT)
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        return ProvenanceError(
            f"internal error: {type(error).__name__}: {error}",
            hint="run with --debug and report it",
            code=ErrorCode.INTERNAL,
        )
