"""How many false accusations a run of this size may be expected to make, and the rule against it.

A scheme reports a mark where the chance that a picture without one reads so is at most p, over all
keys, alignments and payloads that it tried (`provenance.watermark.statistics`). That is a bound for
one look: one picture, or frame of one, and one scheme. Many looks add up. By the union bound

    expected false readings  <=  sum of p over all looks

and this needs no independence: dumps are full of copies. So that a whole run keeps to `ALPHA`
false readings expected, whatever its size, it counts a reading only where

    log10 p  <=  min(threshold of the scheme, log10(ALPHA / L))

with L looks in all. Nobody is accused by a reading alone: its record has to exist and the picture
has to look like the issued one. What that adds is measured and not proved, so the rule leaves it
out and it is only stated (`CONTENT_MATCH`).

A trusted manifest is no matter of chance; a `TRACED` that rests on one is not touched by this.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

#: False readings that are expected in a whole run, at most.
ALPHA: Final = 1e-3
#: False readings of public watermarks of other systems; they accuse nobody (`OTHER_SYSTEM`).
MARKER_CHANCE: Final = 1e-5  # per picture: `provenance.markers.public_payload.CHANCE`
#: Share of unrelated pictures that match a record's fingerprints: 0 of 13,210, the upper end of
#: the 95 % interval, 3 / n. Measured (docs/content-match.md); pictures of one layout match more.
CONTENT_MATCH: Final = 3 / 13_210

RULE: Final = (
    "a reading counts where log10 p <= min(threshold of its scheme, log10(alpha / looks)), "
    "alpha = 0.001 false readings expected in the whole run at most"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """How often marks were looked for.

    `pictures` were examined. `looks` counts each scheme in each frame, and `expected` sums the
    chances that they read a mark that is not there. `shares` is into how many runs of about
    this size the pictures were divided: the rule goes by all of them.
    """

    pictures: int
    looks: int
    expected: float
    shares: int = 1

    @property
    def log10_threshold(self) -> float:
        """What the size of the run asks of a reading, besides what its scheme asks."""
        looks = self.looks * self.shares
        return math.log10(ALPHA / looks) if looks else 0.0

    @property
    def expected_readings(self) -> float:
        """False readings expected at most, with the schemes' own thresholds."""
        return self.expected * self.shares

    @property
    def expected_accepted(self) -> float:
        """The same under the rule: no more than that, and no more than `ALPHA`."""
        return min(self.expected_readings, ALPHA) if self.looks else 0.0

    @property
    def expected_traced(self) -> float:
        """The same, where an unrelated picture matches its record as often as was measured."""
        return self.expected_accepted * CONTENT_MATCH

    @property
    def expected_markers(self) -> float:
        """Public watermarks of other systems read by chance, at most."""
        return self.pictures * self.shares * MARKER_CHANCE

    @property
    def marker_log10_threshold(self) -> float:
        """What the size of the run asks of a public watermark: `ALPHA` of them expected."""
        pictures = self.pictures * self.shares
        return math.log10(ALPHA / pictures) if pictures else 0.0


def counts(log10_p: float | None, basis: list[str], log10_threshold: float) -> bool:
    """Does a `TRACED` hold in a run that asks for this threshold?

    Args:
        log10_p: of the mark; null where there is none, or one whose chance nobody can bound.
        basis: what the verdict rests on.
        log10_threshold: of the run.
    """
    if "metadata" in basis:
        return True
    return log10_p is not None and log10_p <= log10_threshold
