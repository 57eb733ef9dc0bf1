"""python -m benchmarks.release_kills [--kills N] [--seed N] [--out FILE.md]."""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.environment import describe
from benchmarks.release_kills.run import SWEEPING, Outcome, kill_releases
from benchmarks.watermark.report import table
from provenance.model import RecordState

_NOTE = (
    "Processes stamp pictures of random sizes into six formats, one to three at a time, four in "
    "ten under a request id that others use too, and are killed with SIGKILL: at every numbered "
    "step in turn, at random moments, and while sweeping. After each batch everything is swept and "
    "checked: every file in the release directory has a trusted manifest, a readable mark, a "
    "released record and a leaf in the log; every picture that was acknowledged is there "
    "with its record; one record for each request; `fsck` and `guard` find nothing."
)

_STATES = (
    "State of the record that a process was at work on when it was killed, before the sweep "
    "(nothing where it had none, or had finished):"
)


def main() -> int:
    """Kill, check and report; the exit code is 1 if anything did not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.release_kills")
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="a Markdown file")
    options = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="release-kills-") as top:
        outcome = kill_releases(
            Path(top),
            kills=options.kills,
            seed=options.seed,
            say=lambda line: print(line, file=sys.stderr, flush=True),
        )
    command = shlex.join(["python", "-m", "benchmarks.release_kills", *sys.argv[1:]])
    text = _rendered(outcome, command, options.seed, time.monotonic() - start)
    if options.out:
        options.out.write_text(text)
    print(text, end="")
    return 1 if outcome.violations or outcome.survivors else 0


def _rendered(outcome: Outcome, command: str, seed: int, seconds: float) -> str:
    facts = "; ".join(f"{name} {value}" for name, value in describe().items())
    states = [state.value for state in RecordState]
    rows = [
        (point, str(outcome.kills[point]), *(str(counted[state]) for state in states))
        for point, counted in outcome.states.items()
    ]
    rows.append((SWEEPING, str(outcome.kills[SWEEPING]), *("" for _ in states)))
    refusals = ", ".join(f"{n} {code}" for code, n in sorted(outcome.refusals.items())) or "none"
    facts_of = [
        f"* kills: {outcome.total} in {outcome.batches} batches",
        f"* acknowledged: {len(outcome.acks)}; files in the end: {outcome.files}",
        f"* refused while others were killed: {refusals}",
        f"* not killed where they should have been: {outcome.survivors}",
        f"* **violations: {outcome.violations}**",
    ]
    return "\n\n".join(
        (
            "# Releases under kill -9",
            f"`{command}`: seed {seed}, {seconds:.0f} s. {facts}",
            _NOTE,
            "\n".join(facts_of),
            _STATES,
            table(("killed", "n", *states), rows),
            "",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
