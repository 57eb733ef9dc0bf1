"""A directory with everything that one generating system needs."""

from provenance.workspace.doctor import examine
from provenance.workspace.selftest import run_selftest
from provenance.workspace.workspace import Workspace

__all__ = ["Workspace", "examine", "run_selftest"]
