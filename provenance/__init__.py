"""Make every AI-generated image answer for where it came from.

    from provenance import Workspace, Generation

    workspace = Workspace.create("./workspace", system_name="acme-images")
    stamped = workspace.stamper().stamp(picture, Generation(model="acme-1"))
    report = workspace.verifier().verify(stamped.data)

Names are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from provenance.errors import ProvenanceError

if TYPE_CHECKING:
    from provenance.freed_memory import keep_freed_memory
    from provenance.imaging import Encoding, Limits
    from provenance.model import Generation, Operation, Verdict, VerificationReport
    from provenance.stamp import Marked, Stamped, Stamper
    from provenance.verify import Verifier
    from provenance.workspace import Workspace

__version__ = "0.1.0"

_HOMES = {
    "Encoding": "provenance.imaging",
    "Generation": "provenance.model",
    "Limits": "provenance.imaging",
    "Marked": "provenance.stamp",
    "Operation": "provenance.model",
    "Stamped": "provenance.stamp",
    "Stamper": "provenance.stamp",
    "VerificationReport": "provenance.model",
    "Verdict": "provenance.model",
    "Verifier": "provenance.verify",
    "Workspace": "provenance.workspace",
    "keep_freed_memory": "provenance.freed_memory",
}

__all__ = [
    "Encoding",
    "Generation",
    "Limits",
    "Marked",
    "Operation",
    "ProvenanceError",
    "Stamped",
    "Stamper",
    "Verdict",
    "VerificationReport",
    "Verifier",
    "Workspace",
    "__version__",
    "keep_freed_memory",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
