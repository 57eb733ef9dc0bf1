"""A large audit on paper: machines, hours, storage, false readings, from measured figures.

    python -m benchmarks.audit.plan --images 100e6 [--machines 10] [--cores 64] [--days 7]
        [--efficiency 0.8] [--figures benchmarks/results/audit-figures.json]

Nothing is run. Assumed besides the figures: the images are like those that were measured, cores are
alike, and the sources deliver as fast as they are read (the network that this takes is printed).
`--efficiency` is what a core keeps of its speed when all cores work.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.audit.figures import RESULTS
from provenance.audit.calibration import Looks
from provenance.watermark.statistics.bound import LOG10_THRESHOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run takes. `rate` is in images a second of one core, storage in bytes."""

    images: int
    rate: float
    cores: int
    efficiency: float
    bytes_per_row: int
    bytes_per_image: int
    megabytes: int

    @property
    def core_hours(self) -> float:
        """Work in hours of one core."""
        return self.images / (self.rate * self.efficiency) / 3600

    def hours(self, machines: int) -> float:
        """From beginning to end."""
        return self.core_hours / (machines * self.cores)

    def machines(self, hours: float) -> int:
        """How many are needed to be done in time."""
        return math.ceil(self.core_hours / self.cores / hours)

    @property
    def looks(self) -> Looks:
        """What chance does: one scheme, one frame."""
        return Looks(
            pictures=self.images, looks=self.images, expected=self.images * 10**LOG10_THRESHOLD
        )


def main() -> None:
    options = _options()
    figures: dict[str, Any] = json.loads(options.figures.read_text(encoding="ascii"))
    if note := figures.get("note"):
        print(f"note: {note}")
    print(f"measured on: {figures['environment']['machine']}")
    print(f"measured by: {figures['command']}")
    print(f"{int(options.images):,} images, {options.cores} cores a machine, every core keeps "
          f"{options.efficiency:.0%} of its speed")  # fmt: skip
    print()
    header = (
        f"| depth | images a second and core | core-hours | hours on {options.machines} machines"
    )
    print(f"{header} | machines for {options.days:g} days | network, MB/s a machine |")
    print("|---|---|---|---|---|---|")
    for depth, rate in figures["images_per_core_second"].items():
        plan = _plan(options, figures, depth, rate)
        read = rate * plan.efficiency * plan.cores * plan.bytes_per_image / 1e6
        cells = (
            depth,
            f"{rate:g}",
            f"{plan.core_hours:,.0f}",
            f"{plan.hours(options.machines):,.1f}",
            f"{plan.machines(24 * options.days):,}",
            f"{read:,.0f}",
        )
        print(f"| {' | '.join(cells)} |")
    print()
    _print_rest(plan, options.cores)


def _print_rest(plan: Plan, cores: int) -> None:
    """What does not depend on the depth."""
    looks = plan.looks
    rows = {
        "read": f"{plan.images * plan.bytes_per_image / 1e12:,.1f} TB "
        f"({plan.bytes_per_image:,} bytes an image)",
        "rows": f"{plan.images * plan.bytes_per_row / 1e9:,.1f} GB "
        f"({plan.bytes_per_row} bytes each)",
        "chunks of 256": f"{math.ceil(plan.images / 256):,}",
        "memory of a machine": f"{plan.megabytes * cores / 1000:,.0f} GB for its workers, at most",
        "false readings, at most": f"{looks.expected_readings:.2g}",
        "a reading counts from": f"log10 p <= {min(LOG10_THRESHOLD, looks.log10_threshold):.2f} "
        f"(the size asks {looks.log10_threshold:.2f})",
        "false readings that count, at most": f"{looks.expected_accepted:.2g}",
        "traced falsely, as measured": f"{looks.expected_traced:.2g}",
        "public watermarks by chance, at most": f"{looks.expected_markers:,.0f}",
        "of those, count": "at most 0.001 expected, from log10 p <= "
        f"{looks.marker_log10_threshold:.2f}",
    }
    print("| | |\n|---|---|")
    for name, value in rows.items():
        print(f"| {name} | {value} |")


def _plan(options: argparse.Namespace, figures: dict[str, Any], depth: str, rate: float) -> Plan:
    return Plan(
        images=int(options.images),
        rate=rate,
        cores=options.cores,
        efficiency=options.efficiency,
        bytes_per_row=figures["bytes_per_row"],
        bytes_per_image=figures["bytes_per_image"],
        megabytes=figures["worker_megabytes"][depth],
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A large audit on paper.")
    parser.add_argument("--images", type=float, default=100e6)
    parser.add_argument("--machines", type=int, default=10)
    parser.add_argument("--cores", type=int, default=64)
    parser.add_argument("--days", type=float, default=7)
    parser.add_argument("--efficiency", type=float, default=0.8)
    parser.add_argument("--figures", type=Path, default=RESULTS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
