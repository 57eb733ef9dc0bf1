"""Run the command with sockets forbidden by the kernel.

    python no_sockets.py verify ...

A seccomp filter kills the process at the first socket() call, whoever makes it: Python, the
native C2PA library or anything below. Exit status is then -SIGSYS.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
KILL_PROCESS = 0x80000000
ALLOW = 0x7FFF0000
LOAD_WORD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
SOCKET = {"x86_64": 41, "aarch64": 198}


class Program(ctypes.Structure):
    """struct sock_fprog of <linux/filter.h>."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def forbid_sockets() -> None:
    """Install the filter; it cannot be removed again and children inherit it."""
    number = SOCKET[platform.machine()]
    code = b"".join(
        struct.pack("=HBBI", *step)
        for step in (
            (LOAD_WORD, 0, 0, 0),  # system call number
            (JUMP_EQUAL, 0, 1, number),
            (RETURN, 0, 0, KILL_PROCESS),
            (RETURN, 0, 0, ALLOW),
        )
    )
    buffer = ctypes.create_string_buffer(code, len(code))
    program = Program(len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program)
    ):
        raise OSError(ctypes.get_errno(), "seccomp is not available here")


if __name__ == "__main__":
    forbid_sockets()
    if sys.argv[1:] == ["--open-a-socket"]:
        import socket

        socket.socket()
    elif sys.argv[1:] != ["--probe"]:
        from provenance_cli.main import main

        main()
