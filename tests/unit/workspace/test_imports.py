"""Bundles and extracts from an operator to a laboratory: who is believed, and what is refused."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import stat
from datetime import UTC, datetime, timedelta

import pytest
from support import chains, laboratory, records
from support.laboratory import pin, resigned

from provenance import Workspace
from provenance.errors import ArgumentError, KeyMaterialError, RegistryError, TrustError
from provenance.model import AccessAction, RecordStatus, SystemRef
from provenance.registry import SqliteStore
from provenance.trust import TrustKind, TrustStore
from provenance.workspace import exports, imports
from provenance.workspace.doctor import Level, examine

NOBODY = frozenset()


@pytest.fixture
def case(tmp_path):
    return laboratory.case(tmp_path)


@pytest.fixture
def record(case):
    """A released record of the operator that no picture belongs to."""
    store = case.operator.store()
    found = records.reserved(store, SystemRef(77, "acme-images"))
    store.issue(found.record_id, records.issued_file())
    return store.release(found.record_id)


def with_epochs(workspace, number):
    config = workspace.path / "config.toml"
    config.write_text(config.read_text("utf-8").replace("epoch = 0", f"epoch = {number}"), "utf-8")
    return Workspace.open(workspace.path, {})


def of_the_future(document):
    document["created_at"] = "2030-01-01T00:00:00Z"
    document["not_after"] = "2031-01-01T00:00:00Z"


# --- bundles: what goes through ----------------------------------------------------------


def test_a_bundle_is_private_on_both_sides(case):
    path = case.bundle()
    case.take_bundle(path)
    kept = [item for item in (case.laboratory.path / "systems").iterdir() if item.is_file()]
    assert len(kept) == 2
    for file in (path, *kept):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_laboratory_holds_the_keys_and_no_secret(case):
    case.take_bundle(case.bundle(contact="legal@acme.example"))
    held = {key.system.id: key for key in case.laboratory.verifier().keyring.keys}[77]
    (own,) = case.operator.detection_keys()
    assert (held.carrier_key, held.tag_key) == (own.carrier_key, None)
    assert case.laboratory.verifier().signature_keys == case.laboratory.signature_keys()
    secret = own.tag_key
    for file in case.laboratory.path.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert secret not in data
            assert secret.hex().encode() not in data


def test_with_content_match_the_laboratory_opens_grid_signatures(case):
    case.take_bundle(case.bundle(content_match=True))
    assert case.operator.signature_keys()[0] in case.laboratory.verifier().signature_keys


def test_chosen_epochs_only(case):
    later = laboratory.Case(with_epochs(case.operator, 2), case.laboratory, case.folder)
    later.take_bundle(later.bundle(epochs=[2, 0]))
    keys = case.laboratory.verifier().keyring.keys
    assert sorted(key.epoch for key in keys if key.system.id == 77) == [0, 2]
    with pytest.raises(ArgumentError, match="no key for one of these epochs"):
        later.bundle("other", epochs=[3])


def test_a_list_that_the_caller_names_vouches_too(case):
    root = TrustStore.load([case.operator.path / "trust" / "root.pem"], ())
    offer = imports.offer_bundle(case.laboratory, case.bundle(), trust=root, pinned=NOBODY)
    assert offer.receipt.vouched_by.startswith("root.pem")
    assert not case.laboratory.systems().systems()  # an offer changes nothing


def test_only_the_anchor_of_the_own_signer_is_handed_out(case, tmp_path):
    (tmp_path / "other.pem").write_bytes(chains.authority().root_pem)
    config = case.operator.path / "config.toml"
    text = config.read_text().replace(
        "[verify]", f'[verify]\ntrust_lists = ["{tmp_path}/other.pem"]'
    )
    config.write_text(text)
    believed = laboratory.Case(Workspace.open(case.operator.path, {}), case.laboratory, tmp_path)
    believed.take_bundle(believed.bundle())
    (system,) = case.laboratory.systems().systems()
    anchors = system.trust.certificates(TrustKind.SIGNERS)
    assert anchors == TrustStore.load([case.operator.path / "trust/root.pem"], ()).certificates()


def test_a_newer_one_takes_the_place_of_the_older(case):
    first, second = case.bundle("first"), case.bundle("second", contact="new@acme.example")
    case.take_bundle(first)
    case.take_bundle(second, pinned=NOBODY)  # the signer is known by now
    (system,) = case.laboratory.systems().systems()
    assert system.bundle.contact == "new@acme.example"
    assert len(list((case.laboratory.path / "systems").iterdir())) == 2


def test_a_renewed_certificate_is_still_the_same_signer(case):
    case.take_bundle(case.bundle("first"))
    before = pin(case.operator)
    case.operator.renew_certificate()
    assert pin(case.operator) != before
    case.take_bundle(case.bundle("second"), pinned=NOBODY)


# --- bundles: what does not --------------------------------------------------------------


def test_a_stranger_is_refused_and_the_fingerprint_to_ask_for_is_shown(case):
    with pytest.raises(TrustError, match="nobody vouches for acme-images reports") as refused:
        case.take_bundle(case.bundle(), pinned=NOBODY)
    assert next(iter(pin(case.operator))) in refused.value.hint
    assert "--fingerprint" in refused.value.hint


@pytest.mark.parametrize("part", ["payload", "protected", "signature", "around"])
def test_one_changed_byte_of_any_part_is_refused(case, part):
    path = case.bundle()
    data = path.read_bytes()
    start, end = 0, len(data)
    if part != "around":
        value = json.dumps(json.loads(data)[part]).encode()
        start = data.index(value)
        end = start + len(value)
    draw = random.Random(part)  # noqa: S311 - repeatable, not secret
    places = draw.sample(range(start, end), 25) if part != "around" else [*range(12), *range(-3, 0)]
    for place in places:
        changed = bytearray(data)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises((KeyMaterialError, TrustError)):
            case.take_bundle(path)
    assert not case.laboratory.systems().systems()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: d.update(also=1), "has to have the fields"),
        (lambda d: d.update(not_after="2026-11-02T00:00:00Z", created_at="2026-11-01T00:00:00Z"),
         "has expired on 2026-11-02"),
        (of_the_future, "yet to come"),
        (lambda d: d["system"].update(id=5), "this workspace's own system"),
        (lambda d: d["system"].update(name="lab"), "cannot be told from lab"),
        (lambda d: d.update(kind="provenance-registry-extract"), "kind"),
    ],
    ids=["unknown field", "expired", "of the future", "own id", "own name", "kind"],
)  # fmt: skip
def test_what_a_known_signer_may_not_say(case, change, reason):
    path = case.bundle()
    resigned(path, case.operator, change)
    with pytest.raises(KeyMaterialError, match=reason):
        case.take_bundle(path)


def test_other_keys_for_a_known_epoch_are_refused(case):
    case.take_bundle(case.bundle())
    path = case.bundle("other")
    resigned(path, case.operator, lambda d: d["keys"][0].update(carrier_key="00" * 32))
    with pytest.raises(KeyMaterialError, match="another key for epoch 0") as refused:
        case.take_bundle(path)
    assert "systems remove 77" in refused.value.hint


def test_an_older_one_does_not_come_back(case):
    old = case.bundle("old")
    resigned(old, case.operator, lambda d: d.update(created_at="2026-10-01T00:00:00Z"))
    case.take_bundle(case.bundle("new"))
    with pytest.raises(KeyMaterialError, match="older than the one that is here"):
        case.take_bundle(old)


def test_somebody_else_cannot_replace_it_even_under_the_same_name(case, tmp_path):
    case.take_bundle(case.bundle())
    (tmp_path / "2").mkdir()
    other = laboratory.case(tmp_path / "2")  # an operator who calls himself the same
    path = other.bundle()
    with pytest.raises(TrustError):
        case.take_bundle(path, pinned=NOBODY)
    root = TrustStore.load([other.operator.path / "trust" / "root.pem"], ())
    with pytest.raises(TrustError):  # a list is not enough either, once the signer is known
        imports.offer_bundle(case.laboratory, path, trust=root, pinned=NOBODY)
    with pytest.raises(KeyMaterialError, match="another key for epoch 0"):
        case.take_bundle(path, pinned=pin(other.operator))


def test_another_name_under_the_same_authority_cannot_replace_it(case):
    """The anchors are those of a CA with many customers: the name counts as well."""
    case.take_bundle(case.bundle())
    config = case.operator.path / "config.toml"
    config.write_text(config.read_text().replace('name = "acme-images"', 'name = "customer"'))
    customer = laboratory.Case(Workspace.open(case.operator.path, {}), case.laboratory, case.folder)
    customer.operator.renew_certificate()
    path = customer.bundle("customer.bundle")
    resigned(path, customer.operator, lambda d: d["system"].update(name="acme-images"))
    with pytest.raises(TrustError, match="known here is acme-images reports"):
        case.take_bundle(path, pinned=NOBODY)


def test_what_is_too_large_is_not_parsed(case):
    path = case.bundle()
    os.truncate(path, 3_000_000)
    with pytest.raises(KeyMaterialError, match="too large"):
        case.take_bundle(path)
    extract = case.extract()
    os.truncate(extract.with_name("acme.extract.jws"), 400_000)
    with pytest.raises(KeyMaterialError, match="the statement belongs"):
        case.take_extract(extract, pinned=pin(case.operator))


def test_a_bundle_is_no_statement_and_a_statement_is_no_bundle(case):
    bundle, extract = case.bundle(), case.extract()
    statement = extract.with_name("acme.extract.jws")
    with pytest.raises(KeyMaterialError, match="not that of a detector bundle's"):
        case.take_bundle(statement)
    shutil.copy(bundle, statement)
    with pytest.raises(KeyMaterialError, match="not that of a registry extract's"):
        case.take_extract(extract, pinned=pin(case.operator))


def test_a_file_that_others_can_read_is_refused(case):
    path = case.bundle()
    path.chmod(0o644)
    with pytest.raises(KeyMaterialError, match="can be read by other users"):
        case.take_bundle(path)


def test_a_bundle_that_nobody_could_import_is_not_written(case):
    for options in (
        {"contact": "a\nb"},
        {"resolution_url": "http://x"},
        {"not_after": datetime.now(UTC) - timedelta(days=1)},
        {"not_after": datetime.now(UTC) + timedelta(days=4000)},
    ):
        with pytest.raises(ArgumentError, match="would not be accepted"):
            case.bundle(**options)
    assert not (case.folder / "acme.bundle").exists()
    case.bundle()
    with pytest.raises(KeyMaterialError, match="not overwritten"):
        case.bundle()


def test_a_claim_signer_signs_no_bundle(case, monkeypatch):
    monkeypatch.setattr(Workspace, "report_signer", Workspace.signer)
    with pytest.raises(KeyMaterialError, match="C2PA claims"):
        case.bundle()


# --- bundles: once they are here ---------------------------------------------------------


def imported_file(case, folder, suffix):
    return next((case.laboratory.path / folder).glob(f"*{suffix}"))


def test_an_expired_bundle_is_left_out_and_said_to_be(case):
    path = case.bundle()
    case.take_bundle(path)
    (system,) = case.laboratory.systems().systems()
    assert system.expired(system.bundle.not_after + timedelta(seconds=1))
    folder = case.laboratory.path / "systems"
    resigned(path, case.operator, lambda d: d.update(
        created_at="2026-10-01T00:00:00Z", not_after="2026-10-02T00:00:00Z"))  # fmt: skip
    data = path.read_bytes()
    aged = laboratory.imports.hashlib.sha256(data).hexdigest()
    receipt = json.loads((folder / "0000077.json").read_text()) | {"sha256": aged}
    (folder / "0000077.json").write_text(json.dumps(receipt, separators=(",", ":")))
    exports.write_private(folder / f"{aged}.bundle", data)
    verifier = case.laboratory.verifier()
    assert {key.system.id for key in verifier.keyring.keys} == {5}
    assert verifier.system_trust == ()
    checks = {check.name: check for check in examine(case.laboratory.path)}
    assert checks["bundle of acme-images (#77)"].level is Level.WARN


def test_a_bundle_that_was_changed_stops_verification(case):
    case.take_bundle(case.bundle())
    file = imported_file(case, "systems", ".bundle")
    file.write_bytes(file.read_bytes().replace(b"acme", b"acne"))
    with pytest.raises(KeyMaterialError, match="changed after it was imported"):
        case.laboratory.verifier()
    assert case.laboratory.systems().remove(77)  # which needs no look into it
    assert {key.system.id for key in case.laboratory.verifier().keyring.keys} == {5}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b"{}"),
        lambda path: path.write_bytes(b"\xff" * 99),
        lambda path: path.rename(path.with_name("0000078.json")),
        lambda path: path.chmod(0o644),
        lambda path: path.write_bytes(path.read_bytes().replace(b'"version":1', b'"version":9')),
    ],
    ids=["empty", "garbage", "another system's", "open", "version"],
)
def test_a_damaged_receipt_is_said_to_be_damaged(case, spoil):
    case.take_bundle(case.bundle())
    spoil(case.laboratory.path / "systems" / "0000077.json")
    with pytest.raises(KeyMaterialError):
        case.laboratory.verifier()


def test_what_a_crash_left_is_removed_with_the_next_import(case):
    case.take_bundle(case.bundle("first"))
    folder = case.laboratory.path / "systems"
    (folder / f"{'0' * 64}.bundle").write_bytes(b"half")
    case.take_bundle(case.bundle("second"))
    assert len(list(folder.iterdir())) == 2


def test_schemes_that_are_not_known_here_are_said(case):
    path = case.bundle()
    resigned(path, case.operator, lambda d: d["schemes"].append({"name": "lattice-9", "alg": "x"}))
    case.take_bundle(path)
    assert set(case.laboratory.verifier().schemes) == {"lattice-1"}
    checks = {check.name: check for check in examine(case.laboratory.path)}
    assert "not known here: lattice-9" in checks["bundle of acme-images (#77)"].detail
    (system,) = case.laboratory.systems().systems()
    assert system.bundle.known_schemes == ("lattice-1",)


# --- extracts ----------------------------------------------------------------------------


def found_in(case, record):
    return case.laboratory.verifier().resolver.by_mark(77, record.mark_id)


def test_the_extract_answers_for_its_system(case, record):
    case.take_bundle(case.bundle())
    assert found_in(case, record).status is RecordStatus.NOT_ASKED
    case.take_extract(case.extract())
    assert found_in(case, record).record.file.sha256 == record.file.sha256
    description = case.laboratory.verifier().settings.registry
    assert description.startswith("local registry; extract of acme-images (#77) of 20")


def test_the_export_is_in_the_access_log_before_it_is_done(case, record):
    case.extract(operator="op-1", reason="file 12")
    (entry,) = case.operator.store().access_entries()
    assert (entry.action, entry.subject) == (AccessAction.EXPORT, "system 77")
    assert (entry.operator, entry.reason) == ("op-1", "file 12")
    with pytest.raises(KeyMaterialError, match="not overwritten"):
        case.extract()
    assert len(list(case.operator.store().access_entries())) == 1
    assert {path.name for path in case.folder.iterdir() if path.is_file()} == {
        "acme.extract", "acme.extract.jws",
    }  # fmt: skip


def test_an_extract_appears_with_its_statement_or_not_at_all(case, record, monkeypatch):
    def full(*_):
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(exports, "write_private", full)
    with pytest.raises(KeyMaterialError, match="no space left"):
        case.extract()
    assert not [path for path in case.folder.iterdir() if path.is_file()]


def test_an_extract_that_nobody_would_accept_is_not_handed_out(case, record):
    with sqlite3.connect(case.operator.path / "registry.sqlite3") as connection:
        connection.execute("UPDATE records SET width = 0")
    connection.close()
    with pytest.raises(RegistryError, match="would not be accepted"):
        case.extract()
    assert not [path for path in case.folder.iterdir() if path.is_file()]


def test_the_system_has_to_be_known(case, record):
    path = case.extract()
    with pytest.raises(TrustError, match="nobody vouches"):
        case.take_extract(path)
    case.take_extract(path, pinned=pin(case.operator))
    assert found_in(case, record).record is not None


def test_a_stranger_cannot_answer_for_a_known_system(case, tmp_path):
    case.take_bundle(case.bundle())
    (tmp_path / "2").mkdir()
    other = laboratory.case(tmp_path / "2")
    with pytest.raises(TrustError):
        case.take_extract(other.extract())


def test_a_newer_extract_takes_the_place_and_an_older_one_does_not(case, record):
    case.take_bundle(case.bundle())
    old = case.extract("old")
    made = json.loads(json.loads(old.with_name("old.jws").read_bytes())["payload"])
    case.take_extract(old)
    new = case.extract("new", manifests=False)
    case.take_extract(new)
    folder = case.laboratory.path / "extracts"
    assert len(list(folder.iterdir())) == 2
    assert found_in(case, record).record.file.manifest == b""
    resigned(old.with_name("old.jws"), case.operator, lambda d: d.update(
        created_at="2026-10-01T00:00:00Z"))  # fmt: skip
    assert made["records"] == 1
    with pytest.raises(KeyMaterialError, match="older than the one that is here"):
        case.take_extract(old)


def test_in_place_the_file_stays_where_it_is(case, record):
    path, link = case.extract(), case.folder / "linked"
    link.symlink_to(path)
    link.with_name("linked.jws").symlink_to(path.with_name("acme.extract.jws"))
    case.take_extract(link, pinned=pin(case.operator), in_place=True)
    assert found_in(case, record).record is not None
    assert [item.name for item in (case.laboratory.path / "extracts").iterdir()] == ["0000077.json"]
    assert case.laboratory.extracts().remove(77)
    assert path.exists()


def flipped(path, place):
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("place", [0, 20, 68, 100, 5000, -1], ids=str)
def test_one_changed_byte_of_the_extract_is_refused(case, record, place):
    path = case.extract()
    flipped(path, place)
    with pytest.raises(RegistryError, match="not the extract that was signed"):
        case.take_extract(path, pinned=pin(case.operator))
    assert not list((case.laboratory.path / "extracts").iterdir())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes() + b"\0"),
        lambda path: path.unlink(),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.unlink(), os.mkfifo(path)),
    ],
    ids=["cut", "longer", "gone", "directory", "fifo"],
)
def test_a_file_that_cannot_be_it_is_refused(case, record, spoil):
    path = case.extract()
    spoil(path)
    with pytest.raises(RegistryError):
        case.take_extract(path, pinned=pin(case.operator))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda d: d.update(records=2), RegistryError),
        (lambda d: d["system"].update(id=78, name="other"), RegistryError),
        (lambda d: d["system"].update(name="other"), KeyMaterialError),
        (lambda d: d.update(size=5), RegistryError),
        (of_the_future, KeyMaterialError),
    ],
    ids=["count", "another system", "another name", "size", "of the future"],
)
def test_a_statement_that_does_not_fit_is_refused(case, record, change, error):
    case.take_bundle(case.bundle())
    path = case.extract()
    resigned(path.with_name("acme.extract.jws"), case.operator, change)
    with pytest.raises(error):
        case.take_extract(path, pinned=pin(case.operator))


def test_a_registry_that_is_signed_as_an_extract_is_none(case, record):
    """The operator himself cannot hand out accounts and salts by mistake."""
    path = case.extract()
    shutil.copy(case.operator.path / "registry.sqlite3", path)
    digest = laboratory.imports.hashlib.sha256(path.read_bytes()).hexdigest()
    size = path.stat().st_size
    resigned(path.with_name("acme.extract.jws"), case.operator, lambda d: d.update(
        sha256=digest, size=size))  # fmt: skip
    with pytest.raises(RegistryError, match="a registry, not an extract"):
        case.take_extract(path, pinned=pin(case.operator))


@pytest.mark.parametrize("in_place", [False, True], ids=["copied", "in place"])
def test_a_file_that_is_replaced_later_is_unreachable_and_not_empty(case, record, in_place):
    path = case.extract()
    case.take_extract(path, pinned=pin(case.operator), in_place=in_place)
    file = path if in_place else imported_file(case, "extracts", ".extract")
    verifier = case.laboratory.verifier()
    assert verifier.resolver.by_mark(77, record.mark_id).record is not None
    file.unlink()
    SqliteStore.create(file)  # an empty one
    found = verifier.resolver.by_mark(77, record.mark_id)
    assert found.status is RecordStatus.UNREACHABLE
    assert "changed after it was imported" in found.detail
    file.unlink()
    assert found_in(case, record).status is RecordStatus.UNREACHABLE
    checks = {check.name[:10]: check for check in examine(case.laboratory.path)}
    assert checks["extract of"].level is Level.FAIL


def test_doctor_reads_every_byte(case, record):
    case.take_extract(case.extract(), pinned=pin(case.operator))
    file = imported_file(case, "extracts", ".extract")
    status = file.stat()
    assert stat.S_IMODE(status.st_mode) == 0o400
    file.chmod(0o600)
    flipped(file, 5000)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))  # a forged date
    checks = {check.name[:10]: check for check in examine(case.laboratory.path)}
    assert checks["extract of"].level is Level.FAIL
    assert "not the extract that was signed" in checks["extract of"].detail


def test_a_fingerprint_is_taken_as_people_write_it():
    text = "AB:CD " * 16
    assert imports.fingerprints([text]) == {"abcd" * 16}
    for wrong in ("", "abc", "g" * 64, "ab" * 33):
        with pytest.raises(ArgumentError, match="64 digits"):
            imports.fingerprints([wrong])
