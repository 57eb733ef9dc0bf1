"""What a stamp tells about itself to whoever watches the service: outcome and seconds.

An event has no id, no name of a picture or person, no prompt and no pixel in it, so that it may
go to any monitoring system. Steps report to the stamp that is under way in their thread; where
nobody observes, that costs nothing.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Concatenate, Final, ParamSpec, Protocol, TypeVar

from provenance.errors import ErrorCode, ProvenanceError
from provenance.imaging import ImageFormat
from provenance.model.ids import SystemRef
from provenance.stamp.picture import Pixels

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Outcome(StrEnum):
    """How it ended."""

    RELEASED = "released"
    MARKED = "marked"  # pixels were given out, their record is pending
    SIGNED = "signed"  # what was marked before became a file, and was released
    FAILED = "failed"


class Stage(StrEnum):
    """Parts of a stamp, in the order of the release steps."""

    DECODE = "decode"  # 1
    LOOK = "look"  # for a mark that is in the picture already
    RESERVE = "reserve"  # 2; when signing, the look at the log
    MARK = "mark"  # 3
    ENCODE = "encode"  # 3
    SIGN = "sign"  # 4
    WRITE = "write"  # 5
    VERIFY = "verify"  # 6
    FINGERPRINT = "fingerprint"  # what the record keeps of the picture
    COMMIT = "commit"  # 7
    RELEASE = "release"  # 8, 9


@dataclass(frozen=True, slots=True, kw_only=True)
class StampEvent:
    """One stamp that is over, well or not.

    Attributes:
        outcome: how it ended.
        code: of the error, if it failed.
        system: name of the generating system.
        scheme: name of the watermark scheme.
        format: of the written file; empty where none is, or it did not come to that.
        width: of the picture in pixels; 0 where it was not decoded.
        height: likewise.
        seconds: wall time of each stage that was reached; of a failure, up to there.
    """

    outcome: Outcome
    code: ErrorCode | None
    system: str
    scheme: str
    format: str
    width: int
    height: int
    seconds: Mapping[Stage, float]

    @property
    def total_seconds(self) -> float:
        """Wall time from the call to its end."""
        return sum(self.seconds.values())


class Observer(Protocol):
    """Is told of every stamp, in the thread that made it; called by several at once."""

    def observe(self, event: StampEvent) -> None:
        """Take note. What it raises is logged once and stops no stamp."""
        ...


class Observed(Protocol):
    """What `observed` needs to know of a stamper."""

    @property
    def observer(self) -> Observer | None:
        """Who is told; None tells nobody."""
        ...

    @property
    def system(self) -> SystemRef:
        """The generating system."""
        ...

    @property
    def scheme(self) -> str:
        """Name of the watermark scheme."""
        ...


_Self = TypeVar("_Self", bound=Observed)


@dataclass(slots=True)
class _Watch:
    """The stamp that is under way."""

    since: float = field(default_factory=time.perf_counter)
    stage: Stage = Stage.DECODE
    seconds: dict[Stage, float] = field(default_factory=dict)
    format: str = ""
    size: tuple[int, int] = (0, 0)

    def enter(self, stage: Stage) -> None:
        now = time.perf_counter()
        self.seconds[self.stage] = self.seconds.get(self.stage, 0.0) + now - self.since
        self.stage, self.since = stage, now


_CURRENT: ContextVar[_Watch | None] = ContextVar("provenance_stamp", default=None)


def enter(stage: Stage) -> None:
    """A stage of the current stamp begins, and the one before it is over."""
    watch = _CURRENT.get()
    if watch is not None:
        watch.enter(stage)


def describe(rgb: Pixels, kind: ImageFormat | None = None) -> None:
    """Say what is stamped: uint8 (H, W, 3), and the format if it is written."""
    watch = _CURRENT.get()
    if watch is not None:
        watch.size = rgb.shape[1], rgb.shape[0]
        watch.format = "" if kind is None else kind.value


def observed(
    outcome: Outcome,
) -> Callable[
    [Callable[Concatenate[_Self, _P], _T]],
    Callable[Concatenate[_Self, _P], _T],
]:
    """Tell the stamper's observer how this method ended; one that calls another tells once."""

    def decorate(
        method: Callable[Concatenate[_Self, _P], _T],
    ) -> Callable[Concatenate[_Self, _P], _T]:
        @functools.wraps(method)
        def wrapped(self: _Self, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
            if self.observer is None or _CURRENT.get() is not None:
                return method(self, *args, **kwargs)
            with _watched(self, self.observer, outcome):
                return method(self, *args, **kwargs)

        return wrapped

    return decorate


@contextmanager
def _watched(stamper: Observed, observer: Observer, outcome: Outcome) -> Iterator[None]:
    watch = _Watch()
    token = _CURRENT.set(watch)
    code: ErrorCode | None = ErrorCode.INTERNAL
    try:
        yield
        code = None
    except ProvenanceError as error:
        code = error.code
        raise
    finally:
        _CURRENT.reset(token)
        watch.enter(watch.stage)
        width, height = watch.size
        _tell(
            observer,
            StampEvent(
                outcome=Outcome.FAILED if code else outcome,
                code=code,
                system=stamper.system.name,
                scheme=stamper.scheme,
                format=watch.format,
                width=width,
                height=height,
                seconds=watch.seconds,
            ),
        )


_LOGGER: Final = logging.getLogger(__name__)
_BROKEN: Final[set[type]] = set()


def _tell(observer: Observer, event: StampEvent) -> None:
    """A broken observer must neither stop a stamp nor go unnoticed."""
    try:
        observer.observe(event)
    except Exception:
        kind = type(observer)
        if kind not in _BROKEN:
            _BROKEN.add(kind)
            _LOGGER.exception("the observer %s failed; this is logged once", kind.__qualname__)
