"""Trust lists, always given by the caller."""

from provenance.trust.trust_list import (
    SIGNER_EKUS,
    TIME_STAMPING_EKU,
    TrustKind,
    TrustList,
    TrustStore,
)

__all__ = ["SIGNER_EKUS", "TIME_STAMPING_EKU", "TrustKind", "TrustList", "TrustStore"]
