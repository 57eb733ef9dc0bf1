"""The main job, once through: stamp real pictures, leak them, trace the leaks.

Everything goes through the real command line. Nothing is downloaded, no server runs; what
is made stays in ./demo.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from leak import LEAKS, leak
from rich.console import Console
from rich.table import Table

HERE = Path(os.path.relpath(Path(__file__).parent))
OUT = Path("demo")
WORKSPACE = OUT / "workspace"
STAMPED = OUT / "stamped"
LEAKED = OUT / "leaked"
REPORT = OUT / "report.html"
UNTOUCHED = HERE / "images" / "satellite.jpg"
FORMATS = {"png": "png", "jpeg": "jpg", "webp-lossless": "webp"}
SHOWN = {"TRACED": "traced", "NOT_FOUND": "NOT FOUND"}


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
    for name, folder in FORMATS.items():
        place = ["--format", name, "--out", STAMPED / folder, "--model", "demo-model"]
        print(provenance("stamp", "-w", WORKSPACE, *place, *pictures))
    stamped = sorted(path for path in STAMPED.rglob("*") if path.is_file())
    leaked = [copy for picture in stamped for copy in leak(picture, LEAKED)]
    print(f"{len(leaked)} leaked copies in {LEAKED}: recompressed as JPEG, all metadata gone\n")
    lines = provenance("verify", "-w", WORKSPACE, "--jsonl", STAMPED, LEAKED, UNTOUCHED)
    rows = {Path(row["path"]).name: row for row in map(json.loads, lines.splitlines())}
    show(stamped, rows)
    print(provenance("verify", "-w", WORKSPACE, leaked[0], "--report", REPORT))
    untouched = rows.pop(UNTOUCHED.name)
    traced = sum(row["verdict"] == "TRACED" for row in rows.values())
    print(f"{traced} of {len(rows)} pictures traced to the system that made them.")
    print(f"{UNTOUCHED.name}: {untouched['statement']}")
    print(f"The report about {leaked[0].name} is in {REPORT}.")
    complete = len(rows) == len(stamped) + len(leaked)
    if not complete or traced < len(rows) or untouched["verdict"] != "NOT_FOUND":
        sys.exit("the demo did not end as it should")


def show(stamped: list[Path], rows: dict[str, dict[str, Any]]) -> None:
    """One line for each stamped picture: its mark, and what became of each copy."""
    table = Table(box=None, pad_edge=False)
    for title in ("stamped", "mark", "as released", *LEAKS):
        table.add_column(title, no_wrap=True)
    for picture in stamped:
        row = rows[picture.name]
        copies = [rows[f"{picture.stem}-{picture.suffix[1:]}-{name}.jpg"] for name in LEAKS]
        mark = str(row["mark_id"] or "-")
        table.add_row(picture.name, mark, *(outcome(item) for item in (row, *copies)))
    Console(width=110).print(table)
    print("part: a part of the issued picture was recognised, and which\n")


def outcome(row: dict[str, Any]) -> str:
    """The verdict, and whether only a part was recognised."""
    part = ", part" if row["content_match"] == "PARTIAL" else ""
    return SHOWN.get(row["verdict"], str(row["verdict"])) + part


if __name__ == "__main__":
    main()
