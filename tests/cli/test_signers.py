"""A workspace whose signing key is elsewhere, through the command line in a process of its own."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from support import chains, signing_service, softhsm
from support.command import Command, run

from provenance.keys import SigningAlgorithm, write_private


@pytest.fixture
def made(command: Command, tmp_path: Path) -> Path:
    assert command("init", tmp_path / "ws", "--system-name", "acme-images").code == 0
    return tmp_path / "ws"


def configure(command: Command, made: Path, public: bytes, lines: list[str]) -> None:
    """Certify a key, name its chain and its place, and take the key in the file away."""
    (made / "public.pem").write_bytes(public)
    chain = made / "certs" / "elsewhere.pem"
    assert command("keys", "certify", made / "public.pem", "--out", chain, "-w", made).code == 0
    config = made / "config.toml"
    text = "\n".join(["[signer]", 'chain = "certs/elsewhere.pem"', *lines])
    config.write_text(config.read_text("utf-8").replace("[signer]", text), "utf-8")
    (made / "keys" / "signer.key").unlink()


def test_a_picture_is_signed_in_a_token_and_traced(
    command: Command, made: Path, folder: Path, tmp_path: Path, hsm: softhsm.Token
) -> None:
    public = softhsm.generate(hsm.module, SigningAlgorithm.ES256, "cli", b"\x42")
    lines = [
        'kind = "pkcs11"',
        f"pkcs11_module = {json.dumps(str(hsm.module))}",
        f'pkcs11_token = "{softhsm.TOKEN}"',
        'pkcs11_key_label = "cli"',
        'pkcs11_key_id = "42"',
    ]
    configure(command, made, chains.spki(public), lines)
    env = {"SOFTHSM2_CONF": os.environ["SOFTHSM2_CONF"], "PROVENANCE_SIGNER_PIN": softhsm.PIN}
    out = tmp_path / "out"
    stamped = run("stamp", "-w", made, "--out", out, folder / "a.png", env=env)
    assert stamped.returncode == 0, stamped.stderr.decode()
    # Whoever verifies needs no token.
    row = json.loads(run("verify", "-w", made, "--jsonl", out / "a.png").stdout)
    assert row["verdict"] == "TRACED"
    assert "manifest.trusted" in {reason["code"] for reason in row["reasons"]}
    shown = run("config", "show", "-w", made, env=env).stdout.decode()
    assert softhsm.PIN not in shown
    assert "pkcs11" in shown
    assert run("doctor", "-w", made, env=env).returncode == 0
    for wrong, said in (
        ({"PROVENANCE_SIGNER_PIN": "11111"}, "refuses the PIN"),
        ({"PROVENANCE_SIGNER_PIN": ""}, "does not hold one line"),
        ({"SOFTHSM2_CONF": str(tmp_path / "none.conf")}, "E_KEY"),
        ({"PROVENANCE_SIGNER_PKCS11_KEY_LABEL": "nobody"}, "no private key"),
    ):
        refused = run(
            "stamp", "-w", made, "--out", tmp_path / "no", folder / "a.png", env=env | wrong
        )
        error = refused.stderr.decode()
        assert refused.returncode == 2, error
        assert said in error
        assert error.count("\n") == 1  # one line
        assert "11111" not in error
        assert not (tmp_path / "no").exists()


def test_a_picture_is_signed_by_a_service_and_traced(
    command: Command, made: Path, folder: Path, tmp_path: Path
) -> None:
    key = chains.key_for(SigningAlgorithm.ES384)
    write_private(made / "keys" / "signer.token", signing_service.TOKEN.encode())
    with signing_service.service() as service:
        service.keys["k1"] = key
        lines = [
            'kind = "http"',
            f'http_url = "{service.url}"',
            'http_network = "loopback"',
            'http_key_id = "k1"',
            'http_token_file = "keys/signer.token"',
        ]
        configure(command, made, chains.spki(key.public_key()), lines)
        done = command("stamp", "-w", made, "--out", tmp_path / "out", folder / "a.png")
        assert done.code == 0, done.err
        # Of the picture nothing was sent: digests of what is signed, and of the start-up check.
        assert {sent["input"] for sent in service.requests} == {"digest"}
        assert {len(sent["value"]) for sent in service.requests} == {64}  # 48 bytes in base64
        service.answer = lambda handler, _: signing_service.reply(handler, b"", status=503)
        refused = command("stamp", "-w", made, "--out", tmp_path / "no", folder / "a.png")
        assert refused.code == 2
        assert "HTTP status 503" in refused.err
        assert signing_service.TOKEN not in refused.err
    verified = command("verify", "-w", made, "--jsonl", tmp_path / "out" / "a.png")
    assert verified.rows[0]["verdict"] == "TRACED"
