"""Trust lists, always given by the caller; policies over them; paths at a chosen moment."""

from provenance.trust.moment import moment_text, parse_moment
from provenance.trust.path import Anchored, anchored, certificates_in
from provenance.trust.policy import (
    AllOf,
    AnchoredIn,
    AnyOf,
    Decision,
    IssuedAfter,
    IssuedBefore,
    SignerFacts,
    SignerIs,
    SignerPolicy,
    TrustedSigner,
    UnsafeAcceptAnyValidSignature,
)
from provenance.trust.policy_file import load_policy, parse_policy
from provenance.trust.revocation import (
    Revocation,
    RevocationReason,
    Revocations,
    format_revocations,
    load_revocations,
    parse_revocations,
)
from provenance.trust.trust_list import (
    SIGNER_EKUS,
    TIME_STAMPING_EKU,
    TrustKind,
    TrustList,
    TrustStore,
)

__all__ = [
    "SIGNER_EKUS",
    "TIME_STAMPING_EKU",
    "AllOf",
    "Anchored",
    "AnchoredIn",
    "AnyOf",
    "Decision",
    "IssuedAfter",
    "IssuedBefore",
    "Revocation",
    "RevocationReason",
    "Revocations",
    "SignerFacts",
    "SignerIs",
    "SignerPolicy",
    "TrustKind",
    "TrustList",
    "TrustStore",
    "TrustedSigner",
    "UnsafeAcceptAnyValidSignature",
    "anchored",
    "certificates_in",
    "format_revocations",
    "load_policy",
    "load_revocations",
    "moment_text",
    "parse_moment",
    "parse_policy",
    "parse_revocations",
]
