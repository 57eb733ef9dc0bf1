"""Verification: the evidence checks and the pure verdict function."""

from provenance.verify.scope import SystemTrust
from provenance.verify.verdict import decide
from provenance.verify.verifier import Verifier

__all__ = ["SystemTrust", "Verifier", "decide"]
