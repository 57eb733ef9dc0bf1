"""A diffusers pipeline that cannot forget to stamp.

    python example.py                 a tiny pipeline with random weights: nothing is downloaded
    python example.py MODEL PROMPT    a model of the hub, or in a folder

The picture is saved as ./stamped.png; keys and registry lie in ./example-workspace.
"""

import sys
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    AutoPipelineForText2Image,
    DDIMScheduler,
    DiffusionPipeline,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from provenance import Workspace
from provenance.integrations.diffusers import protect

WORKSPACE = Path("example-workspace")
PICTURE = Path("stamped.png")


def main() -> None:
    """Make one picture, stamped."""
    if WORKSPACE.exists():
        workspace = Workspace.open(WORKSPACE)
    else:
        workspace = Workspace.create(WORKSPACE, system_name="my-images")

    if len(sys.argv) == 3:
        model, prompt = sys.argv[1:]
        pipeline = AutoPipelineForText2Image.from_pretrained(model)
    else:
        prompt = "low"
        pipeline = tiny()

    protect(pipeline, workspace.stamper())  # the one line

    image = pipeline(prompt, num_inference_steps=10).images[0]
    image.save(PICTURE)
    print(f"record {image.stamped.record_id}")
    print(f"now: provenance verify --workspace {WORKSPACE} {PICTURE}")


def tiny() -> DiffusionPipeline:
    """Stable Diffusion with random weights, a few thousand of them: its pictures are noise."""
    torch.manual_seed(0)
    text = CLIPTextConfig(
        hidden_size=8, intermediate_size=8, num_attention_heads=2, num_hidden_layers=1,
        vocab_size=8, bos_token_id=0, eos_token_id=1, pad_token_id=1,
    )  # fmt: skip
    words = {"<|startoftext|>": 0, "<|endoftext|>": 1, "l": 2, "o": 3, "w</w>": 4}
    return StableDiffusionPipeline(
        vae=AutoencoderKL(
            block_out_channels=(4, 4, 4, 4), norm_num_groups=2, sample_size=256,
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        ),
        unet=UNet2DConditionModel(
            block_out_channels=(4, 8), norm_num_groups=2, layers_per_block=1, sample_size=32,
            cross_attention_dim=8, attention_head_dim=2,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        ),
        scheduler=DDIMScheduler(steps_offset=1, clip_sample=False),
        text_encoder=CLIPTextModel(text),
        tokenizer=CLIPTokenizer(vocab=words, merges=[], model_max_length=8),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip


if __name__ == "__main__":
    main()
