"""Forty real images in three formats: stamped and traced, or refused with a reason."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest
from provenance_cli.exit_codes import ExitCode
from support.shared import NEEDS_IMAGES, images, label

from provenance import Encoding, Generation, Verdict, Workspace
from provenance.errors import CapacityError
from provenance.imaging import load
from provenance.model import ManifestStatus

FORMATS = ("png", "jpeg", "webp-lossless", "webp")
GENERATION = Generation(model="test-model", model_version="1.0")
WHITE = (255, 255, 255)

# The mark needs an area of 256x256; everything smaller has to be refused.
TOO_SMALL = {"hard/chessboard", "hard/tiny128"}


@lru_cache(maxsize=1)
def size(path: Path) -> tuple[int, int]:
    """Width and height of an image as it is shown."""
    height, width = load(path.read_bytes()).rgb.shape[:2]
    return width, height


@NEEDS_IMAGES
@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("path", images(), ids=label)
def test_stamped_and_traced_or_refused(path: Path, format_: str, workspace: Workspace) -> None:
    data = path.read_bytes()
    encoding = Encoding.parse(format_, background=WHITE)
    if label(path) in TOO_SMALL:
        with pytest.raises(CapacityError) as caught:
            workspace.stamper().stamp(data, GENERATION, encoding=encoding)
        assert caught.value.hint
        return
    stamped = workspace.stamper().stamp(data, GENERATION, encoding=encoding)
    report = workspace.verifier().verify(stamped.data)
    assert report.verdict is Verdict.TRACED
    assert ExitCode[report.verdict.name] is ExitCode.TRACED
    assert report.evidence.manifest.status is ManifestStatus.TRUSTED
    assert report.evidence.manifest.state == "Trusted"
    assert report.system == workspace.system
    assert report.evidence.record.record_id == stamped.record_id
    assert (report.input.width, report.input.height) == size(path)
