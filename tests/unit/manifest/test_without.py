"""JPEG files that hold no manifest do not trouble the validator; all others do."""

from __future__ import annotations

import io

import c2pa
import pytest
from support import pictures, shared

from provenance.imaging import load
from provenance.manifest import read
from provenance.manifest.read import _holds_none
from provenance.model import ManifestStatus
from provenance.trust import TrustStore

JPEG, PNG = "image/jpeg", "image/png"


@pytest.fixture
def no_validator(monkeypatch):
    def refuse(*_args, **_named):
        raise AssertionError("the validator was asked")

    monkeypatch.setattr(c2pa.Reader, "try_create", refuse)


@pytest.fixture
def plain():
    return pictures.file(pictures.crop(64, 64), "JPEG")


@pytest.mark.usefixtures("no_validator")
def test_a_plain_jpeg_is_not_validated(plain):
    found = read(plain, JPEG, TrustStore())
    assert found.status is ManifestStatus.NONE
    assert not found.detail


def test_the_validator_finds_none_there_either(plain):
    assert c2pa.Reader.try_create(JPEG, io.BytesIO(plain)) is None


def test_other_formats_are_always_validated():
    data = pictures.file(pictures.crop(64, 64), "PNG")
    assert not _holds_none(data, PNG)
    assert read(data, PNG, TrustStore()).status is ManifestStatus.NONE


@pytest.mark.parametrize("extra", [b"\xff\xeb", b"dcterms:provenance"])
def test_the_segment_or_the_address_is_enough_to_ask(plain, extra):
    assert not _holds_none(plain + extra, JPEG)


@shared.NEEDS_C2PA_FILES
def test_no_file_with_a_manifest_is_passed_over():
    for path in sorted((shared.ROOT / "c2pa-testfiles").glob("*.jpg")):
        data = path.read_bytes()
        assert load(data).header.format.mime == JPEG
        if _holds_none(data, JPEG):
            assert c2pa.Reader.try_create(JPEG, io.BytesIO(data)) is None, path.name
