"""Bundles and statements as documents: one form, every field, no surprise."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import chains

from provenance.exchange import DetectorBundle, ExtractStatement, NotAcceptableError
from provenance.exchange.fields import written
from provenance.fingerprint import SignatureKey
from provenance.model import SystemRef
from provenance.trust import Revocation, RevocationReason, Revocations, format_revocations
from provenance.watermark import DetectionKey, catalog

SYSTEM = SystemRef(77, "acme-images")
MADE = datetime(2026, 11, 1, 12, tzinfo=UTC)
ANCHORS = chains.authority().root_pem.decode()


REVOCATIONS = Revocations(
    (
        Revocation(
            certificate_sha256="ab" * 32,
            serial="12",
            subject="acme \u00e9",
            log="acme.example/log",
            from_size=7,
            revoked_at=MADE,
            reason=RevocationReason.KEY_COMPROMISE,
        ),
    )
)


def bundle(**changed):
    values = {
        "system": SYSTEM,
        "keys": tuple(
            DetectionKey(system=SYSTEM, epoch=epoch, carrier_key=bytes([epoch + 1] * 32))
            for epoch in (1, 0)
        ),
        "schemes": (("lattice-1", "org.example.lattice.1"),),
        "anchors": ANCHORS,
        "created_at": MADE,
        "not_after": MADE + timedelta(days=365),
        "contact": "Légal <legal@acme.example>",
        "resolution_url": "https://records.acme.example:8443/v1?by=mark",
        "log_key": "acme+1234abcd+AbCd",
        "revoked": format_revocations(REVOCATIONS),
    }
    return DetectorBundle(**values | changed)


def test_revocations_travel_in_a_bundle():
    assert DetectorBundle.parse(bundle().document()).revocations == REVOCATIONS
    assert bundle(revoked="").revocations == Revocations()


def statement(**changed):
    values = {
        "system": SYSTEM,
        "sha256": "ab" * 32,
        "size": 5_000_000_000,
        "records": 12,
        "manifests": True,
        "since": None,
        "created_at": MADE,
        "registry": bytes(range(16)),
    }
    return ExtractStatement(**values | changed)


OPENERS = tuple(SignatureKey(system_id=77, epoch=epoch, value=bytes([9] * 32)) for epoch in (1, 0))


@pytest.mark.parametrize("made", [bundle(), bundle(signature_keys=OPENERS, contact="")])
def test_a_bundle_comes_back_as_it_was(made):
    assert DetectorBundle.parse(made.document()) == made


def test_a_bundle_never_holds_what_authenticates_or_signs():
    keys = tuple(replace(key, tag_key=b"T" * 32) for key in bundle().keys)
    document = bundle(keys=keys).document()
    assert (b"T" * 32).hex().encode() not in document
    assert all(key.tag_key is None for key in DetectorBundle.parse(document).keys)
    assert "signature_keys" not in repr(bundle(signature_keys=OPENERS))


def test_a_scheme_counts_only_under_the_same_algorithm():
    alg = catalog.scheme("lattice-1").info.alg
    made = bundle(schemes=(("lattice-1", alg), ("other", "y")))
    assert (made.known_schemes, made.unknown_schemes) == (("lattice-1",), ("other",))
    assert bundle(schemes=(("lattice-1", "another"),)).known_schemes == ()


@pytest.mark.parametrize("made", [statement(), statement(since=MADE, manifests=False)])
def test_a_statement_comes_back_as_it_was(made):
    assert ExtractStatement.parse(made.document()) == made


def test_reports_name_the_extract_with_date_and_digest():
    assert str(statement()) == (
        "extract of acme-images (#77) of 2026-11-01 (sha256 abababababababab)"
    )


def test_the_anchors_are_a_list_under_the_digest_of_the_file():
    (listed,) = bundle().trust("cd" * 32).lists
    assert listed.uri == "bundle of acme-images (#77) (sha256 cdcdcdcdcdcdcdcd)"


BAD_BUNDLES = {
    "kind": {"kind": "another"},
    "version": {"version": 3},
    "version is true": {"version": True},
    "unknown field": {"also": 1},
    "id too large": {"system": {"id": 1 << 20, "name": "x"}},
    "id is text": {"system": {"id": "77", "name": "x"}},
    "name steers": {"system": {"id": 77, "name": "a\u202eb"}},
    "no keys": {"keys": []},
    "too many keys": {"keys": [{"epoch": 0, "carrier_key": "00" * 32, "signature_key": ""}] * 257},
    "an epoch twice": {"keys": [{"epoch": 0, "carrier_key": "00" * 32, "signature_key": ""}] * 2},
    "short key": {"keys": [{"epoch": 0, "carrier_key": "00" * 31, "signature_key": ""}]},
    "upper case": {"keys": [{"epoch": 0, "carrier_key": "AB" * 32, "signature_key": ""}]},
    "tag key": {"keys": [{"epoch": 0, "carrier_key": "00" * 32, "tag_key": "00" * 32}]},
    "half opened": {
        "keys": [
            {"epoch": 0, "carrier_key": "00" * 32, "signature_key": "00" * 32},
            {"epoch": 1, "carrier_key": "00" * 32, "signature_key": ""},
        ]
    },
    "schemes": {"schemes": [{"name": "", "alg": "x"}]},
    "no anchor": {"anchors": ""},
    "anchor is garbage": {"anchors": "-----BEGIN CERTIFICATE-----\nAAAA\n"},
    "anchor is a leaf": {"anchors": chains.authority().chain_pem.decode().split("-----END")[0]},
    "anchor and a key": {"anchors": ANCHORS + "-----BEGIN PRIVATE KEY-----\n"},
    "contact steers": {"contact": "a\x1b[2Jb"},
    "contact too long": {"contact": "x" * 501},
    "url is no https": {"resolution_url": "http://acme.example"},
    "url is a file": {"resolution_url": "file:///etc/passwd"},
    "url with blanks": {"resolution_url": "https://acme.example/a b"},
    "log key": {"log_key": 1},
    "revoked steers": {"revoked": "a\nb\x00"},
    "revoked is something else": {"revoked": "serial 12\n"},
    "no time": {"created_at": "yesterday"},
    "time in another form": {"created_at": "2026-11-01T12:00:00.5Z"},
    "local time": {"created_at": "2026-11-01T12:00:00+02:00"},
    "ends before it begins": {"not_after": "2026-10-01T12:00:00Z"},
    "valid for ever": {"not_after": "2126-10-01T12:00:00Z"},
}


@pytest.mark.parametrize("change", BAD_BUNDLES.values(), ids=BAD_BUNDLES.keys())
def test_a_bundle_with_a_fault_is_refused_whole(change):
    document = json.loads(bundle().document())
    with pytest.raises(NotAcceptableError):
        DetectorBundle.parse(written(document | change))


BAD_STATEMENTS = {
    "kind": {"kind": "provenance-detector-bundle"},
    "digest": {"sha256": "ab" * 31},
    "size": {"size": -1},
    "size is a fraction": {"size": 1.5},
    "manifests": {"manifests": 1},
    "since": {"since": None},
    "registry": {"registry": ""},
    "more": {"records_of": 1},
}


@pytest.mark.parametrize("change", BAD_STATEMENTS.values(), ids=BAD_STATEMENTS.keys())
def test_a_statement_with_a_fault_is_refused_whole(change):
    document = json.loads(statement().document())
    with pytest.raises(NotAcceptableError):
        ExtractStatement.parse(written(document | change))


@pytest.mark.parametrize("made", [bundle(), statement()])
def test_there_is_one_form_only(made):
    document, kind = made.document(), type(made)
    for other in (
        document + b"\n",
        b" " + document,
        document.replace(b'"version":', b'"version":1,"version":'),
        json.dumps(json.loads(document), indent=1).encode(),
        document.replace(b"acme-images", b"acme\\u002dimages"),
        b"{}" * 600_000,
    ):
        with pytest.raises(NotAcceptableError):
            kind.parse(other)


@given(st.binary(max_size=100))
def test_garbage_is_refused(garbage):
    for kind in (DetectorBundle, ExtractStatement):
        with pytest.raises(NotAcceptableError):
            kind.parse(garbage)


@given(st.data())
def test_a_missing_field_is_refused(data):
    for made in (bundle(), statement()):
        document = json.loads(made.document())
        del document[data.draw(st.sampled_from(sorted(document)))]
        with pytest.raises(NotAcceptableError):
            type(made).parse(written(document))
