"""The command line: reads arguments and calls what does the work. Errors of the user become one line.

What does the work is imported by the command that needs it, since torch and transformers take seconds to load.
"""

import errno
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from surrogates.errors import InputError
from synth.run_directory import DEMO_CORPUS, Settings

app = typer.Typer(
    help="Explain a language model's attention heads as short Python programs, and run the model with them in place.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Plain progress lines instead of bars.")]
Heads = Annotated[
    list[str] | None,
    typer.Option(
        "--heads", metavar="HEADS", help="L3H7, L3 or L0-L2; repeat or separate by commas.", show_default=False
    ),
]
Jobs = Annotated[int, typer.Option(min=0, help="Worker processes; 0 for one a core.")]
Device = Annotated[str, typer.Option(help="Where the model runs: cpu, cuda, mps.")]


@app.command("synthesize")
def synthesize_command(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A Hugging Face model: hub name or folder.")],
    corpus: Annotated[
        str,
        typer.Option(
            help=f"A .txt, .jsonl or .json file, hf:DATASET[:SPLIT[:FIELD]], or {DEMO_CORPUS} for the bundled stories."
        ),
    ] = DEMO_CORPUS,
    output: Annotated[Path, typer.Option(metavar="RUN", help="The run directory to write.")] = Path("runs/latest"),
    heads: Heads = None,
    programs: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Programs of your own to score, one .py file each.", show_default=False),
    ] = None,
    max_terms: Annotated[int, typer.Option(min=1, max=32, help="Most terms of a program.")] = 8,
    max_tokens: Annotated[int, typer.Option(min=4, help="Texts are cut to so many tokens.")] = 128,
    seed: Annotated[int, typer.Option(help="Of the split and of sampling.")] = 0,
    jobs: Jobs = 0,
    revision: Annotated[str, typer.Option(help="Of the model on the hub.", show_default=False)] = "",
    dtype: Annotated[str, typer.Option(help="float32, bfloat16 or float16.")] = "float32",
    device: Device = "cpu",
    bos: Annotated[
        bool | None,
        typer.Option(
            "--bos/--no-bos", help="Put a BOS token in front; by default as the model was trained.", show_default=False
        ),
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Find programs for a model's heads, and rank them."""
    from synth.commands.inspect import show_library
    from synth.pipeline import Request, synthesize
    from synth.progress import Reporter

    settings = Settings(
        model=model, corpus=corpus, revision=revision, dtype=dtype,
        bos={None: "", True: "yes", False: "no"}[bos], max_tokens=max_tokens, max_terms=max_terms, seed=seed,
    )  # fmt: skip
    request = Request(settings, output, heads or (), programs, device, jobs)
    run = synthesize(request, Reporter(quiet=quiet))
    show_library(run, as_json=as_json)


@app.command("inspect")
def inspect_command(
    run: Run,
    head: Annotated[
        str | None, typer.Argument(metavar="[HEAD]", help="One head, such as L3H7.", show_default=False)
    ] = None,
    sort: Annotated[Literal["head", "iou", "terms"], typer.Option(help="Order of the heads.")] = "head",
    as_json: Json = False,
) -> None:
    """Show the ranked library, or one head's programs."""
    from synth.commands.inspect import show

    show(run, head, sort, as_json=as_json)


@app.command("evaluate")
def evaluate_command(
    run: Run,
    fractions: Annotated[str, typer.Option(help="Shares of the heads to replace, in percent.")] = "10,25,50,75,100",
    device: Device = "cpu",
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Measure perplexity with heads replaced by their programs."""
    from synth.commands.evaluate import evaluate
    from synth.progress import Reporter

    evaluate(run, fractions, device, Reporter(quiet=quiet), as_json=as_json)


@app.command("demo")
def demo_command(
    output: Annotated[Path, typer.Option(metavar="RUN", help="The run directory to write.")] = Path("runs/demo"),
    jobs: Jobs = 0,
    quiet: Quiet = False,
) -> None:
    """Run every job on the bundled model, offline."""
    from synth.commands.demo import demo
    from synth.progress import Reporter

    demo(output, jobs, Reporter(quiet=quiet))


def main() -> None:
    """Entry point of the ``headsynth`` command."""
    try:
        app(standalone_mode=True)
    except InputError as error:
        _fail(str(error))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _fail(f"the disk is full ({error.filename or error.strerror}); free some space and run the same command again")


def _fail(message: str) -> None:
    print(f"headsynth: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)
