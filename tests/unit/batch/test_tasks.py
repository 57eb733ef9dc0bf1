"""Which output each input gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from provenance import Encoding
from provenance.batch import Names, Outcome, Task, tasks
from provenance.batch.tasks import Found


def found(directory: Path, *names: str) -> list[Found]:
    return [
        Found(path=directory / name, relative=Path(name), walked=True) for name in sorted(names)
    ]


def filled(directory: Path, *names: str) -> list[Found]:
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(b"")
    return found(directory, *names)


def planned(items: list[Found], names: Names) -> dict[str, str]:
    """Outputs by the names of their inputs; an error code where there is none."""
    plan = {}
    for item in tasks(items, names, Path("/out")):
        if isinstance(item, Task):
            plan[item.path.name] = str(item.target.relative_to("/out"))
        else:
            assert isinstance(item, Outcome)
            assert item.error is not None
            plan[item.path.name] = item.error.code.value
    return plan


@pytest.mark.parametrize("turned", [False, True], ids=["as walked", "turned round"])
def test_names_follow_from_names_and_not_from_the_order(tmp_path: Path, turned: bool) -> None:
    items = filled(tmp_path, "a.png", "a.jpg", "a.jpg.png", "b/c.PNG", "d")
    names = Names(Encoding.parse("png"), [], [tmp_path])
    assert planned(items[::-1] if turned else items, names) == {
        "a.png": "a.png",
        "a.jpg": "E_ARGUMENT",  # a.jpg.png keeps its name
        "a.jpg.png": "a.jpg.png",
        "c.PNG": "b/c.PNG",
        "d": "d.png",
    }


def test_the_first_of_two_directories_has_the_name(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    filled(first, "a.jpg")
    items = filled(second, "a.jpg.png", "b.png")
    names = Names(Encoding.parse("png"), [], [first, second])
    assert planned(items, names) == {"a.jpg.png": "E_ARGUMENT", "b.png": "b.png"}
    assert planned(found(first, "a.jpg"), names) == {"a.jpg": "a.jpg.png"}


def test_a_file_that_is_named_and_walked_is_one_input(tmp_path: Path) -> None:
    (walked,) = filled(tmp_path, "a.png")
    named = Found(path=walked.path, relative=walked.relative, walked=False)
    names = Names(Encoding.parse("png"), [walked.path], [tmp_path])
    assert [item.walked for item in tasks([walked, named], names, tmp_path / "out")] == [False]


def test_extensions_of_a_format_fit(tmp_path: Path) -> None:
    items = filled(tmp_path, "a.jpg", "b.jpeg", "c.png")
    names = Names(Encoding.parse("jpeg"), [], [tmp_path])
    assert planned(items, names) == {"a.jpg": "a.jpg", "b.jpeg": "b.jpeg", "c.png": "c.png.jpg"}
