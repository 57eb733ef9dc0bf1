"""What is done to a stamped file, and the verdict that it must give."""

from __future__ import annotations

import io
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import c2pa
import numpy as np
import pytest
from support.tamper import (
    change_pixel,
    give_manifest,
    pixels,
    recompress,
    sign_over,
    strip_manifest,
    swap_manifest,
)

from provenance import Encoding, Generation, Verdict, Verifier, Workspace
from provenance.imaging import Metadata, encode
from provenance.keys import FileSigner, create_chain, write_private
from provenance.model import (
    ImageFlag,
    ManifestStatus,
    MatchStatus,
    ReasonCode,
    VerificationReport,
    WatermarkStatus,
)
from provenance.trust import TrustKind, TrustList, TrustStore
from provenance.watermark import catalog, issue
from provenance.workspace.selftest import synthetic_picture

GENERATION = Generation(model="test-model")
PNG = Encoding.parse("png")


@pytest.fixture(scope="module")
def stamped(workspace: Workspace) -> bytes:
    return workspace.stamper().stamp(synthetic_picture(), GENERATION).data


@pytest.fixture(scope="module")
def other_picture() -> np.ndarray:
    """A picture that looks like no orientation of the stamped one: its negative."""
    return 255 - synthetic_picture()


def verify(workspace: Workspace, data: bytes) -> VerificationReport:
    return workspace.verifier().verify(data)


def codes(report: VerificationReport) -> set[ReasonCode]:
    return {reason.code for reason in report.reasons}


def test_untouched(workspace: Workspace, stamped: bytes) -> None:
    report = verify(workspace, stamped)
    assert report.verdict is Verdict.TRACED
    assert report.evidence.manifest.status is ManifestStatus.TRUSTED
    assert report.evidence.watermarks[0].status is WatermarkStatus.READ_AUTHENTIC


def test_one_flipped_pixel(workspace: Workspace, stamped: bytes) -> None:
    changed = change_pixel(stamped)
    assert (pixels(changed) != pixels(stamped)).any()
    report = verify(workspace, changed)
    assert report.evidence.manifest.status is ManifestStatus.TRUSTED_CONTENT_CHANGED
    assert report.evidence.manifest.failure == ("assertion.dataHash.mismatch",)
    # The mark, the record and the picture still agree: traced by the mark, and it says so.
    assert report.verdict is Verdict.TRACED
    assert ReasonCode.MANIFEST_CONTENT_CHANGED in codes(report)
    assert ReasonCode.MANIFEST_TRUSTED not in codes(report)


def test_stripped_manifest(workspace: Workspace, stamped: bytes) -> None:
    for copy in (strip_manifest(stamped), recompress(stamped)):
        report = verify(workspace, copy)
        assert report.evidence.manifest.status is ManifestStatus.NONE
        assert report.verdict is Verdict.TRACED
        recovered = report.evidence.recovered_manifest
        assert recovered is not None
        assert recovered.status is ManifestStatus.TRUSTED_CONTENT_CHANGED
        assert {ReasonCode.MANIFEST_NONE, ReasonCode.MANIFEST_RECOVERED} <= codes(report)


def test_swapped_manifest(workspace: Workspace, stamped: bytes, other_picture: np.ndarray) -> None:
    donor = workspace.stamper().stamp(other_picture, GENERATION).data
    report = verify(workspace, swap_manifest(stamped, donor))
    assert report.evidence.manifest.status is ManifestStatus.TRUSTED_CONTENT_CHANGED
    assert report.verdict is Verdict.CONFLICT
    assert ReasonCode.CONFLICT_SOFT_BINDING in codes(report)


def test_manifest_given_to_an_unmarked_picture(workspace: Workspace, stamped: bytes) -> None:
    unmarked = encode(synthetic_picture(), None, PNG, Metadata())
    report = verify(workspace, give_manifest(unmarked, stamped))
    assert report.evidence.manifest.status is ManifestStatus.TRUSTED_CONTENT_CHANGED
    assert report.verdict is Verdict.INDETERMINATE
    assert report.system is None


def test_mark_removed_under_an_intact_manifest(workspace: Workspace, tmp_path: Path) -> None:
    """Somebody with the signing key signs unmarked pixels: intact, but the mark is missing."""
    stamper = workspace.stamper()
    scheme = catalog.scheme(stamper.scheme)
    stamped = stamper.stamp(synthetic_picture(), GENERATION)
    resigned = _signed_again(
        encode(synthetic_picture(), None, PNG, Metadata()), stamped.data, workspace
    )
    report = verify(workspace, resigned)
    assert report.evidence.manifest.status is ManifestStatus.TRUSTED
    assert scheme.info.alg in {b.alg for b in report.evidence.manifest.soft_bindings}
    assert report.verdict is Verdict.CONFLICT
    assert ReasonCode.CONFLICT_MARK_MISSING in codes(report)


def test_foreign_workspace(workspace: Workspace, tmp_path: Path) -> None:
    """Another operator with the same names and number: neither certificate nor mark is ours."""
    foreign = Workspace.create(
        tmp_path / "foreign", system_name=workspace.system.name, system_id=workspace.system.id
    )
    report = verify(workspace, foreign.stamper().stamp(synthetic_picture(), GENERATION).data)
    assert report.evidence.manifest.status is ManifestStatus.UNTRUSTED
    # The synchronisation of the mark is public; what it says needs the key.
    assert report.evidence.watermarks[0].status is WatermarkStatus.TRACE
    assert report.verdict is Verdict.INDETERMINATE
    assert report.system is None


def test_foreign_certificate_over_our_claims(workspace: Workspace, tmp_path: Path) -> None:
    """Our mark and our statements, signed by somebody with a certificate of the same name."""
    chain = create_chain(workspace.settings.system.organization, workspace.system.name)
    (tmp_path / "chain.pem").write_bytes(chain.chain_pem)
    write_private(tmp_path / "key.pem", chain.leaf_key_pem)
    signer = FileSigner.load(key_path=tmp_path / "key.pem", chain_path=tmp_path / "chain.pem")
    anchor = TrustList.parse(chain.root_pem, name="foreign", kind=TrustKind.SIGNERS)
    forger = replace(workspace.stamper(), signer=signer, trust=TrustStore(lists=(anchor,)))
    report = verify(workspace, forger.stamp(synthetic_picture(), GENERATION).data)
    assert report.evidence.manifest.status is ManifestStatus.UNTRUSTED
    # Only the mark, which the registry confirms, names the system; the manifest does not.
    assert report.verdict is Verdict.TRACED
    assert ReasonCode.MANIFEST_UNTRUSTED in codes(report)
    assert "trusted" not in report.finding.statement


def test_resigned_by_a_stranger(workspace: Workspace, stamped: bytes) -> None:
    """A stranger's manifest claims that the picture began there, over our mark."""
    report = verify(workspace, _resigned_by_stranger(strip_manifest(stamped)))
    assert report.evidence.manifest.status is ManifestStatus.UNTRUSTED
    assert report.verdict is Verdict.CONFLICT
    assert ReasonCode.CONFLICT_OTHER_SYSTEM in codes(report)


def test_transplanted_mark(workspace: Workspace, stamped: bytes, other_picture: np.ndarray) -> None:
    """Our payload written into another picture: the record does not match what is seen."""
    mark = verify(workspace, stamped).evidence.watermarks[0]
    scheme, key = catalog.scheme(mark.scheme), workspace.detection_keys()[0]
    assert mark.mark_id is not None
    assert key.tag_key is not None
    payload = issue(
        scheme.info.layout,
        system_id=key.system.id or 0,
        mark_id=mark.mark_id,
        tag_key=key.tag_key,
    )
    forged = encode(scheme.embed(other_picture, payload, key.carrier_key), None, PNG, Metadata())
    report = verify(workspace, forged)
    assert report.evidence.watermarks[0].status is WatermarkStatus.READ_AUTHENTIC
    assert report.evidence.content_match is not None
    assert report.evidence.content_match.status is MatchStatus.MISMATCH
    assert report.verdict is Verdict.CONFLICT
    assert ReasonCode.CONTENT_MISMATCH in codes(report)


@pytest.mark.parametrize("fraction", [0.95, 0.5])
def test_truncated_jpeg(workspace: Workspace, fraction: float) -> None:
    jpeg = Encoding.parse("jpeg")
    whole = workspace.stamper().stamp(synthetic_picture(), GENERATION, encoding=jpeg).data
    report = verify(workspace, whole[: int(len(whole) * fraction)])
    assert ImageFlag.PARTIAL in report.input.flags
    assert report.evidence.manifest.status in (
        ManifestStatus.TRUSTED_CONTENT_CHANGED,
        ManifestStatus.UNREADABLE,
    )
    assert ReasonCode.MANIFEST_TRUSTED not in codes(report)
    assert report.verdict in (Verdict.TRACED, Verdict.INDETERMINATE)


def test_expired_certificate(tmp_path: Path) -> None:
    """Without a time stamp an expired leaf proves nothing; the mark still traces."""
    owner = Workspace.create(tmp_path / "workspace")
    chain = create_chain("Org", "short-lived", leaf_lifetime=timedelta(minutes=5, seconds=3))
    (tmp_path / "chain.pem").write_bytes(chain.chain_pem)
    write_private(tmp_path / "key.pem", chain.leaf_key_pem)
    signer = FileSigner.load(key_path=tmp_path / "key.pem", chain_path=tmp_path / "chain.pem")
    anchor = TrustList.parse(chain.root_pem, name="short", kind=TrustKind.SIGNERS)
    trust = TrustStore(lists=(anchor,))
    stamped = replace(owner.stamper(), signer=signer, trust=trust).stamp(
        synthetic_picture(), GENERATION
    )
    time.sleep(max(0.0, (signer.chain.expires_at - datetime.now(UTC)).total_seconds() + 1.5))
    report = replace(owner.verifier(), trust=trust).verify(stamped.data)
    assert report.evidence.manifest.status is ManifestStatus.EXPIRED
    assert report.verdict is Verdict.TRACED
    assert ReasonCode.MANIFEST_EXPIRED in codes(report)
    without_keys = Verifier(trust=trust).verify(stamped.data)
    assert without_keys.verdict is Verdict.INDETERMINATE


# --- attackers ------------------------------------------------------------------------


def _signed_again(unmarked: bytes, stamped: bytes, workspace: Workspace) -> bytes:
    """The manifest of a stamped file, signed with the workspace's own key over other pixels."""
    reader = c2pa.Reader("image/png", io.BytesIO(stamped))
    store = json.loads(reader.json())
    manifest = store["manifests"][store["active_manifest"]]
    definition = {
        "claim_generator_info": [{"name": "insider", "version": "1"}],
        "assertions": [
            {"label": a["label"], "data": a["data"], "created": True}
            for a in manifest["assertions"]
        ],
    }
    signer = workspace.signer()
    return sign_over(unmarked, definition, signer.chain.pem, signer.private_key_pem)


def _resigned_by_stranger(data: bytes) -> bytes:
    chain = create_chain("Stranger", "stranger-generator")
    created = {
        "action": "c2pa.created",
        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCreation",
    }
    definition = {
        "claim_generator_info": [{"name": "stranger", "version": "1"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
    }
    return sign_over(data, definition, chain.chain_pem, chain.leaf_key_pem)
