"""What operators and laboratories hand one another: detector bundles and registry extracts.

Here is what they say and where a laboratory keeps them. Signing them and checking signatures is
`exchange.sealed`; that module needs the extra `report`, nothing else here does.
"""

from provenance.exchange.bundle import DetectorBundle
from provenance.exchange.extracts import ExtractShelf, ImportedExtract
from provenance.exchange.fields import NotAcceptableError
from provenance.exchange.shelf import Receipt
from provenance.exchange.statement import ExtractStatement
from provenance.exchange.systems import ImportedSystem, SystemShelf

__all__ = [
    "DetectorBundle",
    "ExtractShelf",
    "ExtractStatement",
    "ImportedExtract",
    "ImportedSystem",
    "NotAcceptableError",
    "Receipt",
    "SystemShelf",
]
