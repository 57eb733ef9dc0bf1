"""Who signs is a setting; that key and certificate fit is shown before anything is stamped."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from support import chains, pictures, signing_service, softhsm

from provenance import Generation, Workspace
from provenance.errors import ConfigError, KeyMaterialError, SignerError, TrustError
from provenance.keys import (
    CallbackSigner,
    CertificateChain,
    FileSigner,
    GuardedSigner,
    SigningAlgorithm,
    write_private,
)
from provenance.model import RecordState, Verdict
from provenance.trust import Revocation, RevocationReason

PREFIX = "PROVENANCE_SIGNER_"


@pytest.fixture
def made(tmp_path):
    return Workspace.create(tmp_path / "workspace", system_name="sys")


def opened(made, **signer):
    variables = {f"{PREFIX}{key.upper()}": str(value) for key, value in signer.items()}
    return Workspace.open(made.path, variables)


def stamp_and_trace(workspace):
    stamped = workspace.stamper().stamp(pictures.crop(), Generation(model="m"))
    report = workspace.verifier().verify(stamped.data)
    assert report.verdict is Verdict.TRACED
    return report.evidence.manifest.signer


# --- kinds -------------------------------------------------------------------------------------


def test_a_file_is_the_default(made):
    assert isinstance(made.signer(), FileSigner)


def test_a_key_in_a_token(made, hsm):
    public = softhsm.generate(hsm.module, SigningAlgorithm.ES256, "workspace", b"\x55")
    (made.path / "certs" / "hsm.pem").write_bytes(made.certify(chains.spki(public)))
    workspace = opened(
        made,
        kind="pkcs11",
        chain="certs/hsm.pem",
        pkcs11_module=hsm.module,
        pkcs11_token=softhsm.TOKEN,
        pkcs11_key_label="workspace",
        pkcs11_key_id="55",
        pkcs11_pin_file=hsm.pin_file,
    )
    (made.path / "keys" / "signer.key").unlink()
    assert isinstance(workspace.signer(), GuardedSigner)
    assert stamp_and_trace(workspace).common_name == "sys"


def test_a_key_behind_a_service(made):
    key = chains.key_for(SigningAlgorithm.ED25519)
    pem = chains.spki(key.public_key())
    (made.path / "certs" / "service.pem").write_bytes(made.certify(pem))
    write_private(made.path / "keys" / "signer.token", signing_service.TOKEN.encode())
    with signing_service.service() as running:
        running.keys["k1"] = key
        workspace = opened(
            made,
            kind="http",
            chain="certs/service.pem",
            http_url=running.url,
            http_network="loopback",
            http_key_id="k1",
            http_token_file="keys/signer.token",  # noqa: S106 - a path
        )
        assert isinstance(workspace.signer(), GuardedSigner)
        assert stamp_and_trace(workspace).algorithm.lower() == "ed25519"


@pytest.mark.parametrize(
    ("signer", "missing"),
    [
        ({"kind": "pkcs11"}, "signer.pkcs11_module"),
        ({"kind": "pkcs11", "pkcs11_module": "/m.so"}, "signer.pkcs11_token"),
        (
            {"kind": "pkcs11", "pkcs11_module": "/m.so", "pkcs11_token": "t"},
            "signer.pkcs11_key_label",
        ),
        ({"kind": "http"}, "signer.http_url"),
        ({"kind": "http", "http_url": "https://x.example"}, "signer.http_key_id"),
        ({"kind": "cloud"}, "signer.kind"),
        ({"seconds": "0"}, "signer.seconds"),
        ({"seconds": "nan"}, "signer.seconds"),
        ({"pkcs11_key_id": "5"}, "signer.pkcs11_key_id"),
    ],
    ids=str,
)
def test_what_is_missing_or_wrong_is_named(made, signer, missing):
    with pytest.raises(ConfigError) as caught:
        opened(made, **signer)
    assert missing in caught.value.message


def test_the_pin_is_no_setting(made):
    workspace = opened(made, pin="24680")
    assert "24680" not in str(workspace.loaded.listing())
    with pytest.raises(ConfigError, match="unknown environment variable"):
        opened(made, pkcs11_pin="24680")


def test_every_field_can_be_set_by_a_variable(made):
    workspace = opened(made, seconds="2.5", chain="certs/chain.pem", pkcs11_pin_file="keys/pin")
    values = {key: (value, origin) for key, value, origin in workspace.loaded.listing()}
    assert values["signer.seconds"] == (2.5, "PROVENANCE_SIGNER_SECONDS")
    assert str(values["signer.pkcs11_pin_file"][0]) == "keys/pin"
    assert values["signer.kind"][1] == "default"


def test_without_the_extra_the_way_to_get_it_is_named(made, monkeypatch):
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    monkeypatch.delitem(sys.modules, "provenance.keys.pkcs11_signer", raising=False)
    workspace = opened(
        made,
        kind="pkcs11",
        pkcs11_module="/m.so",
        pkcs11_token="t",  # noqa: S106 - a label
        pkcs11_key_label="k",
    )
    with pytest.raises(ConfigError, match="python-pkcs11 is not installed") as caught:
        workspace.signer()
    assert "provenance[pkcs11]" in caught.value.hint


def test_a_ca_file_that_is_none_is_named(made):
    write_private(made.path / "keys" / "t", b"x")
    workspace = opened(
        made,
        kind="http",
        http_url="https://kms.example.com",
        http_key_id="k",
        http_token_file="keys/t",  # noqa: S106 - a path
        http_ca_file="none.pem",
    )
    with pytest.raises(KeyMaterialError, match=r"none\.pem"):
        workspace.signer()


# --- before anything is stamped ------------------------------------------------------------------


def certificate_of(made, start, lifetime):
    """Another certificate for the workspace's key, in the place of its own."""
    chain, key_path = made.path / "certs" / "chain.pem", made.path / "keys" / "signer.key"
    issuers = CertificateChain.load(chain).issuers_pem
    ca_key = (made.path / "keys" / "issuing-ca.key").read_bytes()
    authority = replace(chains.authority(), issuing_pem=issuers, issuing_key_pem=ca_key)
    key = load_pem_private_key(key_path.read_bytes(), password=None)
    chain.write_bytes(chains.leaf_for(key, authority, start=start, lifetime=lifetime) + issuers)


def test_a_wrong_certificate_is_noticed_at_start(made):
    other = chains.leaf_for(chains.new_key(), chains.authority())
    (made.path / "certs" / "chain.pem").write_bytes(other + chains.authority().issuing_pem)
    with pytest.raises(KeyMaterialError, match="not the key of the first certificate"):
        made.stamper()


def test_an_expired_certificate_is_refused_at_start_and_nothing_is_reserved(made):
    certificate_of(made, datetime.now(UTC) - timedelta(days=3), timedelta(days=2))
    with pytest.raises(SignerError, match="expired on"):
        made.stamper()
    assert sum(made.store().count().values()) == 0


def test_a_stamper_that_runs_on_stops_when_its_certificate_expires(made):
    stamper = made.stamper()
    asked = []
    certificate_of(made, datetime.now(UTC) - timedelta(days=3), timedelta(days=2))
    late = CallbackSigner(  # what time makes of the one that the stamper began with
        algorithm=stamper.signer.algorithm, chain=made.signing_chain(), callback=asked.append
    )
    with pytest.raises(SignerError, match="expired on"):
        replace(stamper, signer=late).stamp(pictures.crop(), Generation(model="m"))
    assert asked == []
    counted = {state for state, number in made.store().count().items() if number}
    assert counted == {RecordState.VOID}


def revocation_of(made, size=5):
    return Revocation.of(
        made.signing_chain().leaf,
        log="example.com/log",
        from_size=size,
        reason=RevocationReason.KEY_COMPROMISE,
    )


def test_a_revoked_certificate_is_refused_at_start(made):
    made.revoke(revocation_of(made))
    with pytest.raises(SignerError, match=r"revoked \(key-compromise\), from size 5") as caught:
        made.stamper()
    assert "--renew-certificate" in caught.value.hint
    assert sum(made.store().count().values()) == 0
    made.renew_certificate()
    stamp_and_trace(made)


def test_a_revocation_counts_for_the_next_verifier(made):
    stamped = made.stamper().stamp(pictures.crop(), Generation(model="m"))
    made.revoke(revocation_of(made))
    manifest = made.verifier().verify(stamped.data).evidence.manifest
    assert not manifest.status.trusted


def test_a_damaged_list_of_revocations_stops_everything(made):
    (made.path / "trust" / "revoked.toml").write_text("version = 9")
    for call in (made.stamper, made.verifier, lambda: made.revoke(revocation_of(made))):
        with pytest.raises(TrustError, match=r"revoked\.toml"):
            call()


def test_a_revocation_is_kept_once_and_only_made_stricter(made):
    made.revoke(revocation_of(made))
    with pytest.raises(TrustError, match="revoked already"):
        made.revoke(revocation_of(made))
    made.revoke(revocation_of(made, 2))
    assert [item.from_size for item in made.revocations().items] == [2]
    assert [p.name for p in (made.path / "trust").iterdir() if p.name.startswith(".")] == []


# --- development certificates ------------------------------------------------------------------


def test_a_key_elsewhere_is_not_renewed_here(made):
    workspace = opened(made, kind="http", http_url="https://kms.example.com", http_key_id="k")
    with pytest.raises(KeyMaterialError, match=r"signer\.kind is http") as caught:
        workspace.renew_certificate()
    assert "keys certify" in caught.value.hint


@pytest.mark.parametrize("data", [b"", b"junk", b"-----BEGIN PUBLIC KEY-----\nAA\n", bytes(5000)])
def test_what_is_no_public_key_is_not_certified(made, data):
    with pytest.raises(KeyMaterialError, match="not a public key"):
        made.certify(data)


def test_a_kind_of_key_that_c2pa_does_not_allow_is_not_certified(made):
    key = ec.generate_private_key(ec.SECP256K1()).public_key()
    with pytest.raises(KeyMaterialError, match="does not allow"):
        made.certify(chains.spki(key))
