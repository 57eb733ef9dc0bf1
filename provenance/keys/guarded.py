"""A guard around a signer that is elsewhere: a time limit, a circuit breaker, a check.

A call into a native library or a service may never come back, and cannot be interrupted. It is
made in a thread of its own, which is left behind when the time is over. After several failures
in a row nobody is asked for a while (open), then one call tries again (half open): a broken
service is left alone, and its callers fail at once and not after a time limit each.

    closed --failures in a row--> open --pause--> half open --success--> closed
                                                            --failure--> open
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from provenance.errors import ConfigError, ProvenanceError, SignerError
from provenance.keys.algorithms import SigningAlgorithm
from provenance.keys.proof import checked_signature
from provenance.keys.signer import CertificateChain, Signer

#: Calls that did not come back and still hold a thread. A breaker alone would let through one
#: more after every pause, for as long as the process lives.
MAX_STUCK: Final = 8
_MAX_SECONDS: Final = 300.0


class Circuit(StrEnum):
    """State of a breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


class GuardedSigner:
    """A signer that answers in time, or fails; share it between threads.

    In a forked child it begins anew: closed, with nothing on its way.
    """

    def __init__(
        self,
        signer: Signer,
        *,
        seconds: float = 10.0,
        failures: int = 5,
        pause: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Guard a signer.

        Args:
            signer: who is asked.
            seconds: how long a signature may take.
            failures: so many in a row open the circuit.
            pause: seconds for which nobody is asked then.
            clock: seconds that only grow; replaced by tests.
        """
        if not 0 < seconds <= _MAX_SECONDS or not 0 < pause <= _MAX_SECONDS or failures < 1:
            raise ConfigError(f"a signer is given up to {_MAX_SECONDS:g} seconds, and one failure")
        self._signer = signer
        self._seconds = seconds
        self._failures = failures
        self._pause = pause
        self._clock = clock
        self.reset()
        _GUARDS.add(self)

    def reset(self) -> None:
        """Begin anew: closed, and nothing known of earlier calls."""
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._opened_at: float | None = None
        self._trying = False
        self._stuck = 0
        self._last = ""

    def __repr__(self) -> str:
        return f"GuardedSigner({self._signer!r})"

    @property
    def algorithm(self) -> SigningAlgorithm:
        """That of the guarded signer."""
        return self._signer.algorithm

    @property
    def chain(self) -> CertificateChain:
        """That of the guarded signer."""
        return self._signer.chain

    @property
    def circuit(self) -> Circuit:
        """Whether the signer is asked."""
        with self._lock:
            return self._circuit()

    def sign(self, data: bytes) -> bytes:
        """A signature that was checked with the certificate.

        Raises:
            SignerError: the signer failed, took too long, signed something else, or is not
                asked for now.
            KeyMaterialError: the signer's key material cannot be used.
        """
        trial = self._admit()
        outcome = None  # Ctrl-C while waiting is neither success nor failure
        try:
            signature = self._in_time(data)
            outcome = True
        except Exception:
            outcome = False
            raise
        finally:
            self._note(outcome, trial=trial)
        return signature

    # --- the breaker -------------------------------------------------------------

    def _circuit(self) -> Circuit:
        if self._opened_at is None:
            return Circuit.CLOSED
        rested = self._clock() - self._opened_at >= self._pause
        return Circuit.HALF_OPEN if rested else Circuit.OPEN

    def _admit(self) -> bool:
        """Refuse a call that would only wait; True if this one finds out whether all is well."""
        with self._lock:
            state = self._circuit()
            if state is Circuit.OPEN or (state is Circuit.HALF_OPEN and self._trying):
                raise SignerError(
                    f"the signer failed {self._in_a_row} times in a row and is not asked for now; "
                    f"the last time: {self._last}",
                    hint=f"it is tried again after {self._pause:g} seconds",
                )
            if self._stuck >= MAX_STUCK:
                raise SignerError(
                    f"{self._stuck} calls to the signer did not come back",
                    hint="look at the signer, and restart this process",
                )
            self._trying = state is Circuit.HALF_OPEN
            return self._trying

    def _note(self, outcome: bool | None, *, trial: bool) -> None:  # noqa: FBT001
        with self._lock:
            if trial:
                self._trying = False
            if outcome is True:
                self._in_a_row, self._opened_at = 0, None
            elif outcome is False:
                self._in_a_row += 1
                if self._in_a_row >= self._failures:
                    self._opened_at = self._clock()

    # --- one call ----------------------------------------------------------------

    def _in_time(self, data: bytes) -> bytes:
        call = _Call(self._signer, data, self._came_back)
        try:
            threading.Thread(target=call.run, name="provenance-signer", daemon=True).start()
        except RuntimeError as error:
            raise self._failure(f"got no thread: {error}") from error
        try:
            call.over.wait(self._seconds)
        finally:
            over = self._leave(call)
        if not over:
            raise self._failure(f"did not answer within {self._seconds:g} seconds")
        if isinstance(call.error, ProvenanceError):
            self._last = call.error.message
            raise call.error
        if call.error is not None:
            reason = f"{type(call.error).__name__}: {call.error}"
            raise self._failure(f"failed: {reason}") from call.error
        return call.signature

    def _leave(self, call: _Call) -> bool:
        """True if the call is over; otherwise its thread is left behind, and counted."""
        with self._lock:
            call.left = not call.over.is_set()
            self._stuck += call.left
            return not call.left

    def _came_back(self, call: _Call) -> None:
        with self._lock:
            call.over.set()
            self._stuck -= call.left

    def _failure(self, what: str) -> SignerError:
        self._last = what
        return SignerError(f"the signer {what}", hint="nothing was signed; look at the signer")


class _Call:
    """One call and what came of it; `left` where nobody waits for it any more."""

    def __init__(self, signer: Signer, data: bytes, came_back: Callable[[_Call], None]) -> None:
        self._signer, self._data, self._came_back = signer, data, came_back
        self.over = threading.Event()
        self.left = False
        self.signature = b""
        self.error: BaseException | None = None

    def run(self) -> None:
        """Sign, and say that it is over."""
        try:
            self.signature = checked_signature(self._signer, self._data)
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self.error = error
        self._came_back(self)


_GUARDS: Final[weakref.WeakSet[GuardedSigner]] = weakref.WeakSet()


def _begin_anew() -> None:
    # The threads of the parent are not here, and one of them may have held a lock.
    for guard in tuple(_GUARDS):
        guard.reset()


os.register_at_fork(after_in_child=_begin_anew)
