"""Stamping: decode, reserve, mark, sign, verify, commit, release; and cleaning up after a crash."""

from provenance.stamp.fsck import Fsck, Rule
from provenance.stamp.job import Stamped
from provenance.stamp.observer import Observer, Outcome, Stage, StampEvent
from provenance.stamp.origin import Origin
from provenance.stamp.pending import Marked
from provenance.stamp.requests import Requests
from provenance.stamp.stamper import Stamper
from provenance.stamp.sweep import Action, Deed, Sweep

__all__ = [
    "Action",
    "Deed",
    "Fsck",
    "Marked",
    "Observer",
    "Origin",
    "Outcome",
    "Requests",
    "Rule",
    "Stage",
    "StampEvent",
    "Stamped",
    "Stamper",
    "Sweep",
]
