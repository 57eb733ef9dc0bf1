"""Whatever is in a list, a policy or a manifest store: an answer or our error, nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support import chains

from provenance.errors import ArgumentError, TrustError
from provenance.trust import (
    SignerFacts,
    TrustKind,
    TrustList,
    anchored,
    certificates_in,
    moment_text,
    parse_moment,
    parse_policy,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore::cryptography.utils.CryptographyDeprecationWarning"  # odd serial numbers and versions
)
CHAIN = chains.authority()
PEM = CHAIN.root_pem + CHAIN.issuing_pem
TRUST = chains.trust_in(CHAIN)
DER = b"".join(
    b"\x59" + len(der).to_bytes(2) + der
    for der in (chains.as_der(pem) for pem in (CHAIN.leaf_pem, CHAIN.issuing_pem))
)
NOW = datetime.now(UTC)


def answer(ask):
    """What came back, or what our error says."""
    try:
        return ask(), ""
    except TrustError as error:
        return None, str(error)


@st.composite
def damaged(draw, data):
    """The data with a few bytes replaced, cut out or put in."""
    found = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(found)))
        width = draw(st.integers(0, 8))
        found[at : at + width] = draw(st.binary(max_size=8))
    return bytes(found)


TOML = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=20) | st.datetimes() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["all_of", "any_of", "signer_is", "anchored_in", "issued_after"])
            | st.text(max_size=8),
            inner,
            max_size=2,
        )
    ),
    max_leaves=8,
)


@given(damaged(PEM), st.sampled_from(TrustKind))
def test_a_damaged_list_is_read_or_refused(data, kind):
    found, complaint = answer(lambda: TrustList.parse(data, name="list.pem", kind=kind))
    assert "\n" not in complaint
    assert found is None or 1 <= len(found.anchors) <= 2


@given(damaged(DER))
def test_a_damaged_chain_leads_nowhere_or_to_its_own_anchor(data):
    found = certificates_in(data)
    for leaf in found:
        path = anchored(leaf, found, TRUST, NOW)
        if path is not None:  # then no byte that is signed was changed
            assert leaf.tbs_certificate_bytes in DER


@given(st.binary(max_size=2000))
@example(b"\x59\x01\x00\x30\x82\x00\xfc" * 400)
def test_certificates_are_looked_for_in_anything(data):
    assert certificates_in(data) == ()


@given(TOML)
def test_anything_is_a_policy_or_refused_in_one_line(value):
    policy, complaint = answer(lambda: parse_policy(value))
    assert "\n" not in complaint
    assert policy is None or not policy.evaluate(SignerFacts(trusted=False)).accepted


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_refused(text):
    try:
        moment = parse_moment(text)
    except ArgumentError:
        return
    assert parse_moment(moment_text(moment)) <= moment


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_survives_being_written(moment):
    assert parse_moment(moment_text(moment)) == moment.replace(microsecond=0)
