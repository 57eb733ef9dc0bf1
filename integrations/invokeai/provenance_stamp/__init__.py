"""InvokeAI: a node that stamps a picture and saves it. See the README beside this package."""

from .stamp import ProvenanceStampInvocation

__all__ = ["ProvenanceStampInvocation"]
