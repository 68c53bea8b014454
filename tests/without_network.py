"""Make the Linux kernel end this process (SIGSYS) when any of its threads opens a network socket.

A system call filter sees C libraries too, which Python's audit hooks do not, and needs neither strace nor
root. Local (Unix) sockets are allowed. Linux on x86-64 and arm64.
"""

from __future__ import annotations

import ctypes
import platform
import socket
import struct

# linux/prctl.h, linux/seccomp.h, linux/audit.h, linux/bpf_common.h
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ALLOW = 0x80000000, 0x7FFF0000
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
SYSCALL_OFFSET, FIRST_ARGUMENT_OFFSET = 0, 16  # in struct seccomp_data
SOCKET_SYSCALL = {"x86_64": 41, "aarch64": 198}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def forbid_network_sockets() -> None:
    """Install the filter in this process, for all threads it will have; it cannot be removed."""
    instructions = [
        (LOAD_WORD, 0, 0, SYSCALL_OFFSET),
        (JUMP_IF_EQUAL, 0, 3, SOCKET_SYSCALL[platform.machine()]),  # else: allow
        (LOAD_WORD, 0, 0, FIRST_ARGUMENT_OFFSET),
        (JUMP_IF_EQUAL, 2, 0, socket.AF_INET),  # then: end the process
        (JUMP_IF_EQUAL, 1, 0, socket.AF_INET6),  # likewise
        (RETURN, 0, 0, SECCOMP_RET_ALLOW),
        (RETURN, 0, 0, SECCOMP_RET_KILL_PROCESS),
    ]
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
    program = _Program(len(instructions), code)
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0),
    ):
        if libc.prctl(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "the system call filter was refused")
