"""Names that the rubrics know: labels, actions and codes of C2PA 2.4."""

from __future__ import annotations

SPEC_VERSION = "2.4"

INCEPTION = frozenset({"c2pa.created", "c2pa.opened"})

#: Actions that change nothing that can be perceived, and one that brings its own source.
NEED_NO_SOURCE_TYPE = INCEPTION | {
    "c2pa.converted",
    "c2pa.edited.metadata",
    "c2pa.enhanced",
    "c2pa.placed",
    "c2pa.published",
    "c2pa.redacted",
    "c2pa.repackaged",
    "c2pa.resized.proportional",
    "c2pa.transcoded",
    "c2pa.watermarked",
    "c2pa.watermarked.bound",
    "c2pa.watermarked.unbound",
}

ACTIONS = NEED_NO_SOURCE_TYPE | {
    "c2pa.addedText",
    "c2pa.adjustedColor",
    "c2pa.changedSpeed",
    "c2pa.color_adjustments",
    "c2pa.cropped",
    "c2pa.deleted",
    "c2pa.drawing",
    "c2pa.dubbed",
    "c2pa.edited",
    "c2pa.filtered",
    "c2pa.mastered",
    "c2pa.mixed",
    "c2pa.orientation",
    "c2pa.remixed",
    "c2pa.removed",
    "c2pa.resized",
    "c2pa.translated",
    "c2pa.trimmed",
    "c2pa.unknown",
}

DEPRECATED_ACTIONS = frozenset(
    {
        "c2pa.color_adjustments",
        "c2pa.copied",
        "c2pa.formatted",
        "c2pa.managed",
        "c2pa.printed",
        "c2pa.produced",
        "c2pa.saved",
        "c2pa.version_updated",
        "c2pa.watermarked",
    }
)

ASSERTIONS = frozenset(
    {
        "c2pa.actions.v2",
        "c2pa.ai-disclosure",
        "c2pa.alternative-content-representation",
        "c2pa.assertion.metadata",
        "c2pa.asset-ref",
        "c2pa.asset-type.v2",
        "c2pa.certificate-status",
        "c2pa.cloud-data",
        "c2pa.depthmap.GDepth",
        "c2pa.embedded-data",
        "c2pa.environmental-sustainability",
        "c2pa.external-reference",
        "c2pa.hash.bmff.v3",
        "c2pa.hash.boxes",
        "c2pa.hash.collection.data",
        "c2pa.hash.data",
        "c2pa.hash.data.part",
        "c2pa.hash.multi-asset",
        "c2pa.icon",
        "c2pa.ingredient.v3",
        "c2pa.metadata",
        "c2pa.repository-receipt",
        "c2pa.session-keys",
        "c2pa.soft-binding",
        "c2pa.thumbnail.claim",
        "c2pa.thumbnail.ingredient",
        "c2pa.time-stamp",
        "font.info",
    }
)

DEPRECATED_ASSERTIONS = frozenset(
    {
        "c2pa.actions",
        "c2pa.asset-type",
        "c2pa.claim",
        "c2pa.hash.bmff.v2",
        "c2pa.ingredient",
        "c2pa.ingredient.v2",
    }
)

PARAMETERS = frozenset(
    {
        "description",
        "ingredient",
        "ingredients",
        "italic",
        "multipleInstances",
        "optical-size",
        "ranges",
        "redacted",
        "relatedAssertions",
        "slant",
        "sourceLanguage",
        "targetLanguage",
        "weight",
        "width",
    }
)

RELATIONSHIPS = frozenset({"parentOf", "inputTo", "componentOf"})
HUMAN_SOURCES = frozenset({"humanEntry.anonymous", "humanEntry.credentialed"})
TIFF_TYPES = frozenset({"image/tiff", "image/x-adobe-dng"})

#: What an external reference may not lead to, beside hard bindings and ingredients.
NEVER_EXTERNAL = frozenset(
    {"c2pa.actions", "c2pa.actions.v2", "c2pa.cloud-data", "c2pa.external-reference"}
)

ORIGINAL_PRESERVATION_IMAGE = "exif.originalPreservationImage"

#: The manifest is not built as it must be.
NOT_WELL_FORMED = frozenset(
    {
        "assertion.action.malformed",
        "assertion.alternativeContentRepresentation.malformed",
        "assertion.alternativeContentRepresentation.missing",
        "assertion.bmffHash.malformed",
        "assertion.boxesHash.malformed",
        "assertion.boxesHash.unknownBox",
        "assertion.cbor.invalid",
        "assertion.collectionHash.malformed",
        "assertion.dataHash.malformed",
        "assertion.external-reference.created",
        "assertion.external-reference.labelMismatch",
        "assertion.external-reference.malformed",
        "assertion.ingredient.malformed",
        "assertion.json.invalid",
        "assertion.multiAssetHash.malformed",
        "assertion.multipleHardBindings",
        "claim.cbor.invalid",
        "claim.hardBindings.missing",
        "claim.malformed",
        "claim.missing",
        "claim.multiple",
        "hashedURI.missing",
        "ingredient.manifest.missing",
        "manifest.compressed.invalid",
        "manifest.html.multipleManifests",
        "manifest.inaccessible",
        "manifest.multipleParents",
        "manifest.structuredText.emptyReference",
        "manifest.structuredText.malformedReference",
        "manifest.structuredText.multipleReferences",
        "manifest.structuredText.noManifest",
        "manifest.structuredText.noResolutionPath",
        "manifest.timestamp.invalid",
        "manifest.timestamp.wrongParents",
        "manifest.update.invalid",
        "manifest.update.wrongParents",
    }
)

#: Something is not what it was when it was signed.
NOT_VALID = frozenset(
    {
        "assertion.action.ingredientMismatch",
        "assertion.action.redactionMismatch",
        "assertion.alternativeContentRepresentation.hashMismatch",
        "assertion.bmffHash.mismatch",
        "assertion.boxesHash.mismatch",
        "assertion.collectionHash.mismatch",
        "assertion.dataHash.mismatch",
        "assertion.external-reference.hashMismatch",
        "assertion.hardBinding.redacted",
        "assertion.hashedURI.mismatch",
        "assertion.multiAssetHash.mismatch",
        "claimSignature.missing",
        "hashedURI.mismatch",
        "ingredient.claimSignature.mismatch",
        "ingredient.claimSignature.missing",
        "ingredient.manifest.mismatch",
    }
)

#: The signer is not to be believed.
NOT_TRUSTED = frozenset(
    {
        "claimSignature.mismatch",
        "claimSignature.outsideValidity",
        "signingCredential.invalid",
        "signingCredential.ocsp.revoked",
        "signingCredential.untrusted",
    }
)
