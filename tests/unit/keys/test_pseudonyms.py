"""Accounts under a pseudonym: the same for the same account, opened by the key alone."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import ArgumentError, KeyMaterialError
from provenance.keys import Pseudonyms
from provenance.keys.pseudonyms import BLOCK_BYTES, MAX_ACCOUNT, normalised
from provenance.model import Account

ONE, OTHER = Pseudonyms(bytes(range(32))), Pseudonyms(b"\x07" * 32)
OVERHEAD = 12 + 16  # nonce and tag

printable = st.text(
    st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")),
    min_size=1,
    max_size=60,
).filter(lambda text: unicodedata.normalize("NFC", text).isprintable())


@given(printable)
def test_an_account_comes_back_as_it_was_normalised(account):
    kept = ONE.of(account)
    assert ONE.reveal(kept) == normalised(account) == normalised(normalised(account))
    assert ONE.of(ONE.reveal(kept)).pseudonym == kept.pseudonym


@given(printable, printable)
def test_two_accounts_have_one_pseudonym_only_if_they_are_the_same(one, other):
    same = ONE.of(one).pseudonym == ONE.of(other).pseudonym
    assert same is (normalised(one) == normalised(other))
    assert ONE.of(one).pseudonym != OTHER.of(one).pseudonym


@pytest.mark.parametrize(
    ("typed", "again"),
    [
        ("Zo\u00eb", "Zoe\u0308"),
        ("\u212b", "\u00c5"),
        ("user", "  user "),
        ("\uac00", "\u1100\u1161"),
    ],
    ids=["composed", "singleton", "blanks", "hangul"],
)
def test_what_looks_the_same_is_the_same_account(typed, again):
    assert ONE.of(typed).pseudonym == ONE.of(again).pseudonym


@pytest.mark.parametrize("other", ["User", "us er", "user.", "\uff55ser"])
def test_what_an_account_system_may_tell_apart_stays_apart(other):
    assert ONE.of("user").pseudonym != ONE.of(other).pseudonym


def test_an_account_is_sealed_anew_each_time_and_its_length_is_hidden():
    sealed = [ONE.of(text).sealed for text in ("a", "a", "a" * MAX_ACCOUNT)]
    assert len(set(sealed)) == 3
    assert {len(text) for text in sealed} == {BLOCK_BYTES + OVERHEAD}
    longest = ONE.of("\U0001f43e" * MAX_ACCOUNT)
    assert len(longest.sealed) == 4 * BLOCK_BYTES + OVERHEAD
    assert ONE.reveal(longest) == "\U0001f43e" * MAX_ACCOUNT


def test_a_sealed_account_tells_nothing_of_the_account():
    account = ONE.of("alice@example.com")
    assert b"alice" not in account.sealed
    assert "alice" not in repr(account)
    assert len(account.pseudonym) == 32
    assert set(account.pseudonym) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "account",
    [
        "",
        "   ",
        "x" * (MAX_ACCOUNT + 1),
        "x" * 10_000_000,
        "two\nlines",
        "no\u00a0break",
        "\u202ereversed",
        "half \ud800",
        "bell\x07",
        "\ue000",
    ],
    ids=["empty", "blanks", "long", "huge", "lines", "space", "bidi", "half", "bell", "private"],
)
def test_what_is_no_account_is_refused_and_not_repeated(account):
    with pytest.raises(ArgumentError, match="printable text of 1 to 200") as caught:
        ONE.of(account)
    assert not account.strip() or account.strip() not in str(caught.value)


@pytest.mark.parametrize("place", [0, 11, 12, 100, -1])
def test_a_sealed_account_that_was_changed_does_not_open(place):
    pseudonym, sealed = ONE.of("user")
    changed = bytearray(sealed)
    changed[place] ^= 1
    with pytest.raises(KeyMaterialError, match=pseudonym):
        ONE.reveal(Account(pseudonym, bytes(changed)))


@pytest.mark.parametrize("sealed", [b"", b"x" * 11, b"x" * 12, b"x" * 27, b"x" * 28])
def test_what_was_never_sealed_does_not_open(sealed):
    with pytest.raises(KeyMaterialError, match="does not open"):
        ONE.reveal(Account("ab" * 16, sealed))


def test_neither_another_key_nor_another_pseudonym_opens_it():
    account = ONE.of("user")
    with pytest.raises(KeyMaterialError, match="another system secret"):
        OTHER.reveal(account)
    with pytest.raises(KeyMaterialError):
        ONE.reveal(account._replace(pseudonym=ONE.of("another").pseudonym))


@given(st.lists(st.binary(max_size=8), max_size=4), st.lists(st.binary(max_size=8), max_size=4))
def test_keyed_hashes_tell_their_parts_apart(one, other):
    assert (ONE.keyed(b"use", *one) == ONE.keyed(b"use", *other)) is (one == other)


def test_keyed_hashes_depend_on_key_and_purpose():
    made = ONE.keyed(b"use", b"a")
    assert len(made) == 32
    assert made == ONE.keyed(b"use", b"a")
    others = (OTHER.keyed(b"use", b"a"), ONE.keyed(b"us", b"ea"), ONE.keyed(b"", b"use", b"a"))
    assert made not in others
    assert made[:16].hex() != ONE.of("a").pseudonym


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused(size):
    with pytest.raises(KeyMaterialError, match="32 bytes"):
        Pseudonyms(bytes(size))


def test_the_key_is_never_printed():
    key = bytes(range(65, 97))
    assert "ABCDEF" not in repr(Pseudonyms(key))
    assert key.hex() not in repr(Pseudonyms(key))
