"""Arguments and options that several commands of the command line take."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Plain progress lines instead of bars.")]
Heads = Annotated[
    list[str] | None,
    typer.Option(
        "--heads",
        metavar="HEADS",
        help="Which heads: L3H7, L3 or L0-L2, repeated or separated by commas; by default all.",
        show_default=False,
    ),
]
Jobs = Annotated[int, typer.Option(metavar="N", min=0, help="Worker processes; 0 for one a core.")]
EngineName = Annotated[
    Literal["local", "dask"],
    typer.Option("--engine", help="Where heads are worked on: this machine's processes, or a Dask cluster's."),
]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="The Dask cluster's scheduler, such as tcp://host:8786.", show_default=False),
]
LLM = Annotated[
    str | None,
    typer.Option(
        "--llm", metavar="MODEL", help="A language model that proposes programs, as its server calls it.",
        show_default=False,
    ),
]  # fmt: skip
Rounds = Annotated[int, typer.Option(metavar="N", min=1, help="Rounds of asking and showing what was wrong.")]
Candidates = Annotated[int, typer.Option(metavar="N", min=1, help="Parts or programs asked for, a head and round.")]
PromptTokens = Annotated[int, typer.Option(metavar="N", min=1, help="Most tokens of a whole prompt, by an estimate.")]
AnswerTokens = Annotated[
    int, typer.Option(metavar="N", min=1, help="Most tokens of an answer, a model's reasoning included.")
]
OnError = Annotated[
    Literal["raise", "neural"],
    typer.Option(help="When a program fails on a text: stop, or leave the head its own pattern there and count."),
]
Assignment = Annotated[
    str,
    typer.Option(
        "--assignment", metavar="NAME", help="The programs in place, such as calibrated-25; inspect names them."
    ),
]
Device = Annotated[
    str, typer.Option(metavar="DEVICE", help="Where the model runs and programs are fitted: cpu, cuda or mps.")
]
