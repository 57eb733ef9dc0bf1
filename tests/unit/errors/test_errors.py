"""Errors: one root, a code and a hint for each, and nothing lost between processes."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

from provenance import errors
from provenance.errors import ArgumentError, ErrorCode, ProvenanceError

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, ProvenanceError)
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("through", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy])  # noqa: S301
def test_errors_survive_a_process_border(kind, through):
    before = kind("what is wrong", hint="what to do", code=ErrorCode.BUSY)
    after = through(before)
    assert type(after) is kind
    assert (after.message, after.hint, after.code) == (before.message, before.hint, before.code)
    assert str(after) == str(before)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_code_of_its_own_unless_one_is_given(kind):
    assert kind("x").code is kind.default_code
    assert kind("x", code=ErrorCode.INTERNAL).code is ErrorCode.INTERNAL


def test_the_text_of_an_error_is_its_message_and_its_hint():
    assert str(ProvenanceError("what is wrong")) == "what is wrong"
    assert str(ProvenanceError("what is wrong", hint="do this")) == "what is wrong (do this)"


def test_a_bad_argument_is_also_a_value_error():
    with pytest.raises(ValueError, match="too short"):
        raise ArgumentError("too short")


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_code_has_a_meaning_in_one_sentence(code):
    assert code.meaning.endswith(".")
    assert "\n" not in code.meaning


def test_no_two_codes_mean_the_same():
    assert len({code.meaning for code in ErrorCode}) == len(ErrorCode)


def test_codes_are_marked_as_such():
    assert all(code.value.startswith("E_") for code in ErrorCode)
