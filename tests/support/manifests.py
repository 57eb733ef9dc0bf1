"""Signed files, and files that no stamper of ours would write."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import c2pa
from support import pictures

from provenance.imaging import Encoding, Metadata, encode
from provenance.keys import FileSigner, Signer
from provenance.manifest import ManifestRequest, Parent, sign
from provenance.manifest.native import NativeSettings
from provenance.model import (
    GenerationClaim,
    Operation,
    SoftBinding,
    SystemRef,
    new_record_id,
)
from provenance.trust import TrustStore

SYSTEM = SystemRef(4711, "acme-images")
CREATED = {
    "label": "c2pa.actions.v2",
    "data": {
        "actions": [
            {
                "action": "c2pa.created",
                "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
            }
        ]
    },
}


def plain(name: str = "png", *, side: int = 64) -> tuple[bytes, str]:
    """A small picture without any metadata, and its media type."""
    encoding = Encoding.parse(name)
    return encode(pictures.crop(side, side), None, encoding, Metadata()), encoding.format.mime


def request(
    *,
    parent: Parent | None = None,
    parents: tuple[Parent, ...] = (),
    operations: tuple[Operation, ...] | None = None,
    **claim: Any,
) -> ManifestRequest:
    """What a stamper would ask for; with `operations`, for an edit."""
    fields = {
        "system": SYSTEM,
        "model": "acme-1",
        "model_version": "2.0",
        "record_id": new_record_id(),
    }
    return ManifestRequest(
        claim=GenerationClaim(**fields | claim),
        soft_binding=SoftBinding(alg="org.example.mark.1", value=bytes(range(12))),
        software="provenance",
        version="9.9",
        parents=(parent,) if parent else parents,
        edited=operations is not None,
        operations=operations or (),
    )


def signed(
    signer: Signer,
    trust: TrustStore,
    wanted: ManifestRequest | None = None,
    *,
    name: str = "png",
) -> bytes:
    """A small picture with a manifest of ours."""
    data, mime = plain(name)
    return sign(data, mime, wanted or request(), signer, trust).data


def native_signer(signer: FileSigner, time_url: str = "") -> c2pa.Signer:
    """The same signer for the native library, which may ask for time stamps itself."""
    return c2pa.Signer.from_info(
        c2pa.C2paSignerInfo(
            signer.algorithm.value.encode(),
            signer.chain.pem,
            signer.private_key_pem,
            time_url.encode() or None,
        )
    )


def foreign(
    signer: FileSigner,
    trust: TrustStore,
    assertions: list[dict[str, Any]],
    *,
    remote: str = "",
    checked: bool = True,
    claim_version: int = 2,
    time_url: str = "",
    generator: str = "other program",
    picture: bytes | None = None,
    thumbnail: bool = False,
) -> bytes:
    """A small picture with a manifest that another program wrote.

    With `remote`, the manifest is not in the file: the file only names where it is. Not
    `checked`, the program does not look at what it wrote. `picture` is a PNG to be signed.
    """
    data, mime = plain()
    data = picture or data
    definition: dict[str, Any] = {
        "claim_version": claim_version,
        "claim_generator_info": [{"name": generator, "version": "1"}],
        "assertions": assertions,
    }
    settings = NativeSettings(trust=trust, verify_after_sign=checked)
    written = settings.as_dict() | {"builder": {"thumbnail": {"enabled": thumbnail}}}
    builder = c2pa.Builder(definition, context=c2pa.Context.from_dict(written))
    if remote:
        builder.set_no_embed()
        builder.set_remote_url(remote)
    target = io.BytesIO()
    builder.sign(native_signer(signer, time_url), mime, io.BytesIO(data), target)
    return target.getvalue()


@dataclass
class Beacon:
    """A server on the loopback interface that notes who asked for what."""

    url: str = ""
    requests: list[str] = field(default_factory=list)


@contextmanager
def beacon() -> Iterator[Beacon]:
    """Run a beacon on a free port."""
    seen = Beacon()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.requests.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        seen.url = f"http://127.0.0.1:{server.server_port}/manifest.c2pa"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield seen
        finally:
            server.shutdown()
            thread.join()
