"""What a verification was run with, so that it can be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from provenance.model.ids import SystemRef
from provenance.model.trust import TrustListInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKey:
    """A detection key that was held.

    `fingerprint` names the carrier key and does not reveal it; `authenticates` is True where
    the key that verifies the tag was held too.
    """

    system: SystemRef
    epoch: int
    fingerprint: str
    authenticates: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationSettings:
    """Everything besides the file that a finding depends on.

    `at` is the moment at which certificates were judged (RFC 3339, UTC), empty for the time of
    the run; `policy` the text of the policy for signers, empty for none; `registry` what
    records were looked up in, empty for none; `limits` the bounds before decoding.
    """

    at: str
    policy: str
    depth: str
    schemes: tuple[str, ...]
    formats: tuple[str, ...]
    limits: Mapping[str, int]
    keys: tuple[HeldKey, ...]
    registry: str
    trust_lists: tuple[TrustListInfo, ...]
