"""What the validator's status codes say about time stamp and revocation.

`timeStamp.trusted` alone is not enough: for claims of version 1 the validator reports it for
every authority, listed or not ("legacy"). So the code counts only where the explanation
beside it ends in the name of a time-stamping list that was given to the validator.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from provenance.manifest import names
from provenance.model.trust import RevocationStatus, TimeStampEvidence, TimeStampStatus
from provenance.trust import TrustKind, TrustStore, moment_text

_TRUSTED: Final = "timestamp cert trusted: "
_LIST: Final = ", trust list: "
#: How the validator's explanations name the authority.
_NAMED: Final = (
    _TRUSTED,
    "legacy timestamp cert trusted: ",
    "timestamp cert untrusted: ",
    "timestamp message digest matched: ",
    "timestamp message digest did not match: ",
)
_KINDS: Final = ("success", "informational", "failure")
_MAX_TEXT: Final = 200

Json = dict[str, Any]


def time_stamp_of(
    active: Json, manifest_id: str, time: str, trust: TrustStore
) -> TimeStampEvidence:
    """The time stamp of the active manifest's signature.

    Args:
        active: the validator's results for the active manifest.
        manifest_id: its label; results about other signatures do not count.
        time: the signing time that the validator read from the time stamp.
        trust: the lists that the validator was given.
    """
    place = f"self#jumbf=/c2pa/{manifest_id}/{names.SIGNATURE}"
    entries = [entry for entry in _time_entries(active) if entry.get("url") == place]
    codes = tuple(dict.fromkeys(str(entry["code"])[:_MAX_TEXT] for entry in entries))
    if not codes:
        return TimeStampEvidence()
    moment = _moment(time)
    status, trust_list = TimeStampStatus.INVALID, ""
    if moment and names.TIME_VALIDATED in codes:
        status, trust_list = TimeStampStatus.UNTRUSTED, _list_of(entries, trust)
        status = TimeStampStatus.TRUSTED if trust_list else status
    return TimeStampEvidence(
        status=status,
        time=moment,
        authority=_authority(entries),
        trust_list=trust_list,
        codes=codes,
    )


def revocation_of(codes: tuple[str, ...]) -> RevocationStatus:
    """What an OCSP answer inside the manifest says, if the validator used one."""
    if names.REVOKED & set(codes):
        return RevocationStatus.REVOKED
    if names.NOT_REVOKED & set(codes):
        return RevocationStatus.STAPLED_GOOD
    return RevocationStatus.NOT_CHECKED


def _time_entries(active: Json) -> Iterator[Json]:
    for kind in _KINDS:
        for entry in active.get(kind) or []:
            if str(entry.get("code") or "").startswith("timeStamp."):
                yield entry


def _list_of(entries: list[Json], trust: TrustStore) -> str:
    for entry in entries:
        words = str(entry.get("explanation") or "")
        if entry["code"] != names.TIME_TRUSTED or not words.startswith(_TRUSTED):
            continue
        for trust_list in trust.of(TrustKind.TIME_STAMPS):
            if words.endswith(_LIST + trust_list.uri):
                return trust_list.uri
    return ""


def _authority(entries: list[Json]) -> str:
    for entry in entries:
        words = str(entry.get("explanation") or "")
        for prefix in _NAMED:
            if words.startswith(prefix):
                name = words.removeprefix(prefix)
                named = name.rpartition(_LIST)[0] if prefix == _TRUSTED else name
                return (named or name)[:_MAX_TEXT]
    return ""


def _moment(text: str) -> str:
    """The time in our own form; empty if it cannot be read."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return "" if moment.tzinfo is None else moment_text(moment)
