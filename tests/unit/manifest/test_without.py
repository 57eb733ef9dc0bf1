"""JPEG and PNG files that hold no manifest do not trouble the validator; all others do."""

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

JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"


@pytest.fixture
def no_validator(monkeypatch):
    def refuse(*_args, **_named):
        raise AssertionError("the validator was asked")

    monkeypatch.setattr(c2pa.Reader, "try_create", refuse)


@pytest.fixture
def plain():
    return pictures.file(pictures.crop(64, 64), "JPEG")


@pytest.fixture
def plain_png():
    return pictures.file(pictures.crop(64, 64), "PNG")


@pytest.mark.usefixtures("no_validator")
def test_plain_files_are_not_validated(plain, plain_png):
    for data, mime in ((plain, JPEG), (plain_png, PNG)):
        found = read(data, mime, TrustStore())
        assert found.status is ManifestStatus.NONE
        assert not found.detail


def test_the_validator_finds_none_there_either(plain, plain_png):
    for data, mime in ((plain, JPEG), (plain_png, PNG)):
        assert c2pa.Reader.try_create(mime, io.BytesIO(data)) is None


def test_other_formats_are_always_validated():
    data = pictures.file(pictures.crop(64, 64), "WEBP")
    assert not _holds_none(data, WEBP)
    assert read(data, WEBP, TrustStore()).status is ManifestStatus.NONE


@pytest.mark.parametrize("kind", [b"caBX", b"iTXt", b"zTXt", b"abCD"])
def test_a_png_with_any_chunk_that_might_hold_one_is_validated(plain_png, kind):
    chunk = (2).to_bytes(4) + kind + b"xx" + bytes(4)
    assert not _holds_none(plain_png[:33] + chunk + plain_png[33:], PNG)


def test_a_png_with_a_plain_remark_is_not_validated(plain_png):
    chunk = (2).to_bytes(4) + b"tEXt" + b"xx" + bytes(4)
    assert _holds_none(plain_png[:33] + chunk + plain_png[33:], PNG)


@pytest.mark.parametrize("change", [lambda png: png[:-1], lambda png: png + b"x", lambda _: b""])
def test_a_png_that_is_not_whole_is_validated(plain_png, change):
    assert not _holds_none(change(plain_png), PNG)


@pytest.mark.parametrize("extra", [b"\xff\xeb", b"dcterms:provenance"])
def test_the_segment_or_the_address_is_enough_to_ask(plain, extra):
    assert not _holds_none(plain + extra, JPEG)


@shared.NEEDS_C2PA_FILES
def test_no_file_with_a_manifest_is_passed_over():
    for path in sorted((shared.ROOT / "c2pa-testfiles").glob("*.[jp][pn]g")):
        data = path.read_bytes()
        mime = load(data).header.format.mime
        assert mime in (JPEG, PNG)
        if _holds_none(data, mime):
            assert c2pa.Reader.try_create(mime, io.BytesIO(data)) is None, path.name
