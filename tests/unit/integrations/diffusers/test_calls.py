"""Protected pipelines of diffusers' own classes: everything that comes out is stamped."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from diffusers import (
    FluxPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLPipeline,
)
from support import pictures, pipelines

from provenance import Encoding, Generation
from provenance.errors import ArgumentError
from provenance.integrations.diffusers import protect
from provenance.integrations.pillow import StampedImage
from provenance.stamp import Stamped

MAKERS = {
    FluxPipeline: (pipelines.flux, pipelines.flux_call),
    StableDiffusionPipeline: (pipelines.stable_diffusion, pipelines.call),
    StableDiffusionXLPipeline: (pipelines.stable_diffusion_xl, pipelines.call),
}


@pytest.mark.parametrize("kind", MAKERS, ids=lambda kind: kind.__name__)
def test_a_saved_picture_is_traced(kind, stamper, traced, tmp_path):
    make, arguments = MAKERS[kind]
    pipeline = make()
    assert protect(pipeline, stamper) is pipeline
    output = pipeline(**arguments())
    (image,) = output.images
    assert isinstance(image, StampedImage)
    assert image.size == (pipelines.SIDE, pipelines.SIDE)
    assert output.provenance == (image.stamped,)

    image.save(tmp_path / "saved.png")
    assert (tmp_path / "saved.png").read_bytes() == image.stamped.data
    assert traced(tmp_path / "saved.png", image.stamped)


def test_several_pictures_have_records_of_their_own(stamper, traced, tmp_path):
    pipeline = protect(pipelines.stable_diffusion(), stamper)
    images = pipeline(**pipelines.call(prompt=["low", "owl"], num_images_per_prompt=2)).images
    assert len({image.stamped.record_id for image in images}) == 4
    for number, image in enumerate(images):
        image.save(tmp_path / f"{number}.png")
        assert traced(tmp_path / f"{number}.png", image.stamped)


def test_a_tuple_is_stamped_as_well(stamper):
    pipeline = protect(pipelines.stable_diffusion(), stamper)
    images, flagged = pipeline(**pipelines.call(return_dict=False))
    assert isinstance(images[0], StampedImage)
    assert flagged is None


@pytest.mark.parametrize("form", ["np", "pt"])
def test_arrays_hold_the_pixels_of_the_stamped_file(form, stamper, traced, tmp_path):
    plain = pipelines.stable_diffusion()(**pipelines.call(output_type=form)).images
    output = protect(pipelines.stable_diffusion(), stamper)(**pipelines.call(output_type=form))
    images, (stamped,) = output.images, output.provenance
    assert (type(images), images.shape, images.dtype) == (type(plain), plain.shape, plain.dtype)
    assert np.abs(np.asarray(images) - np.asarray(plain)).max() < 0.2

    pixels = np.asarray(images[0]) if form == "np" else np.asarray(images[0]).transpose(1, 2, 0)
    assert ((pixels * 255).round() == pictures.decoded(stamped.data)).all()
    (tmp_path / "marked.png").write_bytes(pictures.file((pixels * 255).round().astype("u1"), "PNG"))
    assert traced(tmp_path / "marked.png", stamped)


def test_half_precision_is_kept(stamper):
    pipeline = protect(pipelines.stable_diffusion().to(torch.bfloat16), stamper)
    output = pipeline(**pipelines.call(output_type="pt"))
    assert output.images.dtype == torch.bfloat16
    assert len(output.provenance) == 1


def test_another_encoding_is_what_is_saved(stamper, traced, tmp_path):
    pipeline = protect(pipelines.stable_diffusion(), stamper, encoding=Encoding.parse("jpeg"))
    (image,) = pipeline(**pipelines.call()).images
    image.save(tmp_path / "saved.jpg")
    assert traced(tmp_path / "saved.jpg", image.stamped)


def test_every_record_is_reported_before_anything_leaves(stamper):
    seen: list[Stamped] = []
    pipeline = protect(pipelines.stable_diffusion(), stamper, on_stamped=seen.append)
    images, _ = pipeline(
        **pipelines.call(num_images_per_prompt=2, output_type="np", return_dict=False)
    )
    assert [item.record_id for item in seen] == list(dict.fromkeys(x.record_id for x in seen))
    assert len(seen) == len(images) == 2


def test_what_the_safety_checker_blackened_is_stamped(stamper, traced, tmp_path):
    """And what it saw on the way is not: one record for one picture."""
    seen: list[Stamped] = []
    pipeline = pipelines.stable_diffusion(
        safety_checker=pipelines.alarmed_checker(), requires_safety_checker=True
    )
    output = protect(pipeline, stamper, on_stamped=seen.append)(**pipelines.call())
    assert output.nsfw_content_detected == [True]
    (image,) = output.images
    assert np.asarray(image).max() < 10
    assert seen == [image.stamped]
    image.save(tmp_path / "black.png")
    assert traced(tmp_path / "black.png", image.stamped)


# --- the slot of SDXL -------------------------------------------------------------


def test_the_watermarker_of_sdxl_is_taken_out_and_that_is_said(stamper, caplog):
    pipeline = pipelines.stable_diffusion_xl()
    assert pipeline.watermark is not None
    protect(pipeline, stamper)
    assert pipeline.watermark is None
    assert "StableDiffusionXLWatermarker was taken out" in caplog.text

    unmarked = pipelines.stable_diffusion_xl(add_watermarker=False)
    expected = np.asarray(unmarked(**pipelines.call()).images[0], dtype=int)
    pipeline.watermark = object()  # somebody fills it again; it would not even work
    (image,) = pipeline(**pipelines.call()).images
    difference = np.abs(np.asarray(image, dtype=int) - expected)
    assert 0 < difference.mean() < 3


def test_a_foreign_watermarker_is_kept_where_that_was_asked_for(stamper, caplog, traced, tmp_path):
    class Foreign:
        calls = 0

        def apply_watermark(self, images):
            self.calls += 1
            return images.clamp(-0.5, 0.5)

    pipeline = pipelines.stable_diffusion_xl()
    pipeline.watermark = foreign = Foreign()
    protect(pipeline, stamper, keep_watermark=True)
    (image,) = pipeline(**pipelines.call()).images
    assert (foreign.calls, pipeline.watermark, caplog.text) == (1, foreign, "")
    image.save(tmp_path / "both.png")
    assert traced(tmp_path / "both.png", image.stamped)


# --- latents ----------------------------------------------------------------------


def test_latents_go_from_base_to_refiner_and_are_stamped_once(stamper, traced, tmp_path):
    seen: list[Stamped] = []
    base = pipelines.stable_diffusion_xl()
    refiner = StableDiffusionXLImg2ImgPipeline(**base.components, add_watermarker=False)
    refiner.set_progress_bar_config(disable=True)
    protect(base, stamper, allow_latent=True, on_stamped=seen.append)
    protect(refiner, stamper, on_stamped=seen.append)

    latents = base(**pipelines.call(output_type="latent")).images
    assert isinstance(latents, torch.Tensor)
    assert not seen
    (image,) = refiner(**pipelines.edit_call(image=latents)).images
    assert seen == [image.stamped]
    assert image.stamped.parents == ()
    image.save(tmp_path / "refined.png")
    assert traced(tmp_path / "refined.png", image.stamped)


# --- what happens to a pipeline in its life ---------------------------------------


def test_a_protected_pipeline_is_still_one_of_its_class(stamper):
    pipeline = protect(pipelines.stable_diffusion(), stamper)
    assert isinstance(pipeline, StableDiffusionPipeline)
    assert type(pipeline).__name__ == "StableDiffusionPipeline"
    assert set(pipeline.components) == set(pipelines.stable_diffusion().components)
    assert pipeline.to("cpu") is pipeline
    assert isinstance(pipeline(**pipelines.call()).images[0], StampedImage)


def test_a_copy_is_protected(stamper):
    pipeline = protect(pipelines.stable_diffusion(), stamper)
    deep = copy.deepcopy(pipeline)
    assert deep.unet is not pipeline.unet
    for other in (deep, copy.copy(pipeline)):
        assert isinstance(other(**pipelines.call()).images[0], StampedImage)


def test_a_pickled_pipeline_is_protected_where_it_is_opened(stamper):
    pipeline = protect(pipelines.stable_diffusion(), stamper)
    there = pickle.loads(pickle.dumps(pipeline))  # noqa: S301 - made here
    (image,) = there(**pipelines.call()).images
    assert stamper.store.find_by_id(image.stamped.record_id) is not None


def test_what_is_saved_says_nothing_of_us(stamper, tmp_path):
    pipeline = pipelines.stable_diffusion()
    pipeline.save_pretrained(tmp_path / "before")
    protect(pipeline, stamper)(**pipelines.call())
    pipeline.save_pretrained(tmp_path / "after")
    for path in (tmp_path / "before").rglob("*.json"):  # a tokenizer keeps how it was called
        name = path.relative_to(tmp_path / "before")
        same = (tmp_path / "after" / name).read_text() == path.read_text()
        assert same or name.parts[0] == "tokenizer"

    loaded = StableDiffusionPipeline.from_pretrained(tmp_path / "after", local_files_only=True)
    loaded.set_progress_bar_config(disable=True)
    protect(loaded, stamper)
    assert isinstance(loaded(**pipelines.call()).images[0], StampedImage)


def test_protecting_twice_is_once(stamper):
    seen: list[Stamped] = []
    pipeline = protect(pipelines.stable_diffusion(), stamper, on_stamped=seen.append)
    kind = type(pipeline)
    assert type(protect(pipeline, stamper, on_stamped=seen.append)) is kind
    pipeline(**pipelines.call())
    assert len(seen) == 1


def test_another_stamper_is_refused(workspace, stamper):
    pipeline = protect(pipelines.stable_diffusion(), stamper)
    for again in ({"stamper": workspace.stamper()}, {"stamper": stamper, "allow_latent": True}):
        with pytest.raises(ArgumentError, match="protected already"):
            protect(pipeline, **again)


# --- what is stated ---------------------------------------------------------------


def model_of(workspace, image) -> Generation:
    record = workspace.store().find_by_id(image.stamped.record_id)
    assert record is not None
    return record.generation


def test_the_model_is_the_class_unless_it_is_said(workspace, stamper):
    stated = Generation(model="acme-1", model_version="2.0")
    for generation, expected in (
        (None, Generation(model="StableDiffusionPipeline")),
        (stated, stated),
    ):
        pipeline = protect(pipelines.stable_diffusion(), stamper, generation=generation)
        (image,) = pipeline(**pipelines.call()).images
        assert model_of(workspace, image) == expected


@pytest.mark.parametrize(
    ("source", "cached", "model", "version"),
    [
        ("alice/sdxl", "/c/models--alice--sdxl/snapshots/0123abcd/unet", "sdxl", "0123abcd"),
        ("alice/sdxl", "C:\\c\\models--alice--sdxl\\snapshots\\0123abcd\\unet", "sdxl", "0123abcd"),
        ("alice/sdxl", "/c/models--bob--sdxl/snapshots/0123abcd/unet", None, ""),
        ("alice/private", "alice/private/unet", None, ""),
        ("/home/alice", "/home/alice/unet", None, ""),
        ("./alice", "./alice/unet", None, ""),
        ("C:\\Users\\alice\\sdxl", "C:\\Users\\alice\\sdxl\\unet", None, ""),
        ("alice", "alice/unet", None, ""),
    ],
)
def test_no_path_and_no_user_is_ever_stated(workspace, stamper, source, cached, model, version):
    pipeline = pipelines.stable_diffusion()
    pipeline.register_to_config(_name_or_path=source)
    pipeline.unet.register_to_config(_name_or_path=cached)
    (image,) = protect(pipeline, stamper)(**pipelines.call()).images
    stated = model_of(workspace, image)
    assert stated == Generation(model=model or "StableDiffusionPipeline", model_version=version)
    assert b"alice" not in image.stamped.data
