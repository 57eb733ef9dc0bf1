"""Our reading of a validation: from the validator's codes to a status."""

from __future__ import annotations

from provenance.manifest import names
from provenance.model.evidence import UNTRUSTED_CODES, ManifestStatus


def status_of(success: tuple[str, ...], failure: tuple[str, ...]) -> ManifestStatus:
    """The status of a manifest with these codes; what the codes of others say is not asked."""
    causes = set(failure) - UNTRUSTED_CODES
    trusted = names.CREDENTIAL_TRUSTED in success
    if not causes:
        return ManifestStatus.TRUSTED if trusted else ManifestStatus.UNTRUSTED
    if causes == {names.CREDENTIAL_EXPIRED}:
        return ManifestStatus.EXPIRED
    if causes <= names.HARD_BINDING_FAILURES and trusted:
        return ManifestStatus.TRUSTED_CONTENT_CHANGED
    return ManifestStatus.INVALID
