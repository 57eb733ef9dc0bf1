"""Requests: their pictures become parents, and are checked before anything is generated."""

from __future__ import annotations

import base64
import json

import pytest
from support import pictures
from support.asgi import Replying

from provenance import Generation
from provenance.model import Operation

JSON = [(b"content-type", b"application/json")]


@pytest.fixture(scope="session")
def source():
    return pictures.file(pictures.crop(top=100), "JPEG")


@pytest.fixture
def ask(gate, png64):
    """Sends a request; gives the answer and the record of the picture in it."""
    inner = Replying(body=b'{"data":[{"b64_json":"%s"}]}' % png64.encode())

    def send(body, headers=JSON, path="/v1/images/edits"):
        inner.seen.clear()
        got = gate.get(inner, path, body=body, headers=headers)
        assert bool(inner.seen) is (got.status == 200), "refused before anything is generated"
        return got

    return send


def recorded(workspace, got):
    data = base64.b64decode(json.loads(got.body)["data"][0]["b64_json"])
    import hashlib

    (record,) = workspace.store().find_by_sha256(hashlib.sha256(data).hexdigest())
    return record


def form(*fields, boundary=b"b1"):
    lines = []
    for name, data in fields:
        head = b'Content-Disposition: form-data; name="%s"; filename="x"' % name.encode()
        lines.append(b"--%s\r\n%s\r\n\r\n%s\r\n" % (boundary, head, data))
    headers = [(b"content-type", b"multipart/form-data; boundary=" + boundary)]
    return b"".join(lines) + b"--%s--\r\n" % boundary, headers


def test_a_request_without_a_source_is_no_edit(workspace, ask):
    got = ask(b'{"model":"x","prompt":"a cat"}', path="/v1/images/generations")
    record = recorded(workspace, got)
    assert (record.file.parents, record.generation.operations) == ((), ())


@pytest.mark.parametrize("name", ["image", "image[]", "anything"])
def test_a_form(workspace, ask, source, name):
    import hashlib

    body, headers = form((name, source), ("prompt", b"secret words"), ("model", b"evil"))
    record = recorded(workspace, ask(body, headers))
    assert [item.sha256 for item in record.file.parents] == [hashlib.sha256(source).hexdigest()]
    assert record.generation == Generation(model="acme-1")


def test_a_mask_is_no_source_but_says_what_was_done(workspace, ask, source, png):
    body, headers = form(("image", source), ("mask", png))
    record = recorded(workspace, ask(body, headers))
    assert len(record.file.parents) == 1
    assert record.generation.operations == (Operation.INPAINT,)


@pytest.mark.parametrize(
    "template",
    [
        '{"messages":[{"content":[{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,%s"}}]}]}',
        '{"input":[{"type":"input_image","image_url":"data:image/jpeg;base64,%s"}]}',
        '{"init_images":["%s"]}',
        '{"images":[{"image_url":"data:image/jpeg;base64,%s"}]}',
    ],
    ids=["chat", "responses", "bare", "edits"],
)
def test_pictures_in_json(workspace, ask, source, template):
    body = (template % base64.b64encode(source).decode()).encode()
    record = recorded(workspace, ask(body, path="/v1/chat/completions"))
    assert len(record.file.parents) == 1


def test_the_same_picture_twice_is_one_source_and_many_are_refused(workspace, ask, source, gate):
    body, headers = form(("image[]", source), ("image[]", source))
    assert len(recorded(workspace, ask(body, headers)).file.parents) == 1
    many = [("image[]", pictures.file(pictures.crop(16, 16, left=n), "PNG")) for n in range(17)]
    got = ask(*form(*many))
    assert (got.status, gate.seen[-1].reason) == (400, "too_many_sources")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "malformed_request"),
        (b"[" * 300 + b"]" * 300, "malformed_request"),
        (b'{"image_url":{"url":"https://x.example/a"}}', "source_elsewhere"),
        (b'{"type":"input_image","file_id":"file-1"}', "source_elsewhere"),
        (b'{"images":["http://x.example/a"]}', "source_elsewhere"),
        (b'{"response_format":"url"}', "image_elsewhere"),
        (b'{"image":"R0lGODlh' + b"A" * 60 + b'"}', "unusable_source"),
    ],
    ids=["damaged", "deep", "address", "file id", "list", "url", "GIF"],
)
def test_requests_that_cannot_be_told_about_are_refused(ask, gate, body, reason):
    got = ask(body)
    assert (got.status, json.loads(got.body)["error"]["code"]) == (400, reason)
    assert json.loads(got.body)["error"]["type"] == "invalid_request_error"
    assert got.header("x-should-retry") == "false"


def test_named_sources_pass_where_that_is_asked_for(ask, gate):
    gate.policy["pass_named_sources"] = True
    assert ask(b'{"image_url":{"url":"https://x.example/a"}}').status == 200


def test_encoded_requests_are_refused(ask):
    assert ask(b"xx", [*JSON, (b"content-encoding", b"gzip")]).status == 415
    assert (
        ask("{}".encode("utf-16"), [(b"content-type", b"application/json; charset=utf-16")]).status
        == 415
    )


def test_other_files_are_no_sources(workspace, ask):
    pdf = base64.b64encode(b"%PDF-1.7" + b"x" * 90).decode()
    body = json.dumps({"file_data": f"data:application/pdf;base64,{pdf}", "content": "hello"})
    got = ask(body.encode(), path="/v1/chat/completions")
    assert recorded(workspace, got).file.parents == ()


@pytest.mark.parametrize("model", ["known", "someone else's \u202e name", "", "x" * 5000])
def test_only_listed_names_of_models_are_stated(workspace, gate, ask, model):
    gate.policy["models"] = {"known": Generation(model="acme-2")}
    record = recorded(workspace, ask(json.dumps({"model": model}).encode()))
    assert record.generation.model == ("acme-2" if model == "known" else "acme-1")
