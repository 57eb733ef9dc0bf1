"""Checkpoints: exact syntax, and whose they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.leaves import ORIGIN, signer

from provenance.errors import LogError
from provenance.log import Checkpoint, Note, Signature, SignatureType, open_checkpoint
from provenance.log.checkpoint import signed_checkpoint

ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
#: The text of the example of C2SP tlog-checkpoint.
TEXT = f"example.com/behind-the-sofa\n20852163\n{ROOT}\n"
EMPTY = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def test_the_example_of_the_specification() -> None:
    found = Checkpoint.parse(TEXT.encode())
    assert (found.origin, found.size) == ("example.com/behind-the-sofa", 20852163)
    assert found.text == TEXT.encode()


def test_an_empty_log() -> None:
    assert Checkpoint.parse(f"x\n0\n{EMPTY}\n".encode()).size == 0


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "three lines"),
        ("x\n1\n", "three lines"),
        (TEXT[:-1], "three lines"),
        (f"{TEXT}more\n", "three lines"),
        (f"{TEXT}\n", "three lines"),
        (f"\n1\n{ROOT}\n", "three lines"),
        (f"x\n01\n{ROOT}\n", "decimal"),
        (f"x\n-1\n{ROOT}\n", "decimal"),
        (f"x\n+1\n{ROOT}\n", "decimal"),
        (f"x\n 1\n{ROOT}\n", "decimal"),
        (f"x\n\u0661\n{ROOT}\n", "decimal"),
        (f"x\n1_0\n{ROOT}\n", "decimal"),
        (f"x\n9223372036854775808\n{ROOT}\n", "decimal"),
        (f"x\n{'9' * 100}\n{ROOT}\n", "decimal"),
        (f"x\n1\n{ROOT[:-1]}\n", "32 bytes"),
        (f"x\n1\n{ROOT[:-2]}J=\n", "32 bytes"),
        (f"x\n1\n{ROOT[4:]}\n", "32 bytes"),
        (f"x\n1\n {ROOT}\n", "32 bytes"),
        (f"x\n0\n{ROOT}\n", "empty log"),
    ],
)
def test_what_is_not_exactly_a_checkpoint_is_refused(text: str, match: str) -> None:
    with pytest.raises(LogError, match=match):
        Checkpoint.parse(text.encode())


def test_a_checkpoint_is_signed_plainly_and_with_the_time(tmp_path: Path) -> None:
    key = signer(tmp_path)
    head = Checkpoint(origin=ORIGIN, size=7, root=bytes(range(32)))
    opened = open_checkpoint(bytes(signed_checkpoint(head, key, 1_700_000_000)), key.verifier)
    assert opened.checkpoint == head
    assert opened.seconds == 1_700_000_000
    assert opened.witnesses == ()
    assert [len(item.value) for item in opened.note.signatures] == [64, 72]


def test_a_checkpoint_without_a_time_is_one_and_one_without_plain_signature_is_none(
    tmp_path: Path,
) -> None:
    key = signer(tmp_path)
    whole = signed_checkpoint(Checkpoint(origin=ORIGIN, size=7, root=bytes(32)), key, 5)
    plain = Note(text=whole.text, signatures=whole.signatures[:1])
    assert open_checkpoint(bytes(plain), key.verifier).seconds is None
    timed = Note(text=whole.text, signatures=whole.signatures[1:])
    with pytest.raises(LogError, match="not signed by"):
        open_checkpoint(bytes(timed), key.verifier)


def test_a_log_does_not_speak_for_another(tmp_path: Path) -> None:
    key = signer(tmp_path)
    head = Checkpoint(origin="example.org/other", size=7, root=bytes(32))
    with pytest.raises(LogError, match="of another log"):
        open_checkpoint(bytes(signed_checkpoint(head, key, 5)), key.verifier)


def test_a_note_that_is_no_checkpoint_is_none_although_the_log_signed_it(tmp_path: Path) -> None:
    key = signer(tmp_path)
    text = b"anything\n"
    made = Note(text=text, signatures=(Signature.make(key, text, SignatureType.ED25519),))
    with pytest.raises(LogError, match="three lines"):
        open_checkpoint(bytes(made), key.verifier)
