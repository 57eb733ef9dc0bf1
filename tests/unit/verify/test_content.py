"""Leaked copies whose geometry was changed, and marks that were moved, through the verifier."""

from __future__ import annotations

import io
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps
from support import pictures

from provenance import Encoding, Generation
from provenance.imaging import load
from provenance.model import MatchStatus, ReasonCode, RecordStatus, Verdict, WatermarkStatus

ORIGINAL = pictures.whole_sample("canyon.jpg")
COMPANION = pictures.whole_sample("bottle.jpg")


@pytest.fixture(scope="module")
def stamped(workspace):
    return workspace.stamper().stamp(ORIGINAL, Generation(model="acme-1"))


@pytest.fixture(scope="module")
def marked(stamped):
    """The pixels that were released, as an image without metadata."""
    return Image.fromarray(load(stamped.data).rgb)


@pytest.fixture(scope="module")
def verifier(workspace):
    return workspace.verifier()


def jpeg(image, quality=80):
    target = io.BytesIO()
    image.save(target, "JPEG", quality=quality)
    return target.getvalue()


def quarter(image):
    return image.crop((240, 160, 720, 480))


def with_caption(image):
    return ImageOps.expand(ImageOps.mirror(image), (0, 0, 0, 80), "white")


def collage(image):
    sheet = Image.new("RGB", (image.width + COMPANION.shape[1], 768), "white")
    sheet.paste(image, (0, 60))
    sheet.paste(Image.fromarray(COMPANION), (image.width, 0))
    return sheet


def screenshot(image):
    sheet = Image.new("RGB", (1280, 900), (232, 232, 236))
    sheet.paste((40, 44, 52), (0, 0, 1280, 64))
    sheet.paste(image, (170, 120))
    return sheet


LEAKS = {
    "a quarter": (quarter, MatchStatus.PARTIAL),
    "turned by 7 degrees": (lambda i: i.rotate(7, Image.Resampling.BICUBIC), MatchStatus.MATCH),
    "mirrored, with a caption": (with_caption, MatchStatus.MATCH),
    "beside another picture": (collage, MatchStatus.MATCH),
    "on a screen": (screenshot, MatchStatus.MATCH),
    "shrunk": (lambda i: i.resize((576, 384), Image.Resampling.LANCZOS), MatchStatus.MATCH),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_with_changed_geometry_is_traced(verifier, stamped, marked, name):
    change, status = LEAKS[name]
    report = verifier.verify(jpeg(change(marked)))
    assert report.verdict is Verdict.TRACED, report.finding
    assert report.evidence.record.record_id == stamped.record_id
    match = report.evidence.content_match
    assert match.status is match.grid.status is status
    assert match.grid.log10_p <= match.grid.log10_threshold
    assert match.grid.agreement >= match.grid.agreement_threshold


def test_a_crop_says_that_it_is_a_part_and_how_large(verifier, marked):
    report = verifier.verify(jpeg(quarter(marked)))
    match = report.evidence.content_match
    assert not match.whole
    assert 0.15 < match.grid.covered <= 0.25
    assert "shows a part" in report.finding.statement
    (reason,) = [r for r in report.reasons if r.code is ReasonCode.CONTENT_PARTIAL]
    assert f"{match.grid.covered:.0%} of the issued picture recognised" in reason.detail
    drawn = np.array([list(row) for row in match.grid.cells])
    assert set(drawn.ravel()) == {"#", " "}


@pytest.mark.parametrize("gain", [1.0, 1.5])
def test_a_mark_that_was_moved_to_another_picture_is_a_conflict(verifier, marked, gain):
    residual = np.asarray(marked, np.float32) - ORIGINAL
    target = cv2.resize(COMPANION, ORIGINAL.shape[1::-1])
    forged = np.clip(target + gain * residual, 0, 255).astype(np.uint8)
    report = verifier.verify(pictures.file(forged, "PNG"))
    assert report.evidence.watermarks[0].status is WatermarkStatus.READ_AUTHENTIC
    assert report.evidence.record.status is RecordStatus.FOUND
    assert report.evidence.content_match.status is MatchStatus.MISMATCH
    assert report.evidence.content_match.grid.status is MatchStatus.MISMATCH
    assert report.verdict is Verdict.CONFLICT


def test_a_moved_mark_is_a_conflict_even_in_a_crop(verifier, marked):
    """The crop hides from PDQ that it is another picture; the grid still sees it."""
    residual = np.asarray(marked, np.float32) - ORIGINAL
    target = cv2.resize(COMPANION, ORIGINAL.shape[1::-1])
    forged = np.clip(target + 1.5 * residual, 0, 255).astype(np.uint8)[40:600, 60:900]
    match = verifier.verify(pictures.file(np.ascontiguousarray(forged), "PNG"))
    assert match.evidence.content_match.whole is False
    assert match.verdict is Verdict.CONFLICT


# --- less knowledge -------------------------------------------------------------------


def test_without_the_signature_key_a_crop_stays_open_and_the_whole_is_traced(verifier, marked):
    stranger = replace(verifier, signature_keys=())
    report = stranger.verify(jpeg(quarter(marked)))
    assert report.verdict is Verdict.INDETERMINATE
    match = report.evidence.content_match
    assert match.status is match.grid.status is MatchStatus.NOT_COMPARABLE
    assert "not held" in match.grid.detail
    assert stranger.verify(jpeg(marked)).verdict is Verdict.TRACED


def test_without_the_signature_key_a_moved_mark_is_still_a_conflict(verifier, marked):
    residual = np.asarray(marked, np.float32) - ORIGINAL
    target = cv2.resize(COMPANION, ORIGINAL.shape[1::-1])
    forged = np.clip(target + residual, 0, 255).astype(np.uint8)
    stranger = replace(verifier, signature_keys=())
    assert stranger.verify(pictures.file(forged, "PNG")).verdict is Verdict.CONFLICT


@pytest.mark.parametrize("changed", [{"value": bytes(32)}, {"epoch": 9}, {"system_id": 1}])
def test_a_signature_opens_with_no_other_key(verifier, marked, changed):
    keys = tuple(replace(key, **changed) for key in verifier.signature_keys)
    report = replace(verifier, signature_keys=keys).verify(jpeg(quarter(marked)))
    assert report.evidence.content_match.grid.status is MatchStatus.NOT_COMPARABLE
    assert report.verdict is Verdict.INDETERMINATE


def test_a_record_without_a_signature_is_compared_by_pdq_alone(workspace, verifier):
    stamper = replace(workspace.stamper(), signature_key=None)
    made = stamper.stamp(COMPANION, Generation(model="acme-1"), encoding=Encoding.parse("png"))
    marked = Image.fromarray(load(made.data).rgb)
    whole = verifier.verify(jpeg(marked))
    assert whole.evidence.content_match.grid is None
    assert whole.verdict is Verdict.TRACED
    part = verifier.verify(jpeg(marked.crop((0, 0, 500, 500))))
    assert part.evidence.content_match.grid is None
    assert part.verdict is Verdict.INDETERMINATE  # a crop is no longer called another picture
