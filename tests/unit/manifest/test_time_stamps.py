"""Time stamps at signing: asked for or not, had or not, and every way in which they fail."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request

import pytest
from support import chains, manifests, tsa

from provenance.errors import ErrorCode, SignerError, TimeStampError
from provenance.keys import CallbackSigner, Network, TimeStampAuthority, TimeStampMode
from provenance.keys import TimeStamping as Asked
from provenance.manifest import read, sign
from provenance.manifest.relay import Relay
from provenance.model import ManifestStatus, TimeStampStatus

pytestmark = tsa.openssl_needed
TRUST = chains.trust_in(chains.authority())
RECORD, REQUIRE = TimeStampMode.RECORD, TimeStampMode.REQUIRE
SECONDS = 1.0

# How an authority misbehaves, and a word of the complaint.
SPOILED = {
    "wrong nonce": (tsa.other_nonce, "nonce"),
    "wrong digest": (tsa.other_digest, "does not match"),
}
ANSWERS = {
    "garbage": (lambda h, _: tsa.reply(h, b"garbage"), "refused"),
    "nothing": (lambda h, _: tsa.reply(h, b""), "broke off"),
    "cut short": (lambda h, _: tsa.reply(h, b"0" * 100, length=1000), "broke off"),
    "oversized": (lambda h, _: tsa.reply(h, b"0" * 100_000), "more than"),
    "said to be oversized": (lambda h, _: tsa.reply(h, b"0", length=1 << 40), "broke off"),
    "web page": (lambda h, _: tsa.reply(h, b"<html>", kind="text/html"), "something else"),
    "server error": (lambda h, _: tsa.reply(h, b"", status=500), "status 500"),
    "not found": (lambda h, _: tsa.reply(h, b"", status=404), "status 404"),
    "redirect": (
        lambda h, _: tsa.reply(h, b"", status=302, Location="http://127.0.0.1:1/"),
        "redirect",
    ),
    "redirect to a file": (
        lambda h, _: tsa.reply(h, b"", status=307, Location="file:///etc/passwd"),
        "redirect",
    ),
    "slow": (lambda *_: time.sleep(SECONDS + 0.5), "did not answer"),
    "drop by drop": (tsa.drip, "did not answer"),
}


@pytest.fixture
def authority(tmp_path):
    with tsa.authority(tmp_path) as running:
        yield running


@pytest.fixture
def nobody():
    """An authority that is down: a port that nobody listens on."""
    with tsa.closed_port() as port:
        yield TimeStampAuthority(url=f"http://127.0.0.1:{port}/", network=Network.LOOPBACK)


def signed(signer, asked, trust=TRUST, name="png"):
    data, mime = manifests.plain(name)
    return sign(data, mime, manifests.request(), signer, trust, asked)


def failure(signer, asked):
    with pytest.raises(TimeStampError) as caught:
        signed(signer, asked)
    assert caught.value.code is ErrorCode.TIME_STAMP
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize("mode", [RECORD, REQUIRE])
@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "avif"])
def test_a_time_stamp_is_had_and_verifies(authority, signer, mode, name):
    trust = TRUST + authority.trust
    made = signed(signer, authority.asked(mode), trust, name)
    assert made.time_stamp_failure == ""
    found = read(made.data, manifests.plain(name)[1], trust)
    assert found.status is ManifestStatus.TRUSTED
    assert found.time_stamp.status is TimeStampStatus.TRUSTED
    assert len(authority.queries) == 1


def test_a_key_service_is_stamped_too(authority, signer):
    trust = TRUST + authority.trust
    made = signed(chains.callback_for(signer), authority.asked(REQUIRE), trust)
    assert read(made.data, "image/png", trust).time_stamp.status is TimeStampStatus.TRUSTED


def test_off_asks_nobody(authority, signer):
    made = signed(signer, authority.asked(TimeStampMode.OFF))
    assert authority.queries == []
    assert read(made.data, "image/png", TRUST).time_stamp.status is TimeStampStatus.NONE


def test_no_authority_is_asked_by_default(signer):
    assert Asked().mode is TimeStampMode.OFF
    assert Asked().authority is None


@pytest.mark.parametrize("name", SPOILED)
def test_a_required_time_stamp_of_something_else_is_refused(authority, signer, name):
    authority.spoil, word = SPOILED[name]
    assert word in failure(signer, authority.asked(REQUIRE))


@pytest.mark.parametrize("name", ANSWERS)
def test_a_required_time_stamp_that_is_not_had_is_refused(authority, signer, name):
    authority.answer, word = ANSWERS[name]
    started = time.monotonic()
    assert word in failure(signer, authority.asked(REQUIRE, seconds=SECONDS))
    assert time.monotonic() - started < 5 * SECONDS


@pytest.mark.parametrize("name", [*SPOILED, *ANSWERS])
def test_a_recorded_failure_says_why_and_leaves_a_sound_manifest(authority, signer, name):
    authority.spoil, authority.answer = SPOILED.get(name, (None,))[0], None
    if name in ANSWERS:
        authority.answer = ANSWERS[name][0]
    word = (SPOILED | ANSWERS)[name][1]
    made = signed(signer, authority.asked(RECORD, seconds=SECONDS), TRUST + authority.trust)
    assert word in made.time_stamp_failure
    found = read(made.data, "image/png", TRUST + authority.trust)
    assert found.status is ManifestStatus.TRUSTED
    assert found.time_stamp.status is TimeStampStatus.NONE


def test_an_authority_that_is_down_is_named(signer, nobody):
    message = failure(signer, Asked(mode=REQUIRE, authority=nobody))
    assert "127.0.0.1 cannot be reached" in message
    made = signed(signer, Asked(mode=RECORD, authority=nobody))
    assert message == made.time_stamp_failure


def test_a_redirect_is_not_followed(authority, signer, tmp_path):
    elsewhere = tmp_path / "other"
    elsewhere.mkdir()
    with tsa.authority(elsewhere) as other:
        authority.answer = lambda h, _: tsa.reply(h, b"", status=307, Location=other.url)
        assert "not followed" in failure(signer, authority.asked(REQUIRE))
        assert other.queries == []


def test_a_signer_that_fails_is_not_blamed_on_the_authority(authority, signer):
    def refuse(_):
        raise OSError("the key service is closed")

    closed = CallbackSigner(algorithm=signer.algorithm, chain=signer.chain, callback=refuse)
    for mode in (RECORD, REQUIRE):
        with pytest.raises(SignerError, match="the key service is closed"):
            signed(closed, authority.asked(mode))
    assert authority.queries == []


# --- the relay ------------------------------------------------------------------------------


def test_the_relay_serves_nobody_who_does_not_know_its_path(authority):
    with Relay(authority.asked(REQUIRE).authority) as relay:
        base = relay.url.rpartition("/")[0]
        for path in ("/", "/guess", "/../"):
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(base + path, data=b"query", timeout=5)  # noqa: S310
            caught.value.close()
            assert caught.value.code == 404
    assert authority.queries == []


def test_the_relay_is_gone_afterwards(authority):
    threads = threading.active_count()
    with Relay(authority.asked(REQUIRE).authority) as relay:
        url = relay.url
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, data=b"query", timeout=5)  # noqa: S310
    assert threading.active_count() == threads
