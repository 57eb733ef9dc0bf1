"""Reading a manifest store and saying what it is worth.

The validator's state and codes are kept verbatim; the status is our reading of them:

* `Valid` is not trusted: anybody can make a certificate.
* `Invalid` is split by cause. If the signer is trusted and the only thing that fails is
  the hard binding, the content changed after signing; that is the normal case for a
  manifest recovered through the mark. An expired certificate is a cause of its own.
* A child can be trusted while its signed parent was altered, so ingredients are walked
  to the root and their failures are listed.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import c2pa

from provenance.imaging import ImageFormat
from provenance.imaging.containers import png
from provenance.manifest import fields, names
from provenance.manifest.bounds import excess
from provenance.manifest.ingredients import MAX_INGREDIENTS, walk
from provenance.manifest.native import NATIVE_ERRORS, NativeSettings, message_of, remote_url
from provenance.manifest.status import status_of
from provenance.manifest.time_stamp import revocation_of, time_stamp_of
from provenance.manifest.validity import Questions, settled
from provenance.model.evidence import (
    UNTRUSTED_CODES,
    ManifestEvidence,
    ManifestSource,
    ManifestStatus,
)
from provenance.trust import TrustStore

#: Every manifest store is a JUMBF superbox with this label (C2PA 2.4, "Manifest Store").
_STORE_LABEL: Final = b"c2pa"
#: The marker of the segments that hold it in a JPEG (C2PA 2.4, A.3.1), and the XMP property
#: `dcterms:provenance` that says where a remote one lies.
_APP11: Final = b"\xff\xeb"
_ADDRESS: Final = b"provenance"
#: Chunks of a PNG that hold neither: the store is in `caBX` (C2PA 2.4, A.3.2), XMP in `iTXt`.
_PLAIN_CHUNKS: Final = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT bKGD pHYs tIME tEXt".split()
)

Json = dict[str, Any]


def read(
    data: bytes, mime: str, trust: TrustStore, *, at: datetime | None = None
) -> ManifestEvidence:
    """Read the manifest embedded in an image file. Never raises on what it finds.

    Args:
        data: the whole file.
        mime: its media type.
        trust: whose signatures are believed.
        at: judge certificates at this moment; None is now. See `manifest.validity`.
    """
    return _read(_Asset(data=data, mime=mime), trust, at)


def read_recovered(
    data: bytes, mime: str, manifest: bytes, trust: TrustStore, *, at: datetime | None = None
) -> ManifestEvidence:
    """Read a manifest that came from a registry, against an image that lost it.

    The image was re-encoded since, so the hard binding cannot hold; everything else can.

    Args:
        data: the questioned file.
        mime: its media type.
        manifest: manifest store bytes from the record.
        trust: whose signatures are believed.
        at: judge certificates at this moment; None is now.
    """
    return _read(_Asset(data=data, mime=mime, manifest=manifest), trust, at)


def manifest_store(data: bytes, mime: str, manifest_id: str) -> bytes:
    """The manifest store that is embedded in a file, byte for byte; empty if there is none."""
    try:
        reader = _Asset(data=data, mime=mime).open(NativeSettings())
        if reader is None:
            return b""
        with reader:
            return _store(reader, manifest_id)
    except NATIVE_ERRORS:
        return b""


def is_signed_by(
    data: bytes, mime: str, certificates: tuple[str, ...], *, manifest: bytes | None = None
) -> bool:
    """True if the claim was signed with one of these certificates in PEM, by the validator's word.

    `manifest` is the manifest store where it is not in the file.
    """
    try:
        return _Asset(data=data, mime=mime, manifest=manifest).signed_by(certificates)
    except (*NATIVE_ERRORS, KeyError, AttributeError):
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asset:
    """A file, and its manifest store where that is not in it."""

    data: bytes
    mime: str
    manifest: bytes | None = None

    @property
    def source(self) -> ManifestSource:
        return ManifestSource.EMBEDDED if self.manifest is None else ManifestSource.RECOVERED

    def open(self, settings: NativeSettings) -> c2pa.Reader | None:
        """A reader that has validated the manifest; None if there is none."""
        stream, context = io.BytesIO(self.data), settings.context()
        if self.manifest is None:
            return c2pa.Reader.try_create(self.mime, stream, context=context)
        return c2pa.Reader(self.mime, stream, manifest_data=self.manifest, context=context)

    def signed_by(self, certificates: tuple[str, ...]) -> bool:
        """True if the claim was signed with one of these certificates, in PEM."""
        reader = self.open(NativeSettings(accepted=certificates))
        if reader is None:
            return False
        with reader:
            results: Json = json.loads(reader.json()).get("validation_results") or {}
        success = fields.codes(results.get("activeManifest") or {}, "success")
        return {names.CREDENTIAL_TRUSTED, names.SIGNATURE_VALIDATED} <= set(success)


def _read(asset: _Asset, trust: TrustStore, at: datetime | None) -> ManifestEvidence:
    source = asset.source
    if asset.manifest is None and _holds_none(asset.data, asset.mime):
        return ManifestEvidence(status=ManifestStatus.NONE, source=source)
    too_much = excess(asset.data) or excess(asset.manifest or b"")
    if too_much:
        return ManifestEvidence(status=ManifestStatus.UNREADABLE, source=source, detail=too_much)
    try:
        reader = asset.open(NativeSettings(trust=trust))
    except NATIVE_ERRORS as error:
        found = _unreadable(error, source)
        if (
            found.status is ManifestStatus.UNREADABLE
            and asset.manifest is None
            and _STORE_LABEL not in asset.data
        ):
            # The file itself could not be parsed; there is no manifest in it to be read.
            return replace(found, status=ManifestStatus.NONE)
        return found
    if reader is None:
        return ManifestEvidence(status=ManifestStatus.NONE, source=source)
    try:
        with reader:
            return _judged(asset, reader, trust, at)
    except (*NATIVE_ERRORS, KeyError, AttributeError) as error:
        # The validator broke off, or its JSON did not have the shape that this version writes.
        return _unreadable(error, source)


def _holds_none(data: bytes, mime: str) -> bool:
    """True of a JPEG or PNG file without the parts in which a manifest, or its address, would be.

    Any other file is left to the validator: elsewhere those may be compressed or cut up.
    """
    if mime == ImageFormat.PNG.mime:
        kinds = png.kinds(data)
        return bool(kinds) and kinds <= _PLAIN_CHUNKS
    return mime == ImageFormat.JPEG.mime and _APP11 not in data and _ADDRESS not in data


def _judged(
    asset: _Asset, reader: c2pa.Reader, trust: TrustStore, at: datetime | None
) -> ManifestEvidence:
    found = _evidence(json.loads(reader.json()), asset.source, trust)

    def store() -> bytes:
        return _store(reader, found.manifest_id)

    def dates() -> tuple[datetime, datetime] | None:
        return _certificate_dates(json.loads(reader.crjson()), found.manifest_id)

    return settled(found, Questions(store=store, dates=dates, signed_by=asset.signed_by), trust, at)


def _store(reader: c2pa.Reader, manifest_id: str) -> bytes:
    # Any address inside the store gives the whole store, out of any kind of file.
    target = io.BytesIO()
    address = f"self#jumbf=/c2pa/{manifest_id}/{names.SIGNATURE}"
    reader.resource_to_stream(address, target)
    return target.getvalue()


def _certificate_dates(document: Json, manifest_id: str) -> tuple[datetime, datetime] | None:
    """Validity of the signing certificate, from the validator's crJSON (C2PA 2.4)."""
    for manifest in document.get("manifests") or []:
        if manifest.get("label") == manifest_id:
            information = (manifest.get("signature") or {}).get("certificateInfo") or {}
            validity = information.get("validity") or {}
            begin, end = (str(validity.get(key) or "") for key in ("notBefore", "notAfter"))
            if begin and end:
                return datetime.fromisoformat(begin), datetime.fromisoformat(end)
    return None


def _unreadable(error: BaseException, source: ManifestSource) -> ManifestEvidence:
    url = fields.text(remote_url(error))
    if url:
        return ManifestEvidence(status=ManifestStatus.REMOTE_ONLY, source=source, remote_url=url)
    return ManifestEvidence(
        status=ManifestStatus.UNREADABLE, source=source, detail=message_of(error)
    )


# --- from the reader's JSON to evidence ----------------------------------------


def _evidence(store: Json, source: ManifestSource, trust: TrustStore) -> ManifestEvidence:
    results: Json = store.get("validation_results") or {}
    active: Json = results.get("activeManifest") or {}
    success, informational, failure = (
        fields.codes(active, kind) for kind in ("success", "informational", "failure")
    )
    manifest_id = str(store.get("active_manifest") or "")
    manifests: Json = store.get("manifests") or {}
    manifest: Json = manifests.get(manifest_id) or {}
    actions = fields.actions(manifest)
    state = str(store.get("validation_state") or "")
    signer = fields.signer(manifest.get("signature_info"))
    believed = _believed(active, manifest_id, manifests)
    status = _status(state, success, failure, believed=believed)
    ingredients = list(walk(manifests, manifest_id, results, trusted=status.trusted))
    signed_at = signer.time if signer else ""
    return ManifestEvidence(
        status=status,
        source=source,
        state=state,
        success=success,
        informational=informational,
        failure=failure,
        manifest_id=fields.text(manifest_id),
        signer=signer,
        trust_list=fields.text(results.get("trustListUri")),
        time_stamp=time_stamp_of(active, manifest_id, signed_at, trust),
        revocation=revocation_of((*success, *informational, *failure)),
        claim_generator=fields.claim_generator(manifest),
        actions=fields.action_names(actions),
        operations=fields.operations(actions),
        digital_source_types=fields.digital_source_types(actions),
        soft_bindings=tuple(fields.soft_bindings(manifest)),
        generation=fields.generation(manifest),
        ingredients=tuple(ingredients[:MAX_INGREDIENTS]),
        ingredients_cut=len(ingredients) > MAX_INGREDIENTS,
    )


def _believed(active: Json, manifest_id: str, manifests: Json) -> bool:
    """The signer of this very manifest ends at an anchor of ours, and nothing speaks against it.

    What the validator says about a credential in the manifest of an ingredient stands among
    these results too; its address tells it apart.
    """
    own = f"self#jumbf=/c2pa/{manifest_id}/"
    others = tuple(f"self#jumbf=/c2pa/{other}/" for other in manifests if other != manifest_id)
    against = [
        entry
        for entry in active.get("failure") or []
        if not str(entry.get("url") or "").startswith(others)
    ]
    return not against and any(
        entry.get("code") == names.CREDENTIAL_TRUSTED
        and entry.get("url") == f"{own}{names.SIGNATURE}"
        for entry in active.get("success") or []
    )


def _status(
    state: str, success: tuple[str, ...], failure: tuple[str, ...], *, believed: bool
) -> ManifestStatus:
    if state == "Trusted":
        return ManifestStatus.TRUSTED
    if state == "Valid":
        # The state is that of the whole store: an ingredient whose signer its adder knew, and
        # we do not, lowers it. That is said of the ingredient, not of who signed the picture.
        return ManifestStatus.TRUSTED if believed else ManifestStatus.UNTRUSTED
    if set(failure) <= UNTRUSTED_CODES:
        return ManifestStatus.INVALID
    return status_of(success, failure)
