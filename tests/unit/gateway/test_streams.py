"""Streams: events go on as they come, pictures stamped; what is spread over events never passes."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.asgi import Replying

from provenance.gateway.events import JSON_LINES, SERVER_SENT, cutter
from provenance.model import Verdict

CHAT = "/v1/chat/completions"


def chunk(text, index=0):
    choice = {"index": index, "delta": {"content": text}}
    return f"data: {json.dumps({'id': 'x', 'choices': [choice]})}\n\n".encode()


def events(body):
    """The data of every event, and the names of those that have one."""
    blocks = [block for block in body.decode().split("\n\n") if block.strip()]
    return [
        "\n".join(line[6:] for line in block.split("\n") if line.startswith("data: "))
        for block in blocks
    ]


def stream(gate, *pieces, kind=SERVER_SENT, path=CHAT):
    return gate.get(Replying(kind=kind, pieces=list(pieces)), path)


def ended_by_an_error(got, reason="cannot_examine"):
    assert (got.status, got.complete, got.error) == (200, True, None)
    assert b"\n\nevent: error\ndata: " in got.body
    assert json.loads(events(got.body)[-1].split("data: ")[-1])["error"]["code"] == reason
    return True


def test_text_events_go_on_one_by_one_and_unchanged(gate):
    pieces = [
        chunk("Hel"),
        chunk("lo"),
        b": ping\n\n",
        b"event: x\r\nid: 1\r\ndata: [DONE]\r\n\r\n",
    ]
    got = stream(gate, *pieces)
    assert [piece for piece in got.pieces if piece] == pieces
    assert got.header("content-length") == ""


def test_an_event_that_comes_in_pieces_is_one_event(gate):
    whole = chunk("Hello")
    got = stream(gate, *(whole[n : n + 1] for n in range(len(whole))))
    assert [piece for piece in got.pieces if piece] == [whole]


@pytest.mark.parametrize("name", ["b64_json", "partial_image_b64", "result"])
def test_partial_and_last_pictures_are_stamped(gate, workspace, png64, name):
    event = json.dumps({"type": "image_generation.partial_image", name: png64, "n": 0})
    line = f"event: image_generation.partial_image\ndata: {event}\n\n".encode()
    got = stream(
        gate, line[:5000], line[5000:] + line, chunk("done"), path="/v1/images/generations"
    )
    first, second, _ = events(got.body)
    assert got.body.startswith(b"event: image_generation.partial_image\ndata: ")
    assert got.body.endswith(chunk("done"))
    assert gate.seen[0].images == 2
    for data in (first, second):
        assert list(json.loads(data)) == ["type", name, "n"]
        report = workspace.verifier().verify(base64.b64decode(json.loads(data)[name]))
        assert report.verdict is Verdict.TRACED


def test_a_data_url_in_one_event_is_stamped(gate, png64):
    got = stream(gate, chunk("look: "), chunk(f"![a](data:image/png;base64,{png64})"), chunk("!"))
    assert gate.seen[0].images == 1
    assert png64[:3000] not in got.body.decode()
    assert got.body.endswith(chunk("!"))


@pytest.mark.parametrize("size", [1, 7, 30, 50, 1000, 20_000])
def test_a_picture_that_is_spread_over_events_never_passes(gate, png64, size):
    text = f"look: data:image/png;base64,{png64}"
    got = stream(gate, *(chunk(text[n : n + size]) for n in range(0, len(text), size)), chunk("x"))
    reason = "not_stamped" if size > 1000 else None
    passed = "".join(
        json.loads(data)["choices"][0]["delta"]["content"]
        for data in events(got.body)
        if data.startswith('{"id"')
    )
    assert len(passed) < len("look: data:image/png;base64,") + 48
    assert b"event: error" in got.body
    assert gate.seen[0].images == 0
    assert gate.seen[0].reason in ("cannot_examine", "not_stamped")
    assert reason is None or gate.seen[0].reason == reason


def test_a_picture_after_its_data_url_began_in_another_event_never_passes(gate, png64):
    got = stream(gate, chunk("data:image/png;base64,"), chunk(png64))
    assert png64[:100] not in got.body.decode()


def test_texts_that_grow_side_by_side_are_kept_apart(gate, png64):
    pieces = []
    for n in range(0, 200, 10):
        pieces += [chunk(png64[n : n + 10], 0), chunk("hello ", 1)]
    assert ended_by_an_error(stream(gate, *pieces))


def test_a_link_to_a_picture_that_is_spread_over_events_is_refused(gate):
    got = stream(gate, chunk("see ![a"), chunk("](htt"), chunk("ps://x.example/1"), chunk(")"))
    assert ended_by_an_error(got, "image_elsewhere")
    assert b"x.example" not in got.body


def test_one_json_text_over_several_data_lines(gate, png64):
    event = b'data: {"b64_json":\ndata:  "' + png64.encode() + b'"}\n\n'
    got = stream(gate, event)
    assert gate.seen[0].images == 1
    assert png64 not in got.body.decode()
    assert base64.b64decode(json.loads(events(got.body)[0])["b64_json"])


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (b"data: \xff\n\n", "upstream_malformed"),
        (b": " + b"x" * 2000 + b"\n\n", "cannot_examine"),
        (b": iVBORw0KGgo" + b"A" * 93 + b"\n\n", "not_stamped"),
        (b'data: {"a":' + b"[" * 200 + b"]" * 200 + b"}\n\n", "cannot_examine"),
    ],
    ids=["no UTF-8", "long comment", "picture in a comment", "too deep"],
)
def test_events_that_cannot_be_looked_into_end_the_stream(gate, event, reason):
    assert ended_by_an_error(stream(gate, chunk("a"), event, chunk("b")), reason)


def test_an_event_without_end_is_bounded(gate):
    gate.limits["response_bytes"] = 1000
    assert ended_by_an_error(stream(gate, b"data: " + b"x" * 2000))


def test_the_last_event_needs_no_end_to_be_examined(gate, png64):
    got = stream(gate, b'data: {"b64_json":"' + png64.encode() + b'"}')
    assert gate.seen[0].images == 1
    assert png64 not in got.body.decode()


def test_damaged_json_in_an_event_is_examined_as_text(gate, png64):
    got = stream(gate, b'data: {"b64_json":"' + png64.encode() + b"\n\n")
    assert png64 not in got.body.decode()
    assert gate.seen[0].images == 1


@pytest.mark.parametrize("kind", sorted(JSON_LINES))
def test_lines_of_json(gate, png64, kind):
    picture = b'{"image":"' + png64.encode() + b'"}\n'
    got = stream(gate, b'{"a":1.0}\n{"b"', b":2}\n\n" + picture + b'{"c":3}', kind=kind)
    first, second, third, fourth, last = got.body.split(b"\n")
    assert (first, second, third, last) == (b'{"a":1.0}', b'{"b":2}', b"", b'{"c":3}')
    assert json.loads(fourth)["image"] != png64
    assert gate.seen[0].images == 1


def test_a_damaged_line_ends_the_stream_with_a_line(gate):
    got = stream(gate, b'{"a":1}\n{"b\n', kind="application/x-ndjson")
    first, second = got.body.splitlines()
    assert first == b'{"a":1}'
    assert json.loads(second)["error"]["code"] == "upstream_malformed"


@given(
    blocks=st.lists(
        st.lists(st.sampled_from(["data: a", "data: b", ": c"]), min_size=1), max_size=5
    ),
    ends=st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=1, max_size=3),
    cuts=st.lists(st.integers(1, 12), max_size=40),
)
def test_however_a_stream_is_cut_its_bytes_and_events_are_the_same(blocks, ends, cuts):
    text, count = "", 0
    for block in blocks:
        for line in block:
            text += line + ends[count % len(ends)]
            count += 1
        text += ends[count % len(ends)]
        count += 1
    data = text.encode()
    cut, found, at = cutter(SERVER_SENT, 10_000), [], 0
    for size in [*cuts, len(data)]:
        found += list(cut.feed(data[at : at + size]))
        at += size
    assert b"".join(found) + cut.last() == data
    said = [event.replace(b"\r\n", b"\n").replace(b"\r", b"\n").strip() for event in found]
    assert sum(event.count(b"data: ") for event in said) + cut.last().count(b"data: ") == sum(
        line.startswith("data: ") for block in blocks for line in block
    )
