"""An edited photograph from the camera to the leaked crop, through real stamping and verifying."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from support import chains, manifests, pictures, tamper
from support.shared import NEEDS_C2PA_FILES, ROOT

from provenance import Generation, Operation
from provenance.errors import (
    ArgumentError,
    ErrorCode,
    InputError,
    ManifestError,
    ProvenanceError,
    SelfCheckError,
)
from provenance.fingerprint import fingerprint
from provenance.imaging import Limits, load
from provenance.manifest import Parent, read, thumbnails_in
from provenance.model import (
    ManifestStatus,
    MatchStatus,
    ReasonCode,
    RecordState,
    Relationship,
    Verdict,
)
from provenance.report.tree import provenance_tree
from provenance.stamp import steps
from provenance.stamp.parents import MAX_PARENTS

CAMERAS = chains.trust_in(chains.authority("stranger"))
GENERATION = Generation(model="acme-1", operations=(Operation.INPAINT, Operation.FACE))
SIDE = 640


def before():
    return pictures.sample("canyon.jpg", SIDE, SIDE)


def after():
    """What a model made of it: one region painted anew."""
    made = before()
    made[200:340, 120:300] = pictures.grey_texture(140, 180)
    return made


@pytest.fixture(scope="module")
def jpeg():
    """A photograph that nobody signed."""
    return pictures.file(before(), "JPEG", quality=92)


@pytest.fixture(scope="module")
def photo(stranger):
    """The photograph as its camera signed it, with a thumbnail."""
    data = pictures.file(before(), "PNG")
    return manifests.foreign(stranger, CAMERAS, [manifests.CREATED], picture=data, thumbnail=True)


@pytest.fixture(scope="module")
def made(workspace, photo):
    return workspace.stamper().stamp(after(), GENERATION, parents=[photo])


@pytest.fixture(scope="module")
def report(workspace, made):
    return workspace.verifier().verify(made.data)


def codes(report):
    return {reason.code for reason in report.reasons}


def test_an_edited_photograph_is_traced_to_the_system_and_shows_the_camera(report, made):
    assert report.verdict is Verdict.TRACED
    assert report.evidence.record.record_id == made.record_id
    manifest = report.evidence.manifest
    assert manifest.operations == ("inpaint", "face")
    (camera,) = manifest.ingredients
    assert camera.relationship == "parentOf"
    assert camera.signer.common_name == "stranger"
    assert camera.digital_source_types[0].endswith("/digitalCapture")


def test_the_capture_of_the_parent_is_no_conflict(report):
    conflicts = {code for code in ReasonCode if code.name.startswith("CONFLICT")}
    assert conflicts
    assert not conflicts & codes(report)


def test_no_pixels_of_the_parent_leave_with_the_edit(photo, made):
    assert thumbnails_in(photo, "image/png")
    assert thumbnails_in(made.data, "image/png") == ()


def test_the_metadata_calls_the_edit_a_composite(made):
    xmp = load(made.data).metadata.xmp
    assert b"/compositeWithTrainedAlgorithmicMedia" in xmp
    assert b"/trainedAlgorithmicMedia" not in xmp


def test_a_crop_without_metadata_is_still_traced(workspace, made):
    rgb = load(made.data).rgb[40:600, 30:580]
    leaked = pictures.file(rgb, "JPEG", quality=90)
    report = workspace.verifier().verify(leaked)
    assert report.verdict is Verdict.TRACED
    assert report.evidence.record.record_id == made.record_id
    assert report.evidence.content_match.status in (MatchStatus.MATCH, MatchStatus.PARTIAL)
    tree = provenance_tree(report.evidence.recovered_manifest)
    assert [node.signer for node in tree] == ["test-system", "stranger"]


def test_the_record_keeps_the_fingerprints_of_the_parent(workspace, made, photo):
    record = workspace.store().find_by_id(made.record_id)
    (parent,) = record.file.parents
    assert record.generation == GENERATION
    assert made.parents == record.file.parents
    assert parent.sha256 == hashlib.sha256(photo).hexdigest()
    assert parent.fingerprint == fingerprint(before())
    assert (parent.format, parent.width, parent.height) == ("png", SIDE, SIDE)
    assert parent.relationship is Relationship.PARENT_OF


def test_a_photograph_that_was_altered_is_named_under_a_trusted_edit(workspace, photo):
    altered = tamper.change_pixel(photo)
    made = workspace.stamper().stamp(after(), GENERATION, parents=[altered])
    report = workspace.verifier().verify(made.data)
    assert report.verdict is Verdict.TRACED
    assert report.evidence.manifest.status is ManifestStatus.TRUSTED
    assert ReasonCode.INGREDIENT_ALTERED in codes(report)
    top, camera = provenance_tree(report.evidence.manifest)
    assert top.failures == ()
    assert "assertion.dataHash.mismatch" in camera.failures


def test_a_photograph_without_manifest_and_a_component(workspace, jpeg, photo):
    made = workspace.stamper().stamp(after(), Generation(model="m"), parents=[jpeg, photo])
    manifest = read(made.data, "image/png", workspace.stamper().trust)
    assert manifest.actions[:3] == ("c2pa.opened", "c2pa.placed", "c2pa.edited")
    assert [(item.relationship, bool(item.manifest_id)) for item in manifest.ingredients] == [
        ("parentOf", False),
        ("componentOf", True),
    ]
    assert [parent.format for parent in made.parents] == ["jpeg", "png"]


# --- the picture brings a manifest of its own ------------------------------------------------


def test_without_parents_it_is_opened_and_not_called_edited(workspace, photo):
    made = workspace.stamper().stamp(photo, Generation(model="m"))
    manifest = read(made.data, "image/png", workspace.stamper().trust)
    assert "c2pa.opened" in manifest.actions
    assert "c2pa.edited" not in manifest.actions
    assert [parent.sha256 for parent in made.parents] == [hashlib.sha256(photo).hexdigest()]


def test_with_operations_it_is_the_parent_of_the_edit(workspace, photo):
    made = workspace.stamper().stamp(photo, GENERATION)
    manifest = read(made.data, "image/png", workspace.stamper().trust)
    assert manifest.operations == ("inpaint", "face")
    assert len(manifest.ingredients) == 1


def test_with_parents_it_is_kept_beside_them(workspace, jpeg, photo):
    made = workspace.stamper().stamp(photo, GENERATION, parents=[jpeg])
    assert [parent.format for parent in made.parents] == ["jpeg", "png"]
    assert made.parents[1].relationship is Relationship.COMPONENT_OF


def test_a_manifest_that_the_editor_copied_along_is_kept_once(workspace, photo):
    made = workspace.stamper().stamp(photo, GENERATION, parents=[photo])
    assert [parent.relationship for parent in made.parents] == [Relationship.PARENT_OF]


# --- refusals --------------------------------------------------------------------------------


def refused(workspace, kind, *, stamper=None, generation=GENERATION, **options):
    count = workspace.store().count()
    with pytest.raises(kind) as caught:
        (stamper or workspace.stamper()).stamp(after(), generation, **options)
    assert "\n" not in str(caught.value)
    return caught.value, {
        state: number - count[state]
        for state, number in workspace.store().count().items()
        if number != count[state]
    }


def twice(data):
    """Two manifest stores in one file, which nobody can read."""
    parts = tamper.chunks(data)
    parts.insert(1, next(part for part in parts if part[0] == b"caBX"))
    return tamper.png(parts)


@pytest.mark.parametrize("parent", [b"", b"no image", b"\x89PNG\r\n\x1a\n"])
def test_a_parent_that_is_no_image_is_refused_before_anything_is_reserved(workspace, jpeg, parent):
    error, changed = refused(workspace, InputError, parents=[jpeg, parent])
    assert error.message.startswith("parent 2: ")
    assert not changed


def test_a_truncated_parent_is_refused(workspace, jpeg):
    error, _ = refused(workspace, InputError, parents=[jpeg[:-500]])
    assert error.code is ErrorCode.TRUNCATED


def test_a_parent_over_the_limits_is_refused(workspace, jpeg):
    small = replace(workspace.stamper(), limits=Limits(max_bytes=len(jpeg) - 1))
    error, changed = refused(workspace, ProvenanceError, stamper=small, parents=[jpeg])
    assert error.code is ErrorCode.LIMIT
    assert not changed


def test_a_parent_whose_manifest_cannot_be_read_is_refused(workspace, photo):
    error, changed = refused(workspace, ManifestError, parents=[twice(photo)])
    assert error.message.startswith("parent 1: ")
    assert "cannot be kept" in error.message
    assert not changed


@pytest.mark.parametrize("image", ["the edit", "remote"])
def test_a_manifest_that_is_elsewhere_is_not_fetched_and_not_carried(
    workspace, stranger, jpeg, image
):
    with manifests.beacon() as server:
        picture = pictures.file(before(), "PNG")
        remote = manifests.foreign(
            stranger, CAMERAS, [manifests.CREATED], remote=server.url, picture=picture
        )
        source, parent = (after(), remote) if image == "the edit" else (remote, jpeg)
        made = workspace.stamper().stamp(source, GENERATION, parents=[parent])
        found = workspace.verifier().verify(made.data).evidence.manifest
        assert server.requests == []
    assert found.status is ManifestStatus.TRUSTED
    assert len(found.ingredients) == len(made.parents) == (1 if image == "the edit" else 2)
    assert {item.manifest_id for item in found.ingredients} == {""}


def test_operations_without_anything_to_edit_are_refused(workspace):
    error, changed = refused(workspace, ArgumentError)
    assert "--parent" in error.hint
    assert not changed


def test_too_many_parents_are_refused(workspace, jpeg):
    refused(workspace, ArgumentError, parents=[jpeg] * (MAX_PARENTS + 1))


# --- step 6 ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda request: replace(request, parents=()), "does not name the parents"),
        (lambda request: replace(request, parents=request.parents[::-1]), "does not name"),
        (lambda request: replace(request, edited=False), "whether this is an edit"),
    ],
)
def test_a_manifest_that_states_other_parents_is_not_released(
    workspace, monkeypatch, jpeg, photo, change, says
):
    real = steps.sign

    def sign(data, mime, request, *rest):
        return real(data, mime, change(request), *rest)

    monkeypatch.setattr(steps, "sign", sign)
    error, changed = refused(workspace, SelfCheckError, parents=[jpeg, photo])
    assert says in error.message
    assert changed == {RecordState.VOID: 1}


def test_a_manifest_with_a_thumbnail_is_not_released(workspace, monkeypatch, photo):
    monkeypatch.setattr("provenance.manifest.build.redactions", lambda _: ())
    error, changed = refused(workspace, SelfCheckError, parents=[photo])
    assert "thumbnail" in error.message
    assert changed == {RecordState.VOID: 1}


# --- files of other programs -----------------------------------------------------------------


def with_thumbnails():
    """Reference files that show something in their manifests, of every signer and version."""
    names = ("C", "CACA", "CIE-sig-CA", "C_with_CAWG_data", "E-sig-CA", "legacy_ingredient_hash")
    more = ("XCA", "boxhash", "ocsp_with_assertion", "update_manifest")
    return [ROOT / "c2pa-testfiles" / f"{name}.jpg" for name in (*names, *more)]


@NEEDS_C2PA_FILES
@pytest.mark.parametrize("path", with_thumbnails(), ids=lambda path: path.stem)
def test_taking_thumbnails_out_changes_nothing_else(signer, monkeypatch, path):
    data, mime = path.read_bytes(), "image/jpeg"
    trust = chains.trust_in(chains.authority())

    def findings():
        wanted = manifests.request(parent=Parent(data=data, mime=mime), operations=())
        signed = manifests.signed(signer, trust, wanted)
        found = read(signed, "image/png", trust)
        assert found.status is ManifestStatus.TRUSTED
        return found.ingredients, thumbnails_in(signed, "image/png")

    without, none_left = findings()
    monkeypatch.setattr("provenance.manifest.build.redactions", lambda _: ())
    kept, left = findings()
    assert without == kept
    assert (none_left, bool(left)) == ((), True)
