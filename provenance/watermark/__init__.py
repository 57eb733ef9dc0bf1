"""The invisible mark: payload, keys, schemes and their catalogue."""

from provenance.watermark import catalog
from provenance.watermark.keyring import DetectionKey, Keyring
from provenance.watermark.payload import Layout, Payload, issue
from provenance.watermark.scheme import Detection, Scheme, SchemeInfo

__all__ = [
    "Detection",
    "DetectionKey",
    "Keyring",
    "Layout",
    "Payload",
    "Scheme",
    "SchemeInfo",
    "catalog",
    "issue",
]
