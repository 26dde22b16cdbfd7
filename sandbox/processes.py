"""The pool's side of its processes: the server that forks workers, and the line to each worker."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sandbox.plain_text import plain
from sandbox.verdicts import Outcome, Verdict
from sandbox.wire import ANSWER, MAX_REASON, PROCESS, pack

SHIPPED = 256 << 20
"""Bytes of texts and features that a worker keeps; past that it forgets them all and is sent what it needs anew."""
UNUSED = ()
"""Stands for the program of a worker that has none yet."""
_START_LIMIT = 60.0
_STARTS = 3
_MAIN = "import sys; sys.path.insert(0, sys.argv.pop(1)); from sandbox.forkserver import main; main()"
# Where None lies in memory is its hash before Python 3.12, and so decides the order of a set that holds it. A server
# and its workers share their addresses anyhow; where the system lets us, they are the same in every server.
_SAME_ADDRESSES = (
    "import ctypes, os, sys; sys.platform == 'linux' and ctypes.CDLL(None).personality(0x0040000); "
    "os.execv(sys.executable, [sys.executable, '-s', '-P', '-B', '-c', *sys.argv[1:]])"
)
_VERDICTS = tuple(Verdict)
_HOME = str(Path(__file__).resolve().parent.parent)


class SandboxUnavailable(RuntimeError):  # noqa: N818 - says what it is
    """Worker processes cannot be started here."""


@dataclass(frozen=True, eq=False)
class Text:
    """A text that programs may be run on.

    Attributes:
        key: equal for equal texts with equal features.
        tokens: the string of each token.
        causal: whether a query sees only keys at or before it.
        feature: gives a feature by side (``token`` or ``pair``) and name: booleans or float32, shape (n,) or (n, n).
    """

    key: Hashable
    tokens: tuple[str, ...]
    causal: bool
    feature: Callable[[str, str], np.ndarray]


@dataclass(frozen=True)
class Call:
    """One program on one text.

    Attributes:
        source: a module.
        entry: the name of its function.
        constants: passed to it by name.
        text: the text.
        features: side and name of the features that the source names; a worker holds no others.
    """

    source: str
    entry: str
    constants: dict[str, float]
    text: Text
    features: frozenset[tuple[str, str]] = frozenset()

    @property
    def program(self) -> tuple[Hashable, ...]:
        """Equal for calls of the same program, which one worker may run."""
        return self.source, self.entry, self.features


class ForkServer:
    """A process that forks workers; see ``sandbox.forkserver``. It starts with the first worker that is asked for.

    Args:
        settings: ``memory``, bytes of address space of a worker; ``confined``, whether to use seccomp and Landlock.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None

    def worker(self, program: tuple[Hashable, ...]) -> "Worker":
        """A new worker for a program.

        Raises:
            SandboxUnavailable: none can be started.
        """
        for _ in range(_STARTS):
            try:
                return self._fork(program)
            except OSError:
                self.close()
        raise SandboxUnavailable(
            "worker processes of the sandbox die as they start; see whether this machine has memory left, "
            "and whether `python -c 'import numpy, RestrictedPython'` works"
        )

    def _fork(self, program: tuple[Hashable, ...]) -> "Worker":
        if self._line is None:
            self._start()
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = self._order(0, theirs)
            return Worker(process, ours, program)
        except OSError:
            ours.close()
            raise

    def end(self, worker: "Worker") -> None:
        """End a worker, whatever it is doing."""
        worker.line.close()
        if self._line is not None:
            try:
                self._order(worker.process)
            except OSError:
                self.close()  # the workers of a server that is gone end by themselves

    def close(self) -> None:
        """End the server, and with it all workers."""
        if self._line is None or self._process is None:
            return
        self._line.close()
        try:
            self._process.wait(_START_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._line = self._process = None

    def _start(self) -> None:
        self._line, theirs = socket.socketpair()
        self._line.settimeout(_START_LIMIT)
        # OpenBLAS reads its settings when it is loaded; workers empty their environment after that.
        blas = {name: value for name, value in os.environ.items() if name.startswith("OPENBLAS_")}
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _SAME_ADDRESSES, _MAIN, _HOME, json.dumps(self._settings)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                # The same hashes in every process: a program that goes over a set finds the same order each time.
                env={**blas, "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"},
                cwd="/",
            )
        except OSError as error:
            self._line.close()
            self._line = None
            raise SandboxUnavailable(f"cannot start a worker process: {error.strerror}") from error
        finally:
            theirs.close()

    def _order(self, process: int, line: socket.socket | None = None) -> int:
        """Ask for a worker on a line, or for the end of one; its process."""
        assert self._line is not None
        socket.send_fds(self._line, [PROCESS.pack(process)], [line.fileno()] if line is not None else [])
        return PROCESS.unpack(_whole(self._line, PROCESS.size))[0]


@dataclass(eq=False)
class _Sent:
    """Texts that a worker holds, by key: their numbers, and the features it has of each."""

    texts: dict[Hashable, tuple[int, set[tuple[str, str]]]] = field(default_factory=dict)
    size: int = 0


class Worker:
    """A process that runs one program, and the line to it. At most one call is under way.

    Attributes:
        program: as calls name it; set before the first call.
        layers: what protects this machine from it.
        busy: seconds that its calls took.
        deadline: by when the call under way must be answered.

    Raises:
        OSError: it died as it started.
    """

    def __init__(self, process: int, line: socket.socket, program: tuple[Hashable, ...]) -> None:
        self.process = process
        self.line = line
        self.program = program
        self.busy = 0.0
        self.sent = 0.0
        self.deadline = float("inf")
        self._n = 0
        self._buffer = bytearray()
        self._held = _Sent()
        self._knows_program = False
        line.settimeout(_START_LIMIT)
        _, length = ANSWER.unpack(_whole(line, ANSWER.size))
        self.layers = frozenset(json.loads(_whole(line, length)))

    @property
    def held(self) -> int:
        """Bytes of texts and features that it keeps."""
        return self._held.size

    def send(self, call: Call, limit: float) -> bool:
        """Hand a call over; False when the process is gone or does not listen."""
        header: dict[str, Any] = {"limit": limit, "constants": call.constants}
        if self._held.size > SHIPPED:
            self._held = _Sent()
            header["forget"] = True
        held = self._held
        if not self._knows_program:
            self._knows_program = True
            names = sorted({name for _, name in call.features})
            header["program"] = {"source": call.source, "entry": call.entry, "features": names}
        if call.text.key not in held.texts:
            held.texts[call.text.key] = (len(held.texts), set())
            header["tokens"] = call.text.tokens
            header["causal"] = call.text.causal
            held.size += sum(map(sys.getsizeof, call.text.tokens))
        number, there = held.texts[call.text.key]
        missing = sorted(call.features - there)
        arrays = [np.ascontiguousarray(call.text.feature(side, name)) for side, name in missing]
        there.update(missing)
        held.size += sum(array.nbytes for array in arrays)
        header |= {"text": number, "features": missing}
        self._n = len(call.text.tokens)
        self.line.settimeout(limit)
        try:
            self.line.sendall(pack(header, arrays))
        except OSError:
            return False
        self.line.setblocking(False)
        self.sent = time.monotonic()
        self.deadline = self.sent + limit
        return True

    def receive(self) -> Outcome | str:
        """The answer, or ``more`` when it is not complete, or ``died``."""
        try:
            part = self.line.recv(1 << 20)
        except BlockingIOError:
            return "more"
        except OSError:
            return "died"
        if not part:
            return "died"
        self._buffer += part
        if len(self._buffer) < ANSWER.size:
            return "more"
        number, length = ANSWER.unpack_from(self._buffer)
        if number >= len(_VERDICTS) or length > max(MAX_REASON, 4 * self._n**2):
            return "died"  # it answers what no worker of ours would
        if len(self._buffer) < ANSWER.size + length:
            return "more"
        content = bytes(self._buffer[ANSWER.size : ANSWER.size + length])
        self._buffer.clear()
        self.deadline = float("inf")
        seconds = time.monotonic() - self.sent
        self.busy += seconds
        return _outcome(_VERDICTS[number], content, self._n, seconds)


def _whole(line: socket.socket, size: int) -> bytes:
    """Exactly so many bytes.

    Raises:
        OSError: the other end has gone, or is silent for too long.
    """
    found = b""
    while len(found) < size:
        part = line.recv(size - len(found))
        if not part:
            raise ConnectionResetError("the process has gone")
        found += part
    return found


def _outcome(verdict: Verdict, content: bytes, n: int, seconds: float) -> Outcome | str:
    if verdict is not Verdict.OK:
        return Outcome(verdict, reason=plain(content.decode("utf-8", "replace")), seconds=seconds)
    if len(content) != 4 * n * n:
        return "died"
    return Outcome(verdict, np.frombuffer(content, dtype=np.float32).reshape(n, n), seconds=seconds)
