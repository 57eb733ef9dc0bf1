"""A time-stamping authority on the loopback interface, and ones that misbehave.

The tokens are made by `openssl ts`; the certificates are made here, fresh.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from support import chains

from provenance.keys import Network, TimeStampAuthority, TimeStamping, TimeStampMode, create_chain
from provenance.trust import TrustKind, TrustList, TrustStore

NAME = "test time stamping unit"
LIST_NAME = "tsa-roots.pem"
_MISSING = "the openssl command is not here: no test TSA"
openssl_needed = pytest.mark.skipif(shutil.which("openssl") is None, reason=_MISSING)
_CONFIG = """
[tsa]
default_tsa = unit
[unit]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
"""


def need_openssl() -> None:
    """Skip, and say so, where no tokens can be made; for fixtures."""
    if shutil.which("openssl") is None:
        pytest.skip(_MISSING)


@dataclass
class Authority:
    """One authority: its files, what it was asked, and how it answers.

    `spoil` changes a query before it is answered, `answer` replaces the whole answer.
    """

    folder: Path
    root_pem: bytes
    url: str = ""
    queries: list[bytes] = field(default_factory=list)
    spoil: Callable[[bytes], bytes] | None = None
    answer: Callable[[BaseHTTPRequestHandler, bytes], None] | None = None

    def token(self, query: bytes) -> bytes:
        """The response to a DER query."""
        query_path, reply_path = self.folder / "query", self.folder / "reply"
        query_path.write_bytes(query)
        command = ["openssl", "ts", "-reply", "-config", self.folder / "tsa.cnf"]
        command += ["-queryfile", query_path, "-signer", self.folder / "leaf.pem"]
        command += ["-inkey", self.folder / "leaf.key", "-chain", self.folder / "chain.pem"]
        subprocess.run([*command, "-out", reply_path], check=True, capture_output=True, timeout=30)
        return reply_path.read_bytes()

    @property
    def trust(self) -> TrustStore:
        """A store that believes this authority's time stamps."""
        made = TrustList.parse(self.root_pem, name=LIST_NAME, kind=TrustKind.TIME_STAMPS)
        return TrustStore(lists=(made,))

    def asked(self, mode: TimeStampMode, *, seconds: float = 10.0) -> TimeStamping:
        """What a stamper is told about it."""
        reached = TimeStampAuthority(url=self.url, network=Network.LOOPBACK, seconds=seconds)
        return TimeStamping(mode=mode, authority=reached)


@contextmanager
def authority(folder: Path) -> Iterator[Authority]:
    """Run an authority on a free port."""
    made = Authority(folder, _certificates(folder))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            made.queries.append(query)
            if made.answer is not None:
                made.answer(self, query)
            else:
                reply(self, made.token(made.spoil(query) if made.spoil else query))

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_port}/tsa"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def reply(
    handler: BaseHTTPRequestHandler,
    body: bytes,
    *,
    status: int = 200,
    kind: str = "application/timestamp-reply",
    length: int | None = None,
    **headers: str,
) -> None:
    """Send one answer; broken connections are the client's business."""
    try:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)
    except OSError:
        pass


def drip(handler: BaseHTTPRequestHandler, _: bytes) -> None:
    """A byte now and then, so that no single read ever times out."""
    try:
        for _ in range(200):
            handler.wfile.write(b"H")
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        pass


def other_nonce(query: bytes) -> bytes:
    """The same query with another nonce: the INTEGER before certReq (RFC 3161, 2.4.1)."""
    nonce_end = query.rindex(b"\x01\x01\xff")
    return query[: nonce_end - 1] + bytes([query[nonce_end - 1] ^ 1]) + query[nonce_end:]


def other_digest(query: bytes) -> bytes:
    """The same query for other data: the 32-byte OCTET STRING of the imprint."""
    digest = query.index(b"\x04\x20") + 2
    return query[:digest] + bytes([query[digest] ^ 1]) + query[digest + 1 :]


def _certificates(folder: Path) -> bytes:
    """Root and issuing CA as for signers, and a leaf that may stamp time (RFC 3161, 2.3)."""
    chain = create_chain("Test TSA", "unused")
    issuer = x509.load_pem_x509_certificate(chain.issuing_pem)
    issuer_key = load_pem_private_key(chain.issuing_key_pem, password=None)
    key = chains.new_key()
    start = datetime.now(UTC) - timedelta(days=1)
    names = [(NameOID.ORGANIZATION_NAME, "Test TSA"), (NameOID.COMMON_NAME, NAME)]
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(oid, text) for oid, text in names]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(chains.usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()),
            critical=False,
        )
        .sign(issuer_key, SHA256())
    )
    (folder / "leaf.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
    (folder / "leaf.key").write_bytes(chains.pkcs8(key))
    (folder / "chain.pem").write_bytes(chain.issuing_pem)
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))
    return chain.root_pem


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that is taken, and that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
