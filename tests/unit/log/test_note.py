"""Signed notes: published examples, exact syntax, and what a bad signature does."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.leaves import signer, witness_signer

from provenance.errors import ArgumentError, KeyMaterialError, LogError, SignerError
from provenance.log import Note, NoteSigner, Signature, SignatureType, VerifierKey
from provenance.log.note_keys import valid_name

#: The example of Go's package golang.org/x/mod/sumdb/note.
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = (
    b"If you think cryptography is the answer to your problem,\n"
    b"then you don't know what your problem is.\n"
)
LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngot"
    "pRZb6KE6RyyBwJnAM="
)
NOTE = TEXT + b"\n" + LINE.encode() + b"\n"
#: Of the fault tests of Tessera.
TESSERA = "example.com/fault_test+7f84ee58+AfMY9QKMQjVcokKlKSGRvcLL8YwvpDHua/r0e64EfFIX"
TESSERA_PRIVATE = (
    "PRIVATE+KEY+example.com/fault_test+7f84ee58+AajLvPzbzMafNfiFvmRw1YlP7del7DYc1cr7Yntjf8yP"
)
#: The example of C2SP signed-note; its key is not published.
QUASIMODO = """\
Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xM\
cXxj99ihAQwaqP3ZekRwNtIc=
""".encode()
#: The cosignature in the example of C2SP tlog-cosignature, made at "time 1679315147".
COSIGNED = (
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3"
    "b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="
)


def key_file(folder: Path, text: str) -> Path:
    path = folder / "note.key"
    path.write_text(f"{text}\n")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("private", "public"), [(SKEY, VKEY), (TESSERA_PRIVATE, TESSERA)], ids=["go", "tessera"]
)
def test_published_keys(tmp_path: Path, private: str, public: str) -> None:
    key = VerifierKey.parse(public)
    assert str(key) == public
    assert key.key_id.hex() == public.split("+")[1]
    assert NoteSigner.load(key_file(tmp_path, private)).verifier == key


def test_the_published_note_verifies_and_is_signed_the_same_way(tmp_path: Path) -> None:
    note = Note.parse(NOTE)
    assert note.text == TEXT
    assert bytes(note) == NOTE
    (found,) = note.verify([VerifierKey.parse(VKEY)])
    assert (found.key.name, found.seconds) == ("PeterNeumann", None)
    peter = NoteSigner.load(key_file(tmp_path, SKEY))
    assert str(Signature.make(peter, TEXT, SignatureType.ED25519)) == LINE


def test_the_example_of_the_specification_is_read_as_it_is() -> None:
    note = Note.parse(QUASIMODO)
    assert bytes(note) == QUASIMODO
    assert note.text.endswith("\n\ned è subito sera.\n".encode())
    assert note.signatures[0].name == "quasimodo.example/salvatore"
    with pytest.raises(LogError, match="nobody known"):
        note.verify([VerifierKey.parse(VKEY)])


def test_the_time_of_the_published_cosignature() -> None:
    found = Signature.parse(COSIGNED)
    assert (found.name, found.key_id.hex()) == ("witness.example.com/w1", "8d66cf3f")
    some = VerifierKey(name="w", kind=SignatureType.COSIGNATURE_V1, public=bytes(range(32)))
    assert some.seconds(found.value) == 1679315147
    assert len(found.value) == 8 + 64


@pytest.mark.parametrize("at", range(len(VKEY)))
def test_a_vkey_with_one_character_changed_is_refused(at: int) -> None:
    changed = VKEY[:at] + chr(ord(VKEY[at]) + 1) + VKEY[at + 1 :]
    with pytest.raises(LogError):
        VerifierKey.parse(changed)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "not a verifier key"),
        (VKEY[:-1], "not a verifier key"),
        (f" {VKEY}", "spaces"),
        (f"{VKEY}\n", "not a verifier key"),
        (
            "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
            "not a verifier key",
        ),
        ("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "type 0x65"),
        ("PeterNeumann+c74f20a3+", "not a verifier key"),
        ("PeterNeumann+c74f20a3+" + "A" * 10_000, "not a verifier key"),
    ],
)
def test_other_bad_vkeys(text: str, match: str) -> None:
    with pytest.raises(LogError, match=match):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "no signatures"),
        (TEXT, "no signatures"),
        (NOTE[:-1], "no signatures"),
        (TEXT + b"\n", "no signatures"),
        (b"\n" + LINE.encode() + b"\n", "no signatures"),
        (b"\n\n" + LINE.encode() + b"\n", "no signatures"),
        (NOTE.replace(b"\n", b"\r\n"), "control characters"),
        (NOTE.replace(b"you", b"y\x00u", 1), "control characters"),
        (NOTE.replace(b"you", b"\xff", 1), "UTF-8"),
        (NOTE.replace("—".encode(), b"-"), "malformed"),
        (NOTE.replace(b"PeterNeumann ", b"PeterNeumann  "), "malformed"),
        (NOTE.replace(b"PeterNeumann", b"Peter+Neumann"), "malformed"),
        (NOTE.replace(b"PeterNeumann", "Peter\u2003Neumann".encode()), "malformed"),
        (NOTE.replace(b"AM=\n", b"AN=\n"), "malformed"),  # bits that base64 does not use
        (NOTE.replace(b"AM=\n", b"AM\n"), "malformed"),
        (NOTE.replace(b"AM=\n", b"AM=\n\n"), "no signatures"),
        (TEXT + b"\n" + "— a AAAAAA==\n".encode(), "malformed"),
        (TEXT + b"\n" + LINE.encode() + b"\nmore\n", "malformed"),
        (TEXT + b"\n" + (LINE.encode() + b"\n") * 101, "at most 100 signatures"),
        (b"x" * 1_000_001, "at most 1,000,000 bytes"),
    ],
)
def test_what_is_not_exactly_a_note_is_refused(data: bytes, match: str) -> None:
    with pytest.raises(LogError, match=match):
        Note.parse(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_written_back_as_they_were(tail: bytes) -> None:
    data = NOTE + tail
    with contextlib.suppress(LogError):
        assert bytes(Note.parse(data)) == data


def test_unknown_signatures_are_left_aside(tmp_path: Path) -> None:
    peter, other = VerifierKey.parse(VKEY), signer(tmp_path, "PeterNeumann")
    line = Signature.make(other, TEXT, SignatureType.ED25519)
    bad = Signature(name=line.name, key_id=line.key_id, value=b"\0" * 64)
    same_id = Signature(name="somebody", key_id=peter.key_id, value=b"\0" * 64)
    note = Note.parse(NOTE).signed([bad, same_id])
    assert len(note.signatures) == 3
    assert [item.key for item in note.verify([peter])] == [peter]
    with pytest.raises(LogError, match="does not verify"):
        note.verify([peter, other.verifier])


def test_a_bad_signature_of_a_known_key_condemns_the_note(tmp_path: Path) -> None:
    peter, other = VerifierKey.parse(VKEY), signer(tmp_path, "example.org/other")
    good = Note.parse(NOTE).signed([Signature.make(other, TEXT, SignatureType.ED25519)])
    assert len(good.verify([peter, other.verifier])) == 2
    changed = Note.parse(bytes(good).replace(b"cryptography", b"cryptographic", 1))
    with pytest.raises(LogError, match="PeterNeumann on the note does not verify"):
        changed.verify([peter])


def test_a_key_that_signed_twice_counts_once_and_must_be_right_twice() -> None:
    peter = VerifierKey.parse(VKEY)
    twice = Note.parse(NOTE + LINE.encode() + b"\n")
    assert len(twice.verify([peter])) == 1
    wrong = LINE.replace("x08go/Z", "x08go/Y").encode()
    with pytest.raises(LogError, match="does not verify"):
        Note.parse(NOTE + wrong + b"\n").verify([peter])


def test_a_cosignature_is_over_text_and_time(tmp_path: Path) -> None:
    witness = witness_signer(tmp_path, "witness.example/w")
    made = Signature.make(witness, TEXT, SignatureType.COSIGNATURE_V1, 1_700_000_000)
    note = Note(text=TEXT, signatures=(made,))
    (found,) = note.verify([witness.verifier])
    assert found.seconds == 1_700_000_000
    later = (1_700_000_001).to_bytes(8) + made.value[8:]
    moved = Note(
        text=TEXT, signatures=(Signature(name=made.name, key_id=made.key_id, value=later),)
    )
    with pytest.raises(LogError, match="does not verify"):
        moved.verify([witness.verifier])
    # The same key under the other type is another key, and signs something else.
    plain = witness.verifier.of_kind(SignatureType.ED25519)
    assert plain.key_id != witness.verifier.key_id
    assert not plain.verifies(TEXT, made.value[8:])


def test_a_time_beyond_all_bounds_is_not_accepted(tmp_path: Path) -> None:
    witness = witness_signer(tmp_path, "witness.example/w")
    with pytest.raises(SignerError):
        Signature.make(witness, TEXT, SignatureType.COSIGNATURE_V1, 1 << 63)


@pytest.mark.parametrize(
    "name", ["", "a b", "a+b", "a\tb", "a\u00a0b", "a\u2028b", "x" * 256, "cosignature/v1"]
)
def test_names_that_no_key_may_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArgumentError):
        NoteSigner.generate(tmp_path / "key", name, SignatureType.ED25519)
    assert not (tmp_path / "key").exists()


def test_a_name_of_one_character_is_enough() -> None:
    assert valid_name("é")


def test_a_key_is_kept_in_a_private_file_and_never_shown(tmp_path: Path) -> None:
    made = signer(tmp_path)
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert NoteSigner.load(path).verifier == made.verifier
    seed = path.read_text().split("+")[-1].strip()
    assert seed not in repr(made)
    with pytest.raises(KeyMaterialError, match="not overwritten"):
        NoteSigner.generate(path, "other", SignatureType.ED25519)
    path.chmod(0o644)
    with pytest.raises(KeyMaterialError, match="other users"):
        NoteSigner.load(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        VKEY,
        SKEY[:-1],
        SKEY.replace("PRIVATE", "PUBLIC"),
        SKEY.replace("+AY", "+CY"),
        SKEY.replace("PeterNeumann", "Peter Neumann"),
    ],
)
def test_what_is_no_private_key_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(KeyMaterialError, match="not a key for signing notes"):
        NoteSigner.load(key_file(tmp_path, text))


def test_a_private_key_that_was_changed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyMaterialError, match="check value"):
        NoteSigner.load(key_file(tmp_path, SKEY.replace("AYEK", "AYEL")))


@pytest.mark.parametrize("raw", [lambda _: b"\0" * 64, lambda _: b"", lambda _: 1 / 0])
def test_a_signer_that_fails_or_lies_is_found_out(raw) -> None:
    broken = NoteSigner(verifier=VerifierKey.parse(VKEY), raw=raw)
    with pytest.raises(SignerError, match="PeterNeumann"):
        broken.sign(TEXT, SignatureType.ED25519)
