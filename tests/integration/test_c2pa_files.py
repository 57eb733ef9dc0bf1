"""Files of the C2PA reference implementation give the state that is recorded for them."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding as Form
from support.shared import NEEDS_C2PA_FILES, ROOT

from provenance.manifest import read
from provenance.model import ManifestStatus
from provenance.trust import TrustKind, TrustList, TrustStore

FOLDER = ROOT / "c2pa-testfiles"
MIME = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".heic": "image/heic",
    ".jxl": "image/jxl",
    ".svg": "image/svg+xml",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".txt": "text/plain",
}
# A manifest store on its own is not an image: it is never handed to the reader as one.
NOT_AN_IMAGE = {"cloud_manifest.c2pa"}
# The library fails on these files, but there is no manifest store in them: where it raises,
# we say "none", and keep its message (documented in docs/architecture.md, "Verification").
NO_STORE_INSIDE = {"tiff_poc.tiff", "unsupported_type.txt"}
STATUS_OF_MESSAGE = {
    "Remote: must fetch": ManifestStatus.REMOTE_ONLY,
    "Other: ": ManifestStatus.UNREADABLE,
    "NotSupported: ": ManifestStatus.UNREADABLE,
}


def entries() -> list[dict[str, Any]]:
    path = FOLDER / "MANIFEST.json"
    found = json.loads(path.read_text()) if path.exists() else []
    return [entry for entry in found if entry["file"] not in NOT_AN_IMAGE]


@cache
def reference_anchors() -> TrustStore:
    """The reference implementation's test CAs, taken from the files that they signed."""
    authorities: dict[bytes, None] = {}
    for entry in entries():
        data = (FOLDER / entry["file"]).read_bytes()
        for found in re.finditer(rb"\x30\x82(..)", data, re.DOTALL):
            der = data[found.start() : found.start() + 4 + int.from_bytes(found.group(1))]
            try:
                certificate = x509.load_der_x509_certificate(der)
                constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
            except (ValueError, x509.ExtensionNotFound):
                continue
            if constraints.value.ca and "C2PA Test" in certificate.subject.rfc4514_string():
                authorities[certificate.public_bytes(Form.PEM)] = None
    pem = b"".join(authorities)
    return TrustStore(lists=(TrustList.parse(pem, name="reference", kind=TrustKind.SIGNERS),))


@NEEDS_C2PA_FILES
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.parametrize("trusted", [False, True], ids=["no trust", "test roots"])
@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry["file"])
def test_recorded_state(entry: dict[str, Any], trusted: bool) -> None:
    key = "c2pa_python_0_38_1_test_roots" if trusted else "c2pa_python_0_38_1_no_trust"
    expected = entry[key]
    path = FOLDER / entry["file"]
    trust = reference_anchors() if trusted else TrustStore()
    found = read(path.read_bytes(), MIME[path.suffix.lower()], trust)
    if "exception" in expected:
        prefix = next(p for p in STATUS_OF_MESSAGE if expected["message"].startswith(p))
        status = STATUS_OF_MESSAGE[prefix]
        if entry["file"] in NO_STORE_INSIDE:
            assert status is ManifestStatus.UNREADABLE
            status = ManifestStatus.NONE
        assert found.status is status
        assert found.detail in expected["message"]
        return
    assert found.state == (expected["state"] or "")
    if expected["state"] is None:
        assert found.status is ManifestStatus.NONE
        return
    assert set(found.failure) == set(expected["failure"])
    assert (found.status is ManifestStatus.TRUSTED) == (expected["state"] == "Trusted")
    below = {code for item in found.ingredients for code in item.failures}
    assert set(expected["ingredient_failure"]) <= below
