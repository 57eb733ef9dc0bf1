"""The validation results in crJSON, the format that C2PA conformance testing reads.

The document is the native validator's own: a view of the manifest store with the result of
every check, the active manifest first. It follows the crJSON specification that goes with
C2PA 2.4 (https://spec.c2pa.org/specifications/specifications/2.4/crJSON/crjson-format.html).

The validator judges certificates by the clock, or by a time stamp that it believes. Where
`manifest.read` does not leave it at that (another moment was asked for, or nobody vouches for
the time stamp), what is said about the signer of the active manifest is replaced by what it
concluded, in the same codes. Everything else, ingredients included, stays as it was found.
"""

from __future__ import annotations

import io
import json
from datetime import datetime
from typing import Any, Final

import c2pa

from provenance.errors import ManifestError
from provenance.manifest import names
from provenance.manifest.native import NATIVE_ERRORS, NativeSettings, message_of
from provenance.manifest.read import read
from provenance.model.evidence import ManifestEvidence, ManifestStatus
from provenance.model.trust import TimeSource
from provenance.trust import TrustStore, moment_text, parse_moment

Json = dict[str, Any]

#: What the validator says about the signer's certificate at one moment.
_OF_THE_MOMENT: Final = frozenset(
    {names.CREDENTIAL_TRUSTED, names.CREDENTIAL_UNTRUSTED, names.CREDENTIAL_EXPIRED}
)


def crjson(data: bytes, mime: str, trust: TrustStore, *, at: datetime | None = None) -> Json:
    """The crJSON document of the manifest embedded in an image file. Offline.

    Args:
        data: the whole file.
        mime: its media type.
        trust: lists of signers and of time-stamping authorities that are believed.
        at: the validation time; None is now.

    Returns:
        The document. All text in it is as the file has it: write it out as ASCII JSON.

    Raises:
        ManifestError: the file holds no manifest that can be read. A manifest that can be
            read and is worth nothing has a document that says so.
    """
    found = read(data, mime, trust, at=at)
    _check_readable(found)
    try:
        context = NativeSettings(trust=trust).context()
        with c2pa.Reader(mime, io.BytesIO(data), context=context) as reader:
            document: Json = json.loads(reader.crjson())
        active: Json = document["manifests"][0]
        if at is not None:
            active["validationResults"]["validationTime"] = moment_text(at)
        if _judged_by_us(found, at):
            _replace_judgement(active, found)
    except (*NATIVE_ERRORS, LookupError, AttributeError) as error:
        # The validator broke off, or its JSON did not have the shape that this version writes.
        raise ManifestError(f"no crJSON of this manifest: {message_of(error)}") from error
    return document


def _check_readable(found: ManifestEvidence) -> None:
    match found.status:
        case ManifestStatus.NONE:
            raise ManifestError(
                "there is no manifest in this file, and crJSON describes a manifest",
                hint="`verify` without it says what else was found",
            )
        case ManifestStatus.REMOTE_ONLY:
            raise ManifestError(
                f"the manifest is not in the file but at {found.remote_url}",
                hint="nothing is fetched; verify the file that the manifest is embedded in",
            )
        case ManifestStatus.UNREADABLE:
            raise ManifestError(f"the manifest cannot be read: {found.detail}")


def _judged_by_us(found: ManifestEvidence, at: datetime | None) -> bool:
    """True if the certificates were judged at another moment than the validator's."""
    if found.validity is None or found.validity.source is TimeSource.TIME_STAMP:
        return False
    return at is not None or names.TIME_TRUSTED in found.success


def _replace_judgement(active: Json, found: ManifestEvidence) -> None:
    results: Json = active["validationResults"]
    moment = found.validity.at if found.validity else ""
    url = f"self#jumbf=/c2pa/{active['label']}/{names.SIGNATURE}"
    success = (names.CREDENTIAL_TRUSTED,) if found.trust_list else ()
    for kind, codes in (("success", success), ("failure", _failures(found))):
        kept = [entry for entry in results[kind] if entry["code"] not in _OF_THE_MOMENT]
        added = [{"code": code, "url": url, "explanation": f"as of {moment}"} for code in codes]
        results[kind] = added + kept


def _failures(found: ManifestEvidence) -> tuple[str, ...]:
    """The validator calls an expired certificate untrusted as well, whoever issued it."""
    validity = found.validity
    if found.trust_list or validity is None:
        return ()
    if validity.not_before and validity.not_after:
        begin, end = parse_moment(validity.not_before), parse_moment(validity.not_after)
        if not begin <= parse_moment(validity.at) <= end:
            return (names.CREDENTIAL_UNTRUSTED, names.CREDENTIAL_EXPIRED)
    return (names.CREDENTIAL_UNTRUSTED,)
