"""Policies from TOML: what is read, and what is refused in one line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from provenance.errors import ErrorCode, TrustError
from provenance.trust import (
    AllOf,
    AnchoredIn,
    AnyOf,
    IssuedAfter,
    IssuedBefore,
    SignerIs,
    TrustedSigner,
    UnsafeAcceptAnyValidSignature,
    load_policy,
)

NESTED = """
[[all_of]]
any_of = [{ signer_is = { organization = "b" } }, { anchored_in = "p.pem" }]
[[all_of]]
issued_after = 2026-01-01T00:00:00Z
"""
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def load(tmp_path):
    def loaded(text):
        path = tmp_path / "policy.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_policy(path)

    return loaded


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("trusted_signer = true", TrustedSigner()),
        ('signer_is = { common_name = "a" }', SignerIs(common_name="a")),
        (
            '[signer_is]\ncommon_name = "a"\norganization = "b"',
            SignerIs(common_name="a", organization="b"),
        ),
        ('anchored_in = "partners.pem"', AnchoredIn("partners.pem")),
        ("issued_after = 2026-01-01T00:00:00Z", IssuedAfter(NEW_YEAR)),
        ("issued_before = 2026-01-01T01:00:00+01:00", IssuedBefore(NEW_YEAR)),
        ("unsafe_accept_any_valid_signature = true", UnsafeAcceptAnyValidSignature()),
        (
            NESTED,
            AllOf(
                (
                    AnyOf((SignerIs(organization="b"), AnchoredIn("p.pem"))),
                    IssuedAfter(NEW_YEAR),
                )
            ),
        ),
    ],
)
def test_a_policy_is_read(load, text, policy):
    assert load(text) == policy


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "empty"),
        ("# nothing here", "empty"),
        ("all_of = []", "empty all_of"),
        ("any_of = []", "empty any_of"),
        ("all_of = [{}]", "empty"),
        ('all_of = [{ any_of = [] }, { anchored_in = "p.pem" }]', "empty any_of"),
        ('anchored_in = "p.pem"\ntrusted_signer = true', "exactly one key"),
        ("unsafe = true", "unknown policy 'unsafe'"),
        ("accept_any_valid_signature = true", "unknown policy"),
        ("trusted_signer = false", "nothing but true"),
        ("unsafe_accept_any_valid_signature = 1", "nothing but true"),
        ("signer_is = {}", "names nobody"),
        ('signer_is = "acme"', "a table of text"),
        ("signer_is = { common_name = 1 }", "a table of text"),
        ('signer_is = { name = "acme" }', "a table of text"),
        ('signer_is = { common_name = "" }', "names nobody"),
        ("anchored_in = 1", "the file name"),
        ('anchored_in = ""', "names no list"),
        ('issued_after = "2026-01-01T00:00:00Z"', "unquoted"),
        ("issued_after = 2026-01-01T00:00:00", "with zone"),
        ("issued_before = 2026-01-01", "with zone"),
        ('all_of = "trusted_signer"', "takes a list"),
        ("all_of = [1]", "exactly one key"),
        ("all_of = " + "[{ all_of = " * 9 + "[]" + "}]" * 9, "nested"),
        ("all_of = " + "[" * 5000, "not valid TOML"),
        ("not toml at all", "not valid TOML"),
        (b"\xff\xfe", "not valid TOML"),
        ("#" * 70_000, "larger than"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_policy_is_refused_in_one_line(load, text, word):
    with pytest.raises(TrustError, match=word) as caught:
        load(text)
    assert caught.value.code is ErrorCode.TRUST
    assert "policy.toml" in caught.value.message
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(TrustError, match=r"nowhere\.toml"):
        load_policy(tmp_path / "nowhere.toml")
