"""C2PA manifests: the only package that uses the native C2PA library."""

from provenance.manifest.build import ManifestRequest, Parent, SignedFile, sign
from provenance.manifest.crjson import crjson
from provenance.manifest.read import read, read_recovered

__all__ = [
    "ManifestRequest",
    "Parent",
    "SignedFile",
    "crjson",
    "read",
    "read_recovered",
    "sign",
]
