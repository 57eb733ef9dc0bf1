"""A stolen key: what it signed counts only where the log shows that it was there before."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from support import chains, manifests, pictures
from support.tamper import change_pixel, strip_manifest

from provenance import Encoding, Generation, Workspace
from provenance.imaging import ImageFormat
from provenance.model import (
    ManifestStatus,
    Record,
    RecordState,
    RecordStatus,
    RevocationStatus,
    SystemRef,
    Verdict,
)
from provenance.resolution import LocalRegistry, NoRegistry, Resolution
from provenance.trust import (
    Revocation,
    RevocationReason,
    Revocations,
    SignerIs,
    TrustStore,
    UnsafeAcceptAnyValidSignature,
)
from provenance.verify import Verifier
from provenance.watermark import Keyring

SIZE = 100
LOG = "example.com/log"


@dataclass
class Logged:
    """The registry of a workspace whose records all have this position in the log."""

    registry: LocalRegistry
    position: int | None
    description: str = "test"

    def _placed(self, found: Resolution) -> Resolution:
        if found.record is None:
            return found
        return replace(found, record=replace(found.record, log_position=self.position))

    def by_mark(self, system_id, mark_id):
        return self._placed(self.registry.by_mark(system_id, mark_id))

    def by_record(self, record_id):
        return self._placed(self.registry.by_record(record_id))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Workspace.create(tmp_path_factory.mktemp("revoked") / "workspace", system_name="sys")


@pytest.fixture(scope="module")
def stamped(made):
    picture = pictures.sample("kitchen.png", 384, 384)
    return made.stamper().stamp(picture, Generation(model="m")).data


def revoked(chain, size=SIZE):
    reason = RevocationReason.KEY_COMPROMISE
    return Revocations((Revocation.of(chain.leaf, log=LOG, from_size=size, reason=reason),))


def verifier(made, position, **changes):
    """A verifier that knows no mark: only the manifest speaks."""
    resolver = Logged(LocalRegistry(made.store(read_only=True)), position)
    fields = {"keyring": Keyring(), "resolver": resolver, "revocations": revoked(chain_of(made))}
    return replace(made.verifier(), **fields | changes)


def chain_of(made):
    return made.signing_chain()


@pytest.mark.parametrize("position", [0, SIZE - 1])
def test_what_was_logged_before_stays_trusted(made, stamped, position):
    report = verifier(made, position).verify(stamped)
    manifest = report.evidence.manifest
    assert report.verdict is Verdict.TRACED
    assert manifest.status is ManifestStatus.TRUSTED
    assert manifest.revocation is RevocationStatus.REVOKED_LATER
    assert "the record was logged before" in report.finding.reasons[0].detail
    assert f"from size {SIZE} of log {LOG} on (key-compromise)" in report.finding.reasons[0].detail


@pytest.mark.parametrize("position", [None, SIZE, SIZE + 1])
def test_what_was_not_is_a_claim_that_anybody_can_make(made, stamped, position):
    report = verifier(made, position).verify(stamped)
    manifest, finding = report.evidence.manifest, report.finding
    assert finding.verdict is Verdict.OTHER_SYSTEM
    assert manifest.status is ManifestStatus.UNTRUSTED
    assert manifest.revocation is RevocationStatus.WITHDRAWN
    assert finding.reasons[0].code.value == "manifest.withdrawn"
    assert f"from size {SIZE} of log {LOG} on (key-compromise)" in finding.reasons[0].detail
    assert "its signing certificate was revoked" in finding.statement
    assert "from before the revocation" in finding.next_step
    assert "trust-list" not in finding.next_step
    assert "policy" not in finding.next_step


def test_a_size_of_zero_believes_nothing(made, stamped):
    strict = verifier(made, 0, revocations=revoked(chain_of(made), 0))
    assert strict.verify(stamped).evidence.manifest.status is ManifestStatus.UNTRUSTED


def test_without_a_registry_nothing_can_be_shown(made, stamped):
    report = verifier(made, 0, resolver=NoRegistry()).verify(stamped)
    assert report.evidence.manifest.revocation is RevocationStatus.WITHDRAWN


def test_a_thief_who_names_an_old_record_is_not_believed(made, stamped):
    """The record is real and old; the manifest is not the one that it holds."""
    trust = made.trust()
    old = made.verifier().verify(stamped).evidence.manifest.generation
    forged = manifests.signed(
        made.signer(), trust, manifests.request(record_id=old.record_id, system=old.system)
    )
    report = verifier(made, 0).verify(forged)
    assert made.verifier().verify(forged).evidence.manifest.status is ManifestStatus.TRUSTED
    assert report.evidence.manifest.revocation is RevocationStatus.WITHDRAWN
    assert report.evidence.manifest.status is ManifestStatus.UNTRUSTED


def test_a_thief_who_states_no_record_is_not_believed(made):
    forged = manifests.foreign(made.signer(), made.trust(), [manifests.CREATED])
    found = verifier(made, 0).verify(forged).evidence.manifest
    assert found.revocation is RevocationStatus.WITHDRAWN


def test_a_changed_file_of_an_old_record_is_read_as_before(made, stamped):
    changed = change_pixel(stamped)
    before = verifier(made, 0).verify(changed).evidence.manifest
    after = verifier(made, None).verify(changed).evidence.manifest
    assert before.status is ManifestStatus.TRUSTED_CONTENT_CHANGED
    assert (after.status, after.revocation) == (
        ManifestStatus.INVALID,
        RevocationStatus.WITHDRAWN,
    )


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "tiff", "avif"])
def test_the_manifest_in_the_file_is_the_one_in_the_record(made, name):
    picture = pictures.sample("kitchen.png", 384, 384)
    stamped = made.stamper().stamp(picture, Generation(model="m"), encoding=Encoding.parse(name))
    any_format = verifier(made, 0, formats=frozenset(ImageFormat))
    found = any_format.verify(stamped.data).evidence.manifest
    assert found.revocation is RevocationStatus.REVOKED_LATER


@pytest.mark.parametrize(("position", "trusted"), [(SIZE - 1, True), (SIZE, False), (None, False)])
def test_a_recovered_manifest_needs_its_place_in_the_log_too(made, stamped, position, trusted):
    bare = strip_manifest(stamped)
    report = verifier(made, position, keyring=Keyring(keys=made.detection_keys())).verify(bare)
    assert report.verdict is Verdict.TRACED  # by the mark, whose keys nobody stole
    assert report.evidence.recovered_manifest.status.trusted is trusted
    expected = "manifest.recovered" if trusted else "manifest.recovered_unproven"
    assert expected in {reason.code.value for reason in report.finding.reasons}


def test_the_mark_traces_what_the_manifest_no_longer_does(made, stamped):
    report = verifier(made, None, keyring=Keyring(keys=made.detection_keys())).verify(stamped)
    assert report.verdict is Verdict.TRACED
    assert report.evidence.manifest.status is ManifestStatus.UNTRUSTED
    assert "manifest.withdrawn" in {reason.code.value for reason in report.finding.reasons}


# --- whom it does not concern ------------------------------------------------------------------


def test_other_signers_are_left_alone(made, stamped, signer):
    others = revoked(signer.chain)
    found, same = (
        verifier(made, None, revocations=items).verify(stamped).evidence.manifest
        for items in (others, Revocations())
    )
    now = found.validity.at  # a second may have passed
    assert found == replace(same, validity=replace(same.validity, at=now))
    assert found.status is ManifestStatus.TRUSTED


@pytest.fixture
def twins(tmp_path):
    """Two issuers' certificates with one serial number, each with its key."""
    made = []
    for name in ("one", "other"):
        key, chain = chains.new_key(), chains.authority(name)
        leaf = chains.leaf_for(key, chain, serial=4711)
        pem = leaf + chain.issuing_pem
        made.append(chains.key_files(tmp_path, chains.pkcs8(key), pem, name).signer())
    return made


def test_a_serial_number_of_two_issuers_is_told_apart(twins):
    stolen, innocent = twins
    trust = chains.trust_in(chains.authority("other"))
    data = manifests.signed(innocent, trust)
    found = Verifier(trust=trust, revocations=revoked(stolen.chain)).verify(data)
    assert found.evidence.manifest.status is ManifestStatus.TRUSTED
    mine = Verifier(trust=trust, revocations=revoked(innocent.chain)).verify(data)
    assert mine.evidence.manifest.revocation is RevocationStatus.WITHDRAWN


# --- policies and reports ----------------------------------------------------------------------


@pytest.mark.parametrize("policy", [UnsafeAcceptAnyValidSignature(), SignerIs(common_name="sys")])
def test_no_policy_accepts_what_is_revoked(made, stamped, policy):
    found = verifier(made, None, policy=policy).verify(stamped).evidence.manifest
    assert found.status is ManifestStatus.UNTRUSTED
    assert not found.policy.accepted


def test_a_policy_still_refuses_what_was_logged_before(made, stamped):
    found = verifier(made, 0, policy=SignerIs(common_name="nobody")).verify(stamped)
    manifest = found.evidence.manifest
    assert manifest.status is ManifestStatus.UNTRUSTED
    assert manifest.revocation is RevocationStatus.REVOKED_LATER
    assert "policy" in found.finding.next_step


def test_an_untrusted_signature_stays_so_and_is_named(made, stamped):
    nobody = verifier(made, None, trust=chains.trust_in(chains.authority("nobody")))
    found = nobody.verify(stamped).evidence.manifest
    assert found.status is ManifestStatus.UNTRUSTED
    assert found.revocation is RevocationStatus.WITHDRAWN


def test_a_revoked_signer_of_an_ingredient_is_not_trusted(made, tmp_path):
    other = Workspace.create(tmp_path / "other", system_name="other")
    parent = other.stamper().stamp(pictures.crop(), Generation(model="m")).data
    edited = made.stamper().stamp(parent, Generation(model="m")).data
    trust = TrustStore(lists=(*made.trust().lists, *other.trust().lists))
    found = {}
    for name, items in (("before", Revocations()), ("after", revoked(other.signing_chain()))):
        report = verifier(made, 0, trust=trust, revocations=items).verify(edited)
        assert report.evidence.manifest.status is ManifestStatus.TRUSTED
        found[name] = report.evidence.manifest.ingredients[0].status
    assert found == {"before": ManifestStatus.TRUSTED, "after": ManifestStatus.UNTRUSTED}


def test_the_settings_of_a_report_name_what_was_revoked(made):
    assert "1 revoked certificates (sha256 " in verifier(made, 0).settings.policy
    both = verifier(made, 0, policy=SignerIs(common_name="sys")).settings.policy
    assert both.startswith("signer_is(common_name=sys); 1 revoked")
    assert verifier(made, 0, revocations=Revocations()).settings.policy == ""


def test_a_void_record_shows_nothing(made, stamped):
    class Void(Logged):
        def by_record(self, record_id):
            record = Record(
                record_id=record_id,
                system=SystemRef(1, "sys"),
                mark_id=super().by_record(record_id).record.mark_id,
                epoch=0,
                scheme="s",
                generation=Generation(model="m"),
                state=RecordState.VOID,
                reserved_at=super().by_record(record_id).record.reserved_at,
                log_position=0,
            )
            return Resolution(status=RecordStatus.VOID, record=record)

    void = Void(LocalRegistry(made.store(read_only=True)), 0)
    found = verifier(made, 0, resolver=void).verify(stamped).evidence.manifest
    assert found.revocation is RevocationStatus.WITHDRAWN
