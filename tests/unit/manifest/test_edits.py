"""Manifests of edited pictures: what they state, what they carry on, what they leave out."""

from __future__ import annotations

import io
import json

import c2pa
import pytest
from support import chains, manifests, pictures, tamper

from provenance.errors import ManifestError
from provenance.imaging import Encoding, Metadata, encode
from provenance.manifest import Parent, names, read, thumbnails_in
from provenance.manifest.native import NativeSettings
from provenance.model import ManifestStatus, Operation
from provenance.trust import TrustStore

OURS = chains.trust_in(chains.authority())
CAMERAS = chains.trust_in(chains.authority("stranger"))
BOTH = TrustStore(lists=(*OURS.lists, *CAMERAS.lists))
PNG = "image/png"
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"


@pytest.fixture(scope="module")
def photo(stranger):
    """A photograph that a camera signed, with a thumbnail."""
    return manifests.foreign(stranger, CAMERAS, [manifests.CREATED], thumbnail=True)


@pytest.fixture(scope="module")
def edit(signer):
    """A function that signs an edit of these files."""

    def sign_edit(*files, operations=(), trust=OURS, mime=PNG):
        parents = tuple(Parent(data=data, mime=mime) for data in files)
        wanted = manifests.request(parents=parents, operations=operations)
        return manifests.signed(signer, trust, wanted)

    return sign_edit


@pytest.fixture(scope="module")
def edited(edit, photo):
    return edit(photo, operations=(Operation.INPAINT, Operation.STYLE))


def detailed(data):
    reader = c2pa.Reader(PNG, io.BytesIO(data), context=NativeSettings(trust=OURS).context())
    return json.loads(reader.detailed_json())


def stated(data):
    report = detailed(data)
    return report["manifests"][report["active_manifest"]]["assertion_store"]


def actions(data):
    return stated(data)[names.ACTIONS]["actions"]


# --- actions -----------------------------------------------------------------------------


def test_an_edit_is_opened_edited_and_marked_and_never_created(edit):
    plain, _ = manifests.plain()
    assert [action["action"] for action in actions(edit(plain))] == [
        "c2pa.opened",
        "c2pa.edited",
        "c2pa.watermarked.bound",
    ]


def test_the_edit_is_a_composite_by_the_model_and_lists_its_operations(edited):
    (done,) = [action for action in actions(edited) if action["action"] == "c2pa.edited"]
    assert done["digitalSourceType"] == COMPOSITE
    assert done["softwareAgent"] == {"name": "acme-1", "version": "2.0"}
    assert done["description"] == "inpaint, style"
    assert done["parameters"] == {names.OPERATIONS: ["inpaint", "style"]}


def test_an_operation_that_c2pa_has_a_name_for_is_stated_under_it(edited):
    (named,) = [action for action in actions(edited) if action["action"] == "c2pa.filtered"]
    assert named["description"] == "style"
    assert named["digitalSourceType"] == COMPOSITE


def test_an_edit_without_named_operations_lists_none(edit):
    plain, _ = manifests.plain()
    (done,) = [action for action in actions(edit(plain)) if action["action"] == "c2pa.edited"]
    assert "description" not in done
    assert "parameters" not in done


def test_the_first_file_is_opened_and_all_others_are_placed(edit, photo):
    store = stated(edit(*[manifests.plain("jpeg")[0]] * 2, mime="image/jpeg"))
    opened, placed = store[names.ACTIONS]["actions"][:2]
    links = [action["parameters"]["ingredients"] for action in (opened, placed)]
    assert (opened["action"], placed["action"]) == ("c2pa.opened", "c2pa.placed")
    relationships = [store[link["url"].rsplit("/", 1)[-1]]["relationship"] for (link,) in links]
    assert relationships == ["parentOf", "componentOf"]
    assert all(link["hash"] for (link,) in links)


# --- what is left out ----------------------------------------------------------------------


def test_an_ingredient_has_a_constant_title_and_an_id_of_our_own(edit):
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        b'xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        b' xmpMM:InstanceID="Jane Doe" xmpMM:DocumentID="Jane Doe" dc:title="Jane Doe"/>'
        b"</rdf:RDF></x:xmpmeta>"
    )
    named = encode(pictures.crop(64, 64), None, Encoding.parse("png"), Metadata(xmp=packet))
    assert b"Jane Doe" in named
    data = edit(named)
    assert b"Jane Doe" not in data
    assert stated(data)["c2pa.ingredient.v3"]["dc:title"] == "parent"


def test_the_thumbnail_of_a_parent_is_taken_out_of_its_manifest(photo, edited):
    assert len(thumbnails_in(photo, PNG)) == 1
    assert thumbnails_in(edited, PNG) == ()
    labels = {
        label
        for manifest in detailed(edited)["manifests"].values()
        for label in manifest["assertion_store"]
    }
    assert not [label for label in labels if "thumbnail" in label]
    plain, _ = manifests.plain()
    assert len(edited) - len(plain) < 12_000 < len(photo) - len(plain)


def test_a_redaction_is_stated_and_leaves_the_parent_sound(photo, edited):
    (redacted,) = [action for action in actions(edited) if action["action"] == "c2pa.redacted"]
    assert redacted["parameters"]["redacted"] == thumbnails_in(photo, PNG)[0]
    found = read(edited, PNG, BOTH)
    assert (found.status, found.ingredients[0].status) == (ManifestStatus.TRUSTED,) * 2
    assert found.altered_ingredients == ()


@pytest.mark.parametrize("swapped", [False, True])
def test_thumbnails_stay_out_where_the_same_photo_comes_again(edit, edited, photo, swapped):
    again = edit(*((photo, edited) if swapped else (edited, photo)))
    assert thumbnails_in(again, PNG) == ()
    found = read(again, PNG, BOTH)
    assert found.status is ManifestStatus.TRUSTED
    assert found.altered_ingredients == ()


def test_a_manifest_with_too_many_thumbnails_is_refused(monkeypatch, edit, photo):
    monkeypatch.setattr("provenance.manifest.thumbnails.MAX_THUMBNAILS", 0)
    with pytest.raises(ManifestError, match="1 thumbnails"):
        edit(photo)


# --- reading -------------------------------------------------------------------------------


def test_what_an_edit_states_is_read(edited):
    found = read(edited, PNG, OURS)
    assert found.operations == ("inpaint", "style")
    assert set(found.digital_source_types) == {COMPOSITE}
    assert not found.claims_capture
    assert not found.claims_creation


def test_what_the_camera_states_is_read_from_its_own_manifest(edited, photo):
    (item,) = read(edited, PNG, OURS).ingredients
    assert item.manifest_id == read(photo, PNG, CAMERAS).manifest_id
    assert item.actions == ("c2pa.created",)
    assert item.digital_source_types[0].endswith("/digitalCapture")
    assert item.signer.common_name == "stranger"
    assert (item.parent, item.depth) == (-1, 1)


def test_an_ingredient_is_trusted_by_the_lists_of_the_reader(edited):
    known, unknown = (read(edited, PNG, trust).ingredients[0] for trust in (BOTH, OURS))
    assert (known.status, unknown.status) == (ManifestStatus.TRUSTED, ManifestStatus.UNTRUSTED)


def test_the_signer_stays_trusted_where_only_the_camera_is_unknown(edit, photo):
    data = edit(photo, trust=BOTH)
    found = read(data, PNG, OURS)
    assert found.state == "Valid"  # the validator's state is that of the whole store
    assert found.status is ManifestStatus.TRUSTED
    assert found.trust_list == OURS.lists[0].uri
    assert found.ingredients[0].status is ManifestStatus.UNTRUSTED
    assert read(data, PNG, CAMERAS).status is ManifestStatus.UNTRUSTED
    assert read(data, PNG, TrustStore()).status is ManifestStatus.UNTRUSTED


def test_a_changed_photo_is_changed_under_a_trusted_edit(edit, photo):
    found = read(edit(tamper.change_pixel(photo), trust=BOTH), PNG, BOTH)
    assert found.status is ManifestStatus.TRUSTED
    assert found.ingredients[0].status is ManifestStatus.TRUSTED_CONTENT_CHANGED
    assert found.altered_ingredients == found.ingredients


def test_what_an_unknown_signer_records_as_trusted_is_not(edit, photo, stranger):
    """The stranger trusts its own camera; its word does not make the camera trusted here."""
    wanted = manifests.request(parents=(Parent(data=photo, mime=PNG),), operations=())
    by_stranger = manifests.signed(stranger, CAMERAS, wanted)
    found = read(edit(by_stranger), PNG, OURS)
    assert found.status is ManifestStatus.TRUSTED
    assert [item.status for item in found.ingredients] == [ManifestStatus.UNTRUSTED] * 2
    assert [item.parent for item in found.ingredients] == [-1, 0]


def test_files_without_manifest_are_listed_without_status(edit):
    plain, _ = manifests.plain()
    first, second = read(edit(plain, plain), PNG, OURS).ingredients
    assert (first.relationship, second.relationship) == ("parentOf", "componentOf")
    assert {first.status, second.status} == {ManifestStatus.NONE}
