"""A dump of hostile images whose content is known.

    python -m benchmarks.audit.dump DIR [--images 20000] [--originals 12] [--seed 1]

DIR/dump holds the images, DIR/workspace the system that marked some of them, and
DIR/expected.jsonl one line for each image: what it is and what an audit has to say about it. In
the dump are pictures that were stamped, and those again after every attack of the mark's
benchmark; unmarked pictures of many sizes; files with the markers of other systems; C2PA files of
the world; all bad inputs of the tests, and things that are no file; archives; and pictures that
make a decoder crash, hang and hoard (`tests/support/falling`).
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import os
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from bad_inputs.cases import CASES, Refused, Seen
from bad_inputs.lab import Lab
from PIL import Image
from support import falls, markers, pictures, shared

from benchmarks.watermark import attacks
from benchmarks.watermark.attacks import Attack, AttackSkippedError, Family
from benchmarks.watermark.attacks.geometry import to_size
from benchmarks.watermark.scene import Pixels, Scene
from benchmarks.watermark.seeds import generator
from benchmarks.watermark.sets import picture_set
from provenance import Encoding, Generation
from provenance.printable import utf8

_SAMPLES: Final = ("bottle.jpg", "canyon.jpg", "satellite.jpg")
_BEYOND: Final = (Family.MARK, Family.TRANSPLANT)
#: Below this area no mark is looked for; a dump is full of such pictures.
_THUMBNAIL: Final = (96, 220)
_PICTURE: Final = (256, 512)
_MEMBERS: Final = 100


#: What is done to the decoder, and the code that follows.
FALLS: Final = {
    "segfault": "E_CRASH", "abort": "E_CRASH", "exit": "E_CRASH", "child": "E_CRASH",
    "endless": "E_CRASH", "noise": "E_CRASH", "spin": "E_TIMEOUT", "sleep": "E_TIMEOUT",
    "memory": "E_LIMIT", "hog": "E_LIMIT",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is built. `images` in all, at least as many as the fixed ones.

    `archives`: whether an audit looks into archives here; else none is made.
    """

    images: int = 20_000
    originals: int = 12
    side: int = 512
    attacks: tuple[str, ...] = ("all",)
    seed: int = 1
    thumbnails: float = 0.65
    falls: tuple[str, ...] = tuple(FALLS)
    archives: bool = importlib.util.find_spec("provenance.audit.sources.zips") is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What an image is, and what has to be said about it; empty fields say nothing."""

    key: str
    kind: str
    verdict: str = ""
    code: str = ""
    record: str = ""
    attack: str = ""


@dataclass(slots=True)
class _Dump:
    folder: Path
    expected: list[Expected] = field(default_factory=list)

    def add(self, name: str, data: bytes, kind: str, **said: str) -> None:
        """A file, with what is known about it."""
        path = self.folder / kind / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.note(path, kind, **said)

    def note(self, path: Path, kind: str, member: str = "", **said: str) -> None:
        """What is known about a path of the dump."""
        key = utf8(f"{path.relative_to(self.folder.parent)}{member}")
        self.expected.append(Expected(key=key, kind=kind, **said))


def build(folder: Path, plan: Plan) -> None:
    """Build it; the same plan gives the same pictures, though not the same keys and signatures."""
    dump = _Dump(folder / "dump")
    dump.folder.mkdir(parents=True)
    lab = Lab.create(folder, remote_url="http://127.0.0.1:9/never")
    sources = _sources(plan)
    _marked(dump, plan, lab, sources)
    _foreign(dump)
    _bad(dump, lab)
    _places(dump)
    _falling(dump, plan)
    if plan.archives:
        _archives(dump, plan, sources)
    for number in range(plan.images - len(dump.expected)):
        suffix, data = _unmarked(plan, sources, number)
        name = f"{number // 1000:03d}/{number:06d}.{suffix}"
        dump.add(name, data, "unmarked", verdict="NOT_FOUND")
    lines = [json.dumps(asdict(item)) for item in dump.expected]
    (folder / "expected.jsonl").write_text("\n".join([*lines, ""]))


def expected(folder: Path) -> list[Expected]:
    """What `build` noted."""
    lines = (folder / "expected.jsonl").read_text().splitlines()
    return [Expected(**json.loads(line)) for line in lines]


# --- pictures --------------------------------------------------------------------------


def _sources(plan: Plan) -> list[Pixels]:
    """Pictures without a mark, of one side: those of the larger set where it is present."""
    if (shared.ROOT / "images").is_dir():
        found = picture_set("512")
        loaded = (found.load(path) for path in found.files())
        return [to_size(rgb, plan.side, plan.side) for rgb in loaded]
    return [pictures.sample(name, plan.side, plan.side) for name in _SAMPLES]


def _marked(dump: _Dump, plan: Plan, lab: Lab, sources: list[Pixels]) -> None:
    stamper = lab.workspace.stamper()
    chosen = [item for item in attacks.select(plan.attacks) if item.family not in _BEYOND]
    for number in range(plan.originals):
        original = sources[number % len(sources)]
        stamped = stamper.stamp(original, Generation(model="dump"), encoding=Encoding.parse("png"))
        record = stamped.record_id
        dump.add(
            f"{number:03d}/stamped.png", stamped.data, "marked", verdict="TRACED", record=record
        )
        scene = Scene(
            original=original,
            marked=pictures.decoded(stamped.data),
            companion=sources[(number + 1) % len(sources)],
            copies=lambda _: (),
        )
        for attack, data in _attacked(plan, chosen, scene, number):
            dump.add(f"{number:03d}/{attack}.png", data, "marked", record=record, attack=attack)


def _attacked(
    plan: Plan, chosen: list[Attack], scene: Scene, number: int
) -> Iterator[tuple[str, bytes]]:
    for attack in chosen:
        try:
            rgb = attack.apply(scene, generator(plan.seed, number, attack.name))
        except AttackSkippedError:
            continue
        yield attack.name, pictures.file(rgb, "PNG", compress_level=1)


def _unmarked(plan: Plan, sources: list[Pixels], number: int) -> tuple[str, bytes]:
    rng = generator(plan.seed, "unmarked", number)
    source = sources[rng.integers(len(sources))]
    least, most = _THUMBNAIL if rng.random() < plan.thumbnails else _PICTURE
    width, height = (int(rng.integers(least, most)) for _ in range(2))
    side = int(rng.integers(plan.side // 2, plan.side + 1))
    top, left = (int(rng.integers(0, plan.side - side + 1)) for _ in range(2))
    part = Image.fromarray(source[top : top + side, left : left + side])
    kind = ("JPEG", "JPEG", "JPEG", "PNG", "WEBP")[rng.integers(5)]
    options: dict[str, Any] = {} if kind == "PNG" else {"quality": int(rng.integers(50, 96))}
    data = pictures.file(part.resize((width, height)), kind, **options)
    return kind.lower().replace("jpeg", "jpg"), data


def _archives(dump: _Dump, plan: Plan, sources: list[Pixels]) -> None:
    members = [_unmarked(plan, sources, -number) for number in range(1, _MEMBERS + 1)]
    (dump.folder / "archives").mkdir()
    zipped = dump.folder / "archives" / "pictures.zip"
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (suffix, data) in enumerate(members):
            archive.writestr(f"../{number}.{suffix}", data)
    tarred = dump.folder / "archives" / "pictures.tar"
    with tarfile.open(tarred, "w") as archive:
        for number, (suffix, data) in enumerate(members):
            info = tarfile.TarInfo(f"/{number}.{suffix}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    for path in (zipped, tarred):
        for number in range(_MEMBERS):
            dump.note(path, "archived", f"!{number}", verdict="NOT_FOUND")


# --- files of others --------------------------------------------------------------------


def _foreign(dump: _Dump) -> None:
    for name, (suffix, data) in {**markers.unsigned(), **markers.public()}.items():
        dump.add(f"{name}.{suffix}", data, "third-party")
    for name, (signer, program) in markers.SIGNERS.items():
        dump.add(f"{name}.png", markers.signed_by(signer, program), "third-party")
    if (shared.ROOT / "c2pa-testfiles").is_dir():
        for path in sorted((shared.ROOT / "c2pa-testfiles").rglob("*")):
            if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp", ".tif", ".gif"):
                dump.add(path.name, path.read_bytes(), "c2pa")


def _bad(dump: _Dump, lab: Lab) -> None:
    for case in CASES:
        if case.options:
            continue
        data = case.input.make(lab) if case.input.needs_lab else case.input.make()
        match case.verify:
            case Refused(code):
                dump.add(case.input.filename, data, "bad", code=code.value)
            case Seen():
                dump.add(case.input.filename, data, "bad", verdict=case.verify.verdict.value)


def _places(dump: _Dump) -> None:
    """Things that are no image file, and one whose name is not UTF-8."""
    folder = dump.folder / "places"
    (folder / "empty").mkdir(parents=True)
    os.mkfifo(folder / "fifo.png")
    (folder / "link.png").symlink_to("/dev/zero")
    (folder / "self").symlink_to("self")
    (folder / "parent").symlink_to("..")
    for name in ("fifo.png", "link.png", "self", "parent"):
        dump.note(folder / name, "place", code="E_IO")
    (folder / os.fsdecode(b"\xff\xfe.png")).write_bytes(pictures.file(pictures.crop(), "PNG"))
    dump.note(folder / os.fsdecode(b"\xff\xfe.png"), "place", verdict="NOT_FOUND")


def _falling(dump: _Dump, plan: Plan) -> None:
    for deed in plan.falls:
        dump.add(f"{deed}.png", falls.picture(deed), "falling", code=FALLS[deed])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audit.dump")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--originals", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    plan = Plan(images=options.images, originals=options.originals, seed=options.seed)
    build(options.folder, plan)
    print(f"{len(expected(options.folder))} images in {options.folder / 'dump'}")


if __name__ == "__main__":
    main()
