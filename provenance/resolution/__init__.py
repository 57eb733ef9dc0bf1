"""Soft binding -> record: local registry now, offline extracts and services later."""

from provenance.resolution.resolver import (
    LocalRegistry,
    NoRegistry,
    Resolution,
    Resolver,
)

__all__ = ["LocalRegistry", "NoRegistry", "Resolution", "Resolver"]
