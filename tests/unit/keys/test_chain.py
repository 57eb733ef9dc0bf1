"""Certificate chains: order, validity, expiry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from support import chains

from provenance.errors import KeyMaterialError, SignerError
from provenance.keys import CertificateChain, SigningAlgorithm

AUTHORITY = chains.authority()
KEY = chains.key_for(SigningAlgorithm.ES256)
START = datetime(2026, 1, 1, tzinfo=UTC)
LIFE = timedelta(days=100)
LEAF = chains.leaf_for(KEY, AUTHORITY, name="a leaf", start=START, lifetime=LIFE)


def parsed(*pem):
    return CertificateChain.parse(b"".join(pem))


def test_leaf_first():
    chain = parsed(LEAF, AUTHORITY.issuing_pem)
    assert chain.subject == "a leaf"
    assert chain.leaf == chain.certificates[0]


def test_the_other_way_round_is_refused_with_the_right_order():
    with pytest.raises(KeyMaterialError, match="order") as caught:
        parsed(AUTHORITY.issuing_pem, LEAF)
    assert "leaf first" in caught.value.hint


def test_a_chain_with_a_gap_is_refused():
    with pytest.raises(KeyMaterialError, match="order"):
        parsed(LEAF, AUTHORITY.root_pem)


def test_a_leaf_alone_is_a_chain():
    assert parsed(LEAF).issuers_pem == b""


@pytest.mark.parametrize("pem", [b"", b"garbage", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_something_else_is_no_chain(pem):
    with pytest.raises(KeyMaterialError):
        CertificateChain.parse(pem)


def test_a_missing_file_is_our_error(tmp_path):
    with pytest.raises(KeyMaterialError, match="cannot read"):
        CertificateChain.load(tmp_path / "nothing.pem")


def test_pem_goes_out_as_it_came_in():
    pem = LEAF + AUTHORITY.issuing_pem
    assert parsed(pem).pem == pem
    assert parsed(pem).issuers_pem == AUTHORITY.issuing_pem


def test_text_between_certificates_is_left_out():
    chain = parsed(b"subject=/CN=leaf\n", LEAF, b"\n\n", AUTHORITY.issuing_pem)
    assert chain.pem == LEAF + AUTHORITY.issuing_pem


# --- validity ------------------------------------------------------------------------


@pytest.mark.parametrize("moment", [START, START + LIFE / 2, START + LIFE - timedelta(seconds=1)])
def test_a_leaf_is_valid_from_its_first_moment_to_its_last(moment):
    parsed(LEAF).check_valid(moment)


def test_a_leaf_is_not_valid_before():
    with pytest.raises(SignerError, match="2026-01-01") as caught:
        parsed(LEAF).check_valid(START - timedelta(seconds=1))
    assert "clock" in caught.value.hint


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=400)])
def test_a_leaf_is_not_valid_after(late):
    with pytest.raises(SignerError, match="expired") as caught:
        parsed(LEAF).check_valid(START + LIFE + late)
    assert "renew" in caught.value.hint


def test_validity_is_that_of_now_unless_another_time_is_given():
    ended = chains.leaf_for(KEY, AUTHORITY, start=START - LIFE, lifetime=timedelta(days=1))
    with pytest.raises(SignerError):
        parsed(ended).check_valid()


def test_the_whole_chain_has_to_be_valid():
    chain = parsed(LEAF, AUTHORITY.issuing_pem)
    with pytest.raises(SignerError):
        chain.check_valid(START + timedelta(days=1))  # the issuing CA was made later
    assert chain.expires_at == START + LIFE


@pytest.mark.parametrize(
    ("part", "soon"), [(0.0, False), (0.69, False), (0.71, True), (1.0, True), (1.5, True)]
)
def test_a_warning_comes_when_less_than_a_third_is_left(part, soon):
    assert parsed(LEAF).expires_soon(START + LIFE * part) is soon
