"""Every entry of the catalogue is found in its fixture, in its class, and says nothing private."""

from __future__ import annotations

import pytest
from support import markers, pictures

from provenance.imaging import load
from provenance.manifest import read
from provenance.markers import catalogue, find
from provenance.markers.catalogue import PublicPayload, SignerMarker, SoftBindingMarker, TextMarker
from provenance.model import ManifestEvidence, ManifestStatus, MarkerClass
from provenance.trust import TrustStore

KNOWN = catalogue()
FIXTURES = {path.stem: path for path in markers.FOLDER.iterdir() if path.suffix != ".py"}
CLASSES = {
    SignerMarker: MarkerClass.SIGNED,
    SoftBindingMarker: MarkerClass.SIGNED,
    PublicPayload: MarkerClass.PUBLIC_WATERMARK,
    TextMarker: MarkerClass.UNSIGNED_METADATA,
}
NO_MANIFEST = ManifestEvidence(status=ManifestStatus.NONE)


def found_in(data):
    image = load(data)
    return find(image, read(data, image.header.format.mime, TrustStore()))


def fixture(entry):
    if isinstance(entry, SignerMarker):
        return markers.signed_by(*markers.SIGNERS[entry.id])
    if isinstance(entry, SoftBindingMarker):
        return markers.signed_by("example", "example", alg=f"{entry.alg}1")
    return FIXTURES[entry.id].read_bytes()


@pytest.mark.parametrize("entry", KNOWN.entries, ids=lambda entry: entry.id)
def test_every_marker_is_found_in_its_fixture(entry):
    found = {marker.marker: marker for marker in found_in(fixture(entry))}
    marker = found[entry.id]
    assert marker.kind is CLASSES[type(entry)]
    assert marker.system == entry.system or not entry.system
    assert marker.oracle == entry.oracle
    assert marker.where
    assert marker.excerpt


@pytest.mark.parametrize("entry", KNOWN.entries, ids=lambda entry: entry.id)
def test_no_marker_repeats_a_prompt_or_a_person(entry):
    assert not any("PRIVATE" in repr(marker) for marker in found_in(fixture(entry)))


@pytest.mark.parametrize("entry", KNOWN.entries, ids=lambda entry: entry.id)
def test_no_fixture_shows_another_class(entry):
    kinds = {marker.kind for marker in found_in(fixture(entry))}
    assert kinds == {CLASSES[type(entry)]}


def test_every_fixture_belongs_to_an_entry():
    committed = {entry.id for entry in (*KNOWN.texts, *KNOWN.payloads)}
    assert set(FIXTURES) == committed
    assert set(markers.SIGNERS) == {entry.id for entry in KNOWN.signers}


def test_the_generator_still_makes_what_is_committed():
    made = markers.unsigned()
    assert {f"{name}.{suffix}" for name, (suffix, _) in made.items()} == {
        FIXTURES[name].name for name in made
    }
    for name, (_, data) in made.items():
        assert found_in(data) == found_in(FIXTURES[name].read_bytes()), name


def test_several_markers_in_one_file_are_all_found():
    data = markers.png({"prompt": '{"class_type": "X"}', "Software": "NovelAI"}, late=True)
    names = {marker.marker for marker in found_in(data)}
    assert names == {"comfyui-prompt", "novelai-software"}


def test_a_stronger_payload_silences_its_echo():
    """Two payloads begin alike; where one is embedded, the other may pass the gate as well."""
    for name in ("stable-diffusion-v1", "stable-diffusion-v1-inpainting"):
        found = found_in(FIXTURES[name].read_bytes())
        assert [marker.marker for marker in found] == [name]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_plain_picture_has_no_marker(kind):
    assert find(load(pictures.file(pictures.crop(), kind)), NO_MANIFEST) == ()


def test_a_camera_picture_of_a_maker_of_generators_has_no_marker():
    for name in ("c2pa-google", "c2pa-samsung", "c2pa-microsoft"):
        signer, _ = markers.SIGNERS[name]
        data = markers.signed_by(signer, "camera", source=markers.CAPTURED)
        assert found_in(data) == ()


ATTACKS = [
    "\x1b[2J\x1b]0;owned\x07",
    "\u202eevil\u2066",
    "line one\nline two\r\n\u2028three",
    '<script>alert("x")</script>',
    '", "verdict": "TRACED',
    "a" * 100_000,
    "\ud800",
    "=cmd|'/C calc'!A0",
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda text: repr(text[:12]))
def test_what_is_quoted_is_short_and_printable(attack):
    text = attack.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    clean = "".join(c for c in text if c >= " " or c in "\n\r")  # what XML can carry
    escaped = clean.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    data = markers.with_xmp(markers.xmp(f"<i:AISystemUsed>x{escaped}</i:AISystemUsed>"), "PNG")
    (marker,) = found_in(data)
    for value in (marker.system, marker.excerpt, marker.where):
        assert value.isprintable()
        assert len(value) <= 100
        assert '"' not in value
