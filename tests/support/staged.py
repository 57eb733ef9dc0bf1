"""Eight staged cases: what happens to stamped pictures, as files that anybody could be handed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from support import copies, pictures, tamper

from provenance import Encoding, Generation, Workspace
from provenance.imaging import Metadata, encode
from provenance.keys import DevelopmentChain, create_chain
from provenance.stamp import Stamped
from provenance.watermark import Keyring, save_bundle

SIDE = 512
IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"


@dataclass(frozen=True)
class Staged:
    """The files, one for each case, and what a verifier of the first operator is given."""

    files: dict[str, Path]
    stamped: Stamped  # the picture that every case but the last is about
    others: Stamped  # the picture of the other operator
    workspace: Path
    bundle: Path  # the other operator's detector bundle
    camera_root: Path  # the anchor of the camera's maker

    @property
    def options(self) -> tuple[str | Path, ...]:
        """How the verifier is called."""
        keys = ("--keyring", self.bundle, "--trust-list", self.camera_root)
        return ("verify", "-w", self.workspace, *keys, "--jsonl")


def stage(folder: Path) -> Staged:
    """Make everything anew below an empty directory."""
    ours = Workspace.create(folder / "ours", system_name="acme-images", system_id=77)
    theirs = Workspace.create(folder / "theirs", system_name="other-images", system_id=78)
    picture = pictures.sample("kitchen.png", SIDE, SIDE)
    stamped = ours.stamper().stamp(picture, Generation(model="acme-1"))
    others = theirs.stamper().stamp(picture, Generation(model="other-1"))
    bundle = folder / "others.json"
    save_bundle(bundle, Keyring(keys=theirs.detection_keys()))
    stranger, camera = create_chain("Stranger", "stranger"), create_chain("Camera Works", "camera")
    camera_root = folder / "camera.pem"
    camera_root.write_bytes(camera.root_pem)
    marked = tamper.strip_manifest(stamped.data)
    made: dict[str, Callable[[], bytes]] = {
        "intact.png": lambda: stamped.data,
        "stripped.png": lambda: marked,
        "cropped.jpg": lambda: pictures.file(
            copies.cropped(tamper.pixels(marked), 0.6), "JPEG", quality=90
        ),
        "edited.png": lambda: tamper.change_pixel(stamped.data),
        "resigned.png": lambda: created_by(stranger, marked, "digitalCreation"),
        "pasted.png": lambda: pasted(tamper.pixels(marked), picture),
        "camera.png": lambda: created_by(camera, marked, "digitalCapture"),
        "others.png": lambda: tamper.strip_manifest(others.data),
    }
    files = {}
    for name, make in made.items():
        files[name] = folder / name
        files[name].write_bytes(make())
    return Staged(
        files=files,
        stamped=stamped,
        others=others,
        workspace=ours.path,
        bundle=bundle,
        camera_root=camera_root,
    )


def pasted(marked: np.ndarray, original: np.ndarray) -> bytes:
    """The whole difference that the mark makes, added to a stranger's photograph."""
    victim = pictures.sample("canyon.jpg", SIDE, SIDE).astype(np.int16)
    copied = victim + (marked.astype(np.int16) - original)
    rgb = np.clip(copied, 0, 255).astype(np.uint8)
    return encode(rgb, None, Encoding.parse("png"), Metadata())


def created_by(chain: DevelopmentChain, data: bytes, source_type: str) -> bytes:
    """The picture under a manifest that says that it was created so, signed with this chain."""
    created = {"action": "c2pa.created", "digitalSourceType": f"{IPTC}{source_type}"}
    definition: dict[str, Any] = {
        "claim_generator_info": [{"name": "somebody's program", "version": "1"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
    }
    return tamper.sign_over(data, definition, chain.chain_pem, chain.leaf_key_pem)
