"""Real files of real generators name their maker; pictures of nobody name nobody."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import markers
from support.shared import NEEDS_IMAGES, ROOT, images, label

from provenance.imaging import load
from provenance.manifest import read
from provenance.markers import catalogue, find
from provenance.markers.public_payload import search
from provenance.model import MarkerClass, MarkerEvidence, Verdict
from provenance.trust import TrustStore
from provenance.verify import Verifier

SIGNED, UNSIGNED = MarkerClass.SIGNED, MarkerClass.UNSIGNED_METADATA
#: Every file of the set, who made it, and in which class it says so.
MAKERS = {
    "a1111": ("automatic1111", UNSIGNED),
    "a1111-512": ("automatic1111", UNSIGNED),
    "chatgpt-c2pa": ("c2pa-openai", SIGNED),
    "civitai-jpg": ("civitai", UNSIGNED),
    "comfyui-hires": ("comfyui-workflow", UNSIGNED),
    "flux-dev": ("comfyui-workflow", UNSIGNED),
    "gemini-c2pa": ("c2pa-google", SIGNED),
    "invokeai": ("invokeai", UNSIGNED),
    "novelai": ("novelai-software", UNSIGNED),
    "sdxl": ("comfyui-workflow", UNSIGNED),
    "z-image": ("comfyui-workflow", UNSIGNED),
}
CROPS = 240  # the benchmark takes thousands


def of_folder(*names: str) -> list[Path]:
    return [path for path in images() if path.parent.name in names]


def found_in(path: Path) -> tuple[MarkerEvidence, ...]:
    image = load(path.read_bytes())
    return find(image, read(image.data, image.header.format.mime, TrustStore()))


@NEEDS_IMAGES
def test_every_generated_file_of_the_set_is_in_the_table() -> None:
    assert {path.stem for path in of_folder("generated")} == set(MAKERS)


@NEEDS_IMAGES
@pytest.mark.parametrize("path", of_folder("generated"), ids=label)
def test_every_generator_is_named_from_its_own_marker(path: Path) -> None:
    name, kind = MAKERS[path.stem]
    found = found_in(path)
    assert {marker.kind for marker in found} == {kind}
    assert name in {marker.marker for marker in found}


@NEEDS_IMAGES
@pytest.mark.parametrize("path", of_folder("generated"), ids=label)
def test_the_verdict_on_a_generated_file_is_other_system(path: Path) -> None:
    report = Verifier().verify(path)
    assert report.verdict is Verdict.OTHER_SYSTEM


@NEEDS_IMAGES
def test_the_stealth_text_of_novelai_is_read_from_the_pixels() -> None:
    found = found_in(ROOT / "images" / "generated" / "novelai.png")
    (marker,) = [item for item in found if item.marker == "novelai-stealth"]
    assert "alpha" in marker.where


@NEEDS_IMAGES
@pytest.mark.parametrize("path", of_folder("photos", "kodak", "hard"), ids=label)
def test_pictures_of_nobody_have_no_marker(path: Path) -> None:
    assert found_in(path) == ()


@NEEDS_IMAGES
@pytest.mark.slow
def test_no_crop_of_an_unmarked_picture_passes_the_gate() -> None:
    rng = np.random.default_rng(20)
    pictures = [load(path.read_bytes()).rgb for path in images()]
    pictures = [rgb for rgb in pictures if min(rgb.shape[:2]) >= 256]
    for number in range(CROPS):
        rgb = pictures[number % len(pictures)]
        height, width = (int(rng.integers(256, min(side, 768) + 1)) for side in rgb.shape[:2])
        top = int(rng.integers(0, rgb.shape[0] - height + 1))
        left = int(rng.integers(0, rgb.shape[1] - width + 1))
        crop = np.ascontiguousarray(rgb[top : top + height, left : left + width])
        assert not any(finding.found for finding in search(crop, catalogue().payloads))


@NEEDS_IMAGES
@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(markers.PATHS))
def test_every_public_watermark_is_found_in_clean_photographs(name: str) -> None:
    pytest.importorskip("imwatermark")
    for path in of_folder("kodak")[:4]:
        rgb = load(path.read_bytes()).rgb
        for sample, order in markers.PATHS[name]:
            marked = markers.watermarked(rgb, name, sample, order)
            best = min(search(marked, catalogue().payloads), key=lambda item: item.log10_p)
            assert (best.payload.id, best.found) == (name, True)
