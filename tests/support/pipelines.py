"""Real pipelines of diffusers, tiny and randomly initialised: nothing is downloaded.

Their pictures are 256 x 256, the smallest that hold the default mark, from latents of 32 x 32.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    ControlNetModel,
    DDIMScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
from transformers import (
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
)

torch.set_num_threads(1)  # on such small tensors threads only wait for one another

SIDE = 256
_WIDTH = 8  # of the text encoders
_BLOCKS: dict[str, Any] = {
    "block_out_channels": (4, 8),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "cross_attention_dim": _WIDTH,
    "attention_head_dim": 2,
    "norm_num_groups": 2,
    "layers_per_block": 1,
}
_TWO_TEXTS: dict[str, Any] = {
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 2,
    "projection_class_embeddings_input_dim": 6 * 2 + _WIDTH,
}
#: What every call is given, so that it is short.
CALL: dict[str, Any] = {"num_inference_steps": 2, "height": SIDE, "width": SIDE}


def stable_diffusion(**components: Any) -> StableDiffusionPipeline:
    """Stable Diffusion 1; the safety checker is left out."""
    torch.manual_seed(0)
    made: dict[str, Any] = {
        "vae": _vae(),
        "unet": _unet(),
        "scheduler": DDIMScheduler(steps_offset=1, clip_sample=False),
        "text_encoder": CLIPTextModel(_text()),
        "tokenizer": _tokenizer(),
        "safety_checker": None,
        "feature_extractor": CLIPImageProcessorPil(crop_size=32, size=32),
        "requires_safety_checker": False,
    }
    return _quiet(StableDiffusionPipeline(**(made | components)))


def stable_diffusion_xl(**components: Any) -> StableDiffusionXLPipeline:
    """Stable Diffusion XL, with diffusers' own watermarker in its slot."""
    torch.manual_seed(0)
    made: dict[str, Any] = {
        "vae": _vae(),
        "unet": _unet(**_TWO_TEXTS, cross_attention_dim=2 * _WIDTH),
        "scheduler": DDIMScheduler(steps_offset=1, clip_sample=False),
        "text_encoder": CLIPTextModel(_text()),
        "text_encoder_2": CLIPTextModelWithProjection(_text()),
        "tokenizer": _tokenizer(),
        "tokenizer_2": _tokenizer(),
        "add_watermarker": True,
    }
    return _quiet(StableDiffusionXLPipeline(**(made | components)))


def flux() -> FluxPipeline:
    """FLUX.1 without text encoders: it is called with `flux_call`."""
    torch.manual_seed(0)
    transformer = FluxTransformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=1,
        joint_attention_dim=_WIDTH,
        pooled_projection_dim=_WIDTH,
        axes_dims_rope=(4, 4, 8),
    )
    pipeline = FluxPipeline(
        vae=_vae(shift_factor=0.0),
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(),
        text_encoder=None,
        text_encoder_2=None,
        tokenizer=None,
        tokenizer_2=None,
    )
    return _quiet(pipeline)


def flux_call() -> dict[str, Any]:
    """The arguments of a call of `flux`."""
    torch.manual_seed(0)
    embeds = torch.randn(1, 4, _WIDTH)
    return {**CALL, "prompt_embeds": embeds, "pooled_prompt_embeds": torch.randn(1, _WIDTH)}


def control_net() -> ControlNetModel:
    """A ControlNet that fits `stable_diffusion`."""
    return ControlNetModel(**_BLOCKS, conditioning_embedding_out_channels=(4, 4, 4, 4))


def alarmed_checker() -> StableDiffusionSafetyChecker:
    """A safety checker that finds something in every picture, and blackens it."""
    vision = CLIPVisionConfig(
        hidden_size=_WIDTH,
        intermediate_size=_WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=32,
        patch_size=16,
    )
    config = CLIPConfig(
        text_config=_text().to_dict(), vision_config=vision.to_dict(), projection_dim=_WIDTH
    )
    checker = StableDiffusionSafetyChecker(config)
    checker.concept_embeds_weights.data.fill_(-2.0)
    return checker


def call(**options: Any) -> dict[str, Any]:
    """The arguments of a short call with a prompt and always the same noise."""
    return {"prompt": "low", "generator": torch.Generator().manual_seed(0), **CALL, **options}


def edit_call(**options: Any) -> dict[str, Any]:
    """The same for a call that starts from a picture, which has its size already."""
    whole = call(strength=1.0, **options)
    return {name: value for name, value in whole.items() if name not in ("height", "width")}


def _vae(**options: Any) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(4, 4, 4, 4),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=2,
        layers_per_block=1,
        sample_size=SIDE,
        **options,
    )


def _unet(**options: Any) -> UNet2DConditionModel:
    blocks = {"up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"), "sample_size": SIDE // 8}
    return UNet2DConditionModel(**(_BLOCKS | blocks | options))


def _text() -> CLIPTextConfig:
    return CLIPTextConfig(
        hidden_size=_WIDTH,
        intermediate_size=_WIDTH,
        projection_dim=_WIDTH,
        num_attention_heads=2,
        num_hidden_layers=1,
        vocab_size=8,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )


def _tokenizer() -> CLIPTokenizer:
    words = ["<|startoftext|>", "<|endoftext|>", "l", "o", "w</w>", "a</w>"]
    vocabulary = {word: number for number, word in enumerate(words)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=8)


def _quiet(pipeline: Any) -> Any:
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
