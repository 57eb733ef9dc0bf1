"""An operator and a laboratory, and what goes from one to the other."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256

from provenance import Workspace
from provenance.trust import TrustStore
from provenance.workspace import exports, imports


def pin(workspace: Workspace) -> frozenset[str]:
    """The certificate that signs for a workspace, as somebody else names it."""
    return frozenset({workspace.report_signer().chain.leaf.fingerprint(SHA256()).hex()})


@dataclass(frozen=True)
class Case:
    """Two workspaces and a directory between them."""

    operator: Workspace
    laboratory: Workspace
    folder: Path

    def bundle(self, name: str = "acme.bundle", **options: Any) -> Path:
        """A bundle that the operator exported."""
        path = self.folder / name
        exports.export_bundle(self.operator, path, **options)
        return path

    def extract(self, name: str = "acme.extract", **options: Any) -> Path:
        """An extract that the operator exported."""
        path = self.folder / name
        exports.export_extract(self.operator, path, **options)
        return path

    def take_bundle(self, path: Path, *, pinned: frozenset[str] | None = None) -> None:
        """Import a bundle; the operator's certificate is named unless others are."""
        named = pin(self.operator) if pinned is None else pinned
        offer = imports.offer_bundle(self.laboratory, path, trust=TrustStore(), pinned=named)
        imports.import_bundle(self.laboratory, offer)

    def take_extract(
        self, path: Path, *, pinned: frozenset[str] = frozenset(), in_place: bool = False
    ) -> None:
        """Import an extract; nobody is named unless he is."""
        offer = imports.offer_extract(self.laboratory, path, pinned=pinned)
        imports.import_extract(self.laboratory, offer, in_place=in_place)


def case(folder: Path, *, system_id: int = 77) -> Case:
    """An operator "acme-images" and a laboratory that know nothing of each other."""
    return Case(
        operator=Workspace.create(
            folder / "operator", system_name="acme-images", system_id=system_id
        ),
        laboratory=Workspace.create(folder / "laboratory", system_name="lab", system_id=5),
        folder=folder,
    )


def resigned(path: Path, signer: Workspace, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what a signed file says, and sign it again, without the code under test."""
    members = json.loads(path.read_bytes())
    document = json.loads(members["payload"])
    change(document)
    text = json.dumps(document, separators=(",", ":"))
    key = signer.report_signer()
    header = json.loads(base64.urlsafe_b64decode(members["protected"] + "=="))
    from cryptography.hazmat.primitives.serialization import Encoding

    ders = [c.public_bytes(Encoding.DER) for c in key.chain.certificates]
    header["x5c"] = [base64.b64encode(der).decode() for der in ders]
    header["x5t#S256"] = _text(key.chain.leaf.fingerprint(SHA256()))
    protected = _text(json.dumps(header, separators=(",", ":")).encode())
    signature = _text(key.sign(f"{protected}.{text}".encode()))
    made = {"payload": text, "protected": protected, "signature": signature}
    path.write_text(json.dumps(made, separators=(",", ":")) + "\n")


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
