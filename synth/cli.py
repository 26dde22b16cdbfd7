"""The command line: reads arguments and calls what does the work. Errors of the user become one line.

What does the work is imported by the command that needs it, since torch and transformers take seconds to load.
"""

import errno
import io
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from sandbox.plain_text import one_line, valid
from sandbox.pool import SandboxUnavailable
from surrogates.errors import InputError, ProgramFailed
from synth.command_options import (
    LLM,
    AnswerTokens,
    Candidates,
    Device,
    EngineName,
    Heads,
    Jobs,
    Json,
    PromptTokens,
    Quiet,
    Rounds,
    Run,
    Scheduler,
)  # fmt: skip
from synth.entry import INTERRUPTED, tell_interrupted
from synth.llm_commands import llm_app
from synth.patched_commands import calibrate_command, evaluate_command, generate_command
from synth.settings import DEMO_CORPUS, DEMO_MODEL

app = typer.Typer(
    help="Explain a language model's attention heads as short Python programs, and run the model with them in place.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command("synthesize")
def synthesize_command(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help=f"A Hugging Face model: hub name, folder, or {DEMO_MODEL} for the bundled one."
        ),
    ],
    corpus: Annotated[
        str,
        typer.Option(
            metavar="CORPUS",
            help=f"A .txt, .jsonl or .json file, hf:DATASET[:SPLIT[:FIELD]], or {DEMO_CORPUS} for the bundled stories.",
        ),
    ] = DEMO_CORPUS,
    output: Annotated[Path, typer.Option(metavar="RUN", help="The run directory to write.")] = Path("runs/latest"),
    heads: Heads = None,
    programs: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="A folder of programs of your own to score, one .py file each.", show_default=False
        ),
    ] = None,
    library: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN", help="A run on another model whose programs are tried on these heads.", show_default=False
        ),
    ] = None,
    llm: LLM = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Its server, such as http://localhost:8000/v1; by default $OPENAI_BASE_URL, or else OpenAI's. The key "
            "is read from $OPENAI_API_KEY.",
            show_default=False,
        ),
    ] = None,
    rounds: Rounds = 3,
    candidates: Candidates = 8,
    prompt_tokens: PromptTokens = 12_000,
    answer_tokens: AnswerTokens = 4000,
    concurrency: Annotated[int, typer.Option(metavar="N", min=1, help="Most calls under way at once.")] = 16,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="AMOUNT",
            help="Most that the language model may cost, as 2.50 (dollars) or 200ktok; asking ends before that.",
            show_default=False,
        ),
    ] = None,
    llm_batch: Annotated[
        bool, typer.Option("--llm-batch", help="Ask by batches: half the price, answered within a day.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Agree to a cost of more than a dollar.")] = False,
    max_terms: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=1,
            max=32,
            help="Most parts of a program: a curve, word weights, a mask or a pairing each count one.",
        ),
    ] = 12,
    library_size: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            help="Structures that the heads share; a quarter of the heads by default.",
            show_default=False,
        ),
    ] = 0,
    max_tokens: Annotated[int, typer.Option(metavar="N", min=4, help="Texts are cut to so many tokens.")] = 128,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the split and of sampling.")] = 0,
    jobs: Jobs = 0,
    engine: EngineName = "local",
    scheduler: Scheduler = None,
    revision: Annotated[
        str,
        typer.Option(metavar="NAME", help="Branch, tag or commit of the model on the hub.", show_default=False),
    ] = "",
    dtype: Annotated[
        str, typer.Option(metavar="TYPE", help="The model's numbers: float32, bfloat16 or float16.")
    ] = "float32",
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
    from synth.commands.engines import chosen_engine
    from synth.commands.inspect import show_library
    from synth.llm.money import Budget
    from synth.pipeline import synthesize
    from synth.progress import Reporter
    from synth.proposers.language_model.asking import LanguageModel
    from synth.proposers.language_model.plan import Plan

    language_model = None
    if llm is None:
        given = {"--base-url": base_url, "--budget": budget, "--llm-batch": llm_batch, "--yes": yes}
        if needless := [name for name, value in given.items() if value not in (None, False)]:
            raise InputError(f"{needless[0]} is about a language model; name one with --llm MODEL, or leave it out")
    else:
        language_model = LanguageModel(
            Plan(llm, tuple(heads or ()), rounds, candidates, prompt_tokens, answer_tokens), base_url, concurrency,
            Budget.parse(budget) if budget is not None else None, llm_batch, lambda _line: yes or _agrees(),
        )  # fmt: skip
    with (
        chosen_engine(engine, scheduler, jobs) as workers,
        synthesize(
            model, corpus, output=output, heads=heads or (), programs=programs, library=library, llm=language_model,
            max_terms=max_terms, library_size=library_size, max_tokens=max_tokens, seed=seed, revision=revision,
            dtype=dtype, bos=bos, device=device, engine=workers, reporter=Reporter(quiet=quiet),
        ) as run,
    ):  # fmt: skip
        show_library(run, as_json=as_json)


def _agrees() -> bool:
    """Whether the user agrees to the cost; where nobody can be asked, nobody does."""
    return sys.stdin.isatty() and typer.confirm("Go on?", err=True)


@app.command("inspect")
def inspect_command(
    run: Run,
    head: Annotated[
        str | None, typer.Argument(metavar="HEAD", help="One head, such as L3H7.", show_default=False)
    ] = None,
    sort: Annotated[Literal["head", "iou", "parts", "literals"], typer.Option(help="Order of the heads.")] = "head",
    as_json: Json = False,
) -> None:
    """Show the ranked library, or one head's programs."""
    from synth.commands.inspect import show

    show(run, head, sort, as_json=as_json)


app.command("evaluate")(evaluate_command)
app.command("calibrate")(calibrate_command)
app.command("generate")(generate_command)


@app.command("figures")
def figures_command(
    run: Run,
    output: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write to.", show_default=False)],
    quiet: Quiet = False,
) -> None:
    """Draw figures for a paper from what a run holds: PDF and PNG, and the table of each as CSV."""
    from synth.commands.figures import write_figures
    from synth.progress import Reporter

    write_figures(run, output, Reporter(quiet=quiet))


@app.command("report")
def report_command(
    run: Run,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The page to write; by default report.html in the run.", show_default=False),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Write the explorer: one page with a run's heads, programs and patterns, which needs nothing else."""
    from synth.commands.report import write_report
    from synth.progress import Reporter

    write_report(run, output, Reporter(quiet=quiet))


@app.command("prompt")
def prompt_command(
    run: Run,
    head: Annotated[str, typer.Argument(metavar="HEAD", help="One head, such as L3H7.", show_default=False)],
    prompt_tokens: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Most tokens of the whole prompt, by an estimate; by default what the run allows, or 12000.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what a language model would be asked next about a head; nothing is sent."""
    from synth.commands.prompt import show_prompt

    show_prompt(run, head, prompt_tokens, as_json=as_json)


app.add_typer(llm_app, name="llm")


@app.command("demo")
def demo_command(
    output: Annotated[Path, typer.Option(metavar="RUN", help="The run directory to write.")] = Path("runs/demo"),
    jobs: Jobs = 0,
    quiet: Quiet = False,
) -> None:
    """Run every job on the bundled model, offline."""
    from synth.commands.demo import demo
    from synth.engine import Local
    from synth.progress import Reporter

    demo(output, Local(jobs), Reporter(quiet=quiet))


# What typer raises on a wrong command line; which copy of click it belongs to depends on typer's version.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]
_WRONG = 2
_UNREAD = 1  # whoever read standard output has gone; what typer answers too
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_LONGEST = 2000  # characters of a message, which may quote what strangers wrote before it says what to do


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the ``headsynth`` command.

    Args:
        arguments: those of the process when left out; none at all ask for help.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # characters that its encoding lacks are shown as escapes
    code = _run(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_flushed(code))


def _run(arguments: Sequence[str]) -> int:
    """The exit code; what is wrong is told."""
    try:
        for argument in arguments:
            if valid(argument) != argument:
                raise InputError(
                    f"the argument {argument!r} is no text in the encoding {sys.getfilesystemencoding()}; rename the "
                    "file, or set the locale in which its name was written"
                )
        _check_temporary()
        code = app(list(arguments) or ["--help"], prog_name="headsynth", standalone_mode=False)
    except (InputError, SandboxUnavailable) as error:
        return _fail(str(error))
    except ProgramFailed as error:
        return _fail(
            f"{error}; take the program out of the library or mend it, then run again, or pass --on-error neural"
        )
    except _UsageError as error:
        return _fail(_usage(error))
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except OSError as error:
        if error.errno in _FULL:
            where = error.filename or "standard output or a file"
            return _fail(f"cannot write {where}: {error.strerror}; free some space and run again")
        if error.errno in _REFUSED:
            return _fail(f"cannot use {error.filename}: {error.strerror}; change its permissions or name another place")
        raise
    if code == INTERRUPTED:  # typer answers so too
        tell_interrupted()
    return code or 0


def _check_temporary() -> None:
    """Find out whether there is a place for temporary files, which torch needs too, before it is imported."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError as error:
        raise InputError(
            f"there is no folder for temporary files ({error.strerror}); free some space, or set TMPDIR to a folder "
            "that can be written to"
        ) from error


def _usage(error: Any) -> str:
    command = error.ctx.command_path if error.ctx else "headsynth"
    return f"{error.format_message().rstrip('.')}; see `{command} --help`"


def _fail(message: str) -> int:
    line = one_line(message, sys.maxsize)
    if len(line) > _LONGEST:
        line = f"{line[: _LONGEST // 2]} … {line[-_LONGEST // 2 :]}"
    with suppress(OSError):  # where it cannot be told, the exit code is all there is
        print(f"headsynth: {line}", file=sys.stderr)
    return _WRONG


def _flushed(code: int) -> int:
    """The exit code after standard output is written; at the interpreter's end it could no longer be told."""
    if sys.stdout is None:
        return code
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the interpreter has nothing to tell
        if error.errno == errno.EPIPE:
            return code or _UNREAD
        return code or _fail(f"cannot write standard output: {error.strerror}; free some space and run again")
    return code
