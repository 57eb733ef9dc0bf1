"""Stamping: decode, reserve, mark, sign, verify, commit, release; and cleaning up after a crash."""

from provenance.stamp.fsck import Fsck, Rule
from provenance.stamp.stamper import Stamped, Stamper
from provenance.stamp.sweep import Action, Deed, Sweep

__all__ = ["Action", "Deed", "Fsck", "Rule", "Stamped", "Stamper", "Sweep"]
