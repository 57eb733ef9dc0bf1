"""`lattice-1`: a keyed, blind, geometry-robust mark that needs no trained weights."""

from provenance.watermark.schemes.lattice.scheme import LATTICE

__all__ = ["LATTICE"]
