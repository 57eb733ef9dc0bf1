"""What an audit costs here, for the plan of a large one.

    python -m benchmarks.audit.figures [--images 200] [--depths fast,standard,deep] [--seed 1]
        [--out benchmarks/results/audit-figures.json]

Unmarked JPEGs of about one megapixel, made from the larger test images by random crops, at quality
75 to 95. The real command audits them with one worker and one system's keys, a run for each
depth. From the journal: images a second, from the first chunk that is kept to the last, so that
the start of the worker is left out. From the rows: bytes a row. From /proc: what a worker takes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

from benchmarks.environment import describe, print_environment
from benchmarks.watermark.sets import SETS
from provenance.audit.journal import events

RESULTS: Final = Path(__file__).parent.parent / "results" / "audit-figures.json"
_SIDE: Final = 1024
_CHUNK: Final = 10


def main() -> None:
    parser = argparse.ArgumentParser(description="What an audit costs here.")
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--depths", default="fast,standard,deep")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    print_environment()
    with tempfile.TemporaryDirectory() as folder:
        found = _measure(Path(folder), options.images, options.depths.split(","), options.seed)
    document = {
        "environment": describe(),
        "command": f"python -m benchmarks.audit.figures --images {options.images} "
        f"--depths {options.depths} --seed {options.seed}",
        "images": options.images,
        "seed": options.seed,
        **found,
    }
    options.out.write_text(json.dumps(document, indent=2) + "\n", encoding="ascii")
    print(json.dumps(found, indent=2))


def _measure(folder: Path, images: int, depths: list[str], seed: int) -> dict[str, Any]:
    size = _write_images(folder / "dump", images, seed)
    _run("init", folder / "workspace")
    depth_figures = {depth: _audit(folder, depth) for depth in depths}
    # A part of a run holds 256 rows; those here hold fewer, and what every part costs would count
    # too often. So the rows are put into one.
    whole = folder / "rows.parquet"
    pq.write_table(pq.read_table(folder / depths[-1] / "parts"), whole, compression="zstd")
    return {
        "bytes_per_image": round(size / images),
        "bytes_per_row": round(whole.stat().st_size / images),
        "images_per_core_second": {d: figures[0] for d, figures in depth_figures.items()},
        "worker_megabytes": {d: figures[1] for d, figures in depth_figures.items()},
    }


def _write_images(folder: Path, images: int, seed: int) -> int:
    """Random crops of about a megapixel; returns their bytes."""
    draw = np.random.default_rng(seed)
    folder.mkdir()
    files = [path for name in ("generated", "kodak") for path in SETS[name].files()]
    for number in range(images):
        with Image.open(files[number % len(files)]) as opened:
            picture = opened.convert("RGB")
        scale = 1.2 * _SIDE / min(picture.size)
        picture = picture.resize((round(picture.width * scale), round(picture.height * scale)))
        left = int(draw.integers(picture.width - _SIDE + 1))
        top = int(draw.integers(picture.height - _SIDE + 1))
        crop = picture.crop((left, top, left + _SIDE, top + _SIDE))
        crop.save(folder / f"{number:06}.jpg", quality=int(draw.integers(75, 96)))
    return sum(path.stat().st_size for path in folder.iterdir())


def _audit(folder: Path, depth: str) -> tuple[float, int]:
    """Images a second of one worker, and the most memory that it took, in megabytes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "provenance_cli", "audit", str(folder / "dump"), "--out",
         str(folder / depth), "--workspace", str(folder / "workspace"), "--depth", depth,
         "--workers", "1", "--chunk", str(_CHUNK)],
        stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    most = 0
    while process.poll() is None:
        most = max(most, *(_peak(child) for child in _children(process.pid)), 0)
        time.sleep(0.2)
    if process.returncode not in (0, 6):
        sys.exit(f"the audit failed: {process.returncode}")
    # The journal has whole seconds only; the times of the parts are exact.
    times = sorted(p.stat().st_mtime for p in (folder / depth / "parts").iterdir())
    rows = [event.rows for event in events(folder / depth) if event.event == "chunk"]
    rate = (sum(rows) - rows[0]) / (times[-1] - times[0])
    print(f"{depth}: {rate:.2f} images a second, {most} MB")
    return round(rate, 2), most


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(c) for task in tasks for c in (task / "children").read_text().split()]
    except OSError:
        return []


def _peak(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    found = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return found[0] // 1024 if found else 0


def _run(*words: str | Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "provenance_cli", *map(str, words)], check=True, capture_output=True
    )


if __name__ == "__main__":
    main()
