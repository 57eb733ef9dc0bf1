"""Names from the C2PA specification 2.4 and our own, each in one place."""

from __future__ import annotations

from typing import Final

from provenance.model.generation import Operation

SPEC_VERSION: Final = "2.4.0"

ACTIONS: Final = "c2pa.actions.v2"
SOFT_BINDING: Final = "c2pa.soft-binding"
GENERATION: Final = "org.provenance-toolkit.generation"

CREATED: Final = "c2pa.created"
OPENED: Final = "c2pa.opened"
PLACED: Final = "c2pa.placed"
EDITED: Final = "c2pa.edited"
REDACTED: Final = "c2pa.redacted"
WATERMARKED_BOUND: Final = "c2pa.watermarked.bound"
#: Operations for which C2PA has a name of its own ("Actions", table of names). Every edit is
#: `c2pa.edited`; these are stated beside it.
OPERATION_ACTIONS: Final = {
    Operation.TEXT: "c2pa.addedText",
    Operation.STYLE: "c2pa.filtered",
    Operation.COLOUR: "c2pa.adjustedColor",
    Operation.ENHANCE: "c2pa.enhanced",
    Operation.UPSCALE: "c2pa.resized",
}
#: Parameter of `c2pa.edited` that lists what was done, for programs.
OPERATIONS: Final = "org.provenance-toolkit.operations"
#: Why thumbnails are taken out of the manifests of parents.
REDACTION_REASON: Final = "org.provenance-toolkit.thumbnail"

TRAINED_ALGORITHMIC_MEDIA: Final = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
)
COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA: Final = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
)

# Status codes that mean "the content is not what was signed", and nothing else.
HARD_BINDING_FAILURES: Final = frozenset(
    {
        "assertion.dataHash.mismatch",
        "assertion.bmffHash.mismatch",
        "assertion.boxesHash.mismatch",
    }
)
CREDENTIAL_TRUSTED: Final = "signingCredential.trusted"
CREDENTIAL_EXPIRED: Final = "signingCredential.expired"
CREDENTIAL_UNTRUSTED: Final = "signingCredential.untrusted"
SIGNATURE_VALIDATED: Final = "claimSignature.validated"
TIME_VALIDATED: Final = "timeStamp.validated"
TIME_TRUSTED: Final = "timeStamp.trusted"
# The second name of each is that of older versions of the specification.
REVOKED: Final = frozenset({"signingCredential.ocsp.revoked", "signingCredential.revoked"})
NOT_REVOKED: Final = frozenset(
    {"signingCredential.ocsp.notRevoked", "signingCredential.notRevoked"}
)

#: Label of the box that holds the claim signature (C2PA 2.4, "Claim signature box").
SIGNATURE: Final = "c2pa.signature"
