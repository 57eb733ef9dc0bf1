"""The proxy between real clients and a real server, with faults on every side."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import socket
import time
from collections.abc import Iterator

import httpx
import openai
import pytest
from support import pictures
from support.command import Command
from support.serving import Reply, Upstream, raw, serving, unused_port

from provenance import Generation
from provenance.gateway import Exchange, GatewayLimits, Policy, UpstreamTimeouts, proxy_app

IMAGES, EDITS, CHAT = "/v1/images/generations", "/v1/images/edits", "/v1/chat/completions"


@pytest.fixture(scope="session")
def png():
    return pictures.file(pictures.crop(), "PNG")


@pytest.fixture(scope="session")
def png64(png):
    return base64.b64encode(png).decode()


@pytest.fixture
def seen() -> list[Exchange]:
    return []


@pytest.fixture
def gateway(workspace, seen):
    """Starts a gateway in front of an address."""
    with contextlib.ExitStack() as stack:

        def start(upstream, *, policy=None, timeouts=None, **limits):
            app = proxy_app(
                upstream,
                workspace.stamper(),
                Policy(generation=Generation(model="acme-1"), **(policy or {})),
                limits=GatewayLimits(**limits),
                timeouts=UpstreamTimeouts(**{"connect": 2.0, "read": 5.0, **(timeouts or {})}),
                on_exchange=seen.append,
            )
            return stack.enter_context(serving(app))

        yield start


@pytest.fixture
def behind(gateway):
    """Starts an upstream and a gateway in front of it."""
    with contextlib.ExitStack() as stack:

        def start(answers, **options) -> tuple[Upstream, str]:
            upstream = Upstream(answers)
            return upstream, gateway(stack.enter_context(serving(upstream)), **options)

        yield start


@contextlib.contextmanager
def client(url: str, **options) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="key-of-the-client", **options) as made:
        yield made


@pytest.fixture
def traced(tmp_path, workspace, monkeypatch, capfd):
    """The command line traces the file."""
    command = Command(monkeypatch, capfd)

    def check(data: bytes, name: str = "a.png") -> None:
        path = tmp_path / name
        path.write_bytes(data)
        result = command("verify", "-w", workspace.path, "--jsonl", path)
        assert (result.code, result.rows[0]["verdict"]) == (0, "TRACED")

    return check


def code(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["code"])


def await_(condition) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


# --- the OpenAI client ---------------------------------------------------------------


def test_images_of_the_openai_client_are_traced(behind, png64, traced):
    reply = {"created": 1, "data": [{"b64_json": png64}, {"b64_json": png64}]}
    upstream, url = behind({IMAGES: Reply(json.dumps(reply).encode())})
    with client(url) as api:
        images = api.images.generate(model="dall-e-3", prompt="secret words", n=2).data
    for number, image in enumerate(images):
        traced(base64.b64decode(image.b64_json), f"{number}.png")
    scope, body = upstream.asked[0]
    headers = dict(scope["headers"])
    assert json.loads(body)["prompt"] == "secret words"
    assert headers[b"authorization"] == b"Bearer key-of-the-client"
    assert headers[b"accept-encoding"] == b"identity"


def test_an_edit_has_the_uploaded_picture_as_parent(behind, png, png64, workspace, traced):
    source = pictures.file(pictures.crop(top=90), "PNG")
    upstream, url = behind({EDITS: Reply(json.dumps({"data": [{"b64_json": png64}]}).encode())})
    with client(url) as api:
        image = api.images.edit(model="x", prompt="p", image=("a.png", source)).data[0]
    data = base64.b64decode(image.b64_json)
    traced(data)
    report = workspace.verifier().verify(data)
    assert [item.relationship for item in report.evidence.manifest.ingredients] == ["parentOf"]
    assert source in upstream.asked[0][1]


def test_a_picture_in_a_chat_is_traced(behind, png64, traced):
    message = {"role": "assistant", "content": f"![a](data:image/png;base64,{png64})"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    reply = {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [choice],
    }
    _, url = behind({CHAT: Reply(json.dumps(reply).encode())})
    with client(url) as api:
        answer = api.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
    content = answer.choices[0].message.content
    traced(base64.b64decode(content.split("base64,")[1].rstrip(")")))


def test_tokens_of_a_chat_are_not_held(behind):
    pieces = [
        b"data: %s\n\n"
        % json.dumps(
            {
                "id": "1",
                "object": "chat.completion.chunk",
                "created": 1,
                "model": "m",
                "choices": [{"index": 0, "delta": {"content": f"word {n} "}}],
            }
        ).encode()
        for n in range(4)
    ]
    reply = Reply(pieces=[*pieces, b"data: [DONE]\n\n"], kind="text/event-stream", pause=0.2)
    _, url = behind({CHAT: reply})
    times, words = [], []
    with client(url) as api:
        messages = [{"role": "user", "content": "x"}]
        for event in api.chat.completions.create(model="m", messages=messages, stream=True):
            times.append(time.monotonic())
            words.append(event.choices[0].delta.content)
    assert words == [f"word {n} " for n in range(4)]
    # The upstream took 0.2 s between two tokens: they did not come in one burst.
    assert times[-1] - times[0] > 0.3


def test_partial_images_of_a_stream_are_traced(behind, png64, traced):
    events = [
        {"type": "image_generation.partial_image", "b64_json": png64, "partial_image_index": 0},
        {"type": "image_generation.completed", "b64_json": png64},
    ]
    pieces = [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events]
    _, url = behind({IMAGES: Reply(pieces=pieces, kind="text/event-stream")})
    with client(url) as api:
        got = list(api.images.generate(model="m", prompt="x", stream=True, partial_images=1))
    assert [event.type for event in got] == [event["type"] for event in events]
    for number, event in enumerate(got):
        traced(base64.b64decode(event.b64_json), f"{number}.png")


def test_the_openai_client_does_not_repeat_a_paid_generation(behind, png):
    small = base64.b64encode(pictures.file(pictures.crop(16, 16), "PNG")).decode()
    upstream, url = behind({IMAGES: Reply(json.dumps({"data": [{"b64_json": small}]}).encode())})
    with client(url) as api, pytest.raises(openai.APIStatusError) as caught:
        api.images.generate(model="m", prompt="x")
    assert (caught.value.status_code, caught.value.code) == (502, "not_stamped")
    assert len(upstream.asked) == 1


def test_a_stream_that_is_ended_raises_in_the_openai_client(behind):
    pieces = [b'data: {"a":1}\n\n', b'data: {"b64_json":"AAAA"}\n\n']
    _, url = behind({IMAGES: Reply(pieces=pieces, kind="text/event-stream")})
    with client(url) as api, pytest.raises(openai.APIError, match="no image that is known"):
        list(api.images.generate(model="m", prompt="x", stream=True))


# --- faults of the upstream ------------------------------------------------------------


def test_an_upstream_that_is_not_there(gateway):
    answer = httpx.post(f"{gateway(f'http://127.0.0.1:{unused_port()}')}{IMAGES}", json={})
    assert (answer.status_code, code(answer)) == (502, "upstream_unreachable")
    assert answer.headers["x-should-retry"] == "false"


def test_an_upstream_that_takes_too_long(behind):
    slow = Reply(pieces=[b"{", b"}"], pause=3)
    _, url = behind({IMAGES: slow}, timeouts={"read": 0.2})
    answer = httpx.post(f"{url}{IMAGES}", json={})
    assert (answer.status_code, code(answer)) == (504, "upstream_timeout")


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
BROKEN = {
    "killed": (b"", "upstream_broken"),
    "in the head": (b"HTTP/1.1 200 OK\r\nContent-Ty", "upstream_broken"),
    "no HTTP": (b"hello\r\n\r\n", "upstream_broken"),
    "in the body": (HEAD % b"image/png" + b"Content-Length: 9000\r\n\r\nabc", "upstream_broken"),
    "in a chunk": (
        HEAD % b"application/json" + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{",
        "upstream_broken",
    ),
    "two lengths": (
        HEAD % b"image/png" + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "upstream_broken",
    ),
    "too much": (HEAD % b"application/json" + b"Content-Length: 1\r\n\r\n{}", "upstream_malformed"),
}


@pytest.mark.parametrize(("bytes_", "reason"), BROKEN.values(), ids=BROKEN)
def test_an_upstream_that_breaks_off_or_lies(gateway, bytes_, reason):
    with raw(bytes_) as upstream:
        answer = httpx.post(f"{gateway(upstream)}{IMAGES}", json={})
    assert (answer.status_code, code(answer)) == (502, reason)


def test_a_picture_that_is_longer_than_it_says_is_refused(gateway, png):
    length = b"Content-Length: %d\r\n\r\n" % (len(png) - 30)
    with raw(HEAD % b"image/png" + length + png) as upstream:
        answer = httpx.get(f"{gateway(upstream)}/a")
    assert (answer.status_code, code(answer)) == (502, "not_stamped")


def test_an_upstream_that_is_killed_in_a_stream(gateway, png64):
    begun = b'Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n10\r\ndata: {"a":"b"}\n\r\n'
    with raw(HEAD % b"text/event-stream" + begun) as upstream:
        answer = httpx.post(f"{gateway(upstream)}{CHAT}", json={})
    assert answer.status_code == 200
    assert "event: error" in answer.text
    assert "upstream_broken" in answer.text


def test_other_answers_that_are_refused(behind, png, png64):
    zipped = Reply(gzip.compress(png), "image/png", headers=[(b"content-encoding", b"gzip")])
    huge = b'{"data":[{"b64_json":"iVBORw0KGgo' + b"A" * 3_000_000 + b'"}]}'
    away = Reply(b"", "text/plain", 302, [(b"location", b"http://127.0.0.1:1/a.png")])
    _, url = behind(
        {
            "/malformed": Reply(b'{"data":[{"b64_json":"' + png64.encode()),
            "/huge": Reply(huge),
            "/octets": Reply(png, "application/octet-stream"),
            "/text": Reply(png, "text/plain"),
            "/zipped": zipped,
            "/away": away,
        },
        response_bytes=2_000_000,
    )
    expected = {
        "/malformed": "upstream_malformed",
        "/huge": "cannot_examine",
        "/octets": "cannot_examine",
        "/text": "cannot_examine",
        "/zipped": "cannot_examine",
        "/away": "image_elsewhere",
    }
    for path, reason in expected.items():
        answer = httpx.post(f"{url}{path}", json={})
        assert (answer.status_code, code(answer)) == (502, reason)
        assert answer.headers["x-should-retry"] == "false"


# --- clients -----------------------------------------------------------------------------


def test_a_client_that_goes_lets_the_upstream_stop(behind, seen):
    upstream, url = behind(
        {CHAT: Reply(pieces=[b": x\n\n"] * 500, kind="text/event-stream", pause=0.05)}
    )
    with httpx.stream("POST", f"{url}{CHAT}", json={}) as answer:
        next(answer.iter_raw())
    await_(lambda: upstream.gone == 1)
    await_(lambda: len(seen) == 1)
    assert seen[0].reason == "client_gone"


def test_a_client_that_takes_nothing_is_cut_off(behind, seen):
    pieces = [b": " + b"x" * 900 + b"\n\n"] * 20_000
    _, url = behind({CHAT: Reply(pieces=pieces, kind="text/event-stream")}, client_seconds=0.3)
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as place:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        place.sendall(b"GET " + CHAT.encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        await_(lambda: len(seen) == 1)
    assert seen[0].reason == "client_too_slow"
    assert seen[0].response_bytes < 18_000_000


def test_a_client_that_sends_too_slowly_gets_408(behind):
    upstream, url = behind({}, client_seconds=0.2)
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as place:
        place.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert place.recv(65_536).startswith(b"HTTP/1.1 408 ")
    assert upstream.asked == []


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 3\r\nContent-Length: 4\r\n",
        b"Content-Length: abc\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding : chunked\r\n",
    ],
    ids=["lengths", "no number", "codings", "space"],
)
def test_requests_with_doubtful_framing_are_not_passed_on(behind, head):
    upstream, url = behind({"/": Reply(b"{}")})
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as place:
        place.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n{}\r\n\r\n")
        assert place.recv(65_536).startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 "))
    assert upstream.asked == []


def test_a_chunked_request_with_a_length_reaches_the_upstream_with_one_framing(behind):
    upstream, url = behind({"/": Reply(b"{}")})
    host, _, port = url.removeprefix("http://").partition(":")
    head = b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n"
    with socket.create_connection((host, int(port))) as place:
        place.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n2\r\n{}\r\n0\r\n\r\n")
        place.recv(65_536)
    for scope, body in upstream.asked:
        names = [name for name, _ in scope["headers"]]
        assert body == b"{}"
        assert b"transfer-encoding" not in names


def test_only_the_one_upstream_is_ever_asked(behind):
    upstream, url = behind({"/a/b": Reply(b"{}"), "/a%2Fb": Reply(b"{}")})
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as place:
        place.sendall(b"GET http://127.0.0.1:1/a/b HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n")
        assert place.recv(65_536).startswith(b"HTTP/1.1 400 ")
    assert upstream.asked == []
    assert (
        httpx.get(f"{url}/a%2Fb?x=%2F&y=1", headers={"Connection": "x-a", "X-A": "1"}).json() == {}
    )
    scope, _ = upstream.asked[0]
    assert (scope["raw_path"], scope["query_string"]) == (b"/a%2Fb", b"x=%2F&y=1")
    assert b"x-a" not in dict(scope["headers"])
    names = [name for name, _ in scope["headers"]]
    assert sorted(names) == [b"accept", b"accept-encoding", b"host", b"user-agent"]
    assert dict(scope["headers"])[b"host"] != f"{host}:{port}".encode()


def test_cookies_of_one_client_are_not_sent_for_another(behind):
    cookie = (b"set-cookie", b"session=secret; Path=/")
    upstream, url = behind({"/": Reply(b"{}", headers=[cookie])})
    for _ in range(2):
        assert httpx.get(url).cookies["session"] == "secret"
    assert [dict(scope["headers"]).get(b"cookie") for scope, _ in upstream.asked] == [None, None]
    assert httpx.get(url, cookies={"a": "b"}).status_code == 200
    assert dict(upstream.asked[-1][0]["headers"])[b"cookie"] == b"a=b"


def test_settings_of_proxies_in_the_environment_are_not_used(behind, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    _, url = behind({"/": Reply(b"{}")})
    with httpx.Client(trust_env=False) as http:
        assert http.get(url).json() == {}


def test_health(behind):
    upstream, url = behind({})
    assert httpx.get(f"{url}/.provenance/healthz").json() == {"status": "ok"}
    assert httpx.get(f"{url}/.provenance/readyz").json() == {"status": "ready"}
    assert upstream.asked == []
