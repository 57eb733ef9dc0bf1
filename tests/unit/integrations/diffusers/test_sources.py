"""The pictures that a pipeline was given become the parents of what it makes."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from diffusers import (
    StableDiffusionControlNetImg2ImgPipeline,
    StableDiffusionControlNetPipeline,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionInpaintPipeline,
)
from PIL import Image
from support import pictures, pipelines

from provenance import Generation, Operation
from provenance.errors import InputError
from provenance.imaging import DEFAULT_LIMITS, Limits
from provenance.integrations.diffusers import protect
from provenance.integrations.diffusers.sources import sources
from provenance.model.generation import Relationship


def edits(kind, **more):
    """A pipeline of another class, made from the parts of the plain one."""
    parts = {**pipelines.stable_diffusion().components, "requires_safety_checker": False, **more}
    pipeline = kind(**parts)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def operations_of(workspace, stamped):
    return workspace.store().find_by_id(stamped.record_id).generation.operations


def source(seed: int = 0) -> Image.Image:
    return Image.fromarray(pictures.crop(left=seed))


def same_pixels(parent, pixels) -> bool:
    """The record of the parent is that of a lossless file of these pixels."""
    lossless = sources(StableDiffusionImg2ImgPipeline, {"image": pixels}, None, DEFAULT_LIMITS)
    return parent.sha256 == hashlib.sha256(lossless.edited[0]).hexdigest()


def test_image_to_image_is_an_edit_of_its_source(workspace, stamper, traced, tmp_path):
    pipeline = protect(edits(StableDiffusionImg2ImgPipeline), stamper)
    (image,) = pipeline(**pipelines.edit_call(image=source())).images
    (parent,) = image.stamped.parents
    assert parent.relationship is Relationship.PARENT_OF
    assert same_pixels(parent, source())
    assert operations_of(workspace, image.stamped) == (Operation.REDRAW,)
    report = workspace.verifier().verify(image.stamped.data)
    assert "c2pa.edited" in report.evidence.manifest.actions
    image.save(tmp_path / "edited.png")
    assert traced(tmp_path / "edited.png", image.stamped)


def test_a_stamped_source_keeps_its_manifest(workspace, stamper, traced, tmp_path):
    first = protect(pipelines.stable_diffusion(), stamper)
    second = protect(StableDiffusionImg2ImgPipeline.from_pipe(first), stamper)
    second.set_progress_bar_config(disable=True)
    (made,) = first(**pipelines.call()).images
    (image,) = second(**pipelines.edit_call(image=made)).images
    (parent,) = image.stamped.parents
    assert parent.sha256 == hashlib.sha256(made.stamped.data).hexdigest()
    manifest = workspace.verifier().verify(image.stamped.data).evidence.manifest
    assert [item.manifest_id for item in manifest.ingredients] == [made.stamped.manifest_id]
    image.save(tmp_path / "second.png")
    assert traced(tmp_path / "second.png", image.stamped)


def test_a_source_that_was_drawn_on_is_taken_as_it_is_now(stamper):
    first = protect(pipelines.stable_diffusion(), stamper)
    (made,) = first(**pipelines.call()).images
    made.paste((255, 0, 0), (0, 0, 40, 40))
    pipeline = protect(edits(StableDiffusionImg2ImgPipeline), stamper)
    (image,) = pipeline(**pipelines.edit_call(image=made)).images
    assert same_pixels(image.stamped.parents[0], made.copy())


def test_the_file_of_a_source_is_not_read(stamper, tmp_path):
    path = tmp_path / "source.png"
    source().save(path)
    opened = Image.open(path)
    opened.load()
    path.write_bytes(pictures.file(source(50), "PNG"))
    pipeline = protect(edits(StableDiffusionImg2ImgPipeline), stamper)
    (image,) = pipeline(**pipelines.edit_call(image=opened)).images
    assert same_pixels(image.stamped.parents[0], source())


def test_inpainting_with_a_crop_laid_over_the_source_is_stamped_as_it_leaves(
    workspace, stamper, traced, tmp_path
):
    """The overlay is put on after post-processing."""
    mask = np.zeros((256, 256), np.uint8)
    mask[96:160, 96:160] = 255
    pipeline = protect(edits(StableDiffusionInpaintPipeline), stamper)
    arguments = pipelines.edit_call(image=source(), mask_image=Image.fromarray(mask))
    (image,) = pipeline(**arguments, padding_mask_crop=16).images
    kept = np.abs(np.asarray(image, dtype=int) - pictures.crop())[:64]
    assert 0 < kept.mean() < 3
    assert len(image.stamped.parents) == 1  # a mask is no picture
    assert operations_of(workspace, image.stamped) == (Operation.INPAINT,)
    image.save(tmp_path / "inpainted.png")
    assert traced(tmp_path / "inpainted.png", image.stamped)


def test_a_batch_of_sources_is_paired_with_its_results(stamper):
    pipeline = protect(edits(StableDiffusionImg2ImgPipeline), stamper)
    given = [source(0), source(64)]
    images = pipeline(**pipelines.edit_call(prompt=["low", "owl"], image=given)).images
    for image, mine in zip(images, given, strict=True):
        (parent,) = image.stamped.parents
        assert same_pixels(parent, mine)


def test_one_source_is_the_parent_of_all_its_results(stamper):
    pipeline = protect(edits(StableDiffusionImg2ImgPipeline), stamper)
    with pytest.warns(FutureWarning):  # diffusers counts the results as prompts
        images = pipeline(**pipelines.edit_call(image=source(), num_images_per_prompt=2)).images
    for image in images:
        assert same_pixels(image.stamped.parents[0], source())


def test_a_pose_is_no_parent(workspace, stamper):
    kind = StableDiffusionControlNetPipeline
    pipeline = protect(edits(kind, controlnet=pipelines.control_net()), stamper)
    (image,) = pipeline(**pipelines.call(image=source())).images
    assert image.stamped.parents == ()
    assert operations_of(workspace, image.stamped) == ()


def test_a_pose_is_a_component_of_an_edit(stamper):
    kind = StableDiffusionControlNetImg2ImgPipeline
    pipeline = protect(edits(kind, controlnet=pipelines.control_net()), stamper)
    arguments = pipelines.edit_call(image=source(), control_image=source(64))
    (image,) = pipeline(**arguments).images
    parent, component = image.stamped.parents
    assert same_pixels(parent, source())
    assert same_pixels(component, source(64))
    assert component.relationship is Relationship.COMPONENT_OF


def test_the_caller_may_name_the_sources(stamper):
    kind = StableDiffusionControlNetPipeline
    pipeline = edits(kind, controlnet=pipelines.control_net())
    protect(pipeline, stamper, sources=["image"])
    (image,) = pipeline(**pipelines.call(image=source())).images
    assert same_pixels(image.stamped.parents[0], source())


def test_stated_operations_are_those_of_an_edit_only(workspace, stamper):
    stated = Generation(model="acme-1", operations=(Operation.STYLE,))
    edit = protect(edits(StableDiffusionImg2ImgPipeline), stamper, generation=stated)
    create = protect(pipelines.stable_diffusion(), stamper, generation=stated)
    (edited,) = edit(**pipelines.edit_call(image=source())).images
    (created,) = create(**pipelines.call()).images
    assert operations_of(workspace, edited.stamped) == (Operation.STYLE,)
    assert operations_of(workspace, created.stamped) == ()


# --- what counts as a picture -----------------------------------------------------

UNIT = pictures.crop().astype(np.float32) / 255
CHW = torch.from_numpy(UNIT).permute(2, 0, 1)


@pytest.mark.parametrize(
    ("given", "number"),
    [
        (source(), 1),
        ([source(), source()], 1),
        ([source(), source(64)], 2),
        (pictures.crop(), 1),
        (UNIT, 1),
        (UNIT * 2 - 1, 1),
        (np.stack([UNIT, UNIT[::-1]]), 2),
        (UNIT[:, :, 0], 1),
        (CHW, 1),
        (CHW[:1][None], 1),
        (CHW.to(torch.float16), 1),
        (torch.stack([CHW, 1 - CHW]), 2),
        ([CHW, CHW * 2 - 1], 1),
        (torch.zeros(1, 4, 32, 32), 0),
        (torch.zeros(1, 16, 32, 32), 0),
        (torch.zeros(1, 1024, 64), 0),
        ("picture.png", 0),
        (None, 0),
    ],
    ids=[
        "pil", "twice-the-same", "two", "uint8", "unit", "signed", "batch", "grey", "tensor",
        "grey-tensor", "half", "tensors", "list-of-tensors", "latents", "many-channels",
        "packed", "text", "none",
    ],
)  # fmt: skip
def test_pictures_are_told_from_latents(given, number):
    found = sources(StableDiffusionImg2ImgPipeline, {"image": given}, None, DEFAULT_LIMITS)
    assert len(found.edited) == number
    assert bool(found.operations) is bool(number)
    if number == 1 and getattr(given, "shape", (0, 0, 3))[-1] == 3:
        assert np.abs(pictures.decoded(found.edited[0]).astype(int) - pictures.crop()).max() <= 1


def test_a_source_beyond_the_limits_is_refused_by_the_name_of_its_argument():
    with pytest.raises(InputError, match="argument image: "):
        sources(StableDiffusionImg2ImgPipeline, {"image": source()}, None, Limits(max_pixels=1000))
