"""The client of a signing service: what it sends, whom it talks to, and what it refuses."""

from __future__ import annotations

import base64
import json
import pickle
import ssl
import threading

import pytest
from support import chains, manifests, signing_service, tsa

from provenance.errors import ConfigError, KeyMaterialError, SignerError
from provenance.keys import (
    GuardedSigner,
    HttpSigner,
    Network,
    PrivateText,
    SigningAlgorithm,
    prove_pair,
    write_private,
)

ES256 = SigningAlgorithm.ES256


@pytest.fixture
def server():
    with signing_service.service() as running:
        yield running


@pytest.fixture
def bearer(tmp_path):
    write_private(tmp_path / "token", f"{signing_service.TOKEN}\n".encode())
    return PrivateText(what="token", path=tmp_path / "token")


@pytest.fixture
def signer(server, bearer):
    return server.signer(ES256, bearer)


def refused(signer, match):
    with pytest.raises(SignerError, match=match) as caught:
        signer.sign(b"data")
    return caught.value


# --- what is sent ----------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", list(SigningAlgorithm))
def test_the_protocol_is_as_documented(server, bearer, algorithm):
    signer = server.signer(algorithm, bearer)
    assert chains.verifies(signer.chain, algorithm, b"data", signer.sign(b"data"))
    sent = server.requests.pop()
    headers = sent.pop("headers")
    assert headers["Authorization"] == f"Bearer {signing_service.TOKEN}"
    assert headers["Content-Type"] == headers["Accept"] == "application/json"
    edwards = algorithm is SigningAlgorithm.ED25519
    sizes = {SigningAlgorithm.ES384: 48, SigningAlgorithm.ES512: 64}
    value = base64.b64decode(sent.pop("value"))
    assert value == b"data" if edwards else len(value) == sizes.get(algorithm, 32)
    assert sent == {
        "version": 1,
        "key_id": algorithm.value,
        "algorithm": algorithm.value,
        "input": "message" if edwards else "digest",
    }


def test_the_token_is_in_no_text(signer, server, bearer):
    server.answer = lambda handler, _: signing_service.reply(handler, b"{}", status=403)
    error = refused(signer, "403")
    for text in (repr(signer), str(error), repr(error.__cause__)):
        assert signing_service.TOKEN not in text


def test_a_token_that_was_changed_is_used_at_once(server, bearer, tmp_path, signer):
    (tmp_path / "token").write_text("old")
    refused(signer, "HTTP status 401")
    (tmp_path / "token").write_text(signing_service.TOKEN)
    assert signer.sign(b"data")


def test_a_token_that_cannot_be_read_is_our_error(signer, server, tmp_path):
    (tmp_path / "token").chmod(0o644)
    with pytest.raises(KeyMaterialError, match="can be read by other users"):
        signer.sign(b"data")
    assert server.requests == []


def test_a_token_cannot_add_a_header(signer, server, tmp_path):
    (tmp_path / "token").write_bytes(b"x\r\nHost: elsewhere")
    with pytest.raises(KeyMaterialError):
        signer.sign(b"data")
    assert server.requests == []


def test_a_message_that_is_too_large_is_not_sent(server, bearer):
    signer = server.signer(SigningAlgorithm.ED25519, bearer)
    with pytest.raises(SignerError, match="is not sent"):
        signer.sign(bytes((1 << 20) + 1))
    assert server.requests == []


def test_it_crosses_process_borders(signer):
    again = pickle.loads(pickle.dumps(signer))  # noqa: S301 - our own bytes
    prove_pair(again)


# --- what comes back -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (400, "docs/keys.md"),
        (401, "http_token_file"),
        (403, "http_key_id"),
        (404, "http_url"),
        (418, "try again later"),
        (429, "too often"),
        (500, "try again later"),
        (503, "try again later"),
    ],
)
def test_an_http_error_is_named_and_its_body_is_not_shown(signer, server, status, hint):
    server.answer = lambda handler, _: signing_service.reply(
        handler, b"<script>pwned</script>", status=status
    )
    error = refused(signer, f"signing service 127.0.0.1 answered with HTTP status {status}")
    assert hint in error.hint
    assert "pwned" not in str(error)


def test_a_redirect_is_not_followed(signer, server):
    elsewhere = server.url.replace("/sign", "/elsewhere")
    server.answer = lambda handler, _: signing_service.reply(
        handler, b"{}", status=307, Location=elsewhere
    )
    refused(signer, "redirect")
    assert len(server.requests) == 1


GARBAGE = [
    b"",
    b"not json",
    b"\xff\xfe",
    b"[]",
    b"null",
    b"1e999",
    b"{}",
    b'{"signature": 5}',
    b'{"signature": null}',
    b'{"signature": ""}',
    b'{"signature": "not base64!"}',
    b'{"signature": "\xc3\xa9"}',
    b'{"signature": "AAAA", "more": 1}',
    b'{"Signature": "AAAA"}',
    b"[" * 10_000,
]


@pytest.mark.parametrize("body", GARBAGE, ids=lambda body: ascii(body)[:24])
def test_garbage_is_no_signature(signer, server, body):
    server.answer = lambda handler, _: signing_service.reply(handler, body)
    refused(signer, "something else than a signature|broke off")


def test_another_media_type_is_refused(signer, server):
    server.answer = lambda handler, _: signing_service.reply(handler, b"{}", kind="text/html")
    refused(signer, "something else than a JSON answer")


def test_a_huge_answer_is_not_read(signer, server):
    server.answer = lambda handler, _: signing_service.reply(handler, b"[" + b" " * 50_000_000)
    refused(signer, "more than 16,384 bytes")


def test_an_answer_that_breaks_off_is_refused(signer, server):
    server.answer = lambda handler, _: signing_service.reply(handler, b'{"sig', length=100)
    refused(signer, "broke off|cannot be reached")


@pytest.mark.parametrize("way", ["hang", "drip"])
def test_the_time_limit_is_for_the_whole_exchange(server, bearer, way):
    over = threading.Event()
    hang = lambda *_: over.wait(30)  # noqa: E731
    server.answer = tsa.drip if way == "drip" else hang
    try:
        refused(server.signer(ES256, bearer, seconds=0.3), r"did not answer within 0\.3 seconds")
    finally:
        over.set()


def test_the_signature_of_another_key_is_never_used(signer, server):
    server.keys[ES256.value] = chains.new_key()
    with pytest.raises(KeyMaterialError, match="does not belong"):
        prove_pair(signer)
    with pytest.raises(SignerError, match="not by the key of its certificate"):
        GuardedSigner(signer).sign(b"data")
    with pytest.raises(SignerError, match="not by the key of its certificate"):
        manifests.signed(signer, chains.trust_in(chains.authority()))


def test_the_answer_to_another_question_is_never_used(signer, server):
    first = json.dumps({"signature": base64.b64encode(signer.sign(b"first")).decode()}).encode()
    server.answer = lambda handler, _: signing_service.reply(handler, first)
    with pytest.raises(SignerError, match="not by the key of its certificate"):
        GuardedSigner(signer).sign(b"second")


def test_nobody_there_is_said(server, bearer):
    with tsa.closed_port() as port:
        signer = server.signer(ES256, bearer, url=f"http://127.0.0.1:{port}/")
        refused(signer, "cannot be reached: Connection refused")


def test_https_needs_a_certificate_that_verifies(server, bearer, tmp_path):
    url = server.url.replace("http://", "https://")
    root = tmp_path / "root.pem"
    root.write_bytes(chains.authority().root_pem)
    for authorities in (None, root):
        signer = server.signer(ES256, bearer, url=url, authorities=authorities)
        error = refused(signer, "cannot be reached")
        assert isinstance(error.__cause__, ssl.SSLError)
    assert server.requests == []


def test_https_with_a_certificate_that_was_named(bearer, tmp_path):
    context = signing_service.tls_for("127.0.0.1", tmp_path)
    with signing_service.service(context) as running:
        prove_pair(running.signer(ES256, bearer, authorities=tmp_path / "tls.pem"))
        stranger = running.signer(ES256, bearer)
        assert isinstance(refused(stranger, "cannot be reached").__cause__, ssl.SSLError)
        assert len(running.requests) == 1


@pytest.mark.parametrize("network", [Network.PUBLIC, Network.PRIVATE])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433"])
def test_loopback_is_reached_only_where_it_is_configured(server, bearer, network, host):
    port = server.url.rpartition(":")[2]
    signer = server.signer(ES256, bearer, url=f"https://{host}:{port}", network=network)
    error = refused(signer, f"has no {network.value} address")
    assert "signer.http_network" in error.hint


# --- what is configured ------------------------------------------------------------------------


def made(**changes):
    fields = {
        "chain": None,
        "url": "https://kms.example.com/sign",
        "key_id": "k",
        "token": PrivateText(what="token"),
    }
    return HttpSigner(**fields | changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": "http://kms.example.com/sign"}, "over https"),
        ({"url": "http://10.0.0.1/", "network": Network.PRIVATE}, "over https"),
        ({"url": "ftp://kms.example.com"}, "not the address of a signing service"),
        ({"url": "https://user:secret@kms.example.com/"}, "must not hold a password"),
        ({"url": ""}, "not the address"),
        ({"token": None}, "needs a token"),
        ({"key_id": ""}, "key id"),
        ({"key_id": "a\nb"}, "key id"),
        ({"key_id": "x" * 513}, "key id"),
        ({"seconds": 0}, "seconds"),
        ({"seconds": 61}, "seconds"),
        ({"seconds": float("nan")}, "seconds"),
    ],
    ids=str,
)
def test_what_is_refused_before_anybody_is_asked(changes, said):
    assert made()
    with pytest.raises(ConfigError, match=said) as caught:
        made(**changes)
    assert "secret" not in caught.value.message
