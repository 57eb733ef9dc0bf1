"""Perceptual fingerprints: does this picture look like that one?"""

from provenance.fingerprint.combine import combine, is_whole
from provenance.fingerprint.grid import match_grid, match_grids, not_compared
from provenance.fingerprint.index import FingerprintIndex
from provenance.fingerprint.match import compare, compare_all
from provenance.fingerprint.pdq import fingerprint, spectrum
from provenance.fingerprint.sealed import SignatureKey, seal, unseal
from provenance.fingerprint.signature import GridSignature, signature

__all__ = [
    "FingerprintIndex",
    "GridSignature",
    "SignatureKey",
    "combine",
    "compare",
    "compare_all",
    "fingerprint",
    "is_whole",
    "match_grid",
    "match_grids",
    "not_compared",
    "seal",
    "signature",
    "spectrum",
    "unseal",
]
