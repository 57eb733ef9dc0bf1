"""The guard of a decoder goes with the model, wherever it is copied to."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest
import torch
from support import pipelines

from provenance.errors import ArgumentError
from provenance.integrations.diffusers import decoders

LATENTS = torch.zeros(1, 4, 4, 4)


@pytest.fixture
def vae():
    pipeline = pipelines.stable_diffusion()
    assert decoders.guard(pipeline)
    return pipeline.vae


def test_it_decodes_what_it_decoded_before(vae):
    with decoders.opened():
        guarded = vae.decode(LATENTS, return_dict=False)[0]
    assert torch.equal(guarded, type(vae).decode(vae, LATENTS, return_dict=False)[0])


def test_guarding_again_changes_nothing(vae):
    before = vae.decode
    pipeline = pipelines.stable_diffusion(vae=vae)
    decoders.guard(pipeline)
    assert pipeline.vae.decode is before


def test_it_tells_what_the_decoder_takes(vae):
    plain = pipelines.stable_diffusion().vae
    assert inspect.signature(vae.decode) == inspect.signature(plain.decode)


@pytest.mark.parametrize(
    "copied",
    [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))],  # noqa: S301 - our own
    ids=["deepcopy", "pickle"],
)
def test_a_copy_is_guarded_and_decodes_with_its_own_weights(vae, copied):
    other = copied(vae)
    other.decoder.conv_out.weight.data.zero_()
    other.decoder.conv_out.bias.data.zero_()
    with pytest.raises(ArgumentError, match="outside of it"):
        other.decode(LATENTS)
    with decoders.opened():
        assert not other.decode(LATENTS).sample.any()
        assert vae.decode(LATENTS).sample.any()


def test_it_opens_in_calls_and_closes_in_callbacks(vae):
    with decoders.opened():
        with decoders.closed(), pytest.raises(ArgumentError, match="outside of it"):
            vae.decode(LATENTS)
        vae.decode(LATENTS)
    with pytest.raises(ArgumentError, match="outside of it"):
        vae.decode(LATENTS)


def test_a_pipeline_without_decoder_has_nothing_to_guard():
    pipeline = pipelines.stable_diffusion()
    pipeline.vae = None
    assert not decoders.guard(pipeline)
