"""Perceptual fingerprints: does this picture look like that one?"""

from provenance.fingerprint.match import compare
from provenance.fingerprint.pdq import fingerprint, spectrum

__all__ = ["compare", "fingerprint", "spectrum"]
