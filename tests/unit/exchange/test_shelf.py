"""Receipts: replaced in one step, and never guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import KeyMaterialError
from provenance.exchange import NotAcceptableError, Receipt
from provenance.exchange.shelf import Shelf
from provenance.keys import write_private
from provenance.model import SystemRef

MADE = datetime(2026, 11, 1, 12, tzinfo=UTC)


def receipt(**changed):
    values = {
        "system": SystemRef(77, "acme-images"),
        "sha256": "ab" * 32,
        "size": 12,
        "modified_ns": 1_790_000_000_123_456_789,
        "signer": "acme reports of Acme",
        "certificate": "cd" * 32,
        "vouched_by": "its fingerprint",
        "created_at": MADE,
        "imported_at": MADE,
        "place": "/média/extract",
        "statement": "one\ntwo",
    }
    return Receipt(**values | changed)


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "shelf", ".kept")


def put(shelf, made, data=b"data"):
    aside = shelf.aside()
    write_private(aside, data)
    shelf.put(made, aside)


def test_a_receipt_comes_back_as_it_was():
    assert Receipt.parse(receipt().document()) == receipt()


@given(st.binary(max_size=60))
def test_garbage_is_no_receipt(garbage):
    with pytest.raises(NotAcceptableError):
        Receipt.parse(garbage)


def test_nothing_was_imported_at_first(shelf):
    assert shelf.receipts() == ()
    assert shelf.receipt(77) is None
    assert not shelf.remove(77)


def test_one_file_for_each_system(shelf):
    first, other = receipt(place=""), receipt(place="", system=SystemRef(8, "b"), sha256="ef" * 32)
    put(shelf, first)
    put(shelf, other, b"other")
    assert shelf.receipts() == (other, first)  # by the number of the system
    second = replace(first, sha256="12" * 32)
    put(shelf, second, b"second")
    assert shelf.receipt(77) == second
    assert shelf.file_of(second).read_bytes() == b"second"
    assert not shelf.file_of(first).exists()
    assert shelf.file_of(other).read_bytes() == b"other"
    assert shelf.remove(77)
    assert not shelf.file_of(second).exists()
    assert shelf.receipts() == (other,)


def test_killed_before_the_receipt_the_old_state_stays(shelf, monkeypatch):
    first = receipt(place="")
    put(shelf, first)

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("provenance.exchange.shelf.write_private", killed)
    with pytest.raises(KeyboardInterrupt):
        put(shelf, replace(first, sha256="12" * 32), b"second")
    assert shelf.receipt(77) == first
    assert shelf.file_of(first).read_bytes() == b"data"


def test_a_damaged_receipt_keeps_what_it_may_name(shelf):
    first = receipt(place="")
    put(shelf, first)
    (shelf.path / "0000077.json").write_bytes(b"{}")
    put(shelf, receipt(place="", system=SystemRef(8, "b"), sha256="ef" * 32))
    assert shelf.file_of(first).exists()
    with pytest.raises(KeyMaterialError, match="is damaged"):
        shelf.receipts()
