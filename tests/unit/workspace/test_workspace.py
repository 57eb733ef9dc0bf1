"""A workspace: one directory with everything, made complete or not at all."""

from __future__ import annotations

import resource
import stat
import tomllib
from dataclasses import replace

import pytest
from support import pictures

from provenance import Generation, Workspace
from provenance.errors import ConfigError, KeyMaterialError, ProvenanceError, TrustError
from provenance.keys import CertificateChain
from provenance.model import ManifestStatus, SystemRef, Verdict
from provenance.model.ids import SYSTEM_ID_BITS
from provenance.watermark import Keyring, catalog


@pytest.fixture
def made(tmp_path):
    return Workspace.create(tmp_path / "workspace", system_name="acme-images")


def epochs(workspace, number):
    """The same workspace some epochs later."""
    config = workspace.path / "config.toml"
    config.write_text(config.read_text("utf-8").replace("epoch = 0", f"epoch = {number}"), "utf-8")
    return Workspace.open(workspace.path, {})


# --- creating ------------------------------------------------------------------------------


def test_everything_is_there_and_private_where_it_has_to_be(made):
    names = {str(p.relative_to(made.path)) for p in made.path.rglob("*") if p.is_file()}
    assert {
        "config.toml",
        "registry.sqlite3",
        "keys/system.secret",
        "keys/signer.key",
        "keys/issuing-ca.key",
        "certs/chain.pem",
        "trust/root.pem",
    } <= names
    for path in (made.path / "keys").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for path in (made.path, made.path / "keys"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_no_root_key_is_kept(made):
    assert not [path for path in made.path.rglob("*") if "root" in path.name and "key" in path.name]
    assert b"PRIVATE" not in (made.path / "trust" / "root.pem").read_bytes()


def test_the_system_is_named_as_asked_or_after_the_directory(tmp_path, made):
    assert made.system.name == "acme-images"
    assert Workspace.create(tmp_path / "some-name").system.name == "some-name"


def test_the_number_of_the_system_is_as_asked_or_random(tmp_path):
    asked = Workspace.create(tmp_path / "asked", system_id=4711)
    assert asked.system == SystemRef(4711, "asked")
    drawn = {Workspace.create(tmp_path / str(i)).system.id for i in range(3)}
    assert len(drawn) == 3
    assert all(0 <= number < 1 << SYSTEM_ID_BITS for number in drawn)


def test_the_certificates_name_the_organisation_and_the_system(tmp_path):
    made = Workspace.create(tmp_path / "w", system_name="sys", organization="Acme Ltd")
    subject = made.signer().chain.leaf.subject.rfc4514_string()
    assert "CN=sys" in subject
    assert "O=Acme Ltd" in subject


def test_an_empty_directory_is_used_and_another_one_is_not(tmp_path):
    (tmp_path / "empty").mkdir()
    assert Workspace.create(tmp_path / "empty").path == tmp_path / "empty"
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    (tmp_path / "file").touch()
    for name in ("empty", "full", "file"):
        with pytest.raises(ConfigError, match="not an empty directory"):
            Workspace.create(tmp_path / name)


@pytest.mark.parametrize(
    "options",
    [
        {"system_name": "x" * 65},
        {"system_id": -1},
        {"system_id": 1 << SYSTEM_ID_BITS},
        {"organization": "x" * 65},
    ],
    ids=str,
)
def test_values_that_are_not_acceptable_leave_nothing_behind(tmp_path, options):
    with pytest.raises(ConfigError):
        Workspace.create(tmp_path / "workspace", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_parent_directory_is_our_error(tmp_path):
    with pytest.raises(ConfigError, match="cannot create"):
        Workspace.create(tmp_path / "nothing" / "workspace")


def test_a_disk_that_is_full_leaves_nothing_behind(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(ProvenanceError):
            Workspace.create(tmp_path / "workspace")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_a_name_of_the_longest_allowed_length_works(tmp_path):
    assert Workspace.create(tmp_path / "w", system_name="x" * 64).system.name == "x" * 64


@pytest.mark.parametrize("name", ["a\x7fb", "a\nb", "a\x1b[31mb"])
def test_a_name_that_cannot_be_printed_is_refused(tmp_path, name):
    with pytest.raises(ConfigError):
        Workspace.create(tmp_path / "w", system_name=name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ['quo"te', "back\\slash", "漢字", "a' = 1 #", "${HOME}"])
def test_a_name_with_odd_characters_is_kept_exactly(tmp_path, name):
    made = Workspace.create(tmp_path / "w", system_name=name)
    assert Workspace.open(tmp_path / "w", {}).system.name == name
    document = tomllib.loads((made.path / "config.toml").read_text("utf-8"))
    assert document["system"]["name"] == name


# --- opening -------------------------------------------------------------------------------


def test_a_workspace_is_opened_as_it_was_made(made):
    again = Workspace.open(made.path, {})
    assert again.settings == made.settings
    assert again.system == made.system
    assert again.detection_keys() == made.detection_keys()


@pytest.mark.parametrize("name", ["nothing", "file", "."])
def test_something_else_is_no_workspace(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError):
        Workspace.open(tmp_path / name, {})


def test_the_way_to_make_one_is_named(tmp_path):
    with pytest.raises(ConfigError) as caught:
        Workspace.open(tmp_path / "nothing", {})
    assert "provenance init" in caught.value.hint


def test_keys_are_read_only_when_they_are_needed(made):
    for path in (made.path / "keys").iterdir():
        path.unlink()
    opened = Workspace.open(made.path, {})
    assert opened.store().count()
    for call in (opened.stamper, opened.detection_keys, opened.signer):
        with pytest.raises(KeyMaterialError):
            call()


def test_a_workspace_can_be_moved(made, tmp_path):
    stamped = made.stamper().stamp(pictures.crop(), Generation(model="m"))
    moved = made.path.rename(tmp_path / "elsewhere")
    assert Workspace.open(moved, {}).verifier().verify(stamped.data).verdict is Verdict.TRACED


# --- epochs, lists, schemes ------------------------------------------------------------------


def test_every_epoch_has_keys_of_its_own_newest_first(made):
    keys = epochs(made, 3).detection_keys()
    assert [key.epoch for key in keys] == [3, 2, 1, 0]
    assert len({key.tag_key for key in keys} | {key.carrier_key for key in keys}) == 8


def test_marks_of_earlier_epochs_are_still_read(made):
    before = made.stamper().stamp(pictures.crop(), Generation(model="m"))
    later = epochs(made, 2)
    report = later.verifier().verify(before.data)
    assert report.evidence.watermarks[0].epoch == 0
    assert report.verdict is Verdict.TRACED
    after = later.stamper().stamp(pictures.crop(), Generation(model="m"))
    assert later.verifier().verify(after.data).evidence.watermarks[0].epoch == 2


def test_lists_named_in_the_settings_are_believed_too(made, tmp_path):
    other = Workspace.create(tmp_path / "other", system_name="other")
    stamped = other.stamper().stamp(pictures.crop(), Generation(model="m"))
    (made.path / "other.pem").write_bytes((other.path / "trust" / "root.pem").read_bytes())
    both = Workspace.open(made.path, {"PROVENANCE_VERIFY_TRUST_LISTS": "other.pem"})
    statuses = [
        replace(opened.verifier(), keyring=Keyring()).verify(stamped.data).evidence.manifest.status
        for opened in (made, both)
    ]
    assert statuses == [ManifestStatus.UNTRUSTED, ManifestStatus.TRUSTED]


def test_a_list_that_is_not_there_is_an_error(made):
    opened = Workspace.open(made.path, {"PROVENANCE_VERIFY_TRUST_LISTS": "nothing.pem"})
    with pytest.raises(TrustError, match=r"nothing\.pem"):
        opened.verifier()


def test_the_scheme_that_is_stamped_with_is_always_looked_for(made):
    other = next(name for name in catalog.names() if name != catalog.DEFAULT)
    opened = Workspace.open(made.path, {"PROVENANCE_STAMP_SCHEME": other})
    assert opened.stamper().scheme == other
    assert opened.verifier().schemes == (catalog.DEFAULT, other)


# --- renewing ------------------------------------------------------------------------------


def test_a_renewed_certificate_signs_and_the_old_pictures_stay_traced(made):
    before = made.stamper().stamp(pictures.crop(), Generation(model="m"))
    old = made.signer().chain.leaf
    made.renew_certificate()
    assert made.signer().chain.leaf.serial_number != old.serial_number
    assert made.signer().chain.expires_at >= old.not_valid_after_utc
    after = made.stamper().stamp(pictures.crop(), Generation(model="m"))
    for stamped in (before, after):
        assert made.verifier().verify(stamped.data).verdict is Verdict.TRACED


def test_renewing_leaves_private_files_and_nothing_else(made):
    before = sorted(p.name for p in made.path.rglob("*"))
    made.renew_certificate()
    assert sorted(p.name for p in made.path.rglob("*")) == before
    assert stat.S_IMODE((made.path / "keys" / "signer.key").stat().st_mode) == 0o600


def test_a_certificate_of_somebody_else_is_not_renewed(made):
    (made.path / "keys" / "issuing-ca.key").unlink()
    chain = (made.path / "certs" / "chain.pem").read_bytes()
    with pytest.raises(KeyMaterialError):
        made.renew_certificate()
    assert (made.path / "certs" / "chain.pem").read_bytes() == chain
    made.signer()


def test_a_chain_without_issuer_is_our_error(made):
    path = made.path / "certs" / "chain.pem"
    leaf = CertificateChain.load(path).pem.split(b"-----END")[0]
    path.write_bytes(leaf + b"-----END CERTIFICATE-----\n")
    with pytest.raises(ProvenanceError):
        made.renew_certificate()
