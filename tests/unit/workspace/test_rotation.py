"""A new epoch in a configuration file that people have written in."""

from __future__ import annotations

import stat
import tomllib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance import Workspace
from provenance.errors import ConfigError
from provenance.workspace.rotation import next_epoch, with_epoch
from provenance.workspace.settings import MAX_EPOCH

WRITTEN = """\
# by hand; epoch = 7 is not here
schema_version = 1

[stamp]   # before the system
model = "epoch = 3"

[system]
id = 5
  epoch  =  0   # raised when keys leak
name = "sys"
organization = "Org"

[verify]
# epoch = 9
"""


@pytest.fixture
def made(tmp_path):
    return Workspace.create(tmp_path / "workspace", system_name="sys")


def test_only_the_number_is_changed():
    expected = WRITTEN.replace("  epoch  =  0   #", "  epoch  =  1   #")
    assert with_epoch(WRITTEN, 1) == expected


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_where_there_is_no_number_one_is_put_in(ending):
    text = WRITTEN.replace("  epoch  =  0   # raised when keys leak\n", "").replace("\n", ending)
    found = with_epoch(text, 1)
    assert found == text.replace(f"[system]{ending}", f"[system]{ending}epoch = 1{ending}")


@given(st.integers(0, MAX_EPOCH), st.integers(1, MAX_EPOCH))
def test_nothing_else_means_anything_else_afterwards(old, new):
    text = WRITTEN.replace("=  0", f"=  {old}")
    expected = tomllib.loads(text)
    expected["system"]["epoch"] = new
    assert tomllib.loads(with_epoch(text, new)) == expected


@pytest.mark.parametrize(
    "text",
    [
        'schema_version = 1\nsystem = { id = 5, name = "s", organization = "o", epoch = 0 }\n',
        'system.id = 5\nsystem.epoch = 0\nsystem.name = "s"\nsystem.organization = "o"\n',
        '["system"]\nid = 5\nepoch = 0\n',
        '[system]\nname = """\nepoch = 0\n"""\nepoch = 0\n',
        "[system]\nepoch = 0x0\n",
        "[system]\n'epoch' = 0\n",
    ],
    ids=range(6),
)
def test_a_form_that_is_not_understood_is_left_alone(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match="not written in a way") as caught:
        next_epoch(path)
    assert "epoch = 1" in caught.value.hint
    assert path.read_text("utf-8") == text
    assert [item.name for item in tmp_path.iterdir()] == ["config.toml"]


def test_the_last_epoch_is_the_last(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(WRITTEN.replace("=  0", f"=  {MAX_EPOCH}"))
    with pytest.raises(ConfigError, match="is the last one"):
        next_epoch(path)


@pytest.mark.parametrize("data", [b"\xff", b"[system", None], ids=str)
def test_what_cannot_be_read_is_our_error(tmp_path, data):
    path = tmp_path / "config.toml"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ConfigError):
        next_epoch(path)


def test_the_file_keeps_its_mode_and_leaves_nothing_beside(made):
    config = made.path / "config.toml"
    config.chmod(0o640)
    before = sorted(item.name for item in made.path.iterdir())
    assert made.rotate() == 1
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    assert sorted(item.name for item in made.path.iterdir()) == before
    assert Workspace.open(made.path, {}).settings.system.epoch == 1


def test_several_at_once_each_begin_an_epoch(made):
    with ThreadPoolExecutor(8) as pool:
        epochs = list(pool.map(lambda _: made.rotate(), range(16)))
    assert sorted(epochs) == list(range(1, 17))


def test_a_new_epoch_has_new_keys_and_keeps_the_old_ones(made):
    before = (made.detection_keys(), made.signature_keys())
    made.rotate()
    made.rotate()
    opened = Workspace.open(made.path, {})
    for old, new in zip(before, (opened.detection_keys(), opened.signature_keys()), strict=True):
        assert [key.epoch for key in new] == [2, 1, 0]
        assert new[-1:] == old
