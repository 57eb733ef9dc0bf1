"""Detector bundles: carrier keys for somebody else's verifier, and nothing more."""

from __future__ import annotations

import json
import stat
from dataclasses import replace

import pytest
from support import marks

from provenance.errors import KeyMaterialError
from provenance.model import SystemRef
from provenance.watermark import Keyring, load_bundle, save_bundle

OTHER = SystemRef(0x123, "others")
RING = Keyring(keys=(marks.key(epoch=1), marks.key(8), marks.key(9, system=OTHER)))


@pytest.fixture
def bundle(tmp_path):
    path = tmp_path / "bundle.json"
    save_bundle(path, RING)
    return path


def changed(bundle, change):
    """The bundle after somebody has changed its document."""
    document = json.loads(bundle.read_text())
    change(document)
    bundle.write_text(json.dumps(document))
    return bundle


def test_what_is_read_is_what_was_written_without_the_tag_keys(bundle):
    assert load_bundle(bundle).keys == tuple(replace(key, tag_key=None) for key in RING.keys)


def test_a_tag_key_never_leaves(bundle):
    text = bundle.read_text()
    assert "tag" not in text
    alone = replace(RING.keys[0], carrier_key=bytes(32), tag_key=b"\xab" * 32)
    save_bundle(bundle.with_name("second.json"), Keyring(keys=(alone,)))
    assert (b"\xab" * 8).hex() not in bundle.with_name("second.json").read_text()


def test_the_file_is_private_and_never_replaced(bundle):
    assert stat.S_IMODE(bundle.stat().st_mode) == 0o600
    with pytest.raises(KeyMaterialError, match="exists already"):
        save_bundle(bundle, RING)
    bundle.chmod(0o644)
    with pytest.raises(KeyMaterialError, match="read by other users") as caught:
        load_bundle(bundle)
    assert "chmod 600" in caught.value.hint


def test_nothing_is_exported_where_there_is_nothing(tmp_path):
    with pytest.raises(KeyMaterialError, match="no detection key"):
        save_bundle(tmp_path / "bundle.json", Keyring())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(kind="something"), "its kind is not"),
        (lambda d: d.update(version=2), "its version is not 1"),
        (lambda d: d.update(version=True), "its version is not 1"),
        (lambda d: d.update(more=1), "the fields keys, kind, version"),
        (lambda d: d.pop("keys"), "the fields keys, kind, version"),
        (lambda d: d.update(keys=[]), "a list of 1 to 256 keys"),
        (lambda d: d.update(keys=d["keys"] * 100), "a list of 1 to 256 keys"),
        (lambda d: d.update(keys=["key"]), "a key has to have the fields"),
        (lambda d: d["keys"][0].update(tag_key="00"), "a key has to have the fields"),
        (lambda d: d["keys"][0].update(system_id=1 << 20), "system_id"),
        (lambda d: d["keys"][0].update(system_id="1"), "system_id"),
        (lambda d: d["keys"][0].update(system_name=""), "system_name"),
        (lambda d: d["keys"][0].update(system_name="a\u202eb"), "system_name"),
        (lambda d: d["keys"][0].update(epoch=-1), "epoch"),
        (lambda d: d["keys"][0].update(carrier_key="00" * 31), "carrier_key"),
        (lambda d: d["keys"][0].update(carrier_key="XY" * 32), "carrier_key"),
    ],
)
def test_anything_else_is_refused_and_said_why(bundle, change, says):
    with pytest.raises(KeyMaterialError, match="not a detector bundle") as caught:
        load_bundle(changed(bundle, change))
    assert says in caught.value.message
    assert "keys export" in caught.value.hint


@pytest.mark.parametrize("text", ["", "[", "null", "[" * 60_000, '{"kind": 1, "kind": 2}', "\xff"])
def test_what_is_no_json_object_is_refused(bundle, text):
    bundle.write_bytes(text.encode("latin-1"))
    with pytest.raises(KeyMaterialError, match="not a detector bundle"):
        load_bundle(bundle)


def test_two_keys_for_one_system_and_epoch_are_refused(bundle):
    """Else a stranger could have marks of their own read as somebody else's."""
    twice = changed(bundle, lambda d: d["keys"].append(d["keys"][0] | {"carrier_key": "11" * 32}))
    with pytest.raises(KeyMaterialError, match="two different keys for epoch 1"):
        load_bundle(twice)


def test_of_a_key_that_both_hold_the_first_keeps_its_tag_key(bundle):
    together = Keyring(keys=RING.keys[:1]) + load_bundle(bundle)
    assert len(together.keys) == len(RING.keys)
    assert together.keys[0] == RING.keys[0]
    with pytest.raises(KeyMaterialError, match="two different keys"):
        load_bundle(bundle) + Keyring(keys=(marks.key(99, epoch=1),))
