"""Soft binding or fingerprint -> record: local registry now, extracts and services later."""

from provenance.resolution.resolver import (
    LocalRegistry,
    NoRegistry,
    Resolution,
    Resolver,
)
from provenance.resolution.search import Among, Candidate, Search, search

__all__ = [
    "Among",
    "Candidate",
    "LocalRegistry",
    "NoRegistry",
    "Resolution",
    "Resolver",
    "Search",
    "search",
]
