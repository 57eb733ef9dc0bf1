"""Ways to get an unstamped picture out of a protected pipeline: each is stamped or refused."""

from __future__ import annotations

import resource
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers import (
    AutoPipelineForImage2Image,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionPipeline,
)
from diffusers.callbacks import MultiPipelineCallbacks, PipelineCallback
from diffusers.image_processor import VaeImageProcessor
from diffusers.pipelines.stable_diffusion import StableDiffusionPipelineOutput
from support import pictures, pipelines

from provenance import Workspace
from provenance.errors import ArgumentError, BatchError, ErrorCode, SignerError
from provenance.integrations.diffusers import protect
from provenance.integrations.pillow import StampedImage
from provenance.keys import CallbackSigner
from provenance.stamp import Stamped


def signer_that_stops(stamper, after=0):
    """The real signer, that signs so many times and then fails."""
    left = iter(range(after))

    def sign(data):
        if next(left, None) is None:
            raise OSError("the key service is down")
        return stamper.signer.sign(data)

    signer = stamper.signer
    return CallbackSigner(algorithm=signer.algorithm, chain=signer.chain, callback=sign)


# --- latents, odd output types ----------------------------------------------------


@pytest.mark.parametrize("form", ["latent", "numpy", "PIL", None])
def test_other_output_types_are_refused_before_anything_is_made(stamper, form):
    pipeline = protect(pipelines.stable_diffusion(), stamper)
    pipeline.unet = None  # it would fail otherwise
    with pytest.raises(ArgumentError, match=r"latents would leave|none of a protected pipeline"):
        pipeline(**pipelines.call(output_type=form))


def test_the_latents_of_a_pipeline_without_decoder_are_its_pictures(stamper):
    pipeline = protect(pipelines.stable_diffusion(), stamper, allow_latent=True)
    pipeline.vae = None
    with pytest.raises(ArgumentError, match="are its pictures"):
        pipeline(**pipelines.call(output_type="latent"))


# --- pictures that cannot be stamped ----------------------------------------------


def test_a_picture_that_is_too_small_does_not_leave(stamper):
    pipeline = protect(pipelines.stable_diffusion(), stamper)
    with pytest.raises(BatchError, match="128x128") as caught:
        pipeline(**pipelines.call(height=128, width=128))
    assert caught.value.code is ErrorCode.LIMIT
    assert "full size" in caught.value.hint


@pytest.mark.parametrize("form", ["np", "pt"])
def test_a_picture_without_numbers_does_not_leave(stamper, form):
    pipeline = protect(pipelines.stable_diffusion(), stamper)
    pipeline.vae.decoder.conv_out.bias.data.fill_(float("nan"))
    with pytest.raises(BatchError) as caught:
        pipeline(**pipelines.call(output_type=form))
    assert "NaN" in caught.value.message


@pytest.mark.parametrize("form", ["np", "pt"])
def test_a_picture_of_another_range_does_not_leave(stamper, form):
    class Raw(VaeImageProcessor):
        def postprocess(self, image, output_type="pil", do_denormalize=None):
            return super().postprocess(image, output_type, [False] * len(image))

    pipeline = protect(pipelines.stable_diffusion(), stamper)
    pipeline.image_processor = Raw(do_normalize=False)
    with pytest.raises(BatchError, match=r"0\.\.1"):
        pipeline(**pipelines.call(output_type=form))


def test_one_failure_in_a_batch_keeps_all_of_it_back(stamper):
    seen: list[Stamped] = []
    failing = replace(stamper, signer=signer_that_stops(stamper, after=1))
    pipeline = protect(pipelines.stable_diffusion(), failing, on_stamped=seen.append)
    with pytest.raises(BatchError) as caught:
        pipeline(**pipelines.call(num_images_per_prompt=3))
    first, *others = caught.value.results
    assert isinstance(first, Stamped)
    assert all(isinstance(item, SignerError) for item in others)
    assert not seen


def test_a_signer_that_fails_stops_the_picture(stamper):
    pipeline = protect(
        pipelines.stable_diffusion(), replace(stamper, signer=signer_that_stops(stamper))
    )
    with pytest.raises(BatchError) as caught:
        pipeline(**pipelines.call())
    assert caught.value.code is ErrorCode.SIGNER
    assert "key service is down" in str(caught.value.results[0].__cause__)


def test_a_full_disk_under_the_registry_stops_the_picture(tmp_path):
    workspace = Workspace.create(tmp_path / "workspace", system_name="acme-images")
    pipeline = protect(pipelines.stable_diffusion(), workspace.stamper())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(BatchError) as caught:
            pipeline(**pipelines.call())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.code is ErrorCode.REGISTRY
    assert isinstance(pipeline(**pipelines.call()).images[0], StampedImage)


def test_calling_the_unprotected_class_is_no_way_round(stamper):
    pipeline = protect(pipelines.stable_diffusion(), stamper)
    with pytest.raises(ArgumentError, match="outside of it"):
        StableDiffusionPipeline.__call__(pipeline, **pipelines.call())


def test_a_hook_that_fails_stops_the_picture(stamper):
    def hook(_):
        raise OSError("the disk is full")

    pipeline = protect(pipelines.stable_diffusion(), stamper, on_stamped=hook)
    with pytest.raises(OSError, match="disk is full"):
        pipeline(**pipelines.call())


def test_pictures_where_none_are_expected_are_refused(stamper):
    class Talkative(StableDiffusionPipeline):
        def __call__(self, *arguments, output_type="pil", return_dict=True, **named):
            output = super().__call__(*arguments, output_type=output_type, **named)
            extra = np.zeros((8, 8, 3))
            if return_dict:
                return StableDiffusionPipelineOutput(output.images, [extra])
            return output.images, extra

    plain = pipelines.stable_diffusion()
    pipeline = protect(Talkative(**plain.components, requires_safety_checker=False), stamper)
    pipeline.set_progress_bar_config(disable=True)
    for as_object in (True, False):
        with pytest.raises(ArgumentError, match=r"ndarray of shape \(8, 8, 3\)"):
            pipeline(**pipelines.call(return_dict=as_object))


@pytest.mark.parametrize(
    "result",
    [
        pictures.crop(),
        [[]],
        [],
        None,
        ({"images": 1},),
        (torch.zeros(1, 4, 8, 8),),
        (np.zeros((1, 8, 8, 4)),),
        StableDiffusionPipelineOutput(images=None, nsfw_content_detected=None),
    ],
    ids=["array", "nested", "list", "none", "dict", "latents", "layers", "empty"],
)
def test_unknown_results_are_refused(stamper, result):
    class Odd(StableDiffusionPipeline):
        def __call__(self, *, output_type="pil"):
            return result

    plain = pipelines.stable_diffusion()
    pipeline = protect(Odd(**plain.components, requires_safety_checker=False), stamper)
    with pytest.raises(ArgumentError, match="may be unstamped pictures"):
        pipeline()


def test_pictures_called_latents_are_refused(stamper):
    class Odd(StableDiffusionPipeline):
        def __call__(self, *, output_type="pil", form=None):
            return (form,)

    plain = pipelines.stable_diffusion()
    pipeline = protect(
        Odd(**plain.components, requires_safety_checker=False), stamper, allow_latent=True
    )
    for form in ([pictures.crop()], pictures.crop(), torch.zeros(1, 3, 8, 8)):
        with pytest.raises(ArgumentError, match="may be unstamped pictures"):
            pipeline(output_type="latent", form=form)


# --- a second pipeline in the same process ----------------------------------------


@pytest.mark.parametrize(
    "second",
    [
        StableDiffusionImg2ImgPipeline.from_pipe,
        AutoPipelineForImage2Image.from_pipe,
        lambda first: StableDiffusionImg2ImgPipeline(
            **first.components, requires_safety_checker=False
        ),
    ],
    ids=["from_pipe", "auto", "components"],
)
def test_a_second_pipeline_of_the_same_parts_is_refused_until_protected(
    stamper, traced, tmp_path, second
):
    first = protect(pipelines.stable_diffusion(), stamper)
    other = second(first)
    other.set_progress_bar_config(disable=True)
    arguments = pipelines.edit_call(image=pictures.crop().astype(np.float32) / 255)
    with pytest.raises(ArgumentError, match="unstamped") as caught:
        other(**arguments)
    assert "protect(other, stamper)" in caught.value.hint

    (image,) = protect(other, stamper)(**arguments).images
    image.save(tmp_path / "second.png")
    assert traced(tmp_path / "second.png", image.stamped)


def test_a_second_pipeline_of_the_very_same_class_is_protected(stamper):
    first = protect(pipelines.stable_diffusion(), stamper)
    other = first.from_pipe(first)
    other.set_progress_bar_config(disable=True)
    assert other is not first
    assert isinstance(other(**pipelines.call()).images[0], StampedImage)


def test_a_decoder_that_is_exchanged_later_is_no_way_out(stamper):
    pipeline = protect(pipelines.stable_diffusion(), stamper)
    pipeline.vae = pipelines.stable_diffusion().vae
    assert isinstance(pipeline(**pipelines.call()).images[0], StampedImage)
    with pytest.raises(ArgumentError, match="outside of it"):
        pipeline.vae.decode(torch.zeros(1, 4, 32, 32))


# --- the user's code inside of a call ---------------------------------------------


class Preview(PipelineCallback):
    tensor_inputs = ("latents",)

    def callback_fn(self, pipeline, step_index, timesteps, callback_kwargs):
        pipeline.vae.decode(callback_kwargs["latents"])
        return callback_kwargs


def preview(pipeline, step_index, timesteps, callback_kwargs):
    return Preview().callback_fn(pipeline, step_index, timesteps, callback_kwargs)


@pytest.mark.parametrize(
    "callback",
    [preview, Preview(), MultiPipelineCallbacks([Preview()])],
    ids=["function", "object", "several"],
)
def test_previews_of_unfinished_pictures_are_refused(stamper, callback):
    pipeline = protect(pipelines.stable_diffusion(), stamper)
    with pytest.raises(ArgumentError, match="outside of it"):
        pipeline(**pipelines.call(callback_on_step_end=callback))


def test_the_old_callback_is_refused_as_well(stamper):
    pipeline = protect(pipelines.stable_diffusion(), stamper)
    with (
        pytest.warns(FutureWarning),
        pytest.raises(ArgumentError, match="outside of it"),
    ):
        pipeline(
            **pipelines.call(
                callback=lambda step, time, latents: pipeline.vae.decode(latents),
                callback_steps=1,
            )
        )


def test_callbacks_that_make_no_pictures_work(stamper):
    seen = []

    def count(pipeline, step_index, timesteps, callback_kwargs):
        seen.append(type(pipeline).__name__)
        return callback_kwargs

    pipeline = protect(pipelines.stable_diffusion(), stamper)
    pipeline(**pipelines.call(callback_on_step_end=count))
    assert seen == ["StableDiffusionPipeline"] * 2


def test_another_thread_cannot_use_the_open_decoder(stamper):
    pipeline = protect(pipelines.stable_diffusion(), stamper)
    unprotected = StableDiffusionPipeline(**pipeline.components, requires_safety_checker=False)
    unprotected.set_progress_bar_config(disable=True)
    inside, done, caught = threading.Event(), threading.Event(), []

    def other():
        inside.wait(30)
        try:
            unprotected(**pipelines.call())
        except ArgumentError as error:
            caught.append(error)
        finally:
            done.set()

    def wait(pipeline, step_index, timesteps, callback_kwargs):
        inside.set()
        done.wait(30)
        return callback_kwargs

    thread = threading.Thread(target=other)
    thread.start()
    images = pipeline(**pipelines.call(callback_on_step_end=wait)).images
    thread.join()
    assert len(caught) == 1
    assert isinstance(images[0], StampedImage)


def test_a_call_that_fails_closes_the_decoder(stamper):
    pipeline = protect(pipelines.stable_diffusion(), stamper)
    with pytest.raises(ValueError, match="divisible"):
        pipeline(**pipelines.call(height=257))
    with pytest.raises(TypeError, match="multiple values"):
        pipeline("low", prompt="low")
    with pytest.raises(ArgumentError, match="outside of it"):
        pipeline.vae.decode(torch.zeros(1, 4, 32, 32))


def test_methods_that_decode_are_refused(stamper):
    pipeline = protect(pipelines.stable_diffusion(), stamper)
    with pytest.warns(FutureWarning), pytest.raises(ArgumentError, match="outside of it"):
        pipeline.decode_latents(torch.zeros(1, 4, 32, 32))
