"""The crJSON document of a manifest: the validator's own words, and nothing where there is none."""

from __future__ import annotations

import json
import re

import pytest
from support import chains, manifests, tamper

from provenance.errors import ErrorCode, ManifestError
from provenance.manifest import Parent, bounds, crjson, read
from provenance.model import ManifestStatus
from provenance.trust import TrustStore

TRUST = chains.trust_in(chains.authority())
PNG = "image/png"


@pytest.fixture(scope="module")
def signed(signer):
    return manifests.signed(signer, TRUST)


def codes(manifest):
    results = manifest["validationResults"]
    return {
        kind: list(dict.fromkeys(entry["code"] for entry in results[kind]))
        for kind in ("success", "informational", "failure")
    }


@pytest.mark.parametrize(
    "change", [lambda data: data, tamper.change_pixel], ids=["sound", "changed"]
)
@pytest.mark.parametrize("trust", [TRUST, TrustStore()], ids=["trusted", "untrusted"])
def test_codes_are_those_that_reading_gives(signed, change, trust):
    data = change(signed)
    found = read(data, PNG, trust)
    (manifest,) = crjson(data, PNG, trust)["manifests"]
    assert manifest["label"] == found.manifest_id
    assert codes(manifest) == {
        "success": list(found.success),
        "informational": list(found.informational),
        "failure": list(found.failure),
    }


def test_the_active_manifest_comes_first(signer, signed):
    wanted = manifests.request(parent=Parent(data=signed, mime=PNG))
    data = manifests.signed(signer, TRUST, wanted)
    first, second = crjson(data, PNG, TRUST)["manifests"]
    assert first["label"] == read(data, PNG, TRUST).manifest_id
    assert second["label"] == read(signed, PNG, TRUST).manifest_id


def test_the_signer_is_named(signed, signer):
    (manifest,) = crjson(signed, PNG, TRUST)["manifests"]
    assert manifest["signature"]["certificateInfo"]["subject"]["CN"] == signer.chain.subject
    serial = manifest["signature"]["certificateInfo"]["serialNumber"]
    assert int(serial, 16) == signer.chain.leaf.serial_number


def test_a_file_without_a_manifest_has_no_document():
    with pytest.raises(ManifestError, match="no manifest in this file") as refused:
        crjson(*manifests.plain(), TRUST)
    assert refused.value.code is ErrorCode.MANIFEST
    assert refused.value.hint


def test_a_manifest_elsewhere_is_named_and_not_fetched(signer):
    with manifests.beacon() as seen:
        data = manifests.foreign(signer, TRUST, [manifests.CREATED], remote=seen.url)
        with pytest.raises(ManifestError, match=re.escape(seen.url)):
            crjson(data, PNG, TRUST)
    assert seen.requests == []


def test_a_manifest_that_cannot_be_read_has_no_document(signed):
    broken = signed.replace(b"c2cl", b"c2cx")
    assert read(broken, PNG, TRUST).status is ManifestStatus.UNREADABLE
    with pytest.raises(ManifestError, match=r"cannot be read: ."):
        crjson(broken, PNG, TRUST)


def test_a_file_out_of_bounds_is_not_given_to_the_validator(signed):
    data = signed + bounds._INGREDIENT * (bounds._MAX_INGREDIENT_LABELS + 1)
    with pytest.raises(ManifestError, match="too many ingredients"):
        crjson(data, PNG, TRUST)


def test_deep_and_long_values_can_be_written_out(signer):
    deep: object = "x" * 10_000
    for _ in range(100):
        deep = [deep]
    assertion = {"label": "org.example.deep", "data": {"deep": deep}}
    data = manifests.foreign(signer, TRUST, [manifests.CREATED, assertion])
    document = crjson(data, PNG, TRUST)
    assert document["manifests"][0]["assertions"]["org.example.deep"]["deep"] == deep
    assert json.loads(json.dumps(document, indent=2, allow_nan=False)) == document


TEXT = b"\x79\x01\x2c" + b"q" * 300  # CBOR: 300 bytes of UTF-8
NUMBER = bytes.fromhex("fb3ff199999999999a")  # CBOR: 1.1


@pytest.mark.parametrize(
    ("instead", "value"),
    [
        (TEXT, b"\x59\x01\x2c" + b"\xff" * 300),
        (TEXT, b"\x79\x01\x2c" + b"\xed\xa0\x80" * 100),
        (TEXT, b"\x81" * 302 + b"\x01"),
        (NUMBER, bytes.fromhex("fb7ff8000000000000")),
        (NUMBER, bytes.fromhex("fbfff0000000000000")),
    ],
    ids=["bytes", "surrogates", "deep", "not a number", "infinity"],
)
def test_values_that_json_does_not_have_can_be_written_out(signer, instead, value):
    data = {"text": "q" * 300, "number": 1.1}
    file = manifests.foreign(
        signer, TRUST, [manifests.CREATED, {"label": "org.example.odd", "data": data}]
    )
    assert file.count(instead) == 1
    document = crjson(file.replace(instead, value), PNG, TRUST)
    assert "assertion.hashedURI.mismatch" in codes(document["manifests"][0])["failure"]
    text = json.dumps(document, indent=2, allow_nan=False)
    assert json.loads(text) == document
    text.encode("ascii")
