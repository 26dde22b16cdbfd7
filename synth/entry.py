"""Where the ``headsynth`` command begins: what ends it from outside is answered from here on, in order and once.

It imports nothing that takes long, since Ctrl-C may come while that is imported.
"""

import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any

from synth.watch import STOPPING

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells expect; after another signal it is 128 and its number too."""
_PATIENCE = 10.0
"""Seconds in which what a first signal ends may be cleaned up, undisturbed by a second one."""
_LOOKS = 0.5
"""Seconds after which it is looked whether the command is ending."""


def main() -> None:
    """Entry point of the ``headsynth`` command."""
    ending = _Ending()
    _open_streams()
    code: int | str | None = INTERRUPTED
    try:
        from synth.cli import main as command

        command()
    except SystemExit as stop:
        code = stop.code
    except KeyboardInterrupt:
        tell_interrupted()
    ending.ignore()
    sys.exit(128 + ending.signal if code == INTERRUPTED else code)


def tell_interrupted() -> None:
    """Say that the command was stopped, and what to do."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    print("headsynth: interrupted; run the same command again to go on from here", file=sys.stderr)


def _open_streams() -> None:
    """Put the null device where a standard stream is closed; the next file that is opened would take its place."""
    for number, (name, mode) in enumerate([("stdin", "r"), ("stdout", "w"), ("stderr", "w")]):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null == number:
                os.set_inheritable(number, True)
            else:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115 - for as long as the process


class _Ending:
    """Ctrl-C, ``kill`` and a terminal that closes all end the command as Ctrl-C does.

    Attributes:
        signal: number of the one that came first.
    """

    def __init__(self) -> None:
        self.signal = int(signal.SIGINT)
        self._begun: float | None = None
        sys.unraisablehook = _tell_unraisable
        signal.signal(signal.SIGALRM, self._look)
        for number in STOPPING:
            if signal.getsignal(number) != signal.SIG_IGN:  # as nohup sets it, and shells for what runs behind
                signal.signal(number, self._end)

    def ignore(self) -> None:
        """Let the interpreter end by itself; the work is done, or given up."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number in STOPPING:
            signal.signal(number, signal.SIG_IGN)

    def _end(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._begun is not None and now - self._begun < _PATIENCE:
            return
        if self._begun is None:
            self.signal = number
            threading.excepthook = _say_nothing
        self._begun = now
        if _imports(frame):
            signal.setitimer(signal.ITIMER_REAL, _LOOKS, _LOOKS)
        self._stop(frame)

    def _look(self, _number: int, frame: FrameType | None) -> None:
        """Stop once more if nothing came of it: some modules catch whatever is raised while they are imported, and
        nothing passes a destructor."""
        if not isinstance(sys.exception(), KeyboardInterrupt):
            self._stop(frame)

    def _stop(self, frame: FrameType | None) -> None:
        if _imports_torch(frame):
            tell_interrupted()
            os._exit(128 + self.signal)  # there is nothing yet to clean up
        raise KeyboardInterrupt


def _tell_unraisable(found: Any) -> None:
    """Tell of what cannot be raised, but for what stops the command: that is raised once more."""
    if issubclass(found.exc_type, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, _LOOKS)
    else:
        sys.__unraisablehook__(found)


def _say_nothing(_found: threading.ExceptHookArgs) -> None:
    """Of what other threads raise while they are ended, such as joblib's in the middle of starting a worker."""


def _imports(frame: FrameType | None) -> bool:
    """Whether a module is being imported."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def _imports_torch(frame: FrameType | None) -> bool:
    """Whether torch's module is at its beginning, where an exception would reach its C++ and abort the process."""
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == "torch":
            return True
        frame = frame.f_back
    return False
