"""A laboratory without network traces the pictures of an operator, with bundle and extract."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from support import copies, guard, laboratory, pictures, tamper
from support.command import run
from support.laboratory import Case

from provenance import Generation, Verifier, Workspace
from provenance.model import ManifestStatus, MarkId, MatchStatus, RecordStatus, SystemRef, Verdict
from provenance.watermark import catalog, issue

SIDE = 512
SYSTEM = SystemRef(77, "acme-images")
SCHEME = catalog.scheme(catalog.DEFAULT)


@dataclass(frozen=True)
class Leak:
    """What the operator released, and what came of it elsewhere."""

    case: Case
    released: bytes
    mark_id: MarkId
    record_id: str

    @property
    def rgb(self) -> np.ndarray:
        return tamper.pixels(self.released)


@pytest.fixture(scope="module")
def leak(tmp_path_factory: pytest.TempPathFactory) -> Leak:
    case = laboratory.case(tmp_path_factory.mktemp("case"))
    picture = pictures.sample("kitchen.png", SIDE, SIDE)
    made = case.operator.stamper().stamp(picture, Generation(model="m"))
    case.take_bundle(case.bundle(contact="legal@acme.example"))
    case.take_extract(case.extract())
    return Leak(case, made.data, made.mark_id, made.record_id)


@pytest.fixture(scope="module")
def verifier(leak: Leak) -> Verifier:
    """The laboratory's, with the bundle that opens no grid signatures."""
    return leak.case.laboratory.verifier()


@pytest.fixture(scope="module")
def opener(leak: Leak, verifier: Verifier) -> Verifier:
    """The laboratory's, once it has the bundle that opens them."""
    leak.case.take_bundle(leak.case.bundle("opener.bundle", content_match=True))
    return leak.case.laboratory.verifier()


def png(rgb: np.ndarray) -> bytes:
    return pictures.file(rgb, "PNG")


def turned_crop(rgb: np.ndarray) -> bytes:
    return png(copies.jpeg(copies.rotated(copies.cropped(rgb, 0.6), 4), 85))


def test_what_was_released_is_traced_by_the_laboratory(leak: Leak, verifier: Verifier) -> None:
    report = verifier.verify(leak.released)
    assert (report.verdict, report.system) == (Verdict.TRACED, SYSTEM)
    manifest, record = report.evidence.manifest, report.evidence.record
    assert manifest.status is ManifestStatus.TRUSTED
    assert manifest.trust_list.startswith("bundle of acme-images (#77) (sha256 ")
    assert (record.status, record.record_id) == (RecordStatus.FOUND, leak.record_id)
    assert "extract of acme-images (#77) of " in verifier.settings.registry
    assert [item.name for item in report.evidence.trust_lists][-1] == "bundle of acme-images (#77)"


def test_a_recompressed_copy_is_traced_and_its_manifest_recovered(
    leak: Leak, verifier: Verifier
) -> None:
    report = verifier.verify(png(copies.jpeg(leak.rgb, 70)))
    assert report.verdict is Verdict.TRACED
    recovered = report.evidence.recovered_manifest
    assert recovered is not None
    assert recovered.status is ManifestStatus.TRUSTED_CONTENT_CHANGED


def test_a_crop_needs_the_keys_to_the_grid_signatures(
    leak: Leak, verifier: Verifier, opener: Verifier
) -> None:
    crop = turned_crop(leak.rgb)
    closed = verifier.verify(crop)
    assert closed.verdict is Verdict.INDETERMINATE
    assert closed.evidence.content_match.status is MatchStatus.NOT_COMPARABLE
    opened = opener.verify(crop)
    assert opened.verdict is Verdict.TRACED
    assert opened.evidence.content_match.status is MatchStatus.PARTIAL


def test_a_transplanted_mark_is_a_conflict(leak: Leak, verifier: Verifier) -> None:
    key = leak.case.operator.detection_keys()[0]
    payload = issue(
        SCHEME.info.layout, system_id=77, mark_id=leak.mark_id, tag_key=key.tag_key or b""
    )
    victim = pictures.sample("canyon.jpg", SIDE, SIDE)
    report = verifier.verify(png(SCHEME.embed(victim, payload, key.carrier_key)))
    assert report.verdict is Verdict.CONFLICT
    assert report.evidence.content_match.status is MatchStatus.MISMATCH


def test_the_anchor_of_the_bundle_makes_nobody_trusted_as_another_system(
    leak: Leak, verifier: Verifier
) -> None:
    """The operator signs, with a certificate under its own anchor, as a system that it is not."""
    config = leak.case.operator.path / "config.toml"
    text = config.read_text()
    try:
        config.write_text(text.replace("id = 77", "id = 78"))
        other = Workspace.open(leak.case.operator.path, {})
        made = other.stamper().stamp(pictures.crop(), Generation(model="m"))
    finally:
        config.write_text(text)
    judged = replace(verifier, schemes=()).verify(made.data)
    assert judged.evidence.manifest.status is ManifestStatus.UNTRUSTED
    assert judged.verdict is not Verdict.TRACED


def test_a_system_without_extract_is_not_asked(
    verifier: Verifier,
) -> None:
    resolver = verifier.resolver
    asked = resolver.by_mark(77, MarkId(1))
    assert asked.status is RecordStatus.ABSENT
    assert resolver.by_mark(79, MarkId(1)).status is RecordStatus.NOT_ASKED


def test_the_laboratory_writes_nothing_and_asks_nobody(leak: Leak, tmp_path: Path) -> None:
    script = str(Path(guard.__file__))
    if run("writes", "--try", wrapper=(script,)).returncode != 0:
        pytest.skip("this kernel or container does not allow seccomp filters")
    file = tmp_path / "leaked.png"
    file.write_bytes(leak.released)
    workspace = leak.case.laboratory.path
    before = {path: path.stat().st_mtime_ns for path in workspace.rglob("*")}
    environment = {"PYTHONDONTWRITEBYTECODE": "1"}
    result = run(
        "verify", "-w", workspace, "--jsonl", file, wrapper=(script, "writes"), env=environment
    )
    assert result.returncode == 0, result.stderr.decode()
    assert b'"TRACED"' in result.stdout
    assert {path: path.stat().st_mtime_ns for path in workspace.rglob("*")} == before
