"""Beginning a new epoch of mark keys, in a configuration file that people have written in."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from provenance.errors import ConfigError
from provenance.workspace.files import locked, replace_file
from provenance.workspace.settings import MAX_EPOCH

_TABLE: Final = re.compile(r"^[ \t]*\[[ \t]*system[ \t]*\][ \t]*(#.*)?$")
_OTHER_TABLE: Final = re.compile(r"^[ \t]*\[")
_EPOCH: Final = re.compile(r"^([ \t]*epoch[ \t]*=[ \t]*)([0-9_]+)([ \t]*(?:#.*)?)$")


def next_epoch(path: Path) -> int:
    """Raise `system.epoch` in a `config.toml` by one; every other byte stays as it is.

    Raises:
        ConfigError: it cannot be read or written, the last epoch is reached, or the setting is
            written in a form that is not changed here.
    """
    with locked(path.parent):
        try:
            text = path.read_bytes().decode("utf-8")
            document = tomllib.loads(text)
        except (OSError, ValueError) as error:
            raise ConfigError(f"cannot read {path}: {error}") from error
        epoch = document.get("system", {}).get("epoch", 0) + 1
        if epoch > MAX_EPOCH:
            raise ConfigError(f"epoch {MAX_EPOCH:,} is the last one")
        changed = with_epoch(text, epoch)
        if changed is None:
            raise ConfigError(
                f"{path}: system.epoch is not written in a way that can be changed here",
                hint=f"change it by hand: epoch = {epoch} below [system]",
            )
        replace_file(path, changed)
        return int(epoch)


def with_epoch(text: str, epoch: int) -> str | None:
    """The configuration with another epoch; None where it cannot be put in safely."""
    lines = text.splitlines(keepends=True)
    begin = next((i for i, line in enumerate(lines) if _TABLE.match(line.rstrip("\r\n"))), None)
    if begin is None:
        return None
    for index in range(begin + 1, len(lines)):
        line = lines[index].rstrip("\r\n")
        if _OTHER_TABLE.match(line):
            break
        if found := _EPOCH.match(line):
            ending = lines[index][len(line) :]
            lines[index] = f"{found[1]}{epoch}{found[3]}{ending}"
            return _checked(text, "".join(lines), epoch)
    head = lines[begin].rstrip("\r\n")
    ending = lines[begin][len(head) :] or "\n"
    lines[begin : begin + 1] = [f"{head}{ending}", f"epoch = {epoch}{ending}"]
    return _checked(text, "".join(lines), epoch)


def _checked(before: str, after: str, epoch: int) -> str | None:
    """The new text if it says exactly what the old one says, but for the epoch."""
    expected: dict[str, Any] = tomllib.loads(before)
    try:
        expected["system"]["epoch"] = epoch
        return after if tomllib.loads(after) == expected else None
    except (tomllib.TOMLDecodeError, KeyError, TypeError):
        return None
