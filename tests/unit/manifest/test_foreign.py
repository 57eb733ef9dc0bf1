"""Manifests of other programs: soft bindings in every form in use, odd and hostile text."""

from __future__ import annotations

import base64

import pytest
from support import chains, manifests

from provenance.manifest import names, read
from provenance.model import ManifestStatus
from provenance.model.ids import SYSTEM_ID_BITS

TRUST = chains.trust_in(chains.authority())


@pytest.fixture
def found(signer):
    """What is read from a file with these assertions beside `c2pa.created`."""

    def make(*assertions):
        data = manifests.foreign(signer, TRUST, [manifests.CREATED, *assertions])
        evidence = read(data, "image/png", TRUST)
        assert evidence.status is ManifestStatus.TRUSTED
        return evidence

    return make


def binding(value, alg="org.example.mark.1", **more):
    data = {"alg": alg, "blocks": [{"scope": {}, "value": value}], **more}
    return {"label": names.SOFT_BINDING, "data": data}


def generation(**data):
    return {"label": names.GENERATION, "data": data}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (base64.b64encode(b"\x00\xff\x10").decode(), b"\x00\xff\x10"),
        ("2*0101", b"2*0101"),  # TrustMark's own form, no base64
        ([0, 255, 16], b"\x00\xff\x10"),
    ],
    ids=["base64", "text", "integers"],
)
def test_a_soft_binding_value_is_read_from_every_form(found, value, expected):
    (read_binding,) = found(binding(value)).soft_bindings
    assert read_binding.value == expected
    assert read_binding.alg == "org.example.mark.1"


def test_several_soft_bindings_are_all_read(found):
    evidence = found(binding("2*01", alg="a.b"), binding("2*10", alg="c.d"))
    assert [(item.alg, item.value) for item in evidence.soft_bindings] == [
        ("a.b", b"2*01"),
        ("c.d", b"2*10"),
    ]


def test_every_block_of_a_soft_binding_is_read(found):
    blocks = [{"scope": {}, "value": "2*01"}, {"scope": {}, "value": "2*10"}]
    evidence = found({"label": names.SOFT_BINDING, "data": {"alg": "a", "blocks": blocks}})
    assert [item.value for item in evidence.soft_bindings] == [b"2*01", b"2*10"]


def test_a_capture_is_read_from_the_action(found):
    evidence = found()
    assert evidence.claims_capture
    assert evidence.claims_creation
    assert evidence.generation is None
    assert evidence.claim_generator.startswith("other program 1")


@pytest.mark.parametrize("number", [-1, 1 << SYSTEM_ID_BITS, "7", 7.5, None])
def test_a_system_id_that_is_none_makes_no_claim(found, number):
    assert found(generation(systemId=number, system="acme", model="m")).generation is None


def test_a_truth_value_is_no_system_id(found):
    assert found(generation(systemId=True, system="acme", model="m")).generation is None


def test_missing_parts_of_our_assertion_are_empty(found):
    claim = found(generation(systemId=7)).generation
    assert (claim.system.id, claim.system.name) == (7, "")
    assert (claim.model, claim.model_version, claim.record_id) == ("", "", "")


def test_parts_of_another_type_become_text(found):
    claim = found(generation(systemId=7, system=["x"], model=12, recordId={"a": 1})).generation
    assert isinstance(claim.system.name, str)
    assert claim.model == "12"
    assert isinstance(claim.record_id, str)


def test_text_is_bounded(found):
    long = "x" * 100_000
    evidence = found(generation(systemId=7, system=long, model=long), binding("2*0", alg=long))
    assert len(evidence.generation.system.name) == 500
    assert len(evidence.generation.model) == 500
    assert len(evidence.soft_bindings[0].alg) == 500


@pytest.mark.parametrize(
    "data",
    [
        {"alg": "a", "blocks": "none"},
        {"alg": "a", "blocks": [1, 2]},
        {"alg": "a", "blocks": 5},
        {"alg": "a", "blocks": [{"scope": {}, "value": 12}]},
        {"alg": "a", "blocks": [{"scope": {}, "value": None}]},
        {"alg": "a"},
    ],
)
def test_a_soft_binding_of_another_shape_never_raises_and_never_passes(signer, data):
    assertion = {"label": names.SOFT_BINDING, "data": data}
    made = manifests.foreign(signer, TRUST, [manifests.CREATED, assertion], checked=False)
    found = read(made, "image/png", TRUST)
    assert found.status is not ManifestStatus.TRUSTED
    assert found.soft_bindings == ()


@pytest.mark.parametrize("blocks", ["none", [1, 2], 5])
def test_a_soft_binding_of_another_shape_is_invalid_with_its_code(signer, blocks):
    assertion = {"label": names.SOFT_BINDING, "data": {"alg": "a", "blocks": blocks}}
    made = manifests.foreign(signer, TRUST, [manifests.CREATED, assertion], checked=False)
    found = read(made, "image/png", TRUST)
    assert found.status is ManifestStatus.INVALID
    assert "claim.malformed" in found.failure
