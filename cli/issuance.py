"""What every command does that issues: warn, and publish what it has issued."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from provenance.errors import ProvenanceError

from .console import shown, shown_path, talk

if TYPE_CHECKING:
    from provenance import Stamper
    from provenance.model import TimeStampResult
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


def warn_of_time_stamp(name: str | Path, result: TimeStampResult) -> None:
    """A missing time stamp is never passed over in silence."""
    if result.outcome.value == "failed":
        reason = shown(result.detail)
        talk(f"warning: {shown_path(name)}: no trusted time stamp: {reason}")


def warn_of_expiry(stamper: Stamper) -> None:
    """Say it while there is time to renew."""
    chain = stamper.signer.chain
    if chain.expires_soon():
        talk(
            f"warning: the signing certificate expires on {chain.expires_at:%Y-%m-%d}; nothing "
            "can be stamped after that"
        )
