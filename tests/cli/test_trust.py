"""Trust on the command line: lists, policies, moments, time stamps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support import chains, manifests, tsa
from support.command import Command

from provenance import Workspace
from provenance.keys import FileSigner, TimeStampMode, create_chain
from provenance.manifest import sign
from provenance.trust import moment_text


@dataclass(frozen=True)
class Desk:
    """Files that came in, and the lists that were given."""

    picture: Path
    stamped: Path
    roots: Path
    tsa_roots: Path
    start: datetime
    end: datetime


@pytest.fixture(scope="module")
def desk(signer: FileSigner, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A signed picture, the same with a time stamp, and the roots of both signers."""
    tsa.need_openssl()
    folder = tmp_path_factory.mktemp("desk")
    roots, tsa_roots = folder / "roots.pem", folder / "tsa-roots.pem"
    roots.write_bytes(chains.authority().root_pem)
    trust = chains.trust_in(chains.authority())
    picture, stamped = folder / "picture.png", folder / "stamped.png"
    picture.write_bytes(manifests.signed(signer, trust))
    with tsa.authority(tmp_path_factory.mktemp("tsa")) as authority:
        tsa_roots.write_bytes(authority.root_pem)
        asked = authority.asked(TimeStampMode.REQUIRE)
        data, mime = manifests.plain()
        everybody = trust + authority.trust
        made = sign(data, mime, manifests.request(), signer, everybody, asked)
    stamped.write_bytes(made.data)
    leaf = signer.chain.leaf
    return Desk(
        picture, stamped, roots, tsa_roots, leaf.not_valid_before_utc, leaf.not_valid_after_utc
    )


def manifest_of(command: Command, *arguments: str | Path) -> dict[str, object]:
    """The manifest part of the one row."""
    result = command("verify", "--jsonl", *arguments)
    return result.rows[0]["manifest"]


# --- moments -----------------------------------------------------------------------------------


def test_a_signature_expires_unless_its_time_is_proven(command: Command, desk: Desk) -> None:
    lists = ("--trust-list", desk.roots, "--tsa-list", desk.tsa_roots)
    later = ("--at", moment_text(desk.end + timedelta(days=1)))
    assert manifest_of(command, *lists, desk.picture)["status"] == "TRUSTED"
    expired = manifest_of(command, *lists, *later, desk.picture)
    assert expired["status"] == "EXPIRED"
    assert expired["validity"]["source"] == "--at"
    assert expired["validity"]["not_after"] == moment_text(desk.end)
    proven = manifest_of(command, *lists, *later, desk.stamped)
    assert proven["status"] == "TRUSTED"
    assert proven["validity"]["source"] == "time stamp"
    assert proven["time_stamp"]["authority"] == tsa.NAME
    assert proven["time_stamp"]["trust_list"].startswith("tsa-roots.pem (sha256 ")


def test_without_the_list_of_its_authority_a_time_stamp_proves_nothing(
    command: Command, desk: Desk
) -> None:
    later = ("--at", moment_text(desk.end + timedelta(days=1)))
    found = manifest_of(command, "--trust-list", desk.roots, *later, desk.stamped)
    assert found["status"] == "EXPIRED"
    assert found["time_stamp"]["status"] == "UNTRUSTED"


def test_people_are_told_what_proves_the_time(command: Command, desk: Desk) -> None:
    lists = ("--trust-list", desk.roots, "--tsa-list", desk.tsa_roots)
    text = command("verify", *lists, desk.stamped).out
    assert f"proven by a time stamp of {tsa.NAME}" in text
    assert "anchored in roots.pem" in text
    assert "revocation not checked" in text


@pytest.mark.parametrize("verb", ["verify", "inspect"])
@pytest.mark.parametrize("text", ["yesterday", "2026-11-22", "2026-11-22T10:00:00", ""])
def test_a_time_that_is_not_in_utc_is_refused(
    command: Command, desk: Desk, verb: str, text: str
) -> None:
    result = command(verb, "--at", text, desk.picture)
    assert result.code == 2
    assert "RFC 3339" in result.err


# --- lists ---------------------------------------------------------------------------------------


def test_a_report_names_every_list_by_digest_and_date(command: Command, desk: Desk) -> None:
    lists = ("--trust-list", desk.roots, "--tsa-list", desk.tsa_roots)
    row = command("verify", "--jsonl", *lists, desk.stamped).rows[0]
    document = json.loads(command("inspect", "--json", *lists, desk.stamped).out)
    assert document["evidence"]["trust_lists"] == row["trust_lists"]
    assert [item["kind"] for item in row["trust_lists"]] == ["signers", "time_stamps"]
    for item, path in zip(row["trust_lists"], (desk.roots, desk.tsa_roots), strict=True):
        assert item["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert (
            item["modified"] == datetime.fromtimestamp(int(path.stat().st_mtime), UTC).isoformat()
        )
    anchor = row["manifest"]["trust_list"]
    assert anchor == f"roots.pem (sha256 {row['trust_lists'][0]['sha256'][:16]})"


def test_lists_add_up(command: Command, desk: Desk, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(chains.authority("other").root_pem)
    found = manifest_of(command, "--trust-list", other, "--trust-list", desk.roots, desk.picture)
    assert found["trust_list"].startswith("roots.pem")
    alone = manifest_of(command, "--trust-list", other, desk.picture)
    assert (alone["status"], alone["trust_list"]) == ("UNTRUSTED", None)


def _missing(path: Path) -> None:
    assert not path.exists()


BAD_LISTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (_missing, "cannot read trust list"),
    "directory": (Path.mkdir, "cannot read trust list"),
    "empty": (lambda path: path.write_bytes(b""), "not a PEM file"),
    "not PEM": (lambda path: path.write_bytes(b"\x30\x82\x01\x00" * 99), "not a PEM file"),
    "JSON": (lambda path: path.write_text('{"list": []}'), "use the .pem form"),
    "a leaf": (
        lambda path: path.write_bytes(chains.authority().leaf_pem),
        "not a CA certificate",
    ),
    "a private key": (
        lambda path: path.write_bytes(chains.authority().leaf_key_pem),
        "something else than certificates",
    ),
    "10,000 certificates": (
        lambda path: path.write_bytes(chains.authority().root_pem * 10_000),
        "larger than",
    ),
}


@pytest.mark.parametrize("option", ["--trust-list", "--tsa-list"])
@pytest.mark.parametrize("name", BAD_LISTS)
def test_a_bad_list_is_one_line_and_nothing_is_verified(
    command: Command, desk: Desk, tmp_path: Path, name: str, option: str
) -> None:
    make, word = BAD_LISTS[name]
    path = tmp_path / "list.pem"
    make(path)
    result = command("verify", "--jsonl", option, path, desk.picture)
    assert result.code == 2
    assert result.out == ""
    complaint = result.err.splitlines()[-1]
    assert word in complaint
    assert complaint.endswith("[E_TRUST]")


def test_an_expired_anchor_is_kept_and_named(command: Command, desk: Desk, tmp_path: Path) -> None:
    start = datetime.now(UTC) - timedelta(days=3700)
    old = create_chain("old", "old", start=start)
    path = tmp_path / "list.pem"
    path.write_bytes(old.root_pem + chains.authority().root_pem * 2)
    result = command("verify", "--jsonl", "--trust-list", path, desk.picture)
    assert "expired anchor" in result.err
    listed = result.rows[0]["trust_lists"][0]
    assert listed["anchors"] == 2
    assert listed["expired"] == ["CN=Development Root CA,O=old,C=XX"]
    assert result.rows[0]["manifest"]["status"] == "TRUSTED"


# --- policies --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ('signer_is = { organization = "test" }', "TRUSTED"),
        ('signer_is = { organization = "somebody else" }', "UNTRUSTED"),
        ('anchored_in = "roots.pem"', "TRUSTED"),
        ('anchored_in = "C2PA-TRUST-LIST.pem"', "UNTRUSTED"),
        ("issued_after = 2020-01-01T00:00:00Z", "UNTRUSTED"),
    ],
)
def test_a_policy_narrows_who_is_accepted(
    command: Command, desk: Desk, tmp_path: Path, text: str, status: str
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(text)
    options = ("--trust-list", desk.roots, "--policy", policy)
    found = manifest_of(command, *options, desk.picture)
    assert found["status"] == status
    assert found["policy"]["accepted"] is (status == "TRUSTED")
    shown = command("inspect", "--json", *options, desk.picture).out
    assert json.loads(shown)["evidence"]["manifest"]["policy"] == found["policy"]


def test_when_it_was_issued_is_known_from_a_time_stamp_only(
    command: Command, desk: Desk, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(f"issued_after = {moment_text(desk.start - timedelta(days=1))}")
    options = ("--trust-list", desk.roots, "--tsa-list", desk.tsa_roots, "--policy", policy)
    assert manifest_of(command, *options, desk.stamped)["status"] == "TRUSTED"
    refused = manifest_of(command, *options, desk.picture)
    assert refused["status"] == "UNTRUSTED"
    assert "no trusted time stamp" in refused["policy"]["reason"]


@pytest.mark.parametrize("text", ["", "all_of = []", "any_of = []", "unsafe = true"])
def test_a_policy_that_says_nothing_is_refused_in_one_line(
    command: Command, desk: Desk, tmp_path: Path, text: str
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(text)
    result = command("verify", "--jsonl", "--policy", policy, desk.picture)
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines()[-1].endswith("[E_TRUST]")


def test_the_workspace_may_name_a_policy(command: Command, desk: Desk, tmp_path: Path) -> None:
    made = Workspace.create(tmp_path / "workspace", system_name="acme-images")
    (made.path / "roots.pem").write_bytes(desk.roots.read_bytes())
    (made.path / "policy.toml").write_text('signer_is = { organization = "nobody" }')
    config = made.path / "config.toml"
    settings = '[verify]\ntrust_lists = ["roots.pem"]\npolicy = "policy.toml"'
    config.write_text(config.read_text().replace("[verify]", settings))
    found = manifest_of(command, "-w", made.path, desk.picture)
    assert found["status"] == "UNTRUSTED"
    assert found["policy"]["policy"] == "signer_is(organization=nobody)"
    assert "policy: signer_is(organization=nobody)" in command("doctor", "-w", made.path).out
    (made.path / "policy.toml").write_text("")
    doctor = command("doctor", "-w", made.path)
    assert doctor.code == 2
    assert "fail  policy" in doctor.out


# --- stamping with time stamps -------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[tsa.Authority]:
    folder = tmp_path / "tsa"
    folder.mkdir()
    with tsa.authority(folder) as running:
        yield running


def configured(path: Path, authority: tsa.Authority, **changed: str) -> Path:
    """A workspace that asks this authority."""
    made = Workspace.create(path, system_name="acme-images")
    (made.path / "tsa-roots.pem").write_bytes(authority.root_pem)
    stamp = {"time_stamp": "require", "tsa_url": authority.url, "tsa_network": "loopback"}
    lines = "\n".join(f"{key} = {json.dumps(text)}" for key, text in (stamp | changed).items())
    config = made.path / "config.toml"
    text = config.read_text().replace("[stamp]", f"[stamp]\n{lines}")
    config.write_text(text.replace("[verify]", '[verify]\ntsa_lists = ["tsa-roots.pem"]'))
    return made.path


@tsa.openssl_needed
def test_a_configured_authority_stamps_what_is_verified_later(
    command: Command, folder: Path, tmp_path: Path, authority: tsa.Authority
) -> None:
    workspace, out = configured(tmp_path / "workspace", authority), tmp_path / "out"
    made = command("stamp", "-w", workspace, "--jsonl", folder / "a.png", "--out", out)
    assert made.code == 0
    assert made.rows[0]["time_stamp"]["outcome"] == "stamped"
    later = moment_text(datetime.now(UTC) + timedelta(days=3650))
    row = command("verify", "-w", workspace, "--jsonl", "--at", later, out / "a.png").rows[0]
    assert row["verdict"] == "TRACED"
    assert row["manifest"]["status"] == "TRUSTED"
    assert "ok    time stamps" in command("doctor", "-w", workspace).out


@tsa.openssl_needed
@pytest.mark.parametrize("mode", ["require", "record", "off"])
def test_an_authority_that_fails(
    command: Command, folder: Path, tmp_path: Path, authority: tsa.Authority, mode: str
) -> None:
    authority.answer = lambda handler, _: tsa.reply(handler, b"", status=503)
    workspace, out = configured(tmp_path / "workspace", authority), tmp_path / "out"
    picture = folder / "a.png"
    made = command("stamp", "-w", workspace, "--time-stamp", mode, picture, "--out", out)
    if mode == "require":
        assert made.code == 2
        assert made.err.count("\n") == 1
        assert "[E_TIME_STAMP]" in made.err
        assert [path for path in out.rglob("*") if path.is_file()] == []
        return
    assert made.code == 0
    assert (out / "a.png").is_file()
    assert ("no trusted time stamp" in made.err) is (mode == "record")
    assert len(authority.queries) == (1 if mode == "record" else 0)


@tsa.openssl_needed
@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"tsa_url": ""}, "no authority is named"),
        ({"tsa_url": "ftp://example.com"}, "not the address"),
        ({"tsa_network": "anywhere"}, "tsa_network"),
        ({"time_stamp": "maybe"}, "time_stamp"),
    ],
)
def test_a_bad_setting_is_refused_by_name(
    command: Command,
    folder: Path,
    tmp_path: Path,
    authority: tsa.Authority,
    changed: dict[str, str],
    word: str,
) -> None:
    workspace = configured(tmp_path / "workspace", authority, **changed)
    result = command("stamp", "-w", workspace, folder / "a.png", "--out", tmp_path / "out")
    assert result.code == 2
    assert word in result.err
    assert "[E_CONFIG]" in result.err


def test_a_mode_that_does_not_exist_is_refused(
    command: Command, own_workspace: Path, folder: Path, tmp_path: Path
) -> None:
    arguments = ("stamp", "-w", own_workspace, folder / "a.png", "--out", tmp_path / "out")
    assert "off, record or require" in command(*arguments, "--time-stamp", "maybe").err
    assert "no authority is named" in command(*arguments, "--time-stamp", "require").err
