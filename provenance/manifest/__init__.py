"""C2PA manifests: the only package that uses the native C2PA library."""

from provenance.manifest.build import SignedFile, sign
from provenance.manifest.crjson import crjson
from provenance.manifest.read import is_signed_by, manifest_store, read, read_recovered
from provenance.manifest.statement import ManifestRequest, Parent
from provenance.manifest.thumbnails import thumbnails_in

__all__ = [
    "ManifestRequest",
    "Parent",
    "SignedFile",
    "crjson",
    "is_signed_by",
    "manifest_store",
    "read",
    "read_recovered",
    "sign",
    "thumbnails_in",
]
