"""Time stamps at signing: asked for or not, had or not, and every way in which they fail."""

from __future__ import annotations

import time

import pytest
from support import chains, manifests, tsa

from provenance.errors import ConfigError, ErrorCode, TimeStampError
from provenance.keys import Network, TimeStampAuthority, TimeStamping, TimeStampMode
from provenance.manifest import read, sign
from provenance.model import ManifestStatus, TimeStampStatus

pytestmark = tsa.openssl_needed
TRUST = chains.trust_in(chains.authority())
MODES = (TimeStampMode.RECORD, TimeStampMode.REQUIRE)


@pytest.fixture
def authority(tmp_path):
    with tsa.authority(tmp_path) as running:
        yield running


def signed(signer, time_stamping, trust=TRUST, name="png"):
    data, mime = manifests.plain(name)
    return sign(data, mime, manifests.request(), signer, trust, time_stamping)


@pytest.mark.parametrize("x", list(range(9)))
def test_tmp(x, authority, signer):
    cases = [
        ("ok", None, None),
        ("nonce", tsa.other_nonce, None),
        ("digest", tsa.other_digest, None),
        ("garbage", None, lambda h, q: tsa.reply(h, b"garbage")),
        ("500", None, lambda h, q: tsa.reply(h, b"x", status=500)),
        (
            "redirect",
            None,
            lambda h, q: tsa.reply(h, b"", status=302, Location="http://127.0.0.1:1/"),
        ),
        ("big", None, lambda h, q: tsa.reply(h, b"0" * 200_000)),
        ("short", None, lambda h, q: tsa.reply(h, b"0" * 100, length=1000)),
        ("drip", None, tsa.drip),
    ]
    name, authority.spoil, authority.answer = cases[x]
    t = time.monotonic()
    try:
        r = signed(
            signer, authority.asked(TimeStampMode.REQUIRE, seconds=1), TRUST + authority.trust
        )
        print(name, len(r.manifest), time.monotonic() - t)
    except TimeStampError as e:
        print(name, "ERR", e, time.monotonic() - t)
