"""The one place where image files are read and written."""

from provenance.imaging.arrays import Axes, ValueRange
from provenance.imaging.containers import Header, probe
from provenance.imaging.embedded import EmbeddedText, embedded_texts
from provenance.imaging.encode import Encoding, encode, flatten
from provenance.imaging.files import read_file
from provenance.imaging.formats import DEFAULT_READ, DEFAULT_STAMP, ImageFormat
from provenance.imaging.limits import DEFAULT_LIMITS, Limits
from provenance.imaging.load import LoadedImage, later_frames, load
from provenance.imaging.metadata import Metadata

__all__ = [
    "DEFAULT_LIMITS",
    "DEFAULT_READ",
    "DEFAULT_STAMP",
    "Axes",
    "EmbeddedText",
    "Encoding",
    "Header",
    "ImageFormat",
    "Limits",
    "LoadedImage",
    "Metadata",
    "ValueRange",
    "embedded_texts",
    "encode",
    "flatten",
    "later_frames",
    "load",
    "probe",
    "read_file",
]
