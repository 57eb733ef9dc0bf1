"""Many mixed files in one run: a row for each, a summary that adds up."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from PIL.PngImagePlugin import PngInfo
from support import pictures, tamper
from support.command import Command

from provenance import Generation, Workspace

SMALL = 30  # too small to be searched: a search without result takes seconds
#: How many files of each kind, and the verdict that each of them has to get.
KINDS = {
    "stamped": (8, "TRACED"),
    "leaked": (12, "TRACED"),
    "grafted": (6, "INDETERMINATE"),
    "marker": (22, "OTHER_SYSTEM"),
    "small": (50, "NOT_FOUND"),
    "unmarked": (1, "NOT_FOUND"),
    "broken": (1, None),
}
BROKEN = "broken-00.png"


def made(kind: str, number: int, stamped: bytes) -> bytes:
    match kind:
        case "stamped":
            return stamped
        case "leaked":
            return tamper.recompress(stamped, quality=95 - number)
        case "grafted":
            return tamper.give_manifest(pictures.file(cut(number), "PNG"), stamped)
        case "marker":
            info = PngInfo()
            info.add_text("Software", "NovelAI")
            return pictures.file(cut(number), "PNG", pnginfo=info)
        case "small":
            return pictures.file(cut(number), "PNG")
        case "unmarked":
            return pictures.file(pictures.sample("camera.png", 256, 256), "PNG")
        case _:
            return stamped[: len(stamped) // 3].replace(b"IHDR", b"JHDR")


def cut(number: int) -> pictures.Pixels:
    return pictures.sample("canyon.jpg", SMALL, SMALL, top=5 * number, left=11 * number)


@pytest.fixture(scope="module")
def hundred(tmp_path_factory: pytest.TempPathFactory, workspace: Workspace) -> Path:
    folder = tmp_path_factory.mktemp("hundred")
    picture = pictures.sample("kitchen.png", 256, 256)
    stamped = workspace.stamper().stamp(picture, Generation(model="m")).data
    for kind, (count, _) in KINDS.items():
        for number in range(count):
            (folder / f"{kind}-{number:02}.png").write_bytes(made(kind, number, stamped))
    return folder


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_hundred_files_give_a_hundred_rows_and_a_summary(
    command: Command, own_workspace: Path, hundred: Path, language: str
) -> None:
    """In French those alone that are quick, for the summary."""
    chosen = hundred if language == "en" else hundred / "[bgms]*-*"
    result = command("verify", "-w", own_workspace, "--jsonl", "--lang", language, chosen)
    assert result.code == 6  # complete, but one file could not be examined
    verdicts = {Path(row["path"]).name: row["verdict"] for row in result.rows}
    files = {path.name for path in hundred.iterdir()}
    left_out = ("unmarked", "leaked") if language == "fr" else ()
    assert set(verdicts) == {name for name in files if not name.startswith(left_out)}
    assert len(files) == 100
    for name, verdict in verdicts.items():
        assert verdict == KINDS[name.split("-")[0]][1], name

    broken = next(row for row in result.rows if row["path"].endswith(BROKEN))
    assert broken["error"]["code"].startswith("E_")
    assert broken["error"]["message"]
    assert [row["path"] for row in result.rows if row["error"]] == [broken["path"]]

    assert counted(result.err) == Counter(verdict or "ERROR" for verdict in verdicts.values())
    assert str(len(verdicts)) in result.err.splitlines()[0]
    named = "Aucune marque connue trouvée" if language == "fr" else "No known mark found"
    assert named in result.err


def counted(text: str) -> Counter[str]:
    """The summary, read back; its columns stand below one another, its shares are a whole."""
    lines = text.splitlines()[1:]
    assert len({len(line) for line in lines}) == 1
    found = [re.match(r"  ([A-Z_]+) +(\D+?) +(\d+) +([\d.,]+)\u202f?%$", line) for line in lines]
    rows = [match.groups() for match in found if match]
    assert len(rows) == len(lines)
    assert sum(float(share.replace(",", ".")) for *_, share in rows) == pytest.approx(100, abs=0.3)
    return Counter({code: int(count) for code, _, count, _ in rows})
