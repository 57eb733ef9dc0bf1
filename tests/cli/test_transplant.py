"""A mark moved to another picture, which is then cropped, turned or passed on.

Through the real command. The same is done to the stamped picture itself: it stays traced,
so it is the picture that makes the difference, not what was done to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from support import copies, pictures, tamper
from support.command import Command

from provenance import Generation, Workspace
from provenance.model import MarkId
from provenance.watermark import catalog, issue

SIDE = 512
DONE = {
    "untouched": lambda rgb: rgb,
    "cropped": lambda rgb: copies.cropped(rgb, 0.5),
    "cropped to a third": lambda rgb: copies.cropped(rgb, 0.34),
    "turned": lambda rgb: copies.rotated(rgb, 17),
    "upside down": lambda rgb: np.ascontiguousarray(rgb[::-1, ::-1]),
    "mirrored and cropped": lambda rgb: copies.cropped(np.ascontiguousarray(rgb[:, ::-1]), 0.6),
    "turned, cropped, as JPEG": lambda rgb: copies.jpeg(
        copies.cropped(copies.rotated(rgb, -8), 0.45), 70
    ),
    "stretched and small": lambda rgb: copies.resized(rgb, 0.75, 0.6),
    "a screenshot": copies.screenshot,
}
EVERY = pytest.mark.parametrize("done", list(DONE))


@dataclass(frozen=True)
class Material:
    """One stamped picture, and a stranger's photograph that its mark was moved to."""

    workspace: Workspace
    mark_id: MarkId
    stamped: np.ndarray
    moved: dict[str, np.ndarray]  # by how the mark got there


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    workspace = Workspace.create(tmp_path_factory.mktemp("transplant") / "workspace")
    original = pictures.sample("kitchen.png", SIDE, SIDE)
    victim = pictures.sample("canyon.jpg", SIDE, SIDE)
    stamped = workspace.stamper().stamp(original, Generation(model="acme-1"))
    marked = tamper.pixels(tamper.strip_manifest(stamped.data))
    residual = marked.astype(np.float32) - original
    key, scheme = workspace.detection_keys()[0], catalog.scheme(catalog.DEFAULT)
    payload = issue(
        scheme.info.layout_for(victim),
        system_id=key.system.id or 0,
        mark_id=stamped.mark_id,
        tag_key=key.tag_key or b"",
    )
    return Material(
        workspace=workspace,
        mark_id=stamped.mark_id,
        stamped=marked,
        moved={
            # Anybody who has the picture from before it was stamped can do this,
            "residual": np.clip(np.rint(victim + 1.3 * residual), 0, 255).astype(np.uint8),
            # and only who holds the keys can do that.
            "payload": scheme.embed(victim, payload, key.carrier_key),
        },
    )


def verified(command: Command, folder: Path, material: Material, rgb: np.ndarray):
    path = folder / "questioned.png"
    path.write_bytes(pictures.file(rgb, "PNG"))
    result = command("verify", "-w", material.workspace.path, "--jsonl", path)
    return result.code, result.rows[0]


@EVERY
@pytest.mark.parametrize("way", ["residual", "payload"])
def test_a_mark_on_another_picture_is_a_conflict(command, tmp_path, material, way, done):
    code, row = verified(command, tmp_path, material, DONE[done](material.moved[way]))
    reasons = {reason["code"] for reason in row["reasons"]}
    assert {"mark.read", "record.found", "content.mismatch"} <= reasons
    assert (row["verdict"], code) == ("CONFLICT", 3)
    assert row["mark_id"] == str(material.mark_id)


@EVERY
def test_the_picture_itself_stays_traced_after_the_same(command, tmp_path, material, done):
    code, row = verified(command, tmp_path, material, DONE[done](material.stamped))
    reasons = {reason["code"] for reason in row["reasons"]}
    assert {"mark.read", "record.found"} <= reasons
    assert reasons & {"content.match", "content.partial"}
    assert (row["verdict"], code) == ("TRACED", 0)
