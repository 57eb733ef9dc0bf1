"""The middleware around any application: whatever that does, no picture passes unstamped."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace

import pytest
from support.asgi import Replying, exchange, get

from provenance import Generation
from provenance.errors import ConfigError, SignerError
from provenance.gateway import Policy, proxy_app
from provenance.gateway.middleware import StampMiddleware
from provenance.gateway.refusal import ClientTooSlowError


def code(got):
    return json.loads(got.body)["error"]["code"]


class Messages:
    """An application that sends these messages, whatever comes of it."""

    def __init__(self, *messages, swallow=False):
        self.messages, self.swallow = messages, swallow

    async def __call__(self, scope, receive, send):
        await receive()
        for message in self.messages:
            try:
                await send(message)
            except Exception:
                if not self.swallow:
                    raise


def start(kind="image/png", status=200, *headers):
    fields = [(b"content-type", kind.encode()), *headers]
    return {"type": "http.response.start", "status": status, "headers": fields}


def body(data, *, more=False):
    return {"type": "http.response.body", "body": data, "more_body": more}


def test_an_application_that_stops_in_the_middle(gate, png):
    got = gate.get(Messages(start(), body(png[:100], more=True)))
    assert (got.status, code(got)) == (502, "upstream_incomplete")


def test_an_application_that_raises(gate, png):
    async def app(scope, receive, send):
        await send(start())
        await send(body(png, more=True))
        raise ValueError("secret")

    got = gate.get(app)
    assert (got.status, code(got)) == (502, "internal")
    assert "secret" not in got.body.decode()
    assert gate.seen[0].cause == "ValueError"


def test_an_application_that_answers_and_then_raises(gate):
    async def app(scope, receive, send):
        await Replying(body=b"Internal Server Error", kind="text/plain", status=500)(
            None, None, send
        )
        raise ValueError

    got = gate.get(app)
    assert (got.status, got.body) == (500, b"Internal Server Error")
    assert isinstance(got.error, ValueError)
    assert (gate.seen[0].reason, gate.seen[0].cause) == ("internal", "ValueError")


def test_an_application_that_swallows_the_refusal_gets_no_further(gate, png):
    again = (start(), body(png[:-9]), start(), body(png[:-9]), body(b"x"))
    got = gate.get(Messages(*again, swallow=True))
    assert (got.status, code(got)) == (502, "not_stamped")


@pytest.mark.parametrize(
    "message",
    [
        {"type": "http.response.pathsend", "path": "/etc/hostname"},
        {"type": "http.response.zerocopysend", "file": 3},
        {"type": "http.response.trailers", "headers": []},
        {"type": "http.response.push", "path": "/a", "headers": []},
        start(),
    ],
    ids=lambda message: message["type"],
)
def test_ways_past_the_body_are_refused(gate, message):
    got = gate.get(Messages(start(), message))
    assert (got.status, code(got)) == (502, "cannot_examine")


def test_the_extensions_of_the_server_are_hidden(gate, png):
    inner = Replying(body=png, kind="image/png")
    headers = [(b"Accept-Encoding", b"gzip"), (b"Range", b"bytes=0-9"), (b"Upgrade", b"h2c")]
    gate.get(inner, extensions={"http.response.pathsend": {}}, headers=headers)
    assert inner.seen[0]["extensions"] == {}
    assert inner.seen[0]["headers"] == [(b"accept-encoding", b"identity")]


@pytest.mark.parametrize(
    ("status", "headers", "reason"),
    [
        (206, [], "cannot_examine"),
        (200, [(b"content-range", b"bytes 0-9/100")], "cannot_examine"),
        (200, [(b"content-encoding", b"gzip")], "cannot_examine"),
        (200, [(b"content-type", b"text/plain")], "upstream_malformed"),
        (200, [(b"content-length", b"1"), (b"content-length", b"2")], "upstream_malformed"),
        (200, [(b"content-length", b"7")], "upstream_malformed"),
        (302, [(b"location", b"https://cdn.example/a.png")], "image_elsewhere"),
        (302, [(b"location", b"\\\\cdn.example/a.png")], "image_elsewhere"),
        (200, [(b"refresh", b"0;url=https://cdn.example")], "image_elsewhere"),
        (101, [], "cannot_examine"),
    ],
    ids=["206", "range", "gzip", "types", "lengths", "length", "away", "slashes", "refresh", "101"],
)  # fmt: skip
def test_heads_that_are_refused(gate, png, status, headers, reason):
    got = gate.get(Messages(start("image/png", status, *headers), body(png)))
    assert (got.status, code(got)) == (502, reason)


def test_a_picture_in_a_header_is_refused(gate, png64):
    got = gate.get(Messages(start("text/plain", 200, (b"x", png64.encode())), body(b"")))
    assert (got.status, code(got)) == (502, "cannot_examine")


def test_a_redirect_back_to_the_gateway_passes(gate):
    got = gate.get(Messages(start("text/plain", 307, (b"location", b"/v1/other")), body(b"")))
    assert (got.status, got.header("location")) == (307, "/v1/other")


def test_answers_without_a_body(gate, png):
    got = gate.get(Messages(start("image/png", 304, (b"etag", b"x")), body(b"")), method="GET")
    assert (got.status, got.header("etag"), got.body) == (304, "x", b"")
    got = gate.get(Messages(start("", 204), body(png)), method="DELETE")
    assert (got.status, got.body) == (204, b"")
    length = (b"content-length", str(len(png)).encode())
    got = gate.get(
        Messages(start("image/png", 200, length, (b"etag", b"x")), body(png)), method="HEAD"
    )
    assert (got.status, got.body) == (200, b"")
    assert (got.header("content-length"), got.header("etag")) == ("", "")


def test_methods_that_are_not_passed_on(gate):
    for method in ("TRACE", "CONNECT", "PROPFIND", "get"):
        got = gate.get(Replying(), method=method)
        assert (got.status, code(got)) == (405, "method")
    assert gate.seen[0].method == "other"


def test_errors_of_the_application_are_examined_and_pass(gate, png):
    got = gate.get(Replying(body=b'{"error":{"code":"no"}}', status=429))
    assert (got.status, got.body) == (429, b'{"error":{"code":"no"}}')
    got = gate.get(Replying(body=png, kind="text/plain", status=500))
    assert (got.status, code(got)) == (502, "cannot_examine")


def test_limits_of_bodies(gate, png):
    gate.limits.update(request_bytes=100, response_bytes=1000)
    got = gate.get(Replying(), body=b"x" * 101)
    assert (got.status, code(got)) == (413, "request_too_large")
    got = gate.reply(png, "image/png")
    assert (got.status, code(got)) == (502, "cannot_examine")


def test_what_all_together_hold_is_bounded_and_given_back(gate, png):
    gate.limits["held_bytes"] = len(png) + 10
    app = gate.app(Replying(body=png, kind="image/png"))
    assert get(app).status == 200
    assert app.held.bytes == 0
    got = get(app, body=b"{}" + b" " * 20)
    assert (got.status, code(got), got.header("x-should-retry")) == (502, "busy", "false")
    got = get(app, body=b" " * len(png) * 2)
    assert (got.status, code(got), got.header("x-should-retry")) == (503, "busy", "true")
    assert app.held.bytes == 0


def test_too_many_requests_at_once_get_503_before_anything_is_made(gate):
    gate.limits["exchanges"] = 2
    release, reached = asyncio.Event(), []

    async def slow(scope, receive, send):
        reached.append(scope)
        await release.wait()
        await Replying(body=b"{}")(scope, receive, send)

    async def run():
        app = gate.app(slow)
        first = [asyncio.ensure_future(exchange(app, "/a")) for _ in range(2)]
        await asyncio.sleep(0.05)
        third = await exchange(app, "/a")
        release.set()
        return third, [item.status for item in await asyncio.gather(*first)]

    third, others = asyncio.run(run())
    assert (third.status, code(third), third.header("retry-after")) == (503, "busy", "1")
    assert others == [200, 200]
    assert len(reached) == 2


def test_the_whole_exchange_has_a_time_limit(gate):
    gate.limits["total_seconds"] = 0.05

    async def app(scope, receive, send):
        await asyncio.sleep(30)

    got = gate.get(app)
    assert (got.status, code(got)) == (504, "timeout")


def test_a_client_that_takes_nothing_is_cut_off(gate, png):
    gate.limits["client_seconds"] = 0.05

    async def run():
        async def receive():
            return {"type": "http.request"}

        async def send(message):
            await asyncio.sleep(30)

        app = gate.app(Replying(body=png, kind="image/png"))
        scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
        await app(scope, receive, send)

    with pytest.raises(ClientTooSlowError):
        asyncio.run(run())
    assert (gate.seen[0].reason, gate.seen[0].status) == ("client_too_slow", 499)


def test_a_client_that_goes_before_its_request_is_complete(gate):
    inner = Replying()

    async def run():
        messages = [
            {"type": "http.request", "body": b"{", "more_body": True},
            {"type": "http.disconnect"},
        ]

        async def receive():
            return messages.pop(0)

        async def send(message):
            raise AssertionError

        scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
        await gate.app(inner)(scope, receive, send)

    asyncio.run(run())
    assert gate.seen[0].reason == "client_gone"
    assert inner.seen == []


def test_websockets_are_refused(gate):
    sent = []

    async def run():
        async def receive():
            return {"type": "websocket.connect"}

        async def send(message):
            sent.append(message)

        await gate.app(Replying())({"type": "websocket", "path": "/"}, receive, send)

    asyncio.run(run())
    assert sent == [{"type": "websocket.close", "code": 1008}]


class BrokenSigner:
    """A signer whose device is gone."""

    def __init__(self, signer):
        self.chain, self.algorithm = signer.chain, signer.algorithm

    def sign(self, data):
        raise SignerError("no token in slot /secret/path", hint="plug it in")


def test_a_signer_that_fails_lets_nothing_pass_and_is_not_ready(gate, stamper, png):
    gate.stamper = replace(stamper, signer=BrokenSigner(stamper.signer))
    app = gate.app(Replying(body=png, kind="image/png"))
    got = get(app)
    assert (got.status, code(got)) == (502, "not_stamped")
    assert "E_SIGNER" in got.body.decode()
    assert "secret" not in got.body.decode()
    assert gate.seen[0].cause == "E_SIGNER"
    got = get(app, "/.provenance/readyz")
    assert (got.status, json.loads(got.body)) == (503, {"status": "E_SIGNER"})
    assert get(app, "/.provenance/healthz").status == 200


def test_a_registry_that_cannot_be_written_lets_nothing_pass(gate, stamper, workspace, png):
    gate.stamper = replace(stamper, store=workspace.store(read_only=True))
    got = gate.reply(png, "image/png")
    assert (got.status, code(got), gate.seen[0].cause) == (502, "not_stamped", "E_REGISTRY")


def test_without_the_extra_it_does_not_start(gate, monkeypatch):
    for name in ("python_multipart", "httpx2"):
        with monkeypatch.context() as patched:
            patched.setitem(sys.modules, name, None)
            with pytest.raises(ConfigError, match=r"provenance\[gateway\]"):
                proxy_app("http://x", gate.stamper, Policy(generation=Generation(model="a")))


def test_health(gate):
    inner = Replying()
    app = gate.app(inner)
    assert get(app, "/.provenance/healthz", method="GET").body == b'{"status": "ok"}'
    assert get(app, "/.provenance/readyz", method="GET").body == b'{"status": "ready"}'
    assert get(app, "/.provenance/other", method="GET").status == 404
    assert inner.seen == []


def test_a_registry_that_is_gone_is_not_ready(gate, stamper, tmp_path):
    from provenance.registry import open_store

    gate.stamper = replace(stamper, store=open_store(tmp_path / "no" / "registry.sqlite3"))
    got = get(gate.app(Replying()), "/.provenance/readyz")
    assert (got.status, json.loads(got.body)) == (503, {"status": "E_REGISTRY"})


def test_the_log_holds_nothing_of_what_was_said(gate, png64, caplog):
    from provenance.gateway.record import log

    app = gate.app(Replying(body=b'{"b64_json":"%s"}' % png64.encode()))
    app._on_exchange = log
    with caplog.at_level("INFO", logger="provenance.gateway"):
        get(app, "/v1/secret/images/edits", body=b'{"prompt":"secret","model":"secret"}')
    (line,) = [record.getMessage() for record in caplog.records]
    assert "secret" not in line
    fields = json.loads(line)
    assert {fields["interface"], fields["method"]} == {"images.edits", "POST"}
    assert (fields["status"], fields["images"], fields["reason"]) == (200, 1, "")


def test_the_life_of_the_server_reaches_the_application(stamper, gate):
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    middleware = gate.app(app)
    assert isinstance(middleware, StampMiddleware)
    asyncio.run(middleware({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]
