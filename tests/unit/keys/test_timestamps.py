"""The client of a time-stamping authority: whom it talks to, and what it refuses."""

from __future__ import annotations

import ssl
import threading
import time

import pytest
from support import tsa

from provenance.errors import ConfigError, TimeStampError
from provenance.keys import Network, TimeStampAuthority, TimeStamping, TimeStampMode

LOOPBACK, PRIVATE, PUBLIC = Network.LOOPBACK, Network.PRIVATE, Network.PUBLIC


@pytest.fixture
def server(tmp_path):
    """A server that answers with what it was asked."""
    with tsa.authority(tmp_path) as running:
        running.answer = tsa.reply
        yield running


# --- addresses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("8.8.8.8", PUBLIC),
        ("2001:4860:4860::8888", PUBLIC),
        ("10.0.0.1", PRIVATE),
        ("172.16.5.4", PRIVATE),
        ("192.168.1.1", PRIVATE),
        ("fd00::1", PRIVATE),
        ("127.0.0.1", LOOPBACK),
        ("127.9.9.9", LOOPBACK),
        ("::1", LOOPBACK),
        ("::ffff:127.0.0.1", LOOPBACK),
        ("::ffff:10.0.0.1", PRIVATE),
    ],
)
def test_every_address_is_of_one_kind(address, network):
    assert [kind for kind in Network if kind.holds(address)] == [network]


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "fe80::1%eth0",
        "0.0.0.0",  # noqa: S104 - nobody listens here
        "::",
        "224.0.0.1",
        "255.255.255.255",
    ],
)
def test_some_addresses_are_never_connected_to(address):
    assert [kind for kind in Network if kind.holds(address)] == []


@pytest.mark.parametrize("network", [PUBLIC, PRIVATE])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "127.1"])
def test_loopback_is_reached_only_where_it_is_configured(server, network, host):
    port = server.url.rpartition(":")[2]
    chosen = TimeStampAuthority(url=f"http://{host}:{port}", network=network)
    with pytest.raises(TimeStampError):
        chosen.answer(b"query")
    assert server.queries == []


def test_what_is_sent_and_what_comes_back(server):
    chosen = server.asked(TimeStampMode.REQUIRE).authority
    assert chosen.answer(b"a query") == b"a query"
    assert server.queries == [b"a query"]


def test_a_proxy_of_the_environment_is_not_used(server, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    chosen = server.asked(TimeStampMode.REQUIRE).authority
    assert chosen.answer(b"a query") == b"a query"


def test_https_needs_a_certificate_that_verifies(server):
    """A server that does not even speak TLS."""
    url = server.url.replace("http://", "https://")
    with pytest.raises(TimeStampError, match="cannot be reached") as caught:
        TimeStampAuthority(url=url, network=LOOPBACK).answer(b"query")
    assert isinstance(caught.value.__cause__, ssl.SSLError)
    assert server.queries == []


def test_an_oversized_query_is_not_sent(server):
    with pytest.raises(TimeStampError, match="query is too large"):
        server.asked(TimeStampMode.REQUIRE).authority.answer(bytes(10_000))
    assert server.queries == []


def test_the_time_limit_is_for_the_whole_exchange(server):
    server.answer = tsa.drip
    chosen = server.asked(TimeStampMode.REQUIRE, seconds=0.5).authority
    started = time.monotonic()
    with pytest.raises(TimeStampError, match=r"within 0\.5 seconds"):
        chosen.answer(b"query")
    assert time.monotonic() - started < 2


def test_no_thread_is_left_waiting(server):
    before = threading.active_count()
    server.asked(TimeStampMode.REQUIRE, seconds=20).authority.answer(b"query")
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before


# --- what is configured --------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "",
        "timestamp.example.com",
        "ftp://timestamp.example.com",
        "file:///etc/passwd",
        "http://",
        "http:///path",
        "http://host:99999/",
        "http://host:0/",
        "http://[::1",
        "http://host/a b",
        "http://host/\r\nX-Header: 1",
        "http://h\u00f6st/",
    ],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ConfigError, match="not the address"):
        TimeStampAuthority(url=url)


def test_an_address_with_a_password_is_refused():
    with pytest.raises(ConfigError, match="password"):
        TimeStampAuthority(url="https://user:secret@timestamp.example.com/")


@pytest.mark.parametrize("seconds", [0, -1, 26, float("nan"), float("inf")])
def test_a_time_limit_has_bounds(seconds):
    with pytest.raises(ConfigError, match="seconds"):
        TimeStampAuthority(url="http://timestamp.example.com", seconds=seconds)


@pytest.mark.parametrize("mode", [TimeStampMode.RECORD, TimeStampMode.REQUIRE])
def test_asking_needs_somebody_to_ask(mode):
    with pytest.raises(ConfigError, match="no authority is named"):
        TimeStamping(mode=mode)
