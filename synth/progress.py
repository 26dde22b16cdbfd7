"""How long work shows where it stands: a bar on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from sandbox.plain_text import one_line
from synth.console import Terminal

_LINE_EVERY = 10.0  # seconds between plain lines of one stage


class Step(Protocol):
    """Tells a stage's progress: units done, units in all, and the current figure in words."""

    def __call__(self, done: int, total: int, figure: str = "") -> None: ...


class Reporter:
    """Where messages and progress go; standard error, so that standard output holds results alone."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Terminal(stderr=True)
        self._bars = self._console.is_terminal and not quiet

    def say(self, message: str) -> None:
        """Print a message, whose line breaks become spaces."""
        self._console.print(" ".join(message.splitlines()), soft_wrap=True)

    @contextmanager
    def stage(self, name: str) -> Iterator[Step]:
        """A stage of known length, such as ``search``."""
        if self._bars:
            yield from self._bar(name)
        else:
            yield from self._lines(name)

    def _bar(self, name: str) -> Iterator[Step]:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[figure]}", markup=False),
        )
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(one_line(name), total=None, figure="")

            def step(done: int, total: int, figure: str = "") -> None:
                progress.update(task, completed=done, total=total, figure=one_line(figure))

            yield step

    def _lines(self, name: str) -> Iterator[Step]:
        start = last = time.monotonic()

        def step(done: int, total: int, figure: str = "") -> None:
            nonlocal last
            now = time.monotonic()
            if done == total or now - last >= _LINE_EVERY:
                last = now
                self.say(f"{name}: {done} of {total}, {now - start:.0f} s{', ' + figure if figure else ''}")

        yield step
