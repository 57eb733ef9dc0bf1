"""Processes that may die of what they are given, and the one that starts and outlives them."""

from provenance.isolation.process import Process, WorkerLostError
from provenance.isolation.start import START_SECONDS, started
from provenance.isolation.threads import on_threads

__all__ = ["START_SECONDS", "Process", "WorkerLostError", "on_threads", "started"]
