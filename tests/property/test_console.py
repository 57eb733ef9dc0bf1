"""Whatever stands in a file, what is shown of it is one printable line."""

from __future__ import annotations

import json
import os
import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from provenance_cli.console import error_fields, path_fields, shown, shown_path

from provenance.errors import ErrorCode, ProvenanceError

anything = st.text(st.characters(), max_size=600)  # surrogates and controls included
names = st.binary(min_size=1, max_size=60).filter(lambda raw: b"\0" not in raw)


def printable(text):
    unsafe = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return all(unicodedata.category(character) not in unsafe for character in text)


@given(anything)
def test_shown_text_is_one_printable_line(text):
    result = shown(text)
    assert printable(result)
    assert len(result.splitlines()) <= 1
    result.encode("utf-8")


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=300))
def test_harmless_text_is_shown_as_it_is(text):
    assert shown(text) == text


@given(anything)
def test_shown_text_is_bounded(text):
    assert len(shown(text * 50)) <= 400 * len("\\U0010ffff") + len("...")


@given(names)
def test_every_file_name_can_be_shown(raw):
    assert printable(shown_path(os.fsdecode(raw)))


@given(names)
def test_every_file_name_comes_back_from_json(raw):
    import base64

    fields = json.loads(json.dumps(path_fields(os.fsdecode(raw), "file")))
    if "file_base64" in fields:
        assert base64.b64decode(fields["file_base64"]) == raw
    else:
        assert os.fsencode(fields["file"]) == raw


@given(anything, anything)
def test_errors_are_json_whatever_they_quote(message, hint):
    error = ProvenanceError(message, hint=hint, code=ErrorCode.FORMAT)
    document = json.dumps(error_fields(error), ensure_ascii=True)
    assert document.isascii()
    assert "\n" not in document
