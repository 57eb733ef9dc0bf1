"""Watching the directories that pictures are released into, by a path of its own."""

from provenance.guard.files import Entry, Trouble, entries
from provenance.guard.watch import Alarm, AlarmKind, Guard, ReleaseReader

__all__ = ["Alarm", "AlarmKind", "Entry", "Guard", "ReleaseReader", "Trouble", "entries"]
