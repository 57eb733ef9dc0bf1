"""Batches of kills. Everything that uses the native library happens in forked processes."""

from __future__ import annotations

import os
import random
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.release_kills import check
from benchmarks.release_kills.check import Ack
from benchmarks.release_kills.child import stamp_until_killed
from benchmarks.release_kills.points import POINTS
from provenance import Workspace

RANDOM: Final = "at random"
SWEEPING: Final = "while sweeping"
_PATIENCE_S: Final = 30.0  # until a process that never reaches its point is killed all the same
_LIFE_S: Final = (0.05, 2.5)  # of a process that dies at random
_ROUNDS: Final = 12  # of 1 to 3 processes, in a batch


@dataclass
class Outcome:
    """What happened. `states` by point: what the records were in before anything was swept."""

    kills: Counter[str] = field(default_factory=Counter)
    states: dict[str, Counter[str]] = field(default_factory=dict)
    refusals: Counter[str] = field(default_factory=Counter)
    acks: list[Ack] = field(default_factory=list)
    files: int = 0
    batches: int = 0
    violations: int = 0
    survivors: int = 0

    @property
    def total(self) -> int:
        """All kills."""
        return self.kills.total()


@dataclass(frozen=True)
class _Victim:
    pid: int
    point: str
    pipe: int
    until: float


def kill_releases(top: Path, *, kills: int, seed: int, say: Callable[[str], None]) -> Outcome:
    """Kill that many processes that stamp into `top/out`, and check after every batch.

    Args:
        top: an empty directory.
        kills: at least so many; every step is tried in turn, every other process dies at a
            moment of its own.
        seed: decides the load and the steps; the moments also depend on the machine.
        say: told after each batch.
    """
    workspace, folder = top / "workspace", top / "out"
    Workspace.create(workspace, system_name="acme-images")
    folder.mkdir()
    outcome = Outcome(states={point: Counter() for point in (*POINTS, RANDOM)})
    draw = random.Random(seed)  # noqa: S311 - load, not a secret
    points = _in_turn(draw)
    known: list[str] = []
    while outcome.total < kills:
        reserved: list[tuple[str, str]] = []
        for _ in range(_ROUNDS):
            if outcome.total < kills:
                reserved += _round(workspace, folder, outcome, draw, points)
        lines = _answer(partial(check.states, workspace, [record for _, record in reserved]))
        for (point, _), state in zip(reserved, lines, strict=True):
            outcome.states[point][state] += 1
        sweeper = _fork(lambda: check.tell(check.sweep(workspace, folder)))
        time.sleep(draw.uniform(0, 0.3))
        outcome.kills[SWEEPING] += _kill(sweeper)
        problems = _answer(partial(_all_problems, workspace, folder, outcome.acks, known))
        for problem in problems:
            say(problem)
        outcome.violations += len(problems)
        known = sorted(path.name for path in folder.iterdir())
        outcome.files, outcome.batches = len(known), outcome.batches + 1
        say(f"{outcome.total} kills, {len(known)} files, {outcome.violations} violations")
    return outcome


def _all_problems(
    workspace: Path, folder: Path, acks: Sequence[Ack], known: Sequence[str]
) -> Iterable[str]:
    yield from check.sweep(workspace, folder)
    yield from check.violations(workspace, folder, acks, frozenset(known))


def _in_turn(draw: random.Random) -> Callable[[], str]:
    """A step and a random moment by turns, all steps before one comes again."""
    left: list[str] = []
    at_random = False

    def following() -> str:
        nonlocal at_random
        at_random = not at_random
        if at_random:
            return RANDOM
        if not left:
            left.extend(draw.sample(list(POINTS), len(POINTS)))
        return left.pop()

    return following


def _round(
    workspace: Path,
    folder: Path,
    outcome: Outcome,
    draw: random.Random,
    points: Callable[[], str],
) -> list[tuple[str, str]]:
    """One to three processes at once, until all are dead; (point, record) for each reserved."""
    victims = []
    for _ in range(draw.randint(1, 3)):
        point, seed = points(), draw.getrandbits(32)
        reading, writing = os.pipe()
        install = "" if point == RANDOM else point
        pid = _fork(partial(stamp_until_killed, workspace, folder, writing, seed, install))
        os.close(writing)
        wait = draw.uniform(*_LIFE_S) if point == RANDOM else _PATIENCE_S
        victims.append(_Victim(pid, point, reading, time.monotonic() + wait))
    reserved = []
    for victim in sorted(victims, key=lambda v: v.until):
        while time.monotonic() < victim.until and not _ended(victim.pid):
            time.sleep(0.005)
        late = victim.point != RANDOM and not _ended(victim.pid)
        died = _kill(victim.pid)
        outcome.kills[victim.point] += died and not late
        outcome.survivors += late or not died
        with os.fdopen(victim.pipe, encoding="ascii") as pipe:
            lines = [line.split(" ") for line in pipe.read().splitlines()]
        reserved += [(victim.point, line[1]) for line in lines[-1:] if line[0] == "R"]
        outcome.acks += [Ack(*line[1:]) for line in lines if line[0] == "A"]
        outcome.refusals.update(line[1] for line in lines if line[0] == "E")
    return reserved


def _fork(action: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        try:
            action()
        except BaseException:  # noqa: BLE001 - this process must not go on as its parent
            traceback.print_exc()
        finally:
            os._exit(0)
    return child


def _answer(action: Callable[[], Iterable[str]]) -> list[str]:
    """The lines that come of something that is done in another process.

    Raises:
        RuntimeError: it did not get to its end.
    """
    reading, writing = os.pipe()

    def answer() -> None:
        with os.fdopen(writing, "w", encoding="utf-8") as pipe:
            pipe.writelines(" ".join(line.split()) + "\n" for line in action())
            pipe.write("END\n")

    child = _fork(answer)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        *lines, last = pipe.read().splitlines() or [""]
    os.waitpid(child, 0)
    if last != "END":
        raise RuntimeError(f"a check was cut off after: {lines}")
    return lines


def _ended(pid: int) -> bool:
    """Whether the process is dead; it is not reaped."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _kill(pid: int) -> bool:
    """Reap a process; True if a kill ended it."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
