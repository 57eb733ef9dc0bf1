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

import base64
import binascii
import io
import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import c2pa

from provenance.manifest import names
from provenance.manifest.bounds import excess
from provenance.manifest.native import NATIVE_ERRORS, NativeSettings, message_of
from provenance.manifest.time_stamp import revocation_of, time_stamp_of
from provenance.manifest.validity import Questions, settled
from provenance.model.evidence import (
    UNTRUSTED_CODES,
    GenerationClaim,
    IngredientFinding,
    ManifestEvidence,
    ManifestSource,
    ManifestStatus,
    SignerInfo,
    SoftBinding,
)
from provenance.model.ids import SYSTEM_ID_BITS, SystemRef
from provenance.trust import TrustStore

_REMOTE: Final = re.compile(r"must fetch remote manifests from url (\S+)")
_MAX_DEPTH: Final = 256  # the validator itself stops at 200
_MAX_INGREDIENTS: Final = 2000
_MAX_TEXT: Final = 500
_MAX_VALUE: Final = 1024
#: Every manifest store is a JUMBF superbox with this label (C2PA 2.4, "Manifest Store").
_STORE_LABEL: Final = b"c2pa"

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
        success = _codes(results.get("activeManifest") or {}, "success")
        return {names.CREDENTIAL_TRUSTED, names.SIGNATURE_VALIDATED} <= set(success)


def _read(asset: _Asset, trust: TrustStore, at: datetime | None) -> ManifestEvidence:
    source = asset.source
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


def _judged(
    asset: _Asset, reader: c2pa.Reader, trust: TrustStore, at: datetime | None
) -> ManifestEvidence:
    found = _evidence(json.loads(reader.json()), asset.source, trust)

    def store() -> bytes:
        # Any address inside the store gives the whole store, out of any kind of file.
        target = io.BytesIO()
        address = f"self#jumbf=/c2pa/{found.manifest_id}/{names.SIGNATURE}"
        reader.resource_to_stream(address, target)
        return target.getvalue()

    def dates() -> tuple[datetime, datetime] | None:
        return _certificate_dates(json.loads(reader.crjson()), found.manifest_id)

    return settled(found, Questions(store=store, dates=dates, signed_by=asset.signed_by), trust, at)


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
    remote = _REMOTE.search(str(error))
    if remote:
        return ManifestEvidence(
            status=ManifestStatus.REMOTE_ONLY, source=source, remote_url=_text(remote.group(1))
        )
    return ManifestEvidence(
        status=ManifestStatus.UNREADABLE, source=source, detail=message_of(error)
    )


# --- from the reader's JSON to evidence ----------------------------------------


def _evidence(store: Json, source: ManifestSource, trust: TrustStore) -> ManifestEvidence:
    results: Json = store.get("validation_results") or {}
    active: Json = results.get("activeManifest") or {}
    success, informational, failure = (
        _codes(active, kind) for kind in ("success", "informational", "failure")
    )
    manifest_id = str(store.get("active_manifest") or "")
    manifests: Json = store.get("manifests") or {}
    ingredients = list(_walk_ingredients(manifests, manifest_id, results))
    manifest: Json = manifests.get(manifest_id) or {}
    assertions: list[Json] = manifest.get("assertions") or []
    actions = _actions(assertions)
    state = str(store.get("validation_state") or "")
    signer = _signer(manifest.get("signature_info"))
    signed_at = signer.time if signer else ""
    return ManifestEvidence(
        status=_status(state, success, failure),
        source=source,
        state=state,
        success=success,
        informational=informational,
        failure=failure,
        manifest_id=_text(manifest_id),
        signer=signer,
        trust_list=_text(str(results.get("trustListUri") or "")),
        time_stamp=time_stamp_of(active, manifest_id, signed_at, trust),
        revocation=revocation_of((*success, *informational, *failure)),
        claim_generator=_claim_generator(manifest),
        actions=tuple(_text(str(action.get("action") or "")) for action in actions),
        digital_source_types=_digital_source_types(actions),
        soft_bindings=tuple(_soft_bindings(assertions)),
        generation=_generation(assertions),
        ingredients=tuple(ingredients[:_MAX_INGREDIENTS]),
        ingredients_cut=len(ingredients) > _MAX_INGREDIENTS,
    )


def _status(state: str, success: tuple[str, ...], failure: tuple[str, ...]) -> ManifestStatus:
    if state == "Trusted":
        return ManifestStatus.TRUSTED
    if state == "Valid":
        return ManifestStatus.UNTRUSTED
    causes = set(failure) - UNTRUSTED_CODES
    if causes == {names.CREDENTIAL_EXPIRED}:
        return ManifestStatus.EXPIRED
    if causes and causes <= names.HARD_BINDING_FAILURES and names.CREDENTIAL_TRUSTED in success:
        return ManifestStatus.TRUSTED_CONTENT_CHANGED
    return ManifestStatus.INVALID


def _codes(results: Json, kind: str) -> tuple[str, ...]:
    entries: list[Json] = results.get(kind) or []
    # Order of first appearance, each code once: a store can repeat one thousands of times.
    return tuple(dict.fromkeys(_text(str(entry.get("code") or "")) for entry in entries))


def _signer(info: Json | None) -> SignerInfo | None:
    if not info:
        return None
    return SignerInfo(
        organization=_text(str(info.get("issuer") or "")),
        common_name=_text(str(info.get("common_name") or "")),
        serial_number=_text(str(info.get("cert_serial_number") or "")),
        algorithm=_text(str(info.get("alg") or "")),
        time=_text(str(info.get("time") or "")),
    )


def _claim_generator(manifest: Json) -> str:
    parts = []
    for info in manifest.get("claim_generator_info") or []:
        name, version = str(info.get("name") or ""), str(info.get("version") or "")
        parts.append(f"{name} {version}".strip())
    return _text("; ".join(parts) or str(manifest.get("claim_generator") or ""))


def _of_label(assertions: list[Json], label: str) -> Iterator[Json]:
    """Data of every assertion with that label; repeated ones are suffixed with __N."""
    for assertion in assertions:
        if str(assertion.get("label") or "").split("__")[0] == label:
            data = assertion.get("data")
            if isinstance(data, dict):
                yield data


def _actions(assertions: list[Json]) -> list[Json]:
    found: list[Json] = []
    for label in (names.ACTIONS, "c2pa.actions"):
        for data in _of_label(assertions, label):
            found += [action for action in data.get("actions") or [] if isinstance(action, dict)]
    return found


def _digital_source_types(actions: list[Json]) -> tuple[str, ...]:
    stated = (action.get("digitalSourceType") for action in actions)
    return tuple(_text(str(kind)) for kind in stated if kind)


def _soft_bindings(assertions: list[Json]) -> Iterator[SoftBinding]:
    for data in _of_label(assertions, names.SOFT_BINDING):
        blocks = data.get("blocks")
        for block in blocks if isinstance(blocks, list) else []:
            value = _value_bytes(block.get("value")) if isinstance(block, dict) else None
            if value is not None:
                yield SoftBinding(alg=_text(str(data.get("alg") or "")), value=value)


def _value_bytes(value: object) -> bytes | None:
    """A soft-binding value from any of the forms that are in use: text, bytes, integers."""
    if isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)[:_MAX_VALUE]
        except (binascii.Error, ValueError):
            return value.encode("utf-8", "backslashreplace")[:_MAX_VALUE]
    if isinstance(value, list) and all(isinstance(v, int) and 0 <= v < 256 for v in value):
        return bytes(value[:_MAX_VALUE])
    return None


def _generation(assertions: list[Json]) -> GenerationClaim | None:
    for data in _of_label(assertions, names.GENERATION):
        system_id = data.get("systemId")
        if type(system_id) is not int or not 0 <= system_id < 1 << SYSTEM_ID_BITS:
            continue  # a boolean is an int for isinstance
        return GenerationClaim(
            system=SystemRef(system_id, _text(str(data.get("system") or ""))),
            model=_text(str(data.get("model") or "")),
            model_version=_text(str(data.get("modelVersion") or "")),
            record_id=_text(str(data.get("recordId") or "")),
        )
    return None


def _walk_ingredients(
    manifests: Json, active_id: str, results: Json
) -> Iterator[IngredientFinding]:
    """Every ingredient below the active manifest, nearest first; one more than is shown.

    Failures come from two places: what the signer of the parent recorded when it added
    the ingredient, and what differs from that now (ingredient deltas).
    """
    deltas = _deltas(results)
    queue = deque([(active_id, 0)])
    seen = {active_id}
    count = 0
    while queue:
        parent_id, depth = queue.popleft()
        for ingredient in (manifests.get(parent_id) or {}).get("ingredients") or []:
            child_id = str(ingredient.get("active_manifest") or "")
            recorded = (ingredient.get("validation_results") or {}).get("activeManifest") or {}
            now = deltas.get((parent_id, str(ingredient.get("label") or "")), [])
            failures = [*_codes(recorded, "failure"), *_legacy_failures(ingredient), *now]
            child: Json = manifests.get(child_id) or {}
            yield IngredientFinding(
                title=_text(str(ingredient.get("title") or "")),
                relationship=_text(str(ingredient.get("relationship") or "")),
                manifest_id=_text(child_id),
                depth=depth + 1,
                failures=tuple(dict.fromkeys(failures)),
                signer=_signer(child.get("signature_info")),
                claim_generator=_claim_generator(child),
                digital_source_types=_digital_source_types(_actions(child.get("assertions") or [])),
            )
            count += 1
            if count > _MAX_INGREDIENTS:
                return
            if child_id and child_id not in seen and depth < _MAX_DEPTH:
                seen.add(child_id)
                queue.append((child_id, depth + 1))


def _deltas(results: Json) -> dict[tuple[str, str], list[str]]:
    """Failure codes that are new since signing, by (manifest, assertion label)."""
    found: dict[tuple[str, str], list[str]] = {}
    for delta in results.get("ingredientDeltas") or []:
        # the address ends in: manifest / assertion store / label
        parts = str(delta.get("ingredientAssertionURI") or "").split("/")
        if len(parts) >= 3:
            codes = _codes(delta.get("validationDeltas") or {}, "failure")
            found.setdefault((parts[-3], parts[-1]), []).extend(codes)
    return found


def _legacy_failures(ingredient: Json) -> list[str]:
    """Codes of version 1 and 2 ingredients, which kept a flat list of failures."""
    statuses: list[Json] = ingredient.get("validation_status") or []
    return [_text(str(status.get("code") or "")) for status in statuses]


def _text(value: str) -> str:
    """Text from a manifest: bounded here, escaped where it is shown."""
    return value[:_MAX_TEXT]
