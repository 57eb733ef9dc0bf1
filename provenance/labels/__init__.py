"""Labels that people see, drawn into a picture before it is marked; off unless asked for."""

from provenance.labels.aigc import aigc_label
from provenance.labels.draw import labelled
from provenance.labels.label import Label, words

__all__ = ["Label", "aigc_label", "labelled", "words"]
