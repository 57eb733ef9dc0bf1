"""The main job, once through: stamp real pictures, leak them, trace the leaks.

Everything goes through the real command line. Nothing is downloaded, no server runs; what
is made stays in ./demo.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from leak import leak
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
OUT = Path("demo")
WORKSPACE = OUT / "workspace"
STAMPED = OUT / "stamped"
LEAKED = OUT / "leaked"
UNTOUCHED = HERE / "images" / "satellite.jpg"
FORMATS = ("png", "jpeg", "webp-lossless")


def provenance(*arguments: str | Path) -> str:
    """Run the command; show what is run; stop on an unexpected exit code."""
    command = ["provenance", *map(str, arguments)]
    print("$", " ".join(command), flush=True)
    result = subprocess.run(
        [sys.executable, "-m", "provenance_cli", *command[1:]],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if result.returncode not in (0, 1):  # 1: some picture carries no known mark
        sys.exit(f"provenance ended with exit code {result.returncode}")
    return result.stdout


def main() -> None:
    """Init, stamp, leak, verify, and a table of what was found."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    print(provenance("init", WORKSPACE, "--system-name", "demo-generator"))
    pictures = [p for p in sorted((HERE / "images").iterdir()) if p != UNTOUCHED]
    for name in FORMATS:
        options = ["-w", WORKSPACE, "--format", name, "--out", STAMPED, "--model", "demo-model"]
        print(provenance("stamp", *options, *pictures))
    stamped = sorted(STAMPED.iterdir())
    leaked = [copy for picture in stamped for copy in leak(picture, LEAKED)]
    print(f"{len(leaked)} leaked copies in {LEAKED}: metadata gone, half of them recompressed\n")
    lines = provenance("verify", "-w", WORKSPACE, "--jsonl", STAMPED, LEAKED, UNTOUCHED)
    rows = [json.loads(line) for line in lines.splitlines()]
    show(rows)
    untouched, ours = rows[-1], rows[:-1]
    traced = sum(row["verdict"] == "TRACED" for row in ours)
    print(f"{traced} of {len(ours)} pictures traced to the system that made them.")
    print(f"{UNTOUCHED.name}: {untouched['statement']}")
    if traced < len(ours) or untouched["verdict"] != "NOT_FOUND":
        sys.exit("the demo did not end as it should")


def show(rows: list[dict[str, object]]) -> None:
    """One line for each picture."""
    table = Table(box=None, pad_edge=False)
    for title in ("picture", "verdict", "system", "mark", "manifest"):
        table.add_column(title)
    for row in rows:
        system, manifest = row["system"] or {}, row["manifest"] or {}
        table.add_row(
            str(
                Path(str(row["path"])).relative_to(OUT)
                if OUT.name in str(row["path"])
                else Path(str(row["path"])).name
            ),
            str(row["verdict"]),
            str(system.get("name", "-")),
            str(row["mark_id"] or "-"),
            str(manifest.get("status", "-")),
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
