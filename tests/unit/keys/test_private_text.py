"""PINs and tokens: from a private file or a variable, never shown, never guessed."""

from __future__ import annotations

import pytest

from provenance.errors import KeyMaterialError
from provenance.keys import PrivateText, write_private

VARIABLE = "TEST_ONLY_PIN"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_line_of_a_private_file(tmp_path, ending):
    write_private(tmp_path / "pin", f"24 680{ending}".encode())
    assert PrivateText(what="PIN", path=tmp_path / "pin").read() == "24 680"


def test_a_file_comes_before_a_variable(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "of the variable")
    assert PrivateText(what="PIN", variable=VARIABLE).read() == "of the variable"
    write_private(tmp_path / "pin", b"of the file")
    both = PrivateText(what="PIN", path=tmp_path / "pin", variable=VARIABLE)
    assert both.read() == "of the file"


def test_it_is_read_anew_each_time(tmp_path):
    path = tmp_path / "pin"
    write_private(path, b"old")
    text = PrivateText(what="PIN", path=path)
    assert text.read() == "old"
    path.write_bytes(b"new")
    assert text.read() == "new"


def test_nowhere_is_an_error_that_says_where_it_may_be():
    with pytest.raises(KeyMaterialError, match="there is no PIN") as caught:
        PrivateText(what="PIN", variable=VARIABLE).read()
    assert VARIABLE in caught.value.hint


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b"two\nlines", b"a\0b", "\u00e9".encode(), b"\xff", b"x" * 5000, b"\x1b[0m"],
)
def test_what_is_no_line_of_text_is_refused_and_not_shown(tmp_path, data):
    write_private(tmp_path / "pin", data)
    with pytest.raises(KeyMaterialError) as caught:
        PrivateText(what="PIN", path=tmp_path / "pin").read()
    assert str(tmp_path / "pin") in caught.value.message
    assert "two" not in str(caught.value)


def test_a_file_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "pin"
    path.write_bytes(b"24680")
    path.chmod(0o640)
    with pytest.raises(KeyMaterialError, match="can be read by other users"):
        PrivateText(what="PIN", path=path).read()


def test_nothing_secret_is_shown(tmp_path):
    write_private(tmp_path / "pin", b"24680")
    text = PrivateText(what="PIN", path=tmp_path / "pin")
    text.read()
    assert "24680" not in repr(text)
