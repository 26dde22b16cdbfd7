"""The process in which one program runs: takes texts from the pool, executes the program on each, answers.

It knows nothing but what it is sent, and is sent one program. The program's module is executed anew for every text, on
copies of the features, so that nothing it kept or changed reaches its next run.
"""

import ast
import contextvars
import gc
import json
import os
import signal
import socket
from types import TracebackType
from typing import Any

import numpy as np

from sandbox import policy
from sandbox.arrays import as_text
from sandbox.confinement import confine
from sandbox.namespace import BUILTINS, FUNCTIONS, MODULES, REWRITTEN
from sandbox.verdicts import Verdict
from sandbox.views import Mask, PairView, TokenView, as_mask, read_only
from sandbox.wire import ANSWER, FRAME, MAX_REASON, unpack

NUMBER = {verdict: number for number, verdict in enumerate(Verdict)}
"""Verdicts as they cross the wire."""
GRACE = 2.0
"""Seconds past a call's limit after which the kernel ends the worker by itself, should the pool be gone."""


class Text:
    """A text's features as they came, and how many tokens it has."""

    def __init__(self, tokens: list[str], *, causal: bool) -> None:
        self.tokens = tuple(tokens)
        self.causal = causal
        self._token: dict[str, np.ndarray] = {}
        self._pair: dict[str, np.ndarray] = {}

    def add(self, side: str, name: str, values: np.ndarray) -> None:
        kept = as_mask(values) if values.dtype == np.bool_ else values
        (self._token if side == "token" else self._pair)[name] = kept

    def views(self) -> tuple[TokenView, TokenView, PairView]:
        """What a program sees of it: copies, since some of NumPy's functions write to what is read-only."""
        token, pair = _copies(self._token), _copies(self._pair)
        return (
            TokenView(self.tokens, token),
            TokenView(self.tokens, token),
            PairView(len(self.tokens), pair, causal=self.causal),
        )


def _copies(features: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: read_only(values.copy()) for name, values in features.items()}


class Worker:
    """A program, and the texts received so far."""

    def __init__(self) -> None:
        self._program: policy.Compiled | policy.Refused = policy.Refused([])
        self._texts: dict[int, Text] = {}

    def answer(self, header: dict[str, Any], arrays: list[np.ndarray]) -> tuple[Verdict, bytes]:
        """What a frame asks for: verdict, and scores or a reason."""
        if header.get("forget"):
            self._texts.clear()
        if (sent := header.get("program")) is not None:
            self._program = _compiled(sent)
        number = header["text"]
        if "tokens" in header:
            self._texts[number] = Text(header["tokens"], causal=header["causal"])
        text = self._texts[number]
        for (side, name), values in zip(header["features"], arrays, strict=True):
            text.add(side, name, values)
        if isinstance(self._program, policy.Refused):
            return Verdict.REFUSED, _line(str(self._program))
        signal.setitimer(signal.ITIMER_REAL, header["limit"] + GRACE)
        try:
            # In a context of its own: how NumPy treats errors is kept in one, whatever the program left undone.
            return contextvars.copy_context().run(execute, self._program, text, header["constants"])
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            gc.collect()  # arrays that a run leaves in circles would count against the next run's memory


def _compiled(sent: dict[str, Any]) -> policy.Compiled | policy.Refused:
    try:
        return policy.compile_program(sent["source"], sent["entry"], frozenset(sent["features"]))
    except policy.Refused as error:
        return error


def execute(program: policy.Compiled, text: Text, constants: dict[str, float]) -> tuple[Verdict, bytes]:
    """Run a program on a text: float32 scores of n x n cells as bytes, or why there are none."""
    scope: dict[str, Any] = {"__builtins__": dict(BUILTINS), **FUNCTIONS, **MODULES, **REWRITTEN}
    try:
        exec(program.code, scope)
        result = scope[program.entry](*text.views(), **constants)
        return _scores(result, len(text.tokens))
    except MemoryError as error:
        return Verdict.OUT_OF_MEMORY, _line(
            f"line {_own_line(error.__traceback__)}: needs more memory than it may have"
        )
    except BaseException as error:  # noqa: BLE001 - whatever a program raises is its verdict
        return Verdict.RAISED, _line(f"line {_own_line(error.__traceback__)}: {type(error).__name__}: {_said(error)}")
    finally:
        scope.clear()


def _said(error: BaseException) -> str:
    try:
        # Where an object lies in memory differs each time, and tells nobody anything.
        words = as_text(error)
    except Exception:  # noqa: BLE001 - an exception may hold what cannot be shown
        return "(cannot be shown)"
    if isinstance(error, IndexError) and "must be of integer (or boolean) type" in words:
        words += "; masks are numbers here, so index with `mask > 0`"
    return words


def _own_line(trace: TracebackType | None) -> int:
    """The last line of the program's own that the exception passed through."""
    line = 1
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == policy.FILE_NAME:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _line(text: str) -> bytes:
    return " ".join(text.split()).encode("utf-8", "replace")[:MAX_REASON]


def _scores(result: Any, n: int) -> tuple[Verdict, bytes]:
    if result is None:
        return Verdict.WRONG_SHAPE, b"the function returned nothing; end it with `return scores`"
    if not isinstance(result, np.ndarray | np.generic | int | float | list | tuple):
        kind = type(result).__name__
        return Verdict.WRONG_SHAPE, _line(f"the function returned a {kind}; return an array of {n} by {n} numbers")
    try:
        values = np.asarray(result)
    except ValueError:
        return Verdict.WRONG_SHAPE, b"the rows that the function returned differ in length"
    if values.dtype.kind not in "biuf":
        return Verdict.WRONG_SHAPE, _line(f"the function returned {values.dtype.name} values; return numbers")
    if values.ndim > 2 or any(side not in (1, n) for side in values.shape):
        shape = " x ".join(map(str, values.shape))
        return Verdict.WRONG_SHAPE, _line(f"the function returned {shape} values; return {n} x {n} for {n} tokens")
    # What is beyond float32 becomes inf here, and is judged where it is known which cells are visible.
    return Verdict.OK, np.broadcast_to(values.astype(np.float32), (n, n)).tobytes()


def _receive(line: socket.socket, size: int) -> bytes:
    """Exactly so many bytes; ends the process when the pool has gone."""
    parts, left = [], size
    while left:
        part = line.recv(min(left, 1 << 20))
        if not part:
            os._exit(0)
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def warm_up() -> None:
    """Run a program of every kind of answer once, so that what is imported late is here before files are closed."""
    ast.parse("é = 1")  # names beyond ASCII are normalised by a module that is loaded with the first of them
    source = (
        "def f(query, key, pair):\n return np.exp(query.x)[:, None] * pair.latest(key.previous.x) + np.median([1.0])"
    )
    text = Text(["a", "b"], causal=True)
    text.add("token", "x", np.ones(2, dtype=bool))
    execute(policy.compile_program(source, "f", frozenset({"x"})), text, {})
    execute(policy.compile_program("def f(query, key, pair):\n return [][1]", "f", frozenset()), text, {})
    isinstance(np.ones(2).view(Mask) & np.ones(2), Mask)


def serve(line: socket.socket, settings: dict[str, Any]) -> None:
    """Give up what a program does not need, then serve the pool until it goes away. Descriptor 0 is the line."""
    layers = confine(settings["memory"], system_calls_and_files=settings["confined"])
    hello = json.dumps(layers).encode()
    line.sendall(ANSWER.pack(NUMBER[Verdict.OK], len(hello)) + hello)
    worker = Worker()
    while True:
        head, body = FRAME.unpack(_receive(line, FRAME.size))
        header, arrays = unpack(_receive(line, head), _receive(line, body))
        try:
            verdict, content = worker.answer(header, arrays)
        except MemoryError:
            # Its own memory, after the program's: better a new worker than one that limps.
            os._exit(1)
        line.sendall(ANSWER.pack(NUMBER[verdict], len(content)) + content)
