"""Stamps pictures, attacks them, reads them, and writes down how it went.

A task is one picture with one scheme: it is what shards divide, what a worker does, and what
is resumed. Its rows are one file, written at once; a task whose file is there is done.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.environment import describe
from benchmarks.watermark import attacks, rows, schemes, workers
from benchmarks.watermark.attacks.geometry import to_size
from benchmarks.watermark.metrics import Timer, measure, require_ssimulacra2
from benchmarks.watermark.rows import AttackRow, Row, StampRow
from benchmarks.watermark.scene import Pixels, Scene
from benchmarks.watermark.seeds import digest, generator
from benchmarks.watermark.sets import picture_set
from provenance import watermark
from provenance.errors import ArgumentError, CapacityError
from provenance.watermark import Keyring, Payload, Scheme

#: Ids under which one picture may be released, for attacks that need several copies.
COPIES = 5
PACKAGES = ("provenance", "numpy", "scipy", "opencv-python", "pillow", "ssimulacra2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What decides the result of a run. `images` is per set, 0 for all.

    `draws` is how often attacks with random numbers are done; the others are done once.
    """

    schemes: tuple[str, ...]
    sets: tuple[str, ...]
    attacks: tuple[str, ...]
    images: int = 0
    draws: int = 3
    seed: int = 1
    depth: str = "deep"
    ssimulacra2: bool = True


@dataclass(frozen=True, slots=True, order=True)
class Task:
    """One picture with one scheme."""

    set: str
    image: str
    scheme: str

    @property
    def file(self) -> str:
        """Name of the file of its rows."""
        return f"{self.set}--{self.image}--{self.scheme}.jsonl"


def tasks(settings: Settings) -> tuple[Task, ...]:
    """All tasks of a run, in a stable order that mixes sets and schemes evenly."""
    found = (
        Task(name, path.name, scheme)
        for name in settings.sets
        for path in picture_set(name).files()[: settings.images or None]
        for scheme in settings.schemes
    )
    return tuple(sorted(found, key=lambda task: digest(task.file)))


def shard(items: tuple[Task, ...], text: str) -> tuple[Task, ...]:
    """Part i of n, written "i/n" and counted from 1. All parts together are the whole.

    Raises:
        ArgumentError: not such a text.
    """
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise ArgumentError(f"{text!r} is not a shard", hint="write i/n, from 1/n to n/n")
    return items[int(number) - 1 :: int(count)]


def run(settings: Settings, out: Path, *, part: str, jobs: int, command: str) -> int:
    """Do the tasks of one shard that are not done yet; the number of tasks that failed.

    Raises:
        ProvenanceError: an unknown name, a scheme that cannot be used, no pictures, or a
            folder that holds a run with other settings.
    """
    for name in settings.schemes:
        schemes.usable(name)
    if settings.ssimulacra2:
        require_ssimulacra2()
    todo = shard(tasks(settings), part)
    _record(settings, out, part, command)
    todo = tuple(task for task in todo if not (out / "rows" / task.file).exists())
    failed = 0
    results = workers.each(partial(perform, settings), todo, jobs)
    for number, (task, result) in enumerate(results, start=1):
        if isinstance(result, Exception):
            failed += 1
            note = f"FAILED: {type(result).__name__}: {result}"
        else:
            rows.write(out / "rows" / task.file, result)
            note = f"{len(result)} rows"
        print(
            f"[{number}/{len(todo)}] {task.set} {task.image} {task.scheme}: {note}",
            file=sys.stderr,
            flush=True,
        )
    return failed


def _record(settings: Settings, out: Path, part: str, command: str) -> None:
    """Write down what is run, on what and where; refuse a folder of another run."""
    facts: dict[str, Any] = json.loads(json.dumps(asdict(settings)))
    identity = {"settings": facts, "code": code_digest()}
    for path in sorted(out.glob("run-*.json")):
        before = json.loads(path.read_text())
        if {name: before.get(name) for name in identity} != identity:
            raise ArgumentError(
                f"{out} holds a run with other settings or of other code",
                hint="choose another --out, or remove it",
            )
    out.mkdir(parents=True, exist_ok=True)
    record = {"command": command, **identity, "environment": describe(PACKAGES)}
    path = out / f"run-{part.replace('/', 'of')}.json"
    path.write_text(json.dumps(record, indent=1) + "\n")


def code_digest() -> str:
    """Twelve hexadecimal digits that change with the code of the marks or of the attacks."""
    folders = (Path(watermark.__file__).parent, Path(attacks.__file__).parent)
    sources = (path for folder in folders for path in sorted(folder.rglob("*.py")))
    return digest(*(path.read_text() for path in sources)).hex()[:12]


def perform(settings: Settings, task: Task) -> list[Row]:
    """Stamp one picture, attack it in all ways, read it each time."""
    scheme = schemes.usable(task.scheme)
    source = picture_set(task.set)
    files = source.files()
    index = [path.name for path in files].index(task.image)
    original = source.load(files[index])
    name = f"{task.set}/{task.image}"
    issuer = schemes.Issuer(settings.seed)
    layout = scheme.info.layout_for(original)
    payloads = tuple(issuer.payload(layout, name, copy) for copy in range(COPIES))
    carrier_key = issuer.key.carrier_key
    height, width = original.shape[:2]
    stamp = partial(StampRow, **asdict(task), width=width, height=height)
    try:
        with Timer() as timer:
            marked = scheme.embed(original, payloads[0], carrier_key)
    except CapacityError as error:
        return [stamp(refused=error.message)]

    def copies(count: int) -> tuple[Pixels, ...]:
        others = (scheme.embed(original, item, carrier_key) for item in payloads[1:count])
        return (marked, *others)

    companion = source.load(files[(index + 1) % len(files)])
    scene = Scene(
        original=original,
        marked=marked,
        companion=to_size(companion, width, height),
        copies=copies,
        lines=schemes.sync_lines(scheme),
    )
    reader = _Reader(scheme, schemes.keyring(settings.seed), payloads, settings.depth)
    quality = measure(original, marked, with_ssimulacra2=settings.ssimulacra2)
    stamped = stamp(quality=quality, embed_ms=timer.milliseconds)
    return [stamped, *_attacked(settings, task, scene, reader)]


def _attacked(settings: Settings, task: Task, scene: Scene, reader: _Reader) -> Iterator[AttackRow]:
    for attack in attacks.select(settings.attacks):
        for draw in range(settings.draws if attack.random else 1):
            row = partial(AttackRow, **asdict(task), attack=attack.name, draw=draw)
            rng = generator(settings.seed, f"{task.set}/{task.image}", attack.name, draw)
            try:
                picture = attack.apply(scene, rng)
            except attacks.AttackSkippedError as reason:
                yield row(skipped=str(reason))
            else:
                yield row(**reader.read(picture))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads with one scheme and compares with what was issued for the picture."""

    scheme: Scheme
    keyring: Keyring
    payloads: tuple[Payload, ...]
    depth: str

    def read(self, picture: Pixels) -> dict[str, Any]:
        """The fields of an `AttackRow` that tell what was read."""
        with Timer() as timer:
            found = schemes.detect(self.scheme, picture, self.keyring, self.depth)
        issued = found.payload is not None and found.payload in self.payloads
        return {
            "status": found.status.value,
            "recovered": issued and found.log10_p <= found.log10_threshold,
            "wrong": found.status.is_read and not issued,
            "log10_p": found.log10_p,
            "log10_threshold": found.log10_threshold,
            "path": found.path,
            "detect_ms": timer.milliseconds,
        }
