"""Run the command under the eyes of the kernel: a forbidden system call kills it on the spot.

    python guard.py sockets verify ...     no socket, whoever asks for one
    python guard.py writes verify ...      nor anything that writes, creates, removes or renames a
                                           file, looks into a process or starts another program
    python guard.py below:DIR verify ...   the same, but below DIR files may be written
    python guard.py LEVEL --try WHAT ...   try each, in a process of its own

The filter is seccomp's, so it holds for Python, the native libraries and their threads alike.
Exit status is then -SIGSYS. What is open already may be written: the report goes to standard
output. The filter sees numbers, not paths; writing below one directory is left to Landlock, which
refuses (EACCES) instead of killing.
"""

from __future__ import annotations

import ctypes
import os
import platform
import re
import struct
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

#: <asm/unistd_64.h> of x86_64, and <asm-generic/unistd.h>, which aarch64 uses. None: not there.
Numbers = dict[str, tuple[int | None, int | None]]
SOCKETS: Numbers = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
}
#: These get around a filter: files and sockets by other ways.
DETOURS: Numbers = {
    "io_uring_setup": (425, 425),
    "openat2": (437, 437),  # its flags lie in memory
    "open_by_handle_at": (304, 265),
    "memfd_create": (319, 279),
    "shmget": (29, 194),
    "mq_open": (240, 180),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "execve": (59, 221),
    "execveat": (322, 281),
}
FILES: Numbers = {
    "creat": (85, None),
    "truncate": (76, 45),
    "ftruncate": (77, 46),
    "fallocate": (285, 47),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "mknod": (133, None),
    "mknodat": (259, 33),
}
#: What Landlock does not know.
ATTRIBUTES: Numbers = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
}
CHANGES = FILES | ATTRIBUTES
#: Allowed where the flags, in this argument, only read.
OPENS: dict[str, tuple[tuple[int | None, int | None], int]] = {
    "open": ((2, None), 1),
    "openat": ((257, 56), 2),
}
#: O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND, __O_TMPFILE: the same on both machines.
WRITING = 0o1 | 0o2 | 0o100 | 0o1000 | 0o2000 | 0o20000000

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # <linux/audit.h>
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446  # on every machine
LANDLOCK_PATH_BENEATH = 1
LANDLOCK_TRUNCATE_SINCE = 3  # version
#: <linux/landlock.h>: write, remove, make and refer; truncate
LANDLOCK_WRITES = 1 << 1 | sum(1 << bit for bit in range(4, 15))
FIRST_OF_X32 = 0x40000000  # numbers of another ABI, which the table does not know
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
KILL_PROCESS, ALLOW = 0x80000000, 0x7FFF0000
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data

REFUSED = 13  # exit status of an attempt that Landlock refused: EACCES

Step = tuple[int, int, int, int]  # operation, steps to skip if true, if false, operand


class Program(ctypes.Structure):
    """struct sock_fprog of <linux/filter.h>."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def numbers(table: Numbers) -> list[int]:
    """The numbers of the calls on this machine."""
    column = list(ARCHITECTURES).index(platform.machine())
    return [row[column] for row in table.values() if row[column] is not None]


def steps(forbidden: Numbers, *, opens: bool) -> Iterator[Step]:
    """The filter: without the calls of a table, and with `opens` without opening to write."""
    kill = (RETURN, 0, 0, KILL_PROCESS)
    yield (LOAD, 0, 0, ARCHITECTURE)
    yield (EQUAL, 1, 0, ARCHITECTURES[platform.machine()])
    yield kill
    yield (LOAD, 0, 0, NUMBER)
    yield (AT_LEAST, 0, 1, FIRST_OF_X32)
    yield kill
    for number in numbers(forbidden):
        yield (EQUAL, 0, 1, number)
        yield kill
    for row, argument in OPENS.values() if opens else ():
        for number in numbers({"": row}):
            yield (EQUAL, 0, 4, number)
            yield (LOAD, 0, 0, ARGUMENTS + 8 * argument)  # the low word: both are little-endian
            yield (ANY_BIT, 0, 1, WRITING)
            yield kill
            yield (RETURN, 0, 0, ALLOW)
    yield (RETURN, 0, 0, ALLOW)


def forbid(level: str) -> None:
    """Install a level's filter; it cannot be removed, and threads and children inherit it."""
    match level.partition(":"):
        case ("sockets", _, _):
            _install(steps(SOCKETS, opens=False))
        case ("writes", _, _):
            _install(steps(SOCKETS | DETOURS | CHANGES, opens=True))
        case ("below", _, folder):
            _write_only_below(folder)
            _install(steps(SOCKETS | DETOURS | ATTRIBUTES, opens=False))
        case _:
            raise ValueError(f"{level} is no level")


def _install(filter_: Iterable[Step]) -> None:
    code = b"".join(struct.pack("=HBBI", *step) for step in filter_)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = Program(len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program)
    ):
        raise OSError(ctypes.get_errno(), "seccomp is not available here")


def _write_only_below(folder: str) -> None:
    """Landlock: nothing is written, made or removed but below the folder."""
    libc = ctypes.CDLL(None, use_errno=True)

    def call(number: int, *arguments: object) -> int:
        result = int(libc.syscall(number, *arguments))
        if result < 0:
            raise OSError(ctypes.get_errno(), "Landlock is not available here")
        return result

    if call(LANDLOCK_CREATE, None, 0, 1) < LANDLOCK_TRUNCATE_SINCE:
        raise OSError("this kernel's Landlock does not know of truncating")
    writes = ctypes.create_string_buffer(struct.pack("=Q", LANDLOCK_WRITES), 8)
    rules = call(LANDLOCK_CREATE, writes, 8, 0)
    place = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    below = ctypes.create_string_buffer(struct.pack("=Qi", LANDLOCK_WRITES, place), 12)
    call(LANDLOCK_ADD, rules, LANDLOCK_PATH_BENEATH, below, 0)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot give up privileges")
    call(LANDLOCK_RESTRICT, rules, 0)
    os.close(place)
    os.close(rules)


# --- does it kill? -----------------------------------------------------------------------


def attempt(what: str) -> None:
    """Do something that the guard forbids, or allows: a call by its number, or some Python."""
    if what.isdigit():
        ctypes.CDLL(None).syscall(int(what), -1, -1, -1, -1, -1, -1)
    else:
        exec(what, {"os": os, "ctypes": ctypes})  # noqa: S102 - written in the test


def outcomes(attempts: Iterable[str]) -> Iterator[int]:
    """How a process of its own ended for each: 0, or the negative number of the signal."""
    for what in attempts:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                attempt(what)
                status = 0
            except PermissionError:
                status = REFUSED
            finally:
                os._exit(status)
        yield os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# --- a second witness --------------------------------------------------------------------

_CALL = re.compile(r"^(\w+)\((.*)$")
_RETURNED = re.compile(r" = (-?\d+)(?: .*)?$")


@dataclass(frozen=True, slots=True)
class Call:
    """A system call that `strace -ff` saw; its text begins with the first argument."""

    name: str
    text: str

    @property
    def result(self) -> str:
        """What it returned, as strace wrote it."""
        returned = _RETURNED.search(self.text)
        return returned[1] if returned else ""


def traced(folder: Path) -> list[Call]:
    """The calls in all logs of `strace -ff`, which writes one for each thread."""
    lines = (
        line
        for log in sorted(folder.iterdir())
        for line in log.read_text("utf-8", "replace").splitlines()
    )
    return [Call(match[1], match[2]) for match in map(_CALL.match, lines) if match]


def main() -> None:
    """See the top of the file."""
    level, *arguments = sys.argv[1:]
    forbid(level)
    if arguments[:1] == ["--try"]:
        print(*outcomes(arguments[1:]))
        return
    sys.argv[1:] = arguments
    from provenance_cli.main import main as command

    command()


if __name__ == "__main__":
    main()
