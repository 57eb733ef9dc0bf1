"""Keys, stamped pictures and the tools to take a manifest apart and put it together.

Sources: C2PA 2.4; ISO/IEC 19566-5 (JUMBF: a box is LBox, its length, TBox, its type, and
content; a superbox begins with a description box).
"""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import c2pa

from bad_inputs import raw
from bad_inputs.inputs import Input
from bad_inputs.make import jpeg, png
from provenance import Encoding, Generation, Workspace
from provenance.keys import create_chain

Assertion = dict[str, Any]

NAME = "Bad Input Lab"
STORE_BOX, DESCRIPTION_BOX = 0, 8  # offsets in a manifest store
_PNG = "image/png"
_AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
CREATED = {"action": "c2pa.created", "digitalSourceType": _AI}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody who can sign: certificate chain and private key, PEM."""

    chain: bytes
    key: bytes

    def signer(self) -> c2pa.Signer:
        """A native signer; it serves once."""
        return c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", self.chain, self.key, None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A workspace with two stamped pictures, an attacker, and a server nobody should ask."""

    workspace: Workspace
    owner: Identity
    attacker: Identity
    remote_url: str
    stamped_png: bytes
    stamped_jpeg: bytes
    other_png: bytes

    @classmethod
    def create(cls, folder: Path, *, remote_url: str) -> Self:
        """Make the workspace inside `folder` and stamp the pictures."""
        workspace = Workspace.create(folder / "workspace", system_name=NAME, system_id=4711)
        keys = Identity(
            chain=(workspace.path / "certs" / "chain.pem").read_bytes(),
            key=(workspace.path / "keys" / "signer.key").read_bytes(),
        )
        stamper, made_by = workspace.stamper(), Generation(model="lab-model")
        return cls(
            workspace=workspace,
            owner=keys,
            attacker=stranger(NAME),
            remote_url=remote_url,
            stamped_png=stamper.stamp(png(), made_by).data,
            stamped_jpeg=stamper.stamp(jpeg(), made_by, encoding=Encoding.parse("jpeg")).data,
            other_png=stamper.stamp(png(seed=2), made_by).data,
        )


class Files:
    """A folder that bad inputs are written into."""

    def __init__(self, folder: Path, lab: Lab) -> None:
        self.folder = folder
        self.lab = lab

    def write(self, item: Input) -> Path:
        """The file of that input."""
        path = self.folder / item.filename
        path.write_bytes(item.make(self.lab) if item.needs_lab else item.make())
        return path


def stranger(name: str) -> Identity:
    """Somebody with a certificate chain of their own under that name."""
    chain = create_chain(name, name)
    return Identity(chain=chain.chain_pem, key=chain.leaf_key_pem)


# --- tools ----------------------------------------------------------------------------


def sign(
    data: bytes,
    who: Identity,
    *assertions: Assertion,
    actions: Sequence[Assertion] = (CREATED,),
    **fields: object,
) -> bytes:
    """A PNG with a manifest of any content, written without asking whether it is valid."""
    actions_assertion = {"label": "c2pa.actions.v2", "data": {"actions": list(actions)}}
    definition = {
        "claim_generator_info": [{"name": "lab", "version": "1"}],
        "assertions": [actions_assertion | {"created": True}, *assertions],
        **fields,
    }
    settings = {
        "verify": {"verify_after_sign": False, "remote_manifest_fetch": False},
        "core": {"allowed_network_hosts": []},
        "builder": {"thumbnail": {"enabled": False}},
    }
    target = io.BytesIO()
    builder = c2pa.Builder(definition, context=c2pa.Context.from_dict(settings))
    builder.sign(who.signer(), _PNG, io.BytesIO(data), target)
    return target.getvalue()


def store_of(data: bytes) -> bytes:
    """The manifest store of a signed PNG (C2PA: chunk caBX)."""
    return dict(raw.split_png(data))[b"caBX"]


def with_store(data: bytes, store: bytes) -> bytes:
    """A PNG with that manifest store in place of its own, or as its second chunk."""
    chunks = [(kind, body) for kind, body in raw.split_png(data) if kind != b"caBX"]
    chunks.insert(1, (b"caBX", store))
    return raw.join_png(chunks)


def box_length(store: bytes, offset: int, length: int) -> bytes:
    """The store with another length field (LBox) in the box at that offset."""
    return store[:offset] + struct.pack(">I", length) + store[offset + 4 :]


def png_box(lab: Lab, offset: int, length: int) -> bytes:
    """The stamped PNG with that length in that box of its manifest store."""
    return with_store(lab.stamped_png, box_length(store_of(lab.stamped_png), offset, length))


def jpeg_box(lab: Lab, length: int) -> bytes:
    """The stamped JPEG with that length in its manifest store.

    There the box follows marker and length of the segment, CI, En and Z: 12 bytes.
    """
    data = lab.stamped_jpeg
    return box_length(data, app11(data).start + 12, length)


def app11(data: bytes) -> slice:
    """The segment that holds the manifest store (small ones fit into one)."""
    start = data.index(b"\xff\xeb")
    return slice(start, start + 2 + int.from_bytes(data[start + 2 : start + 4]))


def _manifests(store: bytes) -> bytes:
    """What is in a store behind its description box: the manifests."""
    return store[8 + int.from_bytes(store[8:12]) :]


def joined(stores: list[bytes]) -> bytes:
    """One store with the manifests of all; the last one is the active manifest."""
    last = stores[-1]
    description = last[8 : 8 + int.from_bytes(last[8:12])]
    body = description + b"".join(map(_manifests, stores))
    return struct.pack(">I", 8 + len(body)) + b"jumb" + body


def label(number: int) -> str:
    """The name of manifest `number`."""
    return f"urn:c2pa:{number:08d}-1111-4111-8111-111111111111"


def ingredient(number: int, digest: bytes = bytes(32)) -> Assertion:
    """An ingredient assertion of version 1 that names manifest `number`.

    Version 1 is still read, and nothing checks what it names when it is signed.
    """
    uri = {"url": f"self#jumbf=/c2pa/{label(number)}", "alg": "sha256", "hash": list(digest)}
    data = {
        "dc:title": f"ingredient {number}",
        "dc:format": _PNG,
        "instanceID": f"xmp:iid:{number}",
        "relationship": "componentOf",
        "c2pa_manifest": uri,
    }
    return {"label": "c2pa.ingredient", "created": True, "data": data}


def family(lab: Lab, depth: int, width: int) -> bytes:
    """Manifests in a line, each naming the one before it `width` times.

    Every signature and every hash between them is right. Only the hash over the picture
    is not: each manifest was signed in a file of its own.
    """
    dot = raw.saved(raw.picture((16, 16)), "PNG")
    stores: list[bytes] = []
    for number in range(depth):
        names = []
        if stores:
            digest = hashlib.sha256(_manifests(stores[-1])[8:]).digest()
            names = [ingredient(number - 1, digest)] * width
        data = png(seed=3) if number == depth - 1 else dot
        signed = sign(data, lab.owner, *names, label=label(number))
        stores.append(store_of(signed))
    return with_store(signed, joined(stores))
