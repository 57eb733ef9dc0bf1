"""At which moment the signer's certificates count, and what they are worth then.

1. A trusted time stamp proves when the claim was signed. The validator judged the
   certificates at that moment, so its result stands, however long ago that was. A time stamp
   from after the moment that was asked for proves nothing yet.
2. Otherwise the moment is the one that the caller chose, or now. The validator knows only
   now, and it believes every time stamp on an old claim. Where either matters, the path to an
   anchor is built here.
3. Which certificate the claim was signed with is not parsed here a second time: two parsers
   can be made to disagree. The validator is asked again, with the certificate that passed as
   the only one it accepts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from provenance.manifest import names
from provenance.model.evidence import UNTRUSTED_CODES, ManifestEvidence, ManifestStatus
from provenance.model.trust import (
    TimeSource,
    TimeStampEvidence,
    TimeStampStatus,
    Unproven,
    ValidityEvidence,
)
from provenance.trust import (
    Anchored,
    TrustStore,
    anchored,
    certificates_in,
    moment_text,
    parse_moment,
)

#: Clocks of authority and verifier differ; a time stamp may be this much ahead of ours.
_SKEW: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What the validator can be asked about the manifest beyond its results.

    `store` gives the manifest store, `dates` when the signing certificate begins and ends
    (None if that cannot be read), `signed_by` whether the claim was signed with one of
    these certificates, in PEM.
    """

    store: Callable[[], bytes]
    dates: Callable[[], tuple[datetime, datetime] | None]
    signed_by: Callable[[tuple[str, ...]], bool]


def settled(
    found: ManifestEvidence, questions: Questions, trust: TrustStore, at: datetime | None
) -> ManifestEvidence:
    """The evidence with its status at the moment that counts, and that moment.

    Args:
        found: what the validator said, with its status as of now.
        questions: for more.
        trust: lists of anchors.
        at: the moment to judge at; None is now.
    """
    now = datetime.now(UTC)
    moment, source = (at, TimeSource.CHOSEN) if at else (now, TimeSource.CLOCK)
    stamp = found.time_stamp
    if stamp.status is TimeStampStatus.TRUSTED:
        latest = at or now + _SKEW
        if parse_moment(stamp.time) <= latest:
            proven = ValidityEvidence(at=stamp.time, source=TimeSource.TIME_STAMP)
            return replace(found, validity=proven)
    validity = ValidityEvidence(at=moment_text(moment), source=source)
    judged_by_clock = at is None and names.TIME_TRUSTED not in found.success
    if not judged_by_clock:
        found = _judged_here(found, questions, trust, moment)
    if judged_by_clock and found.status is not ManifestStatus.EXPIRED:
        return replace(found, validity=validity)
    dates = questions.dates()
    if dates is not None:
        begin, end = map(moment_text, dates)
        validity = replace(validity, not_before=begin, not_after=end)
    if found.status is ManifestStatus.EXPIRED:
        validity = replace(validity, unproven=_why_unproven(found.time_stamp))
    return replace(found, validity=validity)


def _judged_here(
    found: ManifestEvidence, questions: Questions, trust: TrustStore, moment: datetime
) -> ManifestEvidence:
    serial = found.signer.serial_number if found.signer else ""
    pool = certificates_in(questions.store())
    leaves = [leaf for leaf in pool if str(leaf.serial_number) == serial]

    def path(when: datetime | None) -> Anchored | None:
        """The signer's path to an anchor at that moment; None ignores time."""
        passing = [found for leaf in leaves if (found := anchored(leaf, pool, trust, when))]
        pems = (item.leaf.public_bytes(Encoding.PEM).decode("ascii") for item in passing)
        return passing[0] if passing and questions.signed_by(tuple(pems)) else None

    trusted = path(moment)
    causes = set(found.failure) - UNTRUSTED_CODES - {names.CREDENTIAL_EXPIRED}
    # Somebody else's credential in the manifest that nobody vouches for: see UNTRUSTED_CODES.
    elsewhere = set(found.failure) & UNTRUSTED_CODES - {names.CREDENTIAL_UNTRUSTED}
    if causes and not (trusted and causes <= names.HARD_BINDING_FAILURES):
        status = ManifestStatus.INVALID
    elif trusted and not elsewhere:
        status = ManifestStatus.TRUSTED_CONTENT_CHANGED if causes else ManifestStatus.TRUSTED
    elif trusted or (_within(questions.dates(), moment) and not path(None)):
        status = ManifestStatus.UNTRUSTED
    else:
        status = ManifestStatus.EXPIRED
    return replace(found, status=status, trust_list=trusted.trust_list.uri if trusted else "")


def _within(dates: tuple[datetime, datetime] | None, moment: datetime) -> bool:
    return dates is not None and dates[0] <= moment <= dates[1]


def _why_unproven(stamp: TimeStampEvidence) -> Unproven:
    match stamp.status:
        case TimeStampStatus.NONE:
            return Unproven.NO_TIME_STAMP
        case TimeStampStatus.INVALID:
            return Unproven.INVALID
        case TimeStampStatus.UNTRUSTED if stamp.unlisted_by_design:
            return Unproven.VERSION_1
        case TimeStampStatus.UNTRUSTED:
            return Unproven.UNLISTED
        case TimeStampStatus.TRUSTED:
            return Unproven.LATER
