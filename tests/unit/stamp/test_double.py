"""A picture that was stamped here before is not stamped again unnoticed; no other is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from support import pictures

from provenance import Encoding, Generation
from provenance.errors import AlreadyStampedError, ErrorCode
from provenance.model import Operation, RecordState
from provenance.watermark import catalog

EDIT = Generation(model="acme-1", operations=(Operation.ENHANCE,))


@pytest.fixture
def stamped(bench):
    return bench.stamper.stamp(pictures.crop(512, 512), bench.generation)


def resized(rgb):
    return np.asarray(Image.fromarray(rgb).resize((400, 400), Image.Resampling.LANCZOS))


CHANGES = {
    "pixels": lambda rgb: rgb,
    "pil": Image.fromarray,
    "png": lambda rgb: pictures.file(rgb, "PNG"),
    "jpeg": lambda rgb: pictures.file(rgb, "JPEG", quality=80),
    "resized": resized,
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("verb", ["stamp", "mark"])
def test_it_is_refused_and_the_record_is_named(bench, stamped, verb, change):
    image = CHANGES[change](pictures.decoded(stamped.data))
    with pytest.raises(AlreadyStampedError) as caught:
        getattr(bench.stamper, verb)(image, bench.generation)
    assert caught.value.code is ErrorCode.STAMPED
    assert stamped.record_id in caught.value.message
    assert "parent" in caught.value.hint
    assert bench.states() == {RecordState.RELEASED: 1}


@pytest.mark.parametrize("verb", ["stamp", "mark"])
def test_what_is_declared_an_edit_is_not_refused(bench, stamped, verb):
    do = getattr(bench.stamper, verb)
    pixels = pictures.decoded(stamped.data)
    do(pixels, EDIT, parents=[stamped.data])
    do(stamped.data, bench.generation)  # its own manifest makes it its own parent
    with pytest.raises(AlreadyStampedError):
        do(pixels, bench.generation)


def test_a_picture_that_waits_to_be_signed_is_to_be_signed(bench):
    made = bench.stamper.mark(pictures.crop(), bench.generation)
    with pytest.raises(AlreadyStampedError) as caught:
        bench.stamper.stamp(made.pixels, bench.generation)
    assert "sign it" in caught.value.hint
    assert bench.stamper.sign(made).record_id == made.record_id


def test_a_mark_whose_record_was_erased_is_one_all_the_same(bench, stamped):
    bench.workspace.store().erase(stamped.record_id)
    with pytest.raises(AlreadyStampedError, match="not here any more"):
        bench.stamper.stamp(pictures.decoded(stamped.data), bench.generation)


def test_a_mark_of_another_system_refuses_nothing(bench, workspace):
    theirs = workspace.stamper().stamp(pictures.crop(512, 512), bench.generation)
    bench.stamper.stamp(pictures.decoded(theirs.data), bench.generation)
    assert bench.states() == {RecordState.RELEASED: 1}


@pytest.mark.parametrize("name", [name for name in catalog.names() if name != "lattice-1"])
def test_a_mark_of_another_scheme_refuses_nothing(bench, name):
    scheme = catalog.scheme(name)
    if not scheme.info.can_embed or not scheme.info.presence:
        pytest.skip(f"{name} cannot be used here, or tells nothing")
    other = replace(bench.stamper, scheme=name)
    stamped = bench.stamper.stamp(pictures.grey_texture(512, 512), bench.generation)
    made = other.stamp(pictures.decoded(stamped.data), bench.generation)
    with pytest.raises(AlreadyStampedError, match=made.record_id):
        other.stamp(pictures.decoded(made.data), bench.generation)


@pytest.mark.parametrize("seed", range(12))
def test_a_picture_without_a_mark_is_never_refused(bench, seed):
    """The chance of a reading is bounded by 1e-12; so none of these may be one."""
    from provenance.watermark import Depth, Keyring

    scheme = catalog.scheme(bench.stamper.scheme)
    ring = Keyring(keys=(bench.stamper.key,))
    for rgb in (pictures.grey_texture(seed=seed), pictures.crop(top=8 * seed, left=4 * seed)):
        assert scheme.detect(rgb, ring, depth=Depth.FAST).payload is None


def test_a_request_that_is_made_again_is_the_same_again(bench):
    ask = {"request": "order 1", "encoding": Encoding.parse("jpeg")}
    first = bench.stamper.stamp(pictures.crop(), bench.generation, **ask)
    assert bench.stamper.stamp(pictures.crop(), bench.generation, **ask) == first
    own = {"request": "order 2"}
    second = bench.stamper.stamp(first.data, bench.generation, **own)
    assert bench.stamper.stamp(first.data, bench.generation, **own) == second
