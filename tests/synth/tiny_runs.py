"""A tiny model and corpus on disk, and the command line run on them, in this process or as one that can be killed."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import transformers

from surrogates.library.heads import Head
from surrogates.library.library import Library
from surrogates.library.ranking import Ranked
from synth.cli import main
from tests.tiny_models import tiny_model, tiny_tokenizer

HEADS = "L0H0,L0H3,L1H2"
MANY = "L0-L2"
"""So many heads that they are fitted in two batches, so that there is work for two."""
_WORDS = [
    "the",
    "dog",
    "ball",
    "girl",
    "park",
    "She",
    "Tom",
    "ran",
    "and",
    "liked",
    "was",
    "red",
    "a",
    "to",
    ".",
    ",",
    "The",
]
SMALL = ("--max-terms", "2", "--max-tokens", "14", "--quiet")
"""Options that keep a run to some seconds."""


def save_model(kind: str, folder: Path, layers: int = 2) -> str:
    transformers.utils.logging.disable_progress_bar()
    tiny_model(kind, layers=layers).save_pretrained(folder)
    tiny_tokenizer(kind).save_pretrained(folder)
    return str(folder)


def save_corpus(path: Path, texts: int = 36) -> str:
    generator = random.Random(1)
    lines = [json.dumps({"text": " ".join(generator.choices(_WORDS, k=16))}) for _ in range(texts)]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


@dataclass(frozen=True)
class Outcome:
    """How a command ended: exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


def call(capsys: Any, *arguments: object) -> Outcome:
    """Run ``headsynth`` in this process."""
    capsys.readouterr()
    code: Any = 0
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as stop:
        code = stop.code or 0
    captured = capsys.readouterr()
    return Outcome(code, captured.out, captured.err)


def refusal(capsys: Any, *arguments: object) -> str:
    """The one line on standard error with which a command refuses its input."""
    outcome = call(capsys, *arguments)
    lines = outcome.err.splitlines()
    assert outcome.code == 2, outcome
    assert outcome.out == ""
    assert len(lines) == 1, lines
    assert lines[0].startswith("headsynth: ")
    return lines[0]


def start(*arguments: object) -> "subprocess.Popen[bytes]":
    """Run ``headsynth`` as a process of its own."""
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", "from synth.entry import main; main()", *map(str, arguments)]
    # Not pipes: workers that outlive a killed process would keep them open.
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)


def ranked(run: Path) -> dict[Head, list[Ranked]]:
    library = Library(run)
    try:
        return {head: library.ranked(head) for head in library.heads()}
    finally:
        library.close()


def rows(run: Path, table: Literal["candidates", "unusable"] = "candidates") -> list[tuple]:
    """Every candidate in the library with all its figures, or every part of an answer that brought none."""
    connection = sqlite3.connect(run / "library.sqlite")
    columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
    columns = ["source" if name == "program" else name for name in columns]
    programs = "JOIN programs ON programs.id = program" if table == "candidates" else ""
    try:
        return connection.execute(
            f"SELECT {', '.join(columns)} FROM {table} {programs} ORDER BY layer, head, stage, place"
        ).fetchall()
    finally:
        connection.close()


def forget_ceilings(run: Path) -> None:
    """Leave the heads without dense models and scores, as an earlier version did."""
    connection = sqlite3.connect(run / "library.sqlite")
    with connection:
        for table in ("ceilings", "head_scores"):
            connection.execute(f"DELETE FROM {table}")
    connection.close()


def ceilings(run: Path) -> dict[str, float]:
    """Test IoU of each head's dense model."""
    library = Library(run)
    try:
        return {str(head): ceiling.iou for head, ceiling in library.ceilings().items()}
    finally:
        library.close()


def exchange_program(run: Path, source: str, where: str, *values: object) -> None:
    """Give candidates another source, behind the library's back, where a condition in SQL holds."""
    connection = sqlite3.connect(run / "library.sqlite")
    with connection:
        row = connection.execute("INSERT INTO programs (source, constants) VALUES (?, '{}')", (source,)).lastrowid
        connection.execute(f"UPDATE candidates SET program = {row} WHERE {where}", values)
    connection.close()


def copy_run(run: Path, target: Path, *, measured: bool = False) -> Path:
    """Copy a run, without what was measured of it: another test may have measured one that tests share."""
    shutil.copytree(run, target, ignore=None if measured else shutil.ignore_patterns("measurements.sqlite*"))
    return target
