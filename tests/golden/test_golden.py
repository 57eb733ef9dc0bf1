"""What is already out there keeps its meaning: keys, payloads, perceptual hashes."""

from __future__ import annotations

import hashlib
import json

import pytest
from golden import regenerate

from provenance.fingerprint import fingerprint
from provenance.keys import Purpose, SystemSecret
from provenance.model import Fingerprint, MarkId
from provenance.watermark import Layout, issue
from provenance.watermark.payload import unpack

#: An implementation of PDQ is correct within ten bits of the reference (pdq/README.md).
PDQ_TOLERANCE = 10
LAYOUTS = {layout.title: layout for layout in Layout}


def rows(name):
    return json.loads((regenerate.FOLDER / name).read_text("utf-8"))


@pytest.mark.parametrize("name", sorted(regenerate.FILES))
def test_the_golden_files_can_be_reproduced_byte_for_byte(name):
    if name == "pdq.json":
        pytest.importorskip("pdqhash")
    assert (regenerate.FOLDER / name).read_text("utf-8") == regenerate.text_of(name)


@pytest.mark.parametrize("row", rows("keys.json"), ids=lambda r: f"{r['purpose']}-{r['epoch']}")
def test_derived_keys_stay_what_they_are(row):
    secret = SystemSecret(bytes.fromhex(row["secret"]))
    key = secret.derive(Purpose(row["purpose"]), system_id=row["system_id"], epoch=row["epoch"])
    assert key.hex() == row["key"]


def test_the_golden_keys_cover_every_purpose():
    assert {row["purpose"] for row in rows("keys.json")} == {purpose.value for purpose in Purpose}


@pytest.mark.parametrize(
    "row", rows("payloads.json"), ids=lambda r: f"{r['layout']}-{r['system_id']}"
)
def test_payloads_stay_what_they_are(row):
    layout, tag_key = LAYOUTS[row["layout"]], bytes.fromhex(row["tag_key"])
    mark_id = MarkId.parse(row["mark_id"])
    made = issue(layout, system_id=row["system_id"], mark_id=mark_id, tag_key=tag_key)
    assert made.pack().hex() == row["payload"]
    read = unpack(layout, made.bits())
    assert read.mark_id == mark_id
    verifies = read.tag_verifies(system_id=row["system_id"], tag_key=tag_key)
    assert verifies is bool(layout.tag_bits)


def test_the_golden_payloads_cover_every_layout():
    assert {row["layout"] for row in rows("payloads.json")} == set(LAYOUTS)


@pytest.mark.parametrize("row", rows("pdq.json"), ids=lambda r: str(r["picture"]))
def test_fingerprints_are_those_of_the_reference(row):
    pixels = regenerate.picture(row["picture"])
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == row["pixels_sha256"]
    reference = Fingerprint(bits=bytes.fromhex(row["pdq"]), quality=row["quality"])
    made = fingerprint(pixels)
    assert reference.quality >= 80
    assert made.distance(reference) <= PDQ_TOLERANCE
    assert abs(made.quality - reference.quality) <= 1


def test_the_pictures_of_the_golden_hashes_are_unlike_one_another():
    found = [Fingerprint(bits=bytes.fromhex(row["pdq"]), quality=0) for row in rows("pdq.json")]
    distances = [a.distance(b) for i, a in enumerate(found) for b in found[:i]]
    assert min(distances) > 3 * PDQ_TOLERANCE
