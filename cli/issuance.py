"""Publishing what a command has issued."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from provenance.errors import ProvenanceError

from .console import shown, talk

if TYPE_CHECKING:
    from provenance.workspace import Workspace


def publish(opened: Workspace) -> None:
    """Put what was issued into the log and sign its head.

    The pictures are released and recorded already. Where the log cannot be published now, their
    leaves wait for the next checkpoint, and it is said.
    """
    try:
        published = opened.log(read_only=False).publish(datetime.now(UTC))
    except ProvenanceError as error:
        talk(
            f"warning: the issuance log was not published: {shown(error)}; what was issued waits "
            "for the next checkpoint: provenance log checkpoint"
        )
        return
    if published.problem:
        talk(f"warning: the checkpoint has no time stamp: {shown(published.problem)}")
