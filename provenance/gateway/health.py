"""Whether the gateway is there, and whether it could stamp now."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Lock

from provenance.errors import ProvenanceError
from provenance.keys import prove_pair
from provenance.stamp import Stamper

_KEPT_SECONDS = 5.0
_NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass(slots=True)
class Readiness:
    """Proves the signer and the registry, at most once in five seconds."""

    stamper: Stamper
    _until: float = 0.0
    _problem: str = ""
    _lock: Lock = field(default_factory=Lock, repr=False)

    def problem(self) -> str:
        """The code of what stands in the way of stamping; empty if nothing does.

        A random text is signed and checked with the certificate, which must be valid now; the
        registry is asked, and compared with the head of its log.
        """
        with self._lock:
            if time.monotonic() >= self._until:
                self._problem = self._look()
                self._until = time.monotonic() + _KEPT_SECONDS
            return self._problem

    def _look(self) -> str:
        try:
            prove_pair(self.stamper.signer)
            self.stamper.store.find_by_id(_NOBODY)
            if self.stamper.log is not None:
                self.stamper.log.check()
        except ProvenanceError as error:
            return error.code.value
        return ""
