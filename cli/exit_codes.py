"""Exit codes. They are part of the public interface; `docs/cli.md` lists them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What a command tells the shell."""

    TRACED = 0  # also: the command did what it was asked to do
    NOT_FOUND = 1
    ERROR = 2
    CONFLICT = 3
    OTHER_SYSTEM = 4
    INDETERMINATE = 5
    ROW_ERRORS = 6
    INTERNAL = 70
    STOPPED = 130

    @property
    def meaning(self) -> str:
        """One line for the reference documentation."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.TRACED: "done; for `verify`: every file was traced to a system; for `report "
    "verify`: the report is what a trusted signer signed; for `registry find`: candidates found; "
    "for `registry show`, `reveal` and `purge`: the record or account was there; for `log "
    "verify`: the proof holds",
    ExitCode.NOT_FOUND: "`verify`: no known mark found; `report verify`: not signed; "
    "`registry find`: no candidate; `registry show`, `reveal`, `purge`: no such record or account, "
    "it was erased already, or the question whether to erase was not answered with yes; `audit "
    "diff`: the runs differ",
    ExitCode.ERROR: "usage error, or the only file cannot be read or stamped",
    ExitCode.CONFLICT: "`verify`: the evidence contradicts itself; `report verify`: the report "
    "or its signature was changed, or the signature cannot be accepted; `release fsck`, `registry "
    "fsck`: a rule is broken; `log verify`: the proof does not hold; `log fsck`: something is "
    "damaged; `log cosign`: the witness refuses; `guard --once`: a file without a released record; "
    "`audit check`: a part was changed",
    ExitCode.OTHER_SYSTEM: "`verify`: only another system's claim was found",
    ExitCode.INDETERMINATE: "`verify`: something was found, or not checked, that leaves it open; "
    "`report verify`: the report is what was signed, by somebody who is not trusted",
    ExitCode.ROW_ERRORS: "several files, `audit`: done, but some of them could not be read, "
    "examined or stamped",
    ExitCode.INTERNAL: "a defect of this software",
    ExitCode.STOPPED: "stopped by a signal; `audit`, and `stamp` with `--resume`: not all is done, "
    "and the same command goes on",
}

#: For several files, the first of these that occurs decides.
PRECEDENCE = (
    ExitCode.ROW_ERRORS,
    ExitCode.CONFLICT,
    ExitCode.INDETERMINATE,
    ExitCode.OTHER_SYSTEM,
    ExitCode.NOT_FOUND,
    ExitCode.TRACED,
)


def combined(codes: Iterable[ExitCode]) -> ExitCode:
    """The exit code for what happened to all files."""
    seen = list(codes)
    if len(seen) == 1:
        return seen[0]
    worst = {ExitCode.ROW_ERRORS if code is ExitCode.ERROR else code for code in seen}
    return next((code for code in PRECEDENCE if code in worst), ExitCode.TRACED)
