"""What a worker process gives up before it runs anything: memory, files, processes, the network, root.

Every layer stands by itself, so that a hole in one is no hole in all. macOS has the limits and the empty environment;
Linux has the rest too.
"""

import ctypes
import errno
import os
import resource
import sys
import tempfile
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

# Both are imported while files can still be opened, and are missing where there is nothing for them to do.
landlockpy: Any = None
pyseccomp: Any = None
if sys.platform == "linux":
    landlockpy = import_module("landlockpy")
    with suppress(RuntimeError):  # no libseccomp on this machine
        pyseccomp = import_module("pyseccomp")

NOBODY = 65534
CPU_SECONDS = 600
"""Processor time a worker may use in its life; the pool retires it long before."""
_NO_NEW_PRIVILEGES = 38  # PR_SET_NO_NEW_PRIVS

# Memory, time, waiting and ending: what arithmetic in a running interpreter needs. Everything is open by then.
_SYSTEM_CALLS = """
read write recvfrom sendto recvmsg sendmsg close lseek fstat newfstatat
mmap mprotect munmap mremap brk madvise futex
rt_sigreturn rt_sigprocmask sigaltstack setitimer
clock_gettime clock_getres gettimeofday getrandom getrusage getpid gettid getcpu sched_yield sched_getaffinity
restart_syscall rseq exit exit_group
""".split()
_MAPPING = {"mmap", "mprotect"}
_EXECUTABLE = 4  # PROT_EXEC


def missing_layers() -> list[str]:
    """What could protect this machine from a worker and does not, in words; empty where everything holds."""
    if sys.platform != "linux":
        return ["seccomp and Landlock, which only Linux has"]
    missing = [] if pyseccomp is not None else ["seccomp (install libseccomp)"]
    return missing if landlockpy.supported() else [*missing, "Landlock (a kernel of 5.13 or newer that has it on)"]


def confine(memory: int, *, system_calls_and_files: bool = True) -> list[str]:
    """Give up what running a program does not need; there is no way back.

    Args:
        memory: bytes of address space from here on.
        system_calls_and_files: whether to use seccomp and Landlock where there are any.

    Returns:
        The layers that now hold.
    """
    os.environ.clear()
    # Descriptor 0 is the line to the pool; 1 and 2 lead nowhere.
    os.closerange(3, 4096)
    layers = ["environment"]
    empty = tempfile.mkdtemp()
    os.chdir(empty)
    Path(empty).rmdir()  # a folder that is gone takes no files
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        layers.append("no root")
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        layers.append("no new privileges")
        if system_calls_and_files and _close_files():
            layers.append("landlock")
    _limit(memory)
    layers.append("limits")
    if sys.platform == "linux" and system_calls_and_files and _close_system_calls():
        layers.append("seccomp")
    return layers


def _limit(memory: int) -> None:
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 3,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in limits.items():
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):
            if sys.platform == "linux":
                raise
            # macOS knows no limit of the address space; the pool's time limit is what is left there.


def _close_files() -> bool:
    """Landlock: no file, no TCP port, no signal to others. False where the kernel has none."""
    if not landlockpy.supported():
        return False
    with landlockpy.Ruleset(scoped=landlockpy.scope_for_abi(landlockpy.abi_version())) as ruleset:
        ruleset.restrict()
    return True


def _close_system_calls() -> bool:
    """Seccomp: everything but a short list fails with "not permitted". False where libseccomp is missing."""
    if pyseccomp is None:
        return False
    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    # Memory that can be executed is never asked for once everything is loaded.
    never_executable = pyseccomp.Arg(2, pyseccomp.MASKED_EQ, _EXECUTABLE, 0)
    for name in _SYSTEM_CALLS:
        rules.add_rule(pyseccomp.ALLOW, name, *([never_executable] if name in _MAPPING else []))
    rules.load()
    return True
