"""A signing service on the loopback interface, as `docs/keys.md` describes it, and ways to fail.

It is written from the description of the protocol, not from the client.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from support import chains, tsa

from provenance.keys import CertificateChain, HttpSigner, Network, PrivateText, SigningAlgorithm

TOKEN = "loopback-token"  # noqa: S105 - of a server that lives for one test


@dataclass
class Service:
    """The service: what it was asked, and how it answers.

    `answer` replaces the whole answer.
    """

    url: str = ""
    keys: dict[str, Any] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    answer: Callable[[BaseHTTPRequestHandler, bytes], None] | None = None

    def signer(self, algorithm: SigningAlgorithm, token: PrivateText, **changes: Any) -> HttpSigner:
        """A signer that asks this service, for a key of the common test authority."""
        key, authority = chains.key_for(algorithm), chains.authority()
        self.keys[algorithm.value] = key
        leaf = chains.leaf_for(key, authority, name=f"service {algorithm.value}")
        fields = {
            "chain": CertificateChain.parse(leaf + authority.issuing_pem),
            "url": self.url,
            "key_id": algorithm.value,
            "token": token,
            "network": Network.LOOPBACK,
            "seconds": 10.0,
        }
        return HttpSigner(**fields | changes)


def signature(key: Any, algorithm: str, value: bytes) -> bytes:
    """Sign a digest, or for Ed25519 a message."""
    match key:
        case ed25519.Ed25519PrivateKey():
            return key.sign(value)
        case rsa.RSAPrivateKey():
            pss = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=32)
            return key.sign(value, pss, Prehashed(SHA256()))
        case ec.EllipticCurvePrivateKey():
            hashed = Prehashed(chains.HASHES[SigningAlgorithm(algorithm)]())
            r, s = decode_dss_signature(key.sign(value, ec.ECDSA(hashed)))
            size = (key.curve.key_size + 7) // 8
            return r.to_bytes(size) + s.to_bytes(size)
    raise AssertionError(key)


def reply(handler: BaseHTTPRequestHandler, body: bytes, **options: Any) -> None:
    """Send one answer."""
    tsa.reply(handler, body, **{"kind": "application/json"} | options)


def tls_for(address: str, folder: Path) -> ssl.SSLContext:
    """A server's side of TLS; `folder / "tls.pem"` is the certificate to be believed."""
    key, now = chains.new_key(), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test signing service")])
    names = [x509.IPAddress(ipaddress.ip_address(address))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, SHA256())
    )
    (folder / "tls.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "tls.key").write_bytes(chains.pkcs8(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem", folder / "tls.key")
    return context


@contextmanager
def service(tls: ssl.SSLContext | None = None) -> Iterator[Service]:
    """Run a service on a free port, over https where a context is given."""
    made = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.requests.append({**json.loads(body), "headers": dict(self.headers)})
            if made.answer is not None:
                made.answer(self, body)
                return
            asked = json.loads(body)
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                reply(self, b"{}", status=401)
                return
            key = made.keys[asked["key_id"]]
            assert asked["version"] == 1
            assert asked["input"] == ("message" if asked["algorithm"] == "ed25519" else "digest")
            value = base64.b64decode(asked["value"], validate=True)
            signed = base64.b64encode(signature(key, asked["algorithm"], value)).decode()
            reply(self, json.dumps({"signature": signed}).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_port}/sign"
    if tls is not None:
        made.url = made.url.replace("http://", "https://")
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
