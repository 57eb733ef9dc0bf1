"""Witness policies: k of n, each witness once."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.leaves import signer, witness_signer

from provenance.errors import LogError
from provenance.log import Verified, VerifierKey, WitnessPolicy, load_witness_policy


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> list[VerifierKey]:
    folder = tmp_path_factory.mktemp("keys")
    return [witness_signer(folder, f"witness.example/{name}").verifier for name in "abc"]


def test_a_file_says_who_and_how_many(tmp_path: Path, keys: list[VerifierKey]) -> None:
    path = tmp_path / "witnesses.toml"
    path.write_text(f'required = 1\nwitnesses = ["{keys[0]}", "{keys[1]}"]\nformer = ["{keys[2]}"]')
    policy = load_witness_policy(path)
    assert policy == WitnessPolicy(required=1, witnesses=tuple(keys[:2]), former=(keys[2],))
    assert policy.known == tuple(keys)


def test_each_witness_counts_once_and_former_ones_not_at_all(keys: list[VerifierKey]) -> None:
    policy = WitnessPolicy(required=2, witnesses=tuple(keys[:2]), former=(keys[2],))
    saw = [Verified(key=key, seconds=1) for key in keys]
    assert policy.met(saw)
    assert policy.met([saw[1], saw[0]])
    for too_few in ([], [saw[0]], [saw[0], saw[2]], [saw[0], Verified(key=keys[0], seconds=2)]):
        assert not policy.met(too_few)
        with pytest.raises(LogError, match="and 2 must"):
            policy.check(too_few)
    assert WitnessPolicy().met([])


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "required takes"),
        ("required = true", "required takes"),
        ('required = "1"', "required takes"),
        ("required = 1", "requires 1 of 0"),
        ("required = -1", "requires -1 of 0"),
        ('required = 2\nwitnesses = ["KEY"]', "requires 2 of 1"),
        ("required = 0\nwitnesses = 5", "takes a list"),
        ("required = 0\nwitnesses = [5]", "takes a list"),
        ('required = 0\nwitnesses = ["x"]', "not a verifier key"),
        ('required = 0\nwitness = ["KEY"]', "unknown name 'witness'"),
        ('required = 1\nwitnesses = ["KEY", "KEY"]', "twice"),
        ('required = 1\nwitnesses = ["KEY"]\nformer = ["KEY"]', "twice"),
        ("required = 0\nwitnesses = [" + '"x",' * 33 + "]", "at most 32"),
        ("required = ", "not valid TOML"),
        ("\xff", "not valid TOML"),
        ("#" * 70_000, "more than 65,536"),
    ],
)
def test_bad_policies(tmp_path: Path, keys: list[VerifierKey], text: str, match: str) -> None:
    path = tmp_path / "witnesses.toml"
    path.write_bytes(text.replace("KEY", str(keys[0])).encode("latin-1"))
    with pytest.raises(LogError, match=match):
        load_witness_policy(path)


def test_a_policy_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="cannot read"):
        load_witness_policy(tmp_path / "none")


def test_one_key_under_two_names_and_the_key_of_a_log_are_refused(
    tmp_path: Path, keys: list[VerifierKey]
) -> None:
    again = VerifierKey(name="other", kind=keys[0].kind, public=keys[0].public)
    with pytest.raises(LogError, match="twice"):
        WitnessPolicy(required=2, witnesses=(keys[0], again))
    with pytest.raises(LogError, match="key of a log"):
        WitnessPolicy(required=1, witnesses=(signer(tmp_path).verifier,))
