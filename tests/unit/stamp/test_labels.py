"""A label is a part of the picture that is marked, signed and recorded."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from support import pictures

from provenance import Encoding, Generation, Operation, Workspace
from provenance.errors import CapacityError, RequestError
from provenance.fingerprint import fingerprint
from provenance.imaging import embedded_texts, load
from provenance.imaging.quality import psnr
from provenance.labels import Label, labelled
from provenance.manifest import read
from provenance.markers import find
from provenance.model import Verdict
from provenance.trust import TrustStore

MODEL = Generation(model="acme-1")
AIGC = "http://www.tc260.org.cn/ns/AIGC/1.0/AIGC"


def picture() -> pictures.Pixels:
    return pictures.sample("kitchen.png", 384, 384)


@pytest.mark.parametrize("encoding", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("label", list(Label))
def test_the_labelled_picture_is_traced_by_mark_and_manifest(
    workspace: Workspace, label: Label, encoding: str
) -> None:
    stamper = replace(workspace.stamper(), label=label)
    stamped = stamper.stamp(picture(), MODEL, encoding=Encoding.parse(encoding))
    report = workspace.verifier().verify(stamped.data)
    assert report.verdict is Verdict.TRACED
    seen = load(stamped.data).rgb
    expected, _ = labelled(picture(), None, label, edited=False)
    assert psnr(expected, seen) > 30
    assert psnr(picture(), seen) < psnr(expected, seen)
    record = workspace.store().find_by_id(stamped.record_id)
    assert record is not None
    assert record.file is not None
    assert record.file.fingerprint == fingerprint(seen)


@pytest.mark.parametrize("label", list(Label))
def test_the_mark_alone_leads_to_the_record(workspace: Workspace, label: Label) -> None:
    stamped = replace(workspace.stamper(), label=label).stamp(picture(), MODEL)
    bare = pictures.file(load(stamped.data).rgb, "JPEG", quality=90)
    report = workspace.verifier().verify(bare)
    assert report.verdict is Verdict.TRACED


def test_an_edit_says_so(workspace: Workspace) -> None:
    stamper = replace(workspace.stamper(), label=Label.EU)
    generation = Generation(model="acme-1", operations=(Operation.INPAINT,))
    parent = pictures.file(pictures.crop(), "PNG")
    seen = load(stamper.stamp(picture(), generation, parents=[parent]).data).rgb
    changed, _ = labelled(picture(), None, Label.EU, edited=True)
    made, _ = labelled(picture(), None, Label.EU, edited=False)
    assert psnr(changed, seen) > psnr(made, seen)


@pytest.mark.parametrize("encoding", ["png", "jpeg", "webp", "tiff", "avif"])
def test_the_label_of_china_is_in_the_metadata_too(workspace: Workspace, encoding: str) -> None:
    stamper = replace(workspace.stamper(), label=Label.CN)
    stamped = stamper.stamp(picture(), MODEL, encoding=Encoding.parse(encoding))
    image = load(stamped.data, formats=frozenset({Encoding.parse(encoding).format}))
    (text,) = [item for item in embedded_texts(image) if item.key == AIGC]
    fields = json.loads(text.value)
    assert fields["Label"] == "1"
    assert fields["ContentProducer"] == workspace.system.name
    assert fields["ProduceID"] == str(stamped.mark_id)
    assert set(fields) == {
        "Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator",
        "PropagateID", "ReservedCode2",
    }  # fmt: skip
    manifest = read(stamped.data, image.header.format.mime, TrustStore())
    assert "tc260-label" in {marker.marker for marker in find(image, manifest)}


def test_no_other_label_is_in_the_metadata(workspace: Workspace) -> None:
    for label in (None, Label.EU, Label.IN):
        stamped = replace(workspace.stamper(), label=label).stamp(picture(), MODEL)
        assert AIGC not in {item.key for item in embedded_texts(load(stamped.data))}


def test_it_can_be_seen_where_the_picture_is_transparent(workspace: Workspace) -> None:
    pixels = np.dstack([picture(), np.full((384, 384), 255, np.uint8)])
    pixels[:200, 200:, 3] = 0
    stamped = replace(workspace.stamper(), label=Label.IN).stamp(pixels, MODEL)
    alpha = load(stamped.data).alpha
    assert alpha is not None
    assert 0 < (alpha[:200, 200:] == 255).mean() < 0.5


def test_a_request_has_one_label(workspace: Workspace) -> None:
    plain = workspace.stamper()
    stamper = replace(plain, label=Label.EU)
    first = stamper.stamp(picture(), MODEL, request="labelled")
    assert stamper.stamp(picture(), MODEL, request="labelled").data == first.data
    with pytest.raises(RequestError):
        plain.stamp(picture(), MODEL, request="labelled")


def test_too_small_for_a_label_leaves_nothing(workspace: Workspace) -> None:
    before = workspace.store().count()
    with pytest.raises(CapacityError, match="label"):
        replace(workspace.stamper(), label=Label.EU).stamp(pictures.crop(256, 130), MODEL)
    assert workspace.store().count() == before


def test_marking_apart_draws_and_signing_does_not_draw_again(workspace: Workspace) -> None:
    stamper = replace(workspace.stamper(), label=Label.CN)
    marked = stamper.mark(picture(), MODEL)
    expected, _ = labelled(picture(), None, Label.CN, edited=False)
    assert psnr(expected, marked.rgb) > 30
    stamped = stamper.sign(marked)
    image = load(stamped.data)
    assert np.array_equal(image.rgb, marked.rgb)
    (text,) = [item for item in embedded_texts(image) if item.key == AIGC]
    assert json.loads(text.value)["ProduceID"] == str(stamped.mark_id)
