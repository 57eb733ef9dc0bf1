"""A stamper in another process: made again from its workspace, without a key on the way."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace

import pytest

from provenance import Limits, Verdict, Workspace
from provenance.errors import ArgumentError
from provenance.imaging import ImageFormat
from provenance.keys import TimeStamping
from provenance.stamp import Requests


def there(stamper):
    return pickle.loads(pickle.dumps(stamper))  # noqa: S301 - made here


def test_it_stamps_into_the_same_registry(bench, picture):
    made = there(bench.stamper)
    stamped = made.stamp(picture, bench.generation)
    assert bench.workspace.store().find_by_id(stamped.record_id)
    assert bench.workspace.verifier().verify(stamped.data).verdict is Verdict.TRACED


def test_what_was_replaced_is_replaced_there_too_however_often_it_travels(bench):
    changed = {
        "formats": frozenset({ImageFormat.PNG}),
        "limits": Limits(max_pixels=10**6),
        "requests": Requests(wait_s=1),
        "time_stamping": TimeStamping(),
        "scheme": "dwt-dct",
        "software_version": "7",
    }
    stamper = there(there(replace(bench.stamper, **changed)))
    assert {name: getattr(stamper, name) for name in changed} == changed


def test_the_settings_that_it_was_made_with_travel(tmp_path):
    path = Workspace.create(tmp_path / "ws").path
    workspace = Workspace.open(path, {"PROVENANCE_STAMP_FORMATS": "png"})
    assert there(workspace.stamper()).formats == {ImageFormat.PNG}


@pytest.mark.parametrize("secret", ["carrier_key", "tag_key"])
def test_no_key_is_in_what_travels(bench, secret):
    data = pickle.dumps(bench.stamper)
    assert getattr(bench.stamper.key, secret) not in data
    assert bench.stamper.signature_key.value not in data
    assert b"PRIVATE KEY" not in data
    assert len(data) < 10_000


@pytest.mark.parametrize("name", ["key", "signer", "store", "trust", "pseudonyms"])
def test_what_holds_keys_or_resources_does_not_travel(bench, name):
    stamper = replace(bench.stamper, **{name: copy.copy(getattr(bench.stamper, name))})
    with pytest.raises(ArgumentError, match=f"whose {name} was replaced"):
        pickle.dumps(stamper)


def test_one_that_was_put_together_by_hand_says_so(bench):
    with pytest.raises(ArgumentError, match="by hand"):
        pickle.dumps(replace(bench.stamper, origin=None))


def test_copies_in_a_process_are_the_same(bench):
    by_hand = replace(bench.stamper, origin=None)
    assert copy.copy(by_hand) is by_hand
    assert copy.deepcopy(by_hand) is by_hand
