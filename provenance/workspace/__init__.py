"""A directory with everything that one generating system needs."""

from provenance.workspace.workspace import Workspace

__all__ = ["Workspace"]
