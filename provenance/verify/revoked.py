"""A verifier's revocations applied to a manifest.

The certificate of a stolen key signs whatever its thief likes, with any date. Its signature
counts only for what was in the issuance log before the theft: the record that the manifest
names holds exactly this manifest, and its leaf lies below the size at which the certificate
was revoked. Whatever cannot be shown is not believed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from provenance.model.evidence import (
    IngredientFinding,
    ManifestEvidence,
    ManifestStatus,
    RecordStatus,
)
from provenance.model.trust import PolicyEvidence, RevocationStatus
from provenance.resolution import Resolver
from provenance.trust import Revocation, Revocations, certificates_in

#: What a signature is worth that the thief of its key may have made: that of a stranger.
_WITHDRAWN: Final = {
    ManifestStatus.TRUSTED: ManifestStatus.UNTRUSTED,
    ManifestStatus.TRUSTED_CONTENT_CHANGED: ManifestStatus.INVALID,
    ManifestStatus.UNTRUSTED: ManifestStatus.UNTRUSTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What can be asked about the signature of a manifest, and only where it matters.

    `store` gives the manifest store as it is in the file, `signed_by` says whether one of
    these certificates, in PEM, signed the claim.
    """

    store: Callable[[], bytes]
    signed_by: Callable[[tuple[str, ...]], bool]


def under_revocations(
    manifest: ManifestEvidence, revocations: Revocations, signature: Signature, resolver: Resolver
) -> ManifestEvidence:
    """The evidence as the revocations let it stand; everything else is left as it is.

    Args:
        manifest: what was read, before any policy.
        revocations: the certificates that are not believed from some size of a log on.
        signature: for more about the signature.
        resolver: knows the record that the manifest names.
    """
    signer = manifest.signer
    if not revocations.items or manifest.status not in _WITHDRAWN or signer is None:
        return manifest
    ingredients = tuple(_ingredient(item, revocations) for item in manifest.ingredients)
    manifest = replace(manifest, ingredients=ingredients)
    suspects = revocations.with_serial(signer.serial_number)
    if not suspects:
        return manifest
    store = signature.store()
    if _by_another(store, suspects, signature):
        return manifest
    earliest = min(suspects, key=lambda item: item.from_size)
    believed = _logged_before(manifest, store, earliest.from_size, resolver)
    status = RevocationStatus.REVOKED_LATER if believed else RevocationStatus.WITHDRAWN
    return replace(
        manifest,
        status=manifest.status if believed else _WITHDRAWN[manifest.status],
        revocation=status,
        policy=PolicyEvidence(
            policy="revocations",
            accepted=believed,
            reason=f"certificate revoked from size {earliest.from_size} of log {earliest.log} on "
            f"({earliest.reason.value})",
        ),
    )


def _by_another(store: bytes, suspects: tuple[Revocation, ...], signature: Signature) -> bool:
    """Another issuer's certificate with the same serial number signed it."""
    revoked = {item.certificate_sha256 for item in suspects}
    others = tuple(
        certificate.public_bytes(Encoding.PEM).decode("ascii")
        for certificate in certificates_in(store)
        if str(certificate.serial_number) == suspects[0].serial
        and certificate.fingerprint(SHA256()).hex() not in revoked
    )
    return bool(others) and signature.signed_by(others)


def _logged_before(manifest: ManifestEvidence, store: bytes, size: int, resolver: Resolver) -> bool:
    """The named record holds exactly this manifest, and was in the log before that size."""
    if manifest.generation is None or not manifest.generation.record_id or not store:
        return False
    found = resolver.by_record(manifest.generation.record_id)
    record = found.record
    return (
        found.status is RecordStatus.FOUND
        and record is not None
        and record.file is not None
        and record.file.manifest == store
        and record.log_position is not None
        and record.log_position < size
    )


def _ingredient(item: IngredientFinding, revocations: Revocations) -> IngredientFinding:
    """An ingredient's own record is not looked up: its signer counts as unknown."""
    serial = item.signer.serial_number if item.signer else ""
    if item.status in _WITHDRAWN and revocations.with_serial(serial):
        return replace(item, status=_WITHDRAWN[item.status])
    return item
