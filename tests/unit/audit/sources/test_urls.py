"""Lists of URLs, and fetching under limits."""

from __future__ import annotations

import socket
import threading

import pytest
from support import archives as made
from support import web
from support.archives import picture
from support.sources import chunks, row, rows_of

from provenance.audit.sources import urls
from provenance.audit.sources.fetch import fetch
from provenance.errors import ConfigError, InputError
from provenance.imaging import Limits
from provenance.keys import Network

LIMITS = Limits(max_bytes=10_000)
HERE = Network.LOOPBACK


def drip(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", "image/png")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    waiting = threading.Event()
    try:
        for _ in range(1000):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            waiting.wait(0.05)
    except OSError:
        return  # the reader has had enough


def status(code):
    def answer(handler):
        handler.send_error(code)

    return answer


ANSWERS = {
    "/a.png": web.body(picture(1)),
    "/octets": web.body(picture(1), "application/octet-stream"),
    "/page": web.body(b"<html>", "text/html"),
    "/large": web.body(bytes(20_000)),
    "/lies": web.body(bytes(20_000), Content_Length="500000000000"),
    "/cut": web.body(picture(1), Content_Length="9000"),
    "/gzip": web.body(b"\x1f\x8b", Content_Encoding="gzip"),
    "/none": status(404),
    "/drip": drip,
    "/once": web.redirect("/a.png", 301),
    "/thrice": web.redirect("/twice", 307),
    "/twice": web.redirect("/once", 308),
    "/often": web.redirect("/thrice"),
    "/loop": web.redirect("/loop"),
    "/file": web.redirect("file:///etc/passwd"),
    "/private": web.redirect("http://10.0.0.1/a.png"),
    "/metadata": web.redirect("http://169.254.169.254/latest/meta-data"),
    "/password": web.redirect("http://a:b@127.0.0.1/"),
}


@pytest.fixture(scope="module")
def server():
    with web.serving(ANSWERS) as found:
        yield found


@pytest.mark.parametrize("path", ["/a.png", "/octets", "/once", "/twice", "/thrice"])
def test_an_image_is_fetched(server, path):
    assert fetch(server[0] + path, LIMITS, network=HERE) == picture(1)


FAILS = {
    "/page": "E_FORMAT: the server sent something else than an image",
    "/large": "E_LIMIT: file size is 20,000 bytes; the limit is 10,000",
    "/lies": "E_LIMIT: file size is 500,000,000,000 bytes; the limit is 10,000",
    "/cut": "E_TRUNC: the server broke off its answer",
    "/gzip": "E_FORMAT: the server sent a coding that was not asked for",
    "/none": "E_IO: HTTP status 404",
    "/often": "E_IO: redirected more than 3 times",
    "/loop": "E_IO: redirected more than 3 times",
    "/file": "E_IO: not a URL that is fetched",
    "/private": "E_IO: the server has an address that is not loopback",
    "/metadata": "E_IO: the server has an address that is not loopback",
    "/password": "E_IO: a URL with a password is not fetched",
}


def said(url, network=Network.PUBLIC, **more):
    with pytest.raises(InputError) as error:
        fetch(url, LIMITS, network=network, **more)
    return f"{error.value.code.value}: {error.value.message}"


@pytest.mark.parametrize("path", FAILS)
def test_what_is_no_image_within_limits_is_an_error(server, path):
    assert said(server[0] + path, HERE) == FAILS[path]


def test_a_server_that_drips_is_left(server):
    assert said(f"{server[0]}/drip", HERE, seconds=0.4) == "E_TIMEOUT: the server took too long"


def test_no_answer_at_all_is_left():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert said(url, HERE, seconds=0.3) == "E_TIMEOUT: the server took too long"


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert said(f"http://127.0.0.1:{port}/", HERE).startswith("E_IO: the server cannot be asked")


def test_a_request_says_who_asks_and_nothing_else(server):
    server[1].clear()
    fetch(f"{server[0]}/twice", LIMITS, network=HERE)
    assert len(server[1]) == 3
    for request in server[1]:
        names = {name.lower() for name in request.headers}
        assert names == {"host", "user-agent", "accept", "accept-encoding", "connection"}
        assert request.headers["User-Agent"].startswith("provenance-audit/")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://localhost/",
        "http://0.0.0.0/",
        "http://10.1.2.3/",
        "http://192.168.0.1/",
        "http://172.16.0.1/",
        "http://100.64.0.1/",
        "http://169.254.169.254/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "http://224.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "https://127.0.0.1/",
    ],
)
def test_no_private_address_is_connected_to(url, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("connected"))
    assert said(url).startswith("E_IO: the server ")


def test_a_name_with_one_private_address_is_refused(monkeypatch):
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("connected"))
    entries = [(2, 1, 6, "", (ip, 80)) for ip in ("93.184.216.34", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: entries)
    assert said("http://example.com/") == "E_IO: the server has an address that is not public"


def test_the_address_that_was_checked_is_connected_to(monkeypatch):
    answers = iter([[(2, 1, 6, "", ("93.184.216.34", 80))]])  # a second look would fail
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: next(answers))
    connected = []

    def connect(address, **_):
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    said("http://example.com/a.png")
    assert connected == [("93.184.216.34", 80)]


def test_proxies_are_not_used(server, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert fetch(f"{server[0]}/a.png", LIMITS, network=HERE) == picture(1)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "http://",
        "http://a:99999/",
        "http://a b/",
        "http://a/\r\nX: y",
        "http://\u00e9/",
        "http://" + "a" * 5000,
        "",
        "http://[::1",
    ],
)
def test_what_is_no_url_is_not_asked(url):
    assert said(url) == "E_IO: not a URL that is fetched"


# --- lists --------------------------------------------------------------------------------


def test_a_list_is_refused_unless_the_network_is_allowed(tmp_path):
    path = made.keep(tmp_path, "list.txt", b"https://example.com/a.png\n")
    with pytest.raises(ConfigError, match="needs the network"):
        chunks(f"urls:{path}")


def test_a_list_of_lines(server, tmp_path):
    lines = [f"{server[0]}/a.png", "nothing", f"{server[0]}/none", f"{server[0]}/once"]
    path = made.keep(tmp_path, "list.txt", "\n".join(lines).encode())
    found = chunks(f"urls:{path}", size=3, allow_network=True)
    assert [chunk.count for chunk in found] == [3, 1]
    got = [
        row(chunk, start + n, item)
        for chunk in found
        for start in (0, 1)
        for n, item in enumerate(urls.items(chunk, start, LIMITS, network=HERE))
    ]
    assert [r.data for r in got] == [picture(1), b"", b"", b"", b"", picture(1)]
    assert got[0].key == lines[0]
    assert got[0].name == "a.png"
    assert rows_of(found[1])[0].said == "E_IO: the server has an address that is not public"


@pytest.mark.parametrize("suffix", ["", "::url"])
def test_a_column_of_urls(server, tmp_path, suffix):
    addresses = [f"{server[0]}/a.png", None, f"{server[0]}/none"]
    path = made.keep(tmp_path, "t.parquet", made.parquet({"url": addresses, "n": [1, 2, 3]}))
    found = chunks(f"urls:{path}{suffix}", size=2, allow_network=True)
    assert [chunk.count for chunk in found] == [2, 1]
    items = [item for c in found for item in urls.items(c, 0, LIMITS, network=HERE)]
    assert [item.data for item in items] == [picture(1), b"", b""]
    assert items[1].problem.message == "the table holds no bytes for this row"
    assert items[2].problem.message == "HTTP status 404"


@pytest.mark.parametrize("address", ["urls:/nowhere/list", "urls:s3://b/list"])
def test_a_list_that_cannot_be_read_is_an_error(address):
    with pytest.raises(ConfigError):
        chunks(address, allow_network=True)
