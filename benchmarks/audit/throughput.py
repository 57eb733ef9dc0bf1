"""What an audit costs, against a bare decode of the same files on the same cores.

    python -m benchmarks.audit.throughput [--files 24] [--rounds 3] [--seed 1] [--out DIRECTORY]
    python -m benchmarks.audit.throughput --workers-only [--pool-files 300] [--out DIRECTORY]

Files are made from unmarked pictures, in classes (`CLASSES`). In one process, with one thread, in
turns, so that a change of load falls on all alike: a bare decode to RGB by Pillow and by OpenCV,
the project's own loader, and the row function of the audit at each depth. Then the same row
function in worker processes, one and two of them, as a run uses them; with `--workers-only`
nothing else. A dump is a mix of the classes (`DUMP`): all time over the time of all bare decodes.

Wall time is that of a shared machine. What counts is CPU time; the least of the rounds is taken.
`--out` is where `audit-throughput.md` and `.json` are written, or `audit-workers.md` and `.json`.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from PIL import Image

from benchmarks.audit.stop import unmarked
from benchmarks.environment import describe
from benchmarks.watermark import workers
from benchmarks.watermark.schemes import keyring
from provenance import keep_freed_memory
from provenance.audit.chunk import Chunk, Item
from provenance.audit.isolate import Confinement, Worker
from provenance.audit.row import examine
from provenance.audit.worker import Orders
from provenance.imaging import load
from provenance.verify import Verifier
from provenance.watermark import Depth

#: Class -> side of the square of the same area, format, and what the encoder is told.
CLASSES: Final[dict[str, tuple[int, str, dict[str, Any]]]] = {
    "JPEG 85, 1 MP": (1024, "JPEG", {"quality": 85}),
    "JPEG 95 4:4:4, 1 MP": (1024, "JPEG", {"quality": 95, "subsampling": 0}),
    "progressive JPEG 85, 1 MP": (1024, "JPEG", {"quality": 85, "progressive": True}),
    "JPEG 85, 8 MP": (2896, "JPEG", {"quality": 85}),
    "JPEG 85, 0.3 MP": (512, "JPEG", {"quality": 85}),
    "WebP 85, 1 MP": (1024, "WEBP", {"quality": 85}),
    "PNG, 1 MP": (1024, "PNG", {}),
}
#: Of a hundred files of a scraped dump, how many are of each class. JPEG and PNG are what scraping
#: finds, and WebP is the commonest of the newer formats, at a few percent (B. Dornauer and
#: M. Felderer, "Web Image Formats", arXiv:2310.00788, 2023). The rest is an assumption: most
#: pictures have about a megapixel, as generators make them and data sets keep them.
DUMP: Final = {
    "JPEG 85, 1 MP": 40,
    "JPEG 95 4:4:4, 1 MP": 5,
    "progressive JPEG 85, 1 MP": 15,
    "JPEG 85, 8 MP": 3,
    "JPEG 85, 0.3 MP": 12,
    "WebP 85, 1 MP": 5,
    "PNG, 1 MP": 20,
}
#: The class for which the limits of `ACCEPTED` are stated.
ACCEPTED_CLASS: Final = "JPEG 85, 1 MP"
ACCEPTED: Final = {"fast": 1.6, "standard": 4.0}
PACKAGES: Final = ("provenance", "numpy", "scipy", "opencv-python", "pillow", "c2pa-python")
DEEP_FILES: Final = 6
POOL_ROUNDS: Final = 15
CHUNK: Final = 25
POOL_DEPTHS: Final = (Depth.FAST, Depth.STANDARD)
_VERSION: Final = "benchmark"
_HOUR: Final = 3600.0

Files = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one image: CPU milliseconds, least of the rounds; wall milliseconds, their median."""

    cpu: float
    wall: float


def main() -> None:
    options = _options()
    workers.prepare()
    keep_freed_memory()  # as the workers of an audit do, and the bare decode gains by it, too
    os.environ["OPENCV_FOR_THREADS_NUM"] = "1"  # of the worker processes
    facts = describe(PACKAGES)
    names = [ACCEPTED_CLASS] if options.workers_only else list(CLASSES)
    made = {name: files(name, options.files, options.seed) for name in names}
    single = {} if options.workers_only else {n: _single(made[n], options) for n in names}
    pool = {depth.value: _pools(made[ACCEPTED_CLASS], depth, options) for depth in POOL_DEPTHS}
    facts["load after"] = "{:.1f} {:.1f} {:.1f}".format(*os.getloadavg())
    document = _document(facts, options, made, single, pool)
    text = "\n".join(_markdown(document)) + "\n"
    print(text)
    if options.out:
        name = "audit-workers" if options.workers_only else "audit-throughput"
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / f"{name}.md").write_text(text)
        (options.out / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Throughput of the audit.")
    parser.add_argument("--files", type=int, default=24, help="of each class")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pool-files", type=int, default=300, help="read by worker processes")
    parser.add_argument("--workers-only", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def files(name: str, count: int, seed: int) -> Files:
    """Files of a class, with their names."""
    side, kind, arguments = CLASSES[name]
    made = []
    # Others are the same pieces at another size; of large ones, fewer tell as much.
    few = count if side <= 1024 else max(4, count // 4)
    for number, rgb in enumerate(islice(unmarked(few, seed), few)):
        image = Image.fromarray(rgb)
        scale = side / (image.width * image.height) ** 0.5
        if side != 1024:
            size = (round(image.width * scale), round(image.height * scale))
            image = image.resize(size, Image.Resampling.LANCZOS)
        target = io.BytesIO()
        image.save(target, kind, **arguments)
        made.append((f"{number}.{kind.lower()}", target.getvalue()))
    return made


# --- one process -----------------------------------------------------------------------


def _tasks(seed: int) -> dict[str, Callable[[str, bytes], object]]:
    """What is done with one file, by name; all in this process."""

    def pillow(_: str, data: bytes) -> object:
        image = Image.open(io.BytesIO(data))
        return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))

    def opencv(_: str, data: bytes) -> object:
        return cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR_RGB)

    def loader(name: str, data: bytes) -> object:
        return load(data, name=name)

    def row(depth: Depth) -> Callable[[str, bytes], object]:
        verifier = Verifier(keyring=keyring(seed), depth=depth)
        return lambda name, data: examine(Item(name=name, data=data), name, verifier, _VERSION)

    found: dict[str, Callable[[str, bytes], object]] = {
        "Pillow": pillow,
        "OpenCV": opencv,
        "loader": loader,
    }
    return found | {depth.value: row(depth) for depth in Depth}


def _single(files: Files, options: argparse.Namespace) -> dict[str, Cost]:
    tasks = _tasks(options.seed)
    cpu: dict[str, list[float]] = {name: [] for name in tasks}
    wall: dict[str, list[float]] = {name: [] for name in tasks}
    for number in range(options.rounds + 1):
        for name, task in tasks.items():
            some = files
            if name == Depth.DEEP.value:  # takes twenty times as long
                if number != 1:
                    continue
                some = files[:DEEP_FILES]
            begin, began = time.process_time(), time.perf_counter()
            for file, data in some:
                task(file, data)
            if number:  # the first round fills caches
                cpu[name].append(1000 * (time.process_time() - begin) / len(some))
                wall[name].append(1000 * (time.perf_counter() - began) / len(some))
    return {name: Cost(cpu=min(cpu[name]), wall=statistics.median(wall[name])) for name in tasks}


# --- worker processes ---------------------------------------------------------------------


Measured = dict[str, float]


def _pools(files: Files, depth: Depth, options: argparse.Namespace) -> dict[str, Any]:
    """One worker and two, in turns: the machine may get faster or slower meanwhile.

    Returns:
        the medians of "1" and of "2", and of each round what two gave of what one did: "ratios".
    """
    orders = Orders(
        verifier=Verifier(keyring=keyring(options.seed), depth=depth), memory=1_500_000_000
    )
    crew = [Worker(orders, Confinement()) for _ in range(2)]
    with tempfile.TemporaryDirectory() as folder:
        names = _written(Path(folder), files, options.pool_files)
        rounds: dict[int, list[Measured]] = {1: [], 2: []}
        try:
            for worker in crew:  # start-up is not what is measured
                list(worker.rows(_chunk(names[: len(files)])))
            for _ in range(POOL_ROUNDS):
                for count, found in rounds.items():
                    found.append(_round(crew[:count], names))
        finally:
            for worker in crew:
                worker.stop()
    medians = {
        str(count): {key: statistics.median(item[key] for item in found) for key in found[0]}
        for count, found in rounds.items()
    }
    ratios = {
        key: [two[key] / one[key] for one, two in zip(rounds[1], rounds[2], strict=True)]
        for key in ("images_per_s", "images_per_s_of_cpu")
    }
    return medians | {"ratios": ratios}


def _round(crew: list[Worker], names: tuple[str, ...]) -> Measured:
    """Images a second of some workers, by the wall and by the CPU time that they got."""
    chunks = iter([names[first : first + CHUNK] for first in range(0, len(names), CHUNK)])

    def work(worker: Worker) -> None:
        for chunk in chunks:  # whoever is free takes the next, as in a run
            list(worker.rows(_chunk(chunk)))

    before = [_cpu(worker) for worker in crew]
    parent = time.process_time()
    began = time.perf_counter()
    threads = [threading.Thread(target=work, args=(worker,)) for worker in crew]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - began
    parent = time.process_time() - parent
    spent = [_cpu(worker) - first for worker, first in zip(crew, before, strict=True)]
    return {
        "images": len(names),
        "wall_s": wall,
        "cpu_s": sum(spent),
        "parent_cpu_s": parent,
        "images_per_s": len(names) / wall,
        # What so many cores give that have nothing else to do.
        "images_per_s_of_cpu": len(names) / (sum(spent) / len(crew)),
    }


def _written(folder: Path, files: Files, count: int) -> tuple[str, ...]:
    names = []
    for number in range(count):
        name, data = files[number % len(files)]
        path = folder / f"{number:05d}-{name}"
        path.write_bytes(data)
        names.append(str(path))
    return tuple(names)


def _chunk(names: Sequence[str]) -> Chunk:
    return Chunk(kind="files", address="", count=len(names), names=tuple(names))


def _cpu(worker: Worker) -> float:
    """CPU seconds of the process, children excluded; the kernel counts in nanoseconds."""
    process = worker._process  # noqa: SLF001 - nothing else needs it
    if process is None:
        return 0.0
    threads = Path(f"/proc/{process.pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


# --- what is told ---------------------------------------------------------------------------


def _document(
    facts: dict[str, str],
    options: argparse.Namespace,
    made: dict[str, Files],
    single: dict[str, dict[str, Cost]],
    pool: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    classes = {
        name: {
            "files": len(made[name]),
            "mean_bytes": round(statistics.fmean(len(data) for _, data in made[name])),
            "cpu_ms": {task: round(cost.cpu, 2) for task, cost in costs.items()},
            "wall_ms": {task: round(cost.wall, 2) for task, cost in costs.items()},
            "images_per_core_hour": {
                depth.value: round(1000 * _HOUR / costs[depth.value].cpu) for depth in Depth
            },
        }
        for name, costs in single.items()
    }
    return {
        "command": f"python -m benchmarks.audit.throughput --files {options.files} "
        f"--rounds {options.rounds} --pool-files {options.pool_files} --seed {options.seed}"
        + " --workers-only"
        * options.workers_only,
        "environment": facts,
        "classes": classes,
        "dump": {"mix": DUMP, "cpu_ms": _dump(single)},
        "accepted": {"class": ACCEPTED_CLASS, "times_decode": ACCEPTED},
        "workers": pool,
    }


def _dump(single: dict[str, dict[str, Cost]]) -> dict[str, float]:
    """CPU milliseconds of an image of the mix, by task; of the classes that were measured."""
    shares = {name: DUMP[name] for name in single}
    if not shares:
        return {}
    return {
        task: round(
            sum(share * single[name][task].cpu for name, share in shares.items())
            / sum(shares.values()),
            2,
        )
        for task in next(iter(single.values()))
    }


def _markdown(document: dict[str, Any]) -> Iterator[str]:
    yield "# Throughput of the audit\n"
    facts = "; ".join(f"{name} {value}" for name, value in document["environment"].items())
    yield f"`{document['command']}`: {facts}.\n"
    if document["classes"]:
        yield from _single_tables(document)
    yield f"\nWorker processes, {document['accepted']['class']}. The last column is what two give"
    yield "of what one gives, by the wall on this shared machine, and by the CPU time they got.\n"
    yield f"Medians of {POOL_ROUNDS} rounds, in which one and two take turns; in brackets least and"
    yield "most of the rounds.\n"
    yield "| depth | images | one: CPU ms | two: CPU ms | parent: CPU ms | two/one |"
    yield "|---|---|---|---|---|---|"
    for depth, by in document["workers"].items():
        one, two = by["1"], by["2"]
        cpu_ms = [1000 * item["cpu_s"] / item["images"] for item in (one, two)]
        parent = 1000 * two["parent_cpu_s"] / two["images"]
        wall, cpu = by["ratios"]["images_per_s"], by["ratios"]["images_per_s_of_cpu"]
        yield (
            f"| {depth} | {one['images']} | {cpu_ms[0]:.1f} | {cpu_ms[1]:.1f} | {parent:.2f} "
            f"| {_spread(wall)} by the wall, {_spread(cpu)} by CPU time |"
        )


def _spread(ratios: list[float]) -> str:
    return f"x{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _single_tables(document: dict[str, Any]) -> Iterator[str]:
    dump = document["dump"]
    yield "CPU milliseconds of an image, one process with one thread, least of the rounds. In"
    yield "brackets: times the bare decode by Pillow.\n"
    yield "| files | n | KB | Pillow | OpenCV | loader | fast | standard | deep |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for name, item in document["classes"].items():
        size = f"{item['files']} | {item['mean_bytes'] // 1000}"
        yield f"| {name} | {size} | {_cells(item['cpu_ms'])} |"
    yield f"| a dump | | | {_cells(dump['cpu_ms'])} |"
    mix = ", ".join(f"{share} {name}" for name, share in dump["mix"].items())
    yield f"\nA dump, of a hundred files: {mix}."
    yield "\nImages per core and hour, by CPU time:\n"
    yield "| files | fast | standard | deep |"
    yield "|---|---|---|---|"
    for name, item in document["classes"].items():
        numbers = [f"{item['images_per_core_hour'][depth.value]:,}" for depth in Depth]
        yield f"| {name} | {' | '.join(numbers)} |"


def _cells(cpu: dict[str, float]) -> str:
    cells = [f"{cpu[task]:.1f}" for task in ("Pillow", "OpenCV", "loader")]
    cells += [f"{cpu[d.value]:.1f} (x{cpu[d.value] / cpu['Pillow']:.2f})" for d in Depth]
    return " | ".join(cells)


if __name__ == "__main__":
    main()
