"""What is already out there keeps its meaning: keys, accounts, payloads, marks, hashes."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from golden import regenerate

from provenance.fingerprint import fingerprint
from provenance.keys import Pseudonyms, Purpose, SystemSecret
from provenance.model import Account, Fingerprint, MarkId, SystemRef, WatermarkStatus
from provenance.watermark import DetectionKey, Keyring, Layout, catalog, issue
from provenance.watermark.carriers.chips import chips
from provenance.watermark.carriers.lattice import FULL_BAND, SHORT_BAND, lattice
from provenance.watermark.coding.convolutional import encode
from provenance.watermark.payload import unpack
from provenance.watermark.schemes.lattice.words import format_of

#: An implementation of PDQ is correct within ten bits of the reference (pdq/README.md).
PDQ_TOLERANCE = 10
LAYOUTS = {layout.title: layout for layout in Layout}
BANDS = {"full": FULL_BAND, "short": SHORT_BAND}


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


@pytest.mark.parametrize("row", rows("pseudonyms.json")["accounts"], ids=lambda r: r["pseudonym"])
def test_accounts_keep_their_pseudonyms_and_can_be_revealed(row):
    pseudonyms = Pseudonyms(bytes.fromhex(row["key"]))
    assert pseudonyms.of(row["account"]).pseudonym == row["pseudonym"]
    sealed = Account(row["pseudonym"], bytes.fromhex(row["sealed"]))
    assert pseudonyms.reveal(sealed) == row["account"]


@pytest.mark.parametrize("row", rows("pseudonyms.json")["keyed"], ids=lambda r: r["hash"][:8])
def test_keyed_hashes_stay_what_they_are(row):
    pseudonyms = Pseudonyms(bytes.fromhex(row["key"]))
    parts = map(bytes.fromhex, row["parts"])
    assert pseudonyms.keyed(row["purpose"].encode(), *parts).hex() == row["hash"]


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


@pytest.mark.parametrize("row", rows("lattice.json")["bands"], ids=lambda r: r["band"])
def test_the_lines_of_the_lattice_stay_what_they_are(row):
    grid = lattice(BANDS[row["band"]])
    lines = np.stack([grid.kx, grid.ky], axis=1)
    assert len(lines) == row["lines"]
    assert hashlib.sha256(lines.astype(">i2").tobytes()).hexdigest() == row["lines_sha256"]
    assert lines[grid.sync].tolist() == row["sync"]
    phases = np.exp(2j * np.pi * np.array(row["phases"]) / 2**32)
    assert np.allclose(grid.phase, phases, atol=1e-6)
    pilots = grid.pilot.astype(np.int8).tobytes()
    assert hashlib.sha256(pilots).hexdigest() == row["pilots_sha256"]


@pytest.mark.parametrize(
    "row", rows("lattice.json")["chips"], ids=lambda r: f"{r['band']}-{r['key'][:4]}"
)
def test_chips_stay_what_they_are(row):
    made = chips(BANDS[row["band"]], bytes.fromhex(row["key"]), row["code_bits"])
    signs = (made.sign < 0).astype(np.int8).tobytes()
    assert hashlib.sha256(signs).hexdigest() == row["signs_sha256"]
    bits = made.bit.astype(">i2").tobytes()
    assert hashlib.sha256(bits).hexdigest() == row["bits_sha256"]


@pytest.mark.parametrize(
    "row", rows("lattice.json")["words"], ids=lambda r: f"{r['layout']}-{r['payload'][:8]}"
)
def test_code_words_stay_what_they_are(row):
    layout = LAYOUTS[row["layout"]]
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(row["payload"]), dtype=np.uint8))
    code = encode(bits[format_of(layout).order])
    assert "".join(map(str, code)) == row["code"]


@pytest.mark.parametrize(("title", "side"), [("full", 512), ("full", 700), ("short", 256)])
def test_a_mark_made_without_our_code_is_read(title, side):
    """From waves alone, by the golden values: what the first version wrote stays readable."""
    row = next(r for r in rows("payloads.json") if r["layout"] == title and r["system_id"] == 1)
    carrier_key = regenerate.SECRETS["ascending"]
    system = SystemRef(row["system_id"], "golden")
    key = DetectionKey(
        system=system, epoch=0, carrier_key=carrier_key, tag_key=bytes.fromhex(row["tag_key"])
    )
    picture = regenerate.mark(title, bytes.fromhex(row["payload"]), carrier_key, side)
    found = catalog.scheme("lattice-1").detect(picture, Keyring(keys=(key,)))
    assert found.status is WatermarkStatus.READ_AUTHENTIC
    assert found.payload.pack().hex() == row["payload"]
    assert not found.geometry.inverted


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
