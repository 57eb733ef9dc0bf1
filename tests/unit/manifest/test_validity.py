"""Certificates at the moment that counts: the clock, a chosen one, or that of a time stamp."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from support import chains, manifests, tamper, tsa

from provenance.keys import TimeStampMode, create_chain
from provenance.manifest import Parent, read, read_recovered, sign
from provenance.model import ManifestStatus, TimeSource, TimeStampStatus
from provenance.trust import TrustKind, TrustList, TrustStore, moment_text, parse_moment

PNG = "image/png"
LIFE = timedelta(seconds=4)  # of the leaf, once it is used
STRANGER = chains.trust_in(chains.authority("stranger"))


@dataclass(frozen=True)
class Old:
    """Files whose signing certificate has expired since."""

    plain: bytes
    manifest: bytes
    stamped: bytes
    trust: TrustStore
    tsa: TrustStore
    signed_at: datetime
    end: datetime

    @property
    def both(self) -> TrustStore:
        return self.trust + self.tsa


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """Signed with a leaf that lives for seconds more; then those seconds pass."""
    folder = tmp_path_factory.mktemp("old")
    start = datetime.now(UTC) - timedelta(days=200)
    lifetime = datetime.now(UTC) - start + LIFE
    chain = create_chain("old", "old system", leaf_lifetime=lifetime, start=start)
    signer = chains.key_files(folder, chain.leaf_key_pem, chain.chain_pem).signer()
    trust = chains.trust_in(chain, "old-root.pem")
    data, mime = manifests.plain()
    signed_at = datetime.now(UTC)
    made = sign(data, mime, manifests.request(), signer, trust)
    with tsa.authority(tmp_path_factory.mktemp("tsa")) as authority:
        asked = authority.asked(TimeStampMode.REQUIRE)
        stamped = sign(data, mime, manifests.request(), signer, trust + authority.trust, asked)
    end = signer.chain.leaf.not_valid_after_utc
    time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()) + 1.1)
    return Old(made.data, made.manifest, stamped.data, trust, authority.trust, signed_at, end)


pytestmark = tsa.openssl_needed


def test_x(old):
    for d in (old.plain, old.stamped):
        for tr in (old.both, old.trust, STRANGER, TrustStore()):
            for at in (
                None,
                old.signed_at,
                old.end + timedelta(days=30),
                old.end - timedelta(days=300),
            ):
                f = read(d, PNG, tr, at=at)
                print(
                    d is old.stamped,
                    [l.name for l in tr.lists],
                    at and at.date(),
                    f.status,
                    f.state,
                    f.validity,
                    f.time_stamp.status,
                    f.trust_list,
                )
