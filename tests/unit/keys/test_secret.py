"""The system secret and what is derived from it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools

import pytest

from provenance.errors import KeyMaterialError
from provenance.keys import Purpose, SystemSecret, read_private, write_private
from provenance.keys.secret import KEY_BYTES

VALUE = bytes(range(32))


def hkdf(secret: bytes, info: bytes) -> bytes:
    """RFC 5869 with SHA-256, no salt and one block of output."""
    extracted = hmac.digest(bytes(hashlib.sha256().digest_size), secret, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


@pytest.mark.parametrize("purpose", list(Purpose))
def test_derivation_is_hkdf_over_purpose_system_and_epoch(purpose):
    key = SystemSecret(VALUE).derive(purpose, system_id=77, epoch=3)
    assert key == hkdf(VALUE, f"provenance/v1/{purpose.value}/77/3".encode())


def test_no_two_purposes_systems_or_epochs_share_a_key():
    secret = SystemSecret(VALUE)
    cases = itertools.product(Purpose, (0, 1, 11, 111), (0, 1, 11))
    keys = [secret.derive(p, system_id=s, epoch=e) for p, s, e in cases]
    assert len(set(keys)) == len(keys)
    assert {len(key) for key in keys} == {KEY_BYTES}


def test_another_secret_gives_another_key():
    one, two = (SystemSecret.generate().derive(Purpose.TAG, system_id=1, epoch=0) for _ in "ab")
    assert one != two


def test_a_secret_never_shows_itself():
    secret = SystemSecret(b"S" * 32)
    for text in (repr(secret), str(secret), f"{secret}"):
        assert "S" * 8 not in text
        assert base64.b64encode(b"S" * 32).decode()[:8] not in text


def test_a_saved_secret_is_the_same_secret(tmp_path):
    secret = SystemSecret.generate()
    secret.save(tmp_path / "secret")
    assert SystemSecret.load(tmp_path / "secret") == secret


def test_a_secret_is_saved_as_a_private_file(tmp_path):
    SystemSecret.generate().save(tmp_path / "secret")
    assert read_private(tmp_path / "secret")
    with pytest.raises(KeyMaterialError):
        SystemSecret.generate().save(tmp_path / "secret")


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_secret_of_another_length_is_refused(size):
    with pytest.raises(KeyMaterialError, match="32 bytes"):
        SystemSecret(bytes(size))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"provenance system secret v1",
        b"provenance system secret v1\n",
        b"provenance system secret v1\nnot base64!\n",
        b"provenance system secret v1\n" + base64.b64encode(bytes(31)) + b"\n",
        b"provenance system secret v2\n" + base64.b64encode(bytes(32)) + b"\n",
        b"\xff\xfe\n\xff",
        bytes(32),
    ],
)
def test_another_file_is_no_secret(tmp_path, content):
    write_private(tmp_path / "secret", content)
    with pytest.raises(KeyMaterialError):
        SystemSecret.load(tmp_path / "secret")


def test_a_secret_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "secret"
    SystemSecret.generate().save(path)
    path.chmod(0o640)
    with pytest.raises(KeyMaterialError, match="0640"):
        SystemSecret.load(path)
