"""Evidence answers the questions that several rules ask."""

from __future__ import annotations

import pytest

from provenance.model import (
    IngredientFinding,
    ManifestEvidence,
    ManifestStatus,
    SignerInfo,
    WatermarkStatus,
)
from provenance.model.evidence import CAPTURE_SOURCE_TYPES, UNTRUSTED_CODES

NEWSCODES = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def ingredient(*failures):
    return IngredientFinding(
        title="t", relationship="parentOf", manifest_id="m", depth=1, failures=failures
    )


def manifest(**fields):
    return ManifestEvidence(status=ManifestStatus.TRUSTED, **fields)


def test_statements_can_be_read_where_there_is_a_manifest_to_read():
    unreadable = {ManifestStatus.REMOTE_ONLY, ManifestStatus.UNREADABLE, ManifestStatus.NONE}
    assert {status for status in ManifestStatus if not status.readable} == unreadable


@pytest.mark.parametrize("code", sorted(UNTRUSTED_CODES))
def test_an_ingredient_of_an_unknown_signer_is_not_altered(code):
    assert manifest(ingredients=(ingredient(code), ingredient())).altered_ingredients == ()


def test_an_ingredient_that_fails_otherwise_is_altered_even_if_it_is_untrusted_too():
    bad = ingredient("signingCredential.untrusted", "assertion.dataHash.mismatch")
    assert manifest(ingredients=(ingredient(), bad)).altered_ingredients == (bad,)


@pytest.mark.parametrize("name", sorted(CAPTURE_SOURCE_TYPES))
@pytest.mark.parametrize("prefix", [NEWSCODES, ""])
def test_every_capture_type_is_a_claim_of_capture(name, prefix):
    assert manifest(digital_source_types=(prefix + name,)).claims_capture


@pytest.mark.parametrize(
    "name", ["trainedAlgorithmicMedia", "compositeCapture", "digitalCapture2", "screenCapture"]
)
def test_other_source_types_are_no_claim_of_capture(name):
    assert not manifest(digital_source_types=(NEWSCODES + name,)).claims_capture


def test_creation_is_claimed_by_its_action_only():
    assert manifest(actions=("c2pa.created", "c2pa.edited")).claims_creation
    assert not manifest(actions=("c2pa.opened", "c2pa.created.x")).claims_creation


@pytest.mark.parametrize(
    ("common_name", "organization", "shown"),
    [("leaf", "acme", "leaf"), ("", "acme", "acme"), ("", "", "unnamed signer")],
)
def test_a_signer_has_a_name_to_show(common_name, organization, shown):
    signer = SignerInfo(
        organization=organization, common_name=common_name, serial_number="1", algorithm="es256"
    )
    assert signer.name == shown


def test_only_two_statuses_mean_that_a_payload_was_read():
    assert {status for status in WatermarkStatus if status.is_read} == {
        WatermarkStatus.READ_AUTHENTIC,
        WatermarkStatus.READ,
    }
