"""The mark computed on a torch device, in batch: `DeviceEmbedder`. Imports torch only when used."""

from provenance.watermark.device.embedder import DeviceEmbedder

__all__ = ["DeviceEmbedder"]
