"""`provenance keys`: bundles, epochs, revocation, certificates."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from support import chains, pictures
from support.command import Command
from support.tamper import strip_manifest

from provenance import Encoding, Generation, Workspace
from provenance.imaging import Metadata, encode, load
from provenance.keys import CertificateChain


@pytest.fixture(scope="module")
def leaked(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    picture = pictures.sample("kitchen.png", 256, 256)
    stamped = workspace.stamper().stamp(picture, Generation(model="m"))
    path = tmp_path_factory.mktemp("leaked") / "leaked.png"
    path.write_bytes(strip_manifest(stamped.data))
    return path


def test_a_verifier_with_the_exported_keys_reads_the_mark_and_names_whom_to_ask(
    command: Command, own_workspace: Path, leaked: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle.json"
    exported = command("keys", "export", "-w", own_workspace, "--out", bundle)
    assert (exported.code, exported.out) == (0, "")
    assert stat.S_IMODE(bundle.stat().st_mode) == 0o600
    row = command("verify", "--keyring", bundle, "--jsonl", leaked).rows[0]
    assert row["verdict"] == "INDETERMINATE"
    assert {r["code"] for r in row["reasons"]} == {
        "manifest.none",
        "mark.read_unverified",  # the tag key stayed with the operator
        "record.not_asked",
    }
    assert row["statement"].startswith("The picture carries a mark assigned to test-system")
    assert row["mark_id"] in row["next_step"]


def test_a_bundle_is_never_replaced_and_never_guessed(
    command: Command, own_workspace: Path, leaked: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle.json"
    bundle.write_text("{}")
    refused = command("keys", "export", "-w", own_workspace, "--out", bundle)
    assert refused.code == 2
    assert "not overwritten" in refused.err
    bundle.chmod(0o600)
    garbage = command("verify", "--keyring", bundle, leaked)
    assert garbage.code == 2
    assert "not a detector bundle" in garbage.err
    assert "provenance keys export" in garbage.err
    assert command("keys", "export", "--out", tmp_path / "x.json").code == 2


# --- epochs --------------------------------------------------------------------------------------


@pytest.fixture
def made(command: Command, tmp_path: Path) -> Path:
    assert command("init", tmp_path / "ws", "--system-name", "acme-images").code == 0
    return tmp_path / "ws"


@pytest.fixture
def kitchen(tmp_path: Path) -> Path:
    """A picture that can be compared with its record."""
    path = tmp_path / "kitchen.png"
    picture = pictures.sample("kitchen.png", 384, 384)
    path.write_bytes(encode(picture, None, Encoding.parse("png"), Metadata()))
    return path


def stamped_in(command: Command, workspace: Path, picture: Path, out: Path) -> Path:
    done = command("stamp", "-w", workspace, "--out", out, picture)
    assert done.code == 0, done.err
    return out / picture.name


def test_old_marks_and_records_are_read_after_two_rotations(
    command: Command, made: Path, kitchen: Path, tmp_path: Path
) -> None:
    leaks = []
    for epoch in range(3):
        file = stamped_in(command, made, kitchen, tmp_path / str(epoch))
        leak = tmp_path / f"leak-{epoch}.png"
        leak.write_bytes(strip_manifest(file.read_bytes()))
        leaks.append(leak)
        if epoch < 2:
            rotated = command("keys", "rotate", "-w", made)
            assert (rotated.code, rotated.out) == (0, f"epoch {epoch + 1}\n")
            assert "started again" in rotated.err
    rows = command("verify", "-w", made, "--jsonl", *leaks).rows
    assert [row["verdict"] for row in rows] == ["TRACED"] * 3
    inspected = [json.loads(command("inspect", "-w", made, leak, "--json").out) for leak in leaks]
    marks = [report["evidence"]["watermarks"][0] for report in inspected]
    assert [mark["epoch"] for mark in marks] == [0, 1, 2]
    # The grid signature opens with the key of the record's own epoch: a crop is recognised.
    crop = tmp_path / "crop.png"
    pixels = load(leaks[0].read_bytes()).rgb[:300, :300].copy()
    crop.write_bytes(encode(pixels, None, Encoding.parse("png"), Metadata()))
    row = command("verify", "-w", made, "--jsonl", crop).rows[0]
    assert row["verdict"] == "TRACED"
    assert "content.partial" in {reason["code"] for reason in row["reasons"]}


def test_rotation_changes_one_number_and_no_remark(command: Command, made: Path) -> None:
    config = made / "config.toml"
    config.write_text(config.read_text("utf-8").replace("epoch = 0", "epoch = 0  # ours"), "utf-8")
    before = config.read_text("utf-8")
    assert command("keys", "rotate", "-w", made).code == 0
    assert config.read_text("utf-8") == before.replace("epoch = 0", "epoch = 1")


def test_without_the_secret_there_is_no_new_epoch(command: Command, made: Path) -> None:
    before = (made / "config.toml").read_bytes()
    (made / "keys" / "system.secret").unlink()
    assert command("keys", "rotate", "-w", made).code == 2
    assert (made / "config.toml").read_bytes() == before


def test_list_shows_epochs_and_certificates_and_no_key(command: Command, made: Path) -> None:
    command("keys", "rotate", "-w", made)
    listed = json.loads(command("keys", "list", "-w", made, "--json").out)
    assert [(row["epoch"], row["current"]) for row in listed["epochs"]] == [(1, True), (0, False)]
    assert {row["use"]: row["state"] for row in listed["certificates"]} == {
        "pictures": "valid",
        "reports": "valid",
    }
    text = command("keys", "list", "-w", made).out
    assert "epoch 1" in text.splitlines()[0]
    assert "new marks" in text.splitlines()[0]
    for secret in Workspace.open(made, {}).detection_keys():
        for out in (text, json.dumps(listed)):
            assert secret.carrier_key.hex() not in out


# --- revocation ----------------------------------------------------------------------------------

REVOKE = ("--from-size", "0", "--reason", "key-compromise")


def test_a_stolen_key_step_by_step(
    command: Command, made: Path, kitchen: Path, tmp_path: Path
) -> None:
    old = stamped_in(command, made, kitchen, tmp_path / "old")
    stolen = Workspace.open(made, {}).signing_chain().sha256
    revoked = command("keys", "revoke", "-w", made, "--current", *REVOKE)
    assert (revoked.code, revoked.out.split()[1]) == (0, stolen)
    assert "Stop every running stamper" in revoked.err
    # (a) it signs nothing more
    refused = command("stamp", "-w", made, "--out", tmp_path / "no", kitchen)
    assert refused.code == 2
    assert "revoked (key-compromise)" in refused.err
    assert not (tmp_path / "no").exists()
    assert "revoked" in command("doctor", "-w", made).out
    # (b) nothing counts that it signed, for it is in the log from size 0 on; the mark does
    row = command("verify", "-w", made, "--jsonl", old).rows[0]
    reasons = {reason["code"]: json.dumps(reason) for reason in row["reasons"]}
    assert row["verdict"] == "TRACED"
    log = Workspace.open(made, {}).log(read_only=True).key.name
    assert f"from size 0 of log {log} on" in reasons["manifest.withdrawn"]
    # (c) a new certificate goes on
    assert command("init", "--renew-certificate", made).code == 0
    new = stamped_in(command, made, kitchen, tmp_path / "new")
    row = command("verify", "-w", made, "--jsonl", new).rows[0]
    assert "manifest.trusted" in {reason["code"] for reason in row["reasons"]}
    states = {
        row["use"]: row["state"]
        for row in json.loads(command("keys", "list", "-w", made, "--json").out)["certificates"]
    }
    assert states["pictures"] == "valid"
    assert states["former"] == f"revoked from size 0 of {log} on"
    listed = json.loads(command("keys", "revocations", "-w", made, "--json").out)
    assert [(row["certificate_sha256"], row["from_size"]) for row in listed] == [(stolen, 0)]
    assert stolen in command("keys", "revocations", "-w", made).out


def test_a_certificate_of_a_file_is_revoked(command: Command, made: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(chains.authority().chain_pem)
    assert command("keys", "revoke", "-w", made, "--certificate", other, *REVOKE).code == 0
    again = command("keys", "revoke", "-w", made, "--certificate", other, *REVOKE)
    assert again.code == 2
    assert "revoked already" in again.err
    assert command("stamp", "-w", made, "--out", tmp_path / "x", other).code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (REVOKE, "one certificate is revoked at a time"),
        (("--current", "--certificate", "x.pem", *REVOKE), "one certificate"),
        (("--certificate", "x.pem", *REVOKE), "cannot read x.pem"),
        (("--current", *REVOKE[:-1], "bored"), "not a reason to revoke"),
        (("--current", *REVOKE[:1], "-1", *REVOKE[2:]), "--from-size"),
        (("--current", *REVOKE[:1], str(1 << 63), *REVOKE[2:]), "size of a log"),
    ],
)
def test_nothing_is_revoked_by_mistake(
    command: Command, made: Path, arguments: tuple[str, ...], said: str
) -> None:
    refused = command("keys", "revoke", "-w", made, *arguments)
    assert refused.code == 2
    assert said in refused.err
    assert "\x1b" not in refused.err
    assert not (made / "trust" / "revoked.toml").exists()


# --- certificates --------------------------------------------------------------------------------


def test_a_warning_before_the_certificate_expires_is_said_once(
    command: Command, made: Path, kitchen: Path, tmp_path: Path
) -> None:
    workspace = Workspace.open(made, {})
    chain = workspace.signing_chain()
    key = load_pem_private_key((made / "keys" / "signer.key").read_bytes(), password=None)
    authority = replace(
        chains.authority(),
        issuing_pem=chain.issuers_pem,
        issuing_key_pem=(made / "keys" / "issuing-ca.key").read_bytes(),
    )
    start = datetime.now(UTC) - timedelta(days=80)
    leaf = chains.leaf_for(key, authority, start=start, lifetime=timedelta(days=90))
    (made / "certs" / "chain.pem").write_bytes(leaf + chain.issuers_pem)
    (tmp_path / "second.png").write_bytes(kitchen.read_bytes())
    done = command("stamp", "-w", made, "--out", tmp_path / "o", kitchen, tmp_path / "second.png")
    assert done.code == 0
    assert done.err.count("warning: the signing certificate expires on") == 1
    assert "expires soon" in command("keys", "list", "-w", made).out
    assert "warn  signer" in command("doctor", "-w", made).out


def test_a_certificate_for_a_key_elsewhere(command: Command, made: Path, tmp_path: Path) -> None:
    public, chain = tmp_path / "public.pem", tmp_path / "chain.pem"
    public.write_bytes(chains.spki(chains.new_key().public_key()))
    assert command("keys", "certify", public, "--out", chain, "-w", made).code == 0
    made_of = CertificateChain.load(chain)
    assert made_of.subject == "acme-images"
    assert made_of.ends_at(Workspace.open(made, {}).trust().certificates())
    again = command("keys", "certify", public, "--out", chain, "-w", made)
    assert again.code == 2
    assert "cannot write" in again.err
    for path in (tmp_path / "nothing", tmp_path):
        missing = command("keys", "certify", path, "--out", tmp_path / "y", "-w", made)
        assert missing.code == 2
        assert "cannot read" in missing.err
