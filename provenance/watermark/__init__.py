"""The invisible mark: payload, keys, schemes and their catalogue."""

from provenance.watermark import catalog
from provenance.watermark.bundle import load_bundle, save_bundle
from provenance.watermark.keyring import DetectionKey, Keyring
from provenance.watermark.payload import Layout, Payload, issue
from provenance.watermark.scheme import Depth, Detection, Embedder, Scheme, SchemeInfo

__all__ = [
    "Depth",
    "Detection",
    "DetectionKey",
    "Embedder",
    "Keyring",
    "Layout",
    "Payload",
    "Scheme",
    "SchemeInfo",
    "catalog",
    "issue",
    "load_bundle",
    "save_bundle",
]
