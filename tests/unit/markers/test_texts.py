"""Conditions on remarks, and what of them is quoted."""

from __future__ import annotations

import pytest

from provenance.imaging import EmbeddedText
from provenance.markers.catalogue import parse
from provenance.markers.texts import find_texts
from provenance.model import MarkerClass

DATA = r"""
[[text]]
id = "two"
system = "Two"
source = "a test"
oracle = "the oracle"
[[text.match]]
keys = ["A", "B"]
pattern = 'secret (?P<shown>\d{1,4})'
[[text.match]]
keys = ["C"]

[[text]]
id = "named"
system = ""
source = "a test"
[[text.match]]
keys = ["http://example.org/ns/Name"]
pattern = '^(?P<system>\w{1,20})'
"""
MARKERS = parse(signed="", public_watermark="", unsigned_metadata=DATA).texts


def found(*texts):
    made = [EmbeddedText(where="EXIF", key=key, value=value) for key, value in texts]
    return list(find_texts(made, MARKERS))


def test_every_condition_has_to_be_met():
    assert found(("A", "secret 12")) == []
    assert found(("C", "")) == []
    assert found(("A", "secret"), ("C", "")) == []
    (marker,) = found(("A", "secret 12"), ("C", ""))
    assert (marker.marker, marker.system, marker.oracle) == ("two", "Two", "the oracle")
    assert marker.kind is MarkerClass.UNSIGNED_METADATA
    assert (marker.where, marker.excerpt) == ("EXIF A", "12")


@pytest.mark.parametrize("key", ["A", "B"])
def test_any_of_the_keys_will_do(key):
    assert len(found((key, "secret 1"), ("C", "x"))) == 1


def test_keys_are_compared_whole_and_with_their_case():
    assert found(("a", "secret 1"), ("C", "")) == []
    assert found(("AA", "secret 1"), ("C", "")) == []


def test_the_first_remark_that_matches_is_quoted_and_a_marker_comes_once():
    (marker,) = found(("A", "nothing"), ("A", "secret 1"), ("A", "secret 2"), ("C", ""))
    assert marker.excerpt == "1"


def test_a_value_can_name_the_system():
    (marker,) = found(("http://example.org/ns/Name", "example-9 and more"))
    assert marker.system == "example"
    assert marker.where == "EXIF Name"


def test_remarks_never_show_their_text():
    assert "secret" not in repr(EmbeddedText(where="x", key="y", value="secret"))
