"""The verifier on real files: stamped, leaked, tampered with, and foreign."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from support import manifests, pictures, tamper
from support.records import GENERATION

from provenance import Generation
from provenance.errors import ErrorCode, InputError
from provenance.imaging import ImageFormat, load
from provenance.manifest import sign
from provenance.model import (
    GenerationClaim,
    ImageFlag,
    ManifestSource,
    ManifestStatus,
    MarkId,
    MatchStatus,
    ReasonCode,
    RecordKey,
    RecordStatus,
    SoftBinding,
    SystemRef,
    Verdict,
    WatermarkStatus,
    new_record_id,
)
from provenance.registry import SqliteStore
from provenance.resolution import LocalRegistry
from provenance.trust import TrustStore
from provenance.verify import Verifier
from provenance.watermark import Depth, Keyring, catalog, issue

SCHEME = catalog.scheme(catalog.DEFAULT)
PICTURE = pictures.crop(top=192, left=128)  # enough structure for a fingerprint


@pytest.fixture(scope="module")
def stamped(workspace):
    return workspace.stamper().stamp(PICTURE, Generation(model="acme-1"))


@pytest.fixture(scope="module")
def leaked(stamped):
    """A recompressed copy without any metadata."""
    return tamper.recompress(stamped.data)


@pytest.fixture
def verifier(workspace):
    return workspace.verifier()


@pytest.fixture
def fast(verifier):
    """For what does not depend on how hard a mark is looked for: a search takes seconds."""
    return replace(verifier, depth=Depth.FAST)


def marked_with(workspace, mark_id, picture):
    """A picture with a mark of this workspace, whatever the registry says."""
    (key, *_) = workspace.detection_keys()
    payload = issue(
        SCHEME.info.layout, system_id=key.system.id, mark_id=mark_id, tag_key=key.tag_key
    )
    return pictures.file(SCHEME.embed(picture, payload, key.carrier_key), "PNG")


def codes(report):
    return {reason.code for reason in report.reasons}


# --- our own files ------------------------------------------------------------------------


def test_a_stamped_file_is_traced(verifier, stamped, workspace):
    report = verifier.verify(stamped.data)
    evidence = report.evidence
    assert (report.verdict, report.system) == (Verdict.TRACED, workspace.system)
    assert evidence.manifest.status is ManifestStatus.TRUSTED
    (mark,) = evidence.watermarks
    assert mark.status is WatermarkStatus.READ_AUTHENTIC
    assert (mark.mark_id, mark.system, mark.epoch) == (stamped.mark_id, workspace.system, 0)
    assert mark.payload == evidence.manifest.soft_bindings[0].value
    assert evidence.record.status is RecordStatus.FOUND
    assert evidence.record.record_id == stamped.record_id
    assert evidence.record.key is RecordKey.MARK
    assert evidence.content_match.status is MatchStatus.MATCH
    assert evidence.content_match.distance == 0
    assert evidence.recovered_manifest is None


def test_a_leaked_copy_is_traced_and_its_manifest_recovered(verifier, leaked, stamped):
    report = verifier.verify(leaked)
    assert report.verdict is Verdict.TRACED
    assert report.evidence.manifest.status is ManifestStatus.NONE
    recovered = report.evidence.recovered_manifest
    assert recovered.source is ManifestSource.RECOVERED
    assert recovered.status is ManifestStatus.TRUSTED_CONTENT_CHANGED
    assert recovered.manifest_id == stamped.manifest_id
    assert ReasonCode.MANIFEST_RECOVERED in codes(report)


def test_the_record_is_found_by_the_manifest_where_the_mark_was_not_looked_for(verifier, stamped):
    report = replace(verifier, keyring=Keyring()).verify(stamped.data)
    assert report.evidence.watermarks[0].status is WatermarkStatus.NOT_CHECKED
    assert report.evidence.record.key is RecordKey.MANIFEST
    assert report.evidence.record.record_id == stamped.record_id
    assert report.verdict is Verdict.TRACED


def test_the_same_file_at_the_same_moment_gives_the_same_report(verifier, stamped, leaked):
    verifier = replace(verifier, at=datetime.now(UTC))
    for data in (stamped.data, leaked):
        assert verifier.verify(data) == verifier.verify(data)


def test_an_unmarked_picture_is_not_found(verifier):
    report = verifier.verify(pictures.file(PICTURE, "PNG"))
    assert report.verdict is Verdict.NOT_FOUND
    assert report.evidence.record.status is RecordStatus.NOT_ASKED
    assert report.evidence.content_match is None


def test_a_small_picture_cannot_carry_the_mark(verifier):
    report = verifier.verify(pictures.file(pictures.crop(24, 24), "PNG"))
    assert report.evidence.watermarks[0].status is WatermarkStatus.NOT_APPLICABLE
    assert report.verdict is Verdict.NOT_FOUND


# --- less knowledge --------------------------------------------------------------------------


def test_without_a_registry_a_mark_stays_open(verifier, leaked, stamped):
    report = Verifier(trust=verifier.trust, keyring=verifier.keyring).verify(leaked)
    assert report.verdict is Verdict.INDETERMINATE
    assert report.evidence.record.status is RecordStatus.NOT_ASKED
    assert str(stamped.mark_id) in report.finding.next_step


def test_an_unreachable_registry_leaves_a_mark_open(verifier, leaked, tmp_path):
    nothing = LocalRegistry(SqliteStore(tmp_path / "nothing", read_only=True))
    report = replace(verifier, resolver=nothing).verify(leaked)
    assert report.verdict is Verdict.INDETERMINATE
    assert report.evidence.record.status is RecordStatus.UNREACHABLE
    assert "no registry" in report.evidence.record.detail


def test_another_operator_s_verifier_finds_a_trace_only(stamped, leaked, verifier):
    stranger = replace(verifier.keyring.keys[0], system=SystemRef(1, "another"), tag_key=b"x" * 32)
    verifier = Verifier(keyring=Keyring(keys=(stranger,)), depth=Depth.FAST)
    for data in (stamped.data, leaked):  # that there is a mark can be seen, whose it is cannot
        report = verifier.verify(data)
        assert report.evidence.watermarks[0].status is WatermarkStatus.TRACE
        assert report.verdict is Verdict.INDETERMINATE
        assert report.system is None


def test_a_mark_without_record_is_open(workspace, verifier):
    report = verifier.verify(marked_with(workspace, MarkId(1), PICTURE))
    assert report.evidence.record.status is RecordStatus.ABSENT
    assert report.verdict is Verdict.INDETERMINATE


def test_a_mark_whose_record_was_never_released_is_open(workspace, verifier):
    store = workspace.store()
    record = store.reserve(
        system=workspace.system, epoch=0, scheme="s", generation=GENERATION, id_bits=48
    )
    data = marked_with(workspace, record.mark_id, PICTURE)
    assert verifier.verify(data).evidence.record.status is RecordStatus.VOID
    store.void(record.record_id)
    report = verifier.verify(data)
    assert report.evidence.record.status is RecordStatus.VOID
    assert report.verdict is Verdict.INDETERMINATE


# --- contradictions ----------------------------------------------------------------------------


def test_a_transplanted_mark_is_a_conflict(workspace, verifier, stamped):
    data = marked_with(workspace, stamped.mark_id, pictures.grey_texture())
    report = verifier.verify(data)
    assert report.evidence.content_match.status is MatchStatus.MISMATCH
    assert report.verdict is Verdict.CONFLICT


def test_the_manifest_of_another_stamped_picture_is_a_conflict(workspace, verifier, stamped):
    other = workspace.stamper().stamp(pictures.crop(top=192), Generation(model="acme-1"))
    report = verifier.verify(tamper.swap_manifest(other.data, stamped.data))
    assert report.evidence.manifest.status is ManifestStatus.TRUSTED_CONTENT_CHANGED
    assert ReasonCode.CONFLICT_SOFT_BINDING in codes(report)
    assert report.verdict is Verdict.CONFLICT


def test_a_damaged_manifest_over_a_mark_is_a_conflict(verifier, stamped):
    parts = [
        (kind, body.replace(b"specVersion", b"SpecVersion") if kind == b"caBX" else body)
        for kind, body in tamper.chunks(stamped.data)
    ]
    report = verifier.verify(tamper.png(parts))
    assert report.evidence.manifest.status is ManifestStatus.INVALID
    assert report.verdict is Verdict.CONFLICT


def test_one_changed_pixel_leaves_the_mark_to_decide(verifier, stamped):
    pixels = load(stamped.data).rgb.copy()
    pixels[128, 128, 0] ^= 1
    changed = tamper.give_manifest(pictures.file(pixels, "PNG"), stamped.data)
    report = verifier.verify(changed)
    assert report.evidence.manifest.status is ManifestStatus.TRUSTED_CONTENT_CHANGED
    assert report.verdict is Verdict.TRACED


def test_an_intact_manifest_whose_mark_is_not_there_is_a_conflict(workspace, fast, stamped):
    wanted = manifests.request(system=workspace.system, record_id=new_record_id())
    binding = SoftBinding(alg=SCHEME.info.alg, value=b"declared and not embedded")
    data = sign(
        pictures.file(PICTURE, "PNG"),
        "image/png",
        replace(wanted, soft_binding=binding),
        workspace.signer(),
        workspace.trust(),
    ).data
    report = fast.verify(data)
    assert report.evidence.manifest.status is ManifestStatus.TRUSTED
    assert ReasonCode.CONFLICT_MARK_MISSING in codes(report)
    assert report.verdict is Verdict.CONFLICT


# --- files of every kind ------------------------------------------------------------------------


def test_a_scheme_that_the_manifest_declares_is_looked_for_too(workspace, fast):
    other = catalog.scheme("imwatermark.dwtDct")
    claim = GenerationClaim(
        system=workspace.system, model="m", model_version="", record_id=new_record_id()
    )
    wanted = replace(
        manifests.request(),
        claim=claim,
        soft_binding=SoftBinding(alg=other.info.alg, value=b"x"),
    )
    plain = pictures.file(PICTURE, "PNG")
    data = sign(plain, "image/png", wanted, workspace.signer(), workspace.trust()).data
    looked_for = [mark.scheme for mark in fast.verify(data).evidence.watermarks]
    assert looked_for == [catalog.DEFAULT, other.info.name]
    assert len(fast.verify(plain).evidence.watermarks) == 1


def test_a_path_is_read_and_its_name_compared_with_the_content(verifier, stamped, tmp_path):
    path = tmp_path / "stamped.jpg"
    path.write_bytes(stamped.data)
    report = verifier.verify(path)
    assert report.verdict is Verdict.TRACED
    assert ImageFlag.EXTENSION_MISMATCH in report.input.flags
    assert report.input.sha256 == hashlib.sha256(stamped.data).hexdigest()
    assert (report.input.width, report.input.height) == (256, 256)
    assert report.input.format == "png"


@pytest.mark.parametrize("data", [b"", b"no image", b"\x89PNG\r\n\x1a\n" + bytes(30)])
def test_what_is_no_picture_is_an_error_and_no_verdict(verifier, data):
    with pytest.raises(InputError):
        verifier.verify(data)


def test_a_missing_file_is_an_error(verifier, tmp_path):
    with pytest.raises(InputError) as caught:
        verifier.verify(tmp_path / "nothing.png")
    assert caught.value.code is ErrorCode.IO


def test_only_the_formats_asked_for_are_opened(fast):
    data = pictures.file(PICTURE, "TIFF")
    with pytest.raises(InputError):
        fast.verify(data)
    wider = replace(fast, formats=fast.formats | {ImageFormat.TIFF})
    assert wider.verify(data).verdict is Verdict.NOT_FOUND


def test_a_truncated_file_is_verified_and_flagged(verifier, stamped):
    report = verifier.verify(stamped.data[: len(stamped.data) * 3 // 4])
    assert ImageFlag.PARTIAL in report.input.flags
    assert report.verdict is not Verdict.NOT_FOUND or report.evidence.manifest.detail == ""


def test_a_mark_in_the_visible_part_of_a_transparent_picture_is_read(workspace, verifier):
    alpha = np.full((256, 256), 255, dtype=np.uint8)
    alpha[100:120] = 0
    rgba = np.dstack([PICTURE, alpha])
    made = workspace.stamper().stamp(rgba, Generation(model="acme-1"))
    assert verifier.verify(made.data).verdict is Verdict.TRACED


def test_nobody_is_trusted_unless_a_list_is_given(stamped):
    assert Verifier().verify(stamped.data).evidence.manifest.status is ManifestStatus.UNTRUSTED
    assert Verifier().trust == TrustStore()


def test_verification_needs_no_signing_key(workspace, stamped, monkeypatch):
    """It runs where the key file is missing, and never opens it."""
    key = workspace.path / "keys" / "signer.key"
    hidden = key.rename(key.with_suffix(".hidden"))
    try:
        assert workspace.verifier().verify(stamped.data).verdict is Verdict.TRACED
    finally:
        hidden.rename(key)
