"""The catalogue of schemes, and the keys a verifier holds."""

from __future__ import annotations

import pytest

from provenance.errors import ErrorCode, SchemeError
from provenance.model import SystemRef
from provenance.watermark import DetectionKey, Keyring, catalog


def key(system_id=1, *, tag=True, epoch=0):
    return DetectionKey(
        system=SystemRef(system_id, f"system {system_id}"),
        epoch=epoch,
        carrier_key=b"C" * 32,
        tag_key=b"T" * 32 if tag else None,
    )


@pytest.mark.parametrize("name", catalog.names())
def test_a_scheme_is_found_by_its_own_name(name):
    assert catalog.scheme(name).info.name == name


@pytest.mark.parametrize("name", catalog.names())
def test_a_scheme_is_found_by_its_soft_binding_algorithm(name):
    assert catalog.by_alg(catalog.scheme(name).info.alg) is catalog.scheme(name)


def test_names_and_algorithms_are_unique():
    algorithms = {catalog.scheme(name).info.alg for name in catalog.names()}
    assert len(algorithms) == len(set(catalog.names())) == len(catalog.names())


def test_the_default_is_in_the_catalogue_and_can_tell_presence():
    assert catalog.DEFAULT in catalog.names()
    assert catalog.scheme(catalog.DEFAULT).info.presence


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(SchemeError) as caught:
        catalog.scheme("imwatermark.dwtdctsvd")
    assert caught.value.code is ErrorCode.SCHEME
    assert all(name in caught.value.hint for name in catalog.names())


def test_an_unknown_algorithm_is_nobodys():
    assert catalog.by_alg("com.example.mark.1") is None
    assert catalog.by_alg("") is None


def test_keys_never_show_themselves():
    text = repr(Keyring(keys=(key(),)))
    assert "CCCC" not in text
    assert "TTTT" not in text
    assert "system 1" in text


def test_tag_keys_are_those_that_can_check_a_tag():
    held, carrier_only = key(1), key(2, tag=False)
    assert Keyring(keys=(carrier_only, held)).tag_keys == (held,)


def test_a_keyring_knows_whose_marks_it_can_look_for():
    ring = Keyring(keys=(key(1),)) + Keyring(keys=(key(2, tag=False), key(2, epoch=1)))
    assert len(ring.keys) == 3
    assert ring.holds(1)
    assert ring.holds(2)
    assert not ring.holds(3)
    assert not Keyring().holds(1)
