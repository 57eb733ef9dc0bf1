"""What manifests state: signers, claim generators, soft bindings, ingredients."""

from __future__ import annotations

import pytest

from provenance.markers import catalogue
from provenance.markers.catalogue import parse
from provenance.markers.manifests import find_signers, find_soft_bindings
from provenance.model import (
    IngredientFinding,
    ManifestEvidence,
    ManifestStatus,
    MarkerClass,
    SignerInfo,
    SoftBinding,
)

GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
DATA = """
[[signer]]
id = "by-name"
system = "Name"
source = "a test"
signer = '^Name Inc'
[[signer]]
id = "by-ai"
system = "Camera Maker"
source = "a test"
signer = '^Camera'
ai_source = true
[[signer]]
id = "by-both"
system = "Both"
source = "a test"
signer = '^Host'
generator = 'tool'
[[soft_binding]]
id = "binding"
system = "Binding"
source = "a test"
alg = "com.example."
"""
KNOWN = parse(signed=DATA, public_watermark="", unsigned_metadata="")
READABLE = [status for status in ManifestStatus if status.readable]
UNREADABLE = [status for status in ManifestStatus if not status.readable]


def signer(organization="", common_name=""):
    return SignerInfo(
        organization=organization, common_name=common_name, serial_number="1", algorithm="es256"
    )


def manifest(status=ManifestStatus.UNTRUSTED, **fields):
    return ManifestEvidence(status=status, **fields)


def names(evidence):
    return [marker.marker for marker in find_signers(evidence, KNOWN.signers)]


@pytest.mark.parametrize("status", READABLE)
def test_a_signer_is_known_by_organisation_or_common_name(status):
    assert names(manifest(status, signer=signer(organization="Name Inc."))) == ["by-name"]
    assert names(manifest(status, signer=signer(common_name="Name Inc."))) == ["by-name"]
    assert names(manifest(status, signer=signer(common_name="No Name Inc."))) == []


@pytest.mark.parametrize("status", UNREADABLE)
def test_a_manifest_that_cannot_be_read_states_nothing(status):
    assert names(manifest(status, signer=signer("Name Inc."))) == []


def test_a_maker_of_cameras_counts_only_with_an_ai_source_type():
    camera = signer("Camera Ltd")
    assert names(manifest(signer=camera)) == []
    assert names(manifest(signer=camera, digital_source_types=(GENERATED,))) == ["by-ai"]
    procedural = GENERATED.replace("trainedAlgorithmicMedia", "algorithmicMedia")
    assert names(manifest(signer=camera, digital_source_types=(procedural,))) == []


def test_signer_and_generator_have_to_match_together():
    assert names(manifest(signer=signer("Host"), claim_generator="a tool")) == ["by-both"]
    assert names(manifest(signer=signer("Host"), claim_generator="other")) == []
    assert names(manifest(signer=signer("Other"), claim_generator="a tool")) == []
    assert names(manifest(claim_generator="a tool")) == []


def test_an_ingredient_is_searched_with_its_own_statements():
    below = IngredientFinding(
        title="",
        relationship="parentOf",
        manifest_id="urn:x",
        depth=2,
        failures=(),
        signer=signer("Camera Ltd"),
        digital_source_types=(GENERATED,),
    )
    (marker,) = find_signers(manifest(ingredients=(below,)), KNOWN.signers)
    assert marker.where == "C2PA ingredient at depth 2"
    assert marker.kind is MarkerClass.SIGNED
    # The source type of one manifest does not speak for the signer of another.
    above = manifest(digital_source_types=(GENERATED,), signer=signer("x"))
    assert names(above) == []


def test_soft_bindings_are_known_by_the_beginning_of_their_name():
    bindings = tuple(
        SoftBinding(alg=alg, value=b"")
        for alg in ("com.example.mark.1", "com.example.mark.2", "org.com.example.x")
    )
    (marker,) = find_soft_bindings(manifest(soft_bindings=bindings), KNOWN.soft_bindings)
    assert (marker.marker, marker.excerpt) == ("binding", "com.example.mark.1")


def test_our_own_soft_bindings_are_nobody_elses():
    ours = (SoftBinding(alg="org.provenance-toolkit.imwatermark.dwtdct.1", value=b""),)
    known = catalogue().soft_bindings
    assert list(find_soft_bindings(manifest(soft_bindings=ours), known)) == []
