"""Stamping: decode, reserve, mark, sign, verify, commit, release."""

from provenance.stamp.stamper import Stamped, Stamper

__all__ = ["Stamped", "Stamper"]
