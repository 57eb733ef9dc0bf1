"""Markers of other systems: signed, public watermark, unsigned metadata."""

from provenance.markers.catalogue import Catalogue, catalogue
from provenance.markers.find import find

__all__ = ["Catalogue", "catalogue", "find"]
