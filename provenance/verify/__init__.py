"""Verification: the evidence checks and the pure verdict function."""

from provenance.verify.verdict import decide
from provenance.verify.verifier import Verifier

__all__ = ["Verifier", "decide"]
