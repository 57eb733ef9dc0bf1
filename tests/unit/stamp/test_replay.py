"""A signed file made again: from real files of all formats, in another process too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support import again, pictures

from provenance import Encoding, Generation
from provenance.stamp import steps
from provenance.stamp.replay import envelope, replay

MADE = Generation(model="acme-1")
GREY = pictures.file(
    pictures.sample("canyon.jpg", 256, 256),
    "JPEG",
    exif=again.METADATA.exif,
    icc_profile=b"p" * 3000,
)


@pytest.fixture(scope="module")
def parents(workspace):
    """Sixteen, whose manifests together need several segments of a JPEG."""
    first = workspace.stamper().stamp(pictures.crop(), MADE).data
    second = workspace.stamper().stamp(pictures.crop(), MADE, parents=[first] * 8).data
    return [second] * 16


@pytest.mark.parametrize("kind", again.FORMATS)
@pytest.mark.parametrize("what", ["plain", "transparent", "metadata", "many parents"])
def test_the_signed_file_is_put_together_again(workspace, monkeypatch, parents, kind, what):
    parts = []
    sign = steps.sign

    def watched(encoded, *arguments):
        parts.append((encoded, sign(encoded, *arguments)))
        return parts[-1][1]

    rgb = pictures.crop()
    if what == "transparent":
        if kind == "jpeg":
            pytest.skip("JPEG has no transparency")
        rgb = np.dstack([rgb, np.full(rgb.shape[:2], 200, np.uint8)])
    monkeypatch.setattr(steps, "sign", watched)
    made = workspace.stamper().stamp(
        GREY if what == "metadata" else rgb,
        MADE,
        parents=parents if what == "many parents" else (),
        encoding=Encoding.parse(kind),
    )
    ((encoded, signed),) = parts
    assert signed.data == made.data
    found = envelope(encoded, signed.data, signed.manifest)
    assert 0 < len(found) < 200
    assert replay(encoded, signed.manifest, found) == made.data
    if what == "many parents":
        assert len(signed.manifest) > 2 * 65_536


def test_marking_and_encoding_give_the_same_bytes_in_another_process():
    """With another hash seed, and on one processor, where codecs start fewer threads."""
    done = subprocess.run(
        [sys.executable, "-m", "support.again", "one-cpu"],
        cwd=Path(again.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.splitlines() == [f"{v} {name}" for name, v in again.hashes().items()]
