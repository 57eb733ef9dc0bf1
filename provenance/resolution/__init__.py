"""Soft binding or fingerprint -> record: local registry and extracts of others, services later."""

from provenance.resolution.chained import ChainedResolver, ExtractRegistry
from provenance.resolution.index import BuiltIndex, build_index
from provenance.resolution.logged import LoggedRegistry
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
    "ChainedResolver",
    "ExtractRegistry",
    "LocalRegistry",
    "LoggedRegistry",
    "NoRegistry",
    "Resolution",
    "Resolver",
    "Search",
    "build_index",
    "search",
]
