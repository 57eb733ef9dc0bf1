"""Soft binding or fingerprint -> record: local registry now, extracts and services later."""

from provenance.resolution.index import BuiltIndex, build_index
from provenance.resolution.resolver import (
    LocalRegistry,
    NoRegistry,
    Resolution,
    Resolver,
)
from provenance.resolution.search import Among, Candidate, Search, search

__all__ = [
    "Among",
    "BuiltIndex",
    "Candidate",
    "LocalRegistry",
    "NoRegistry",
    "Resolution",
    "Resolver",
    "Search",
    "build_index",
    "search",
]
