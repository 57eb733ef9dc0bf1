"""What a row depends on besides its image: the settings of a run, as JSON types."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Any

import provenance
from provenance.audit.isolate import Confinement
from provenance.audit.row import ROW_VERSION
from provenance.verify import Verifier


def settings_of(
    verifier: Verifier, confinement: Confinement, sources: Sequence[str]
) -> dict[str, Any]:
    """Everything that must be the same for rows of one run.

    Keys are named by their fingerprints, trust lists by their digests.
    """
    document = {
        "tool_version": provenance.__version__,
        "row_version": ROW_VERSION,
        "sources": list(sources),
        "confinement": asdict(confinement),
        "verifier": asdict(verifier.settings),
    }
    # Through JSON once, so that what is read back from a ledger compares equal.
    return dict(json.loads(json.dumps(document, default=_plain, sort_keys=True)))


def _plain(value: object) -> str:
    return value.value if isinstance(value, StrEnum) else str(value)
