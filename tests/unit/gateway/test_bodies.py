"""Whole answers: stamped wherever the picture is, unchanged where there is none, or refused."""

from __future__ import annotations

import base64
import json

import pytest
from support import pictures

from provenance.model import Verdict


def refused(got, reason, status=502):
    assert got.complete
    assert got.error is None
    assert (got.status, json.loads(got.body)["error"]["code"]) == (status, reason)
    assert got.header("content-length") == str(len(got.body))
    return True


@pytest.fixture(scope="session")
def traced(workspace):
    verifier = workspace.verifier()

    def check(data):
        return verifier.verify(data).verdict is Verdict.TRACED

    return check


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_an_image_body_is_stamped_in_its_own_format(gate, traced, kind):
    mime = f"image/{kind.lower()}"
    got = gate.reply(pictures.file(pictures.crop(), kind), mime, method="GET", path="/a")
    assert (got.status, got.header("content-type")) == (200, mime)
    assert got.header("content-length") == str(len(got.body))
    assert traced(got.body)
    assert (gate.seen[0].images, gate.seen[0].status, gate.seen[0].interface) == (1, 200, "other")


def test_an_image_under_the_name_of_another_format_gets_the_right_one(gate, traced):
    got = gate.reply(pictures.file(pictures.crop(), "JPEG"), "image/png")
    assert (got.status, got.header("content-type")) == (200, "image/jpeg")
    assert traced(got.body)


def test_headers_that_are_no_longer_true_are_dropped(gate, png):
    from support.asgi import Replying

    stale = [(b"ETag", b'"1"'), (b"Digest", b"x"), (b"Accept-Ranges", b"bytes")]
    kept = [(b"X-Request-Id", b"abc"), (b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2")]
    hops = [
        (b"Alt-Svc", b'h3=":443"'),
        (b"Connection", b"x-hop"),
        (b"X-Hop", b"1"),
        (b"Keep-Alive", b"5"),
    ]
    got = gate.get(Replying(body=png, kind="image/png", headers=[*stale, *kept, *hops]))
    names = [name for name, _ in got.headers]
    assert names == [
        b"x-request-id",
        b"set-cookie",
        b"set-cookie",
        b"content-type",
        b"content-length",
    ]


def test_json_is_changed_only_where_the_picture_is(gate, traced, png64):
    head, tail = (
        '{ "created":1.0, "x":1e400,"x" : "\\u00e9\\/é", "data":[{"b64_json":',
        (', "revised_prompt":"a\\tb"}],\n "usage":{"n":0.10}}\n'),
    )
    got = gate.reply(head + f'"{png64}"' + tail)
    text = got.body.decode()
    assert text.startswith(head)
    assert text.endswith(tail)
    assert traced(base64.b64decode(json.loads(text[len(head) : -len(tail)])))


def test_an_answer_without_a_picture_stays_byte_for_byte(gate):
    body = '{"a":1e400,"a":[1.0,-0],"b":"\\ud83d\\ude00 \\ud800","c":{}, "d":"data: none, really"}'
    got = gate.reply(body, path="/v1/chat/completions")
    assert got.body == body.encode()
    assert got.header("content-type") == "application/json"


PLACES = {
    "b64_json": '{"data":[{"b64_json":"%s"}]}',
    "unknown field": '{"whatever":{"deep":["%s"]}}',
    "data url": '{"images":[{"image_url":{"url":"data:image/png;base64,%s"}}]}',
    "markdown": '{"content":"here: ![x](data:image/png;base64,%s) and more"}',
    "glued": '{"content":"your-image:%s."}',
    "glued to base64": '{"content":"image-%s"}',
    "upper case": '{"content":"DATA:IMAGE/PNG;BASE64,%s"}',
    "parameters": '{"content":"data:image/png;name=a.png;base64,%s"}',
    "wrong type": '{"content":"data:text/plain;base64,%s"}',
    "JSON in JSON": '{"arguments":"{\\"image\\": \\"%s\\"}"}',
}


@pytest.mark.parametrize("template", PLACES.values(), ids=PLACES)
def test_every_place_in_json(gate, traced, png64, template):
    got = gate.reply(template % png64, path="/v1/chat/completions")
    assert got.status == 200
    text = got.body.decode()
    assert png64[:2000] not in text
    begin = text.index("iVBORw0KGgo")
    run = text[begin:].split('"')[0].split(")")[0].split("\\")[0].split(".")[0]
    assert traced(base64.b64decode(run))
    assert "data:text/plain" not in text


def test_escaped_broken_and_url_safe_base64(gate, traced, png64):
    lines = "\\n".join(png64[n : n + 76] for n in range(0, len(png64), 76))
    escaped = png64.replace("/", "\\/")
    safe = png64.replace("/", "_").replace("+", "-").rstrip("=")
    for text in (lines, escaped, safe):
        got = gate.reply(f'{{"data":[{{"b64_json":"{text}"}}]}}')
        value = json.loads(got.body)["data"][0]["b64_json"]
        assert traced(base64.b64decode(value.replace("-", "+").replace("_", "/") + "=="))


def test_text_and_html_are_searched(gate, traced, png64):
    page = f"<html><img src='data:image/png;base64,{png64}'><p>é</p></html>"
    for kind in ("text/html; charset=utf-8", "text/markdown", "text/plain"):
        got = gate.reply(page, kind, method="GET", path="/")
        assert traced(base64.b64decode(got.body.decode().split("base64,")[1].split("'")[0]))
        assert got.body.endswith("'><p>é</p></html>".encode())
        assert got.header("content-type") == kind


def multipart(*parts, boundary="b1"):
    lines = [b"--%s\r\n%s\r\n\r\n%s\r\n" % (boundary.encode(), head, body) for head, body in parts]
    return b"".join(lines) + b"--%s--\r\n" % boundary.encode()


@pytest.mark.parametrize("kind", ["mixed", "form-data"])
def test_parts_are_stamped(gate, traced, png, png64, kind):
    body = multipart(
        (b'Content-Disposition: form-data; name="a"\r\nContent-Type: image/png', png),
        (b"Content-Type: application/json", b'{"b64_json":"%s"}' % png64.encode()),
        (b"X-Note: kept", b"plain"),
    )
    got = gate.reply(b"preamble is not passed"[:0] + body, f"multipart/{kind}; boundary=b1")
    first, second, third = got.body.split(b"--b1")[1:-1]
    assert traced(first.split(b"\r\n\r\n", 1)[1][:-2])
    assert traced(base64.b64decode(json.loads(second.split(b"\r\n\r\n", 1)[1])["b64_json"]))
    assert third == b"\r\nx-note: kept\r\n\r\nplain\r\n"


def test_damaged_parts_are_refused(gate, png):
    good = multipart((b"Content-Type: image/png", png))
    for body in (b"before" + good, good[:-10], b"", b"--b1--\r\n"):
        kind = "multipart/mixed; boundary=b1"
        if body:
            assert refused(gate.reply(body, kind), "upstream_malformed")
    assert refused(gate.reply(good, "multipart/mixed"), "upstream_malformed")
    assert refused(gate.reply(good, "multipart/byteranges; boundary=b1"), "cannot_examine")
    for head in (
        b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64",
        b"Content-Type: multipart/mixed; boundary=c",
        b"Content-Type: application/octet-stream",
    ):
        got = gate.reply(multipart((head, png)), "multipart/mixed; boundary=b1")
        assert refused(got, "cannot_examine")


def test_what_cannot_be_stamped_is_refused(gate, png):
    tiny = pictures.file(pictures.crop(16, 16), "PNG")
    gif = pictures.file(pictures.crop(), "GIF")
    for data, kind in (
        (tiny, "image/png"),
        (gif, "image/gif"),
        (png[:-20], "image/png"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        (b'{"no": "image"}', "image/png"),
    ):
        got = gate.reply(data, kind)
        assert refused(got, "not_stamped")
        assert got.header("x-should-retry") == "false"
    for text in (tiny, gif, png[:-20]):
        body = json.dumps({"data": [{"b64_json": base64.b64encode(text).decode()}]})
        assert refused(gate.reply(body), "not_stamped")
    assert {item.images for item in gate.seen} == {0}


def test_a_mark_of_ones_own_without_a_manifest_is_not_stamped_again(gate, png):
    stamped = gate.reply(png, "image/png").body
    assert gate.reply(stamped, "image/png").status == 200  # its manifest makes it an edit
    bare = pictures.file(pictures.decoded(stamped), "PNG")
    assert refused(gate.reply(bare, "image/png"), "not_stamped")
    assert gate.seen[-1].cause == "E_STAMPED"


HIDDEN = {
    "octets": ("application/octet-stream", b"\x00"),
    "video": ("video/mp4", b"\x00"),
    "pdf": ("application/pdf", b"%PDF-1.7"),
    "no type": ("", b"hello"),
    "unknown type": ("application/xml", b"<a/>"),
    "another character set": ("application/json; charset=utf-16", "{}".encode("utf-16")),
    "gif as text": ("text/plain", b"GIF89a only ascii follows"),
    "too deep": ("application/json", b"[" * 200 + b"]" * 200),
    "too many values": ("application/json", b"[" + b"0," * 1_000_000 + b"0]"),
    "list of numbers": ("application/json", b'{"a":[137, 80, 78, 71, 13, 10]}'),
    "unknown image in a known field": ("application/json", b'{"b64_json":"AAAA"}'),
}
STRINGS = {
    "hexadecimal": "89504e470d0a1a0a" + "00" * 40,
    "data URL of SVG": "data:image/svg+xml,%3Csvg xmlns=%22http:x%22%2F%3E",
    "data URL of bytes": "data:image/png,%89PNG%0D%0A%1A%0A" + "%00" * 9,
    "data URL of PDF": "data:application/pdf;base64," + "QUFB" * 20,
    "zip in base64": "UEsDBBQ" + "A" * 60,
}
HIDDEN |= {name: ("application/json", json.dumps([s]).encode()) for name, s in STRINGS.items()}


@pytest.mark.parametrize(("kind", "body"), HIDDEN.values(), ids=HIDDEN)
def test_what_cannot_be_looked_into_is_refused(gate, kind, body):
    got = gate.reply(body, kind, path="/v1/chat/completions")
    assert got.status == 502
    assert json.loads(got.body)["error"]["code"] in ("cannot_examine", "not_stamped")


def test_disguised_base64_is_refused(gate, png64):
    body = pictures.file(pictures.crop(), "JPEG")
    jpeg64 = base64.b64encode(body).decode()
    for text in (
        json.dumps({"a": json.dumps({"image": "x"}).replace("x", jpeg64.replace("/", "\\/"))}),
        json.dumps({"a": "see " + jpeg64.replace("/", "%2F").replace("+", "%2B")}),
        json.dumps({"a": "data:image/png;base64," + png64.replace("/", "%2F", 1)}),
        json.dumps({"a": f"data:image/png;base64,{png64[:60]}\n{png64[60:]}"}),
        json.dumps({"a": "data:image/png;base64," + png64.replace("/", "&#47;")}),
        json.dumps({"a": "x " + jpeg64.replace("/", "&#x2f;")}),
        json.dumps({"a": "x " + jpeg64.replace("/", "\\u002f").replace("+", "\\x2B")}),
        json.dumps(
            {"a": "data:image/png;base64," + " ".join(png64[n:][:9] for n in range(0, 900, 9))}
        ),
        json.dumps({f"data:image/png;base64,{png64}": 1}),
    ):
        got = gate.reply(text, path="/v1/chat/completions")
        assert got.status == 502
        assert png64[:200] not in got.body.decode()


@pytest.mark.parametrize(
    "body",
    [b"{", b'{"a":', b"\xff\xfe{}", b'{"a":"\n"}', b"nonsense", b'{"a":1}{"b":2}'],
    ids=["brace", "value", "no UTF-8", "control", "word", "two"],
)
def test_damaged_json_is_refused(gate, body):
    assert refused(gate.reply(body), "upstream_malformed")


LINKS = {
    "images url": ("/v1/images/generations", {"data": [{"url": "https://cdn.example/x"}]}),
    "image_url": ("/v1/chat/completions", {"image_url": {"url": "https://cdn.example/x"}}),
    "list": ("/x", {"image": ["a", "http://cdn.example/x"]}),
    "address of a file": ("/x", {"result": "https://cdn.example/x.PNG?sig=1"}),
    "markdown": ("/v1/chat/completions", {"content": "see ![a](https://cdn.example/x)"}),
    "html": ("/v1/chat/completions", {"content": "<img alt=x src='//cdn.example/x'>"}),
}


@pytest.mark.parametrize(("path", "value"), LINKS.values(), ids=LINKS)
def test_pictures_elsewhere_are_refused_unless_asked_for(gate, path, value):
    body = json.dumps(value)
    assert refused(gate.reply(body, path=path), "image_elsewhere")
    gate.policy["pass_links"] = True
    assert gate.reply(body, path=path).body == body.encode()


@pytest.mark.parametrize(
    "text",
    [
        "data:image/png;base64, is the prefix that one uses when one embeds an image in a page",
        "use data:image/png;base64,iVBORw0KGgo... or `data:image/svg+xml;base64,...`",
        "the data: a, b and c",
        "data:text/plain,hello",
        "an id: " + "Qk" + "a" * 60,
        "audio data:audio/wav;base64," + "UklGRiQAAABXQVZFZm10IBAAAAABAAEA" * 3,
        "AAABAAAAAQAAAAEA" * 10,
        "-" * 100 + "_" * 100 + "=" * 100,
        "A" * 1000,
    ],
    ids=["prose", "examples", "colon", "text", "id", "wav", "samples", "lines", "long"],
)
def test_texts_that_only_look_a_little_like_it_pass(gate, text):
    body = json.dumps({"content": text})
    assert gate.reply(body, path="/v1/chat/completions").body == body.encode()


def test_links_in_a_text_are_no_pictures(gate):
    body = json.dumps(
        {"content": "see [this](https://x.example/a.png)", "url": "https://x.example"}
    )
    assert gate.reply(body, path="/v1/chat/completions").body == body.encode()


def test_the_number_of_pictures_is_bounded(gate, png64):
    gate.limits["images"] = 1
    body = json.dumps({"data": [{"b64_json": png64}, {"b64_json": png64}]})
    assert refused(gate.reply(body), "cannot_examine")


def test_a_type_that_passes_is_looked_at_all_the_same(gate, png):
    gate.policy["pass_types"] = frozenset({"audio/mpeg", "image/png"})
    assert gate.reply(png, "image/png").body != png
    assert gate.reply(b"ID3" + b"\0" * 100, "audio/mpeg").body == b"ID3" + b"\0" * 100
    assert refused(gate.reply(png, "audio/mpeg"), "cannot_examine")
