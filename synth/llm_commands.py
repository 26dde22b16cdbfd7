"""The ``headsynth llm`` commands, as :mod:`synth.cli` has the others."""

from pathlib import Path
from typing import Annotated

import typer

from synth.command_options import (
    LLM,
    AnswerTokens,
    Candidates,
    EngineName,
    Heads,
    Jobs,
    PromptTokens,
    Quiet,
    Rounds,
    Run,
    Scheduler,
)  # fmt: skip

llm_app = typer.Typer(invoke_without_command=True)


@llm_app.callback()
def llm_command(context: typer.Context) -> None:
    """Carry questions to a language model by hand, and its answers back."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@llm_app.command("export")
def llm_export_command(
    run: Run,
    path: Annotated[Path, typer.Argument(metavar="REQUESTS", help="The JSONL file to write.", show_default=False)],
    llm: LLM = None,
    heads: Heads = None,
    rounds: Rounds = 3,
    candidates: Candidates = 8,
    prompt_tokens: PromptTokens = 12_000,
    answer_tokens: AnswerTokens = 4000,
    jobs: Jobs = 0,
    engine: EngineName = "local",
    scheduler: Scheduler = None,
    quiet: Quiet = False,
) -> None:
    """Write the questions that wait for an answer, in the format of OpenAI's batches.

    Without --llm the questions are those of the model and the options that the run was last given.
    """
    from synth.commands.engines import chosen_engine
    from synth.commands.llm import export
    from synth.progress import Reporter
    from synth.proposers.language_model.plan import Plan

    plan = Plan(llm, tuple(heads or ()), rounds, candidates, prompt_tokens, answer_tokens) if llm else None
    with chosen_engine(engine, scheduler, jobs) as workers:
        export(run, path, plan, workers, Reporter(quiet=quiet))


@llm_app.command("import")
def llm_import_command(
    run: Run,
    path: Annotated[
        Path, typer.Argument(metavar="ANSWERS", help="A batch's output, or lines by hand.", show_default=False)
    ],
    jobs: Jobs = 0,
    engine: EngineName = "local",
    scheduler: Scheduler = None,
    quiet: Quiet = False,
) -> None:
    """Store answers, and try the programs in them.

    A line is a batch's, or one by hand: {"custom_id": "…", "content": "what the model wrote"}.
    """
    from synth.commands.engines import chosen_engine
    from synth.commands.llm import import_
    from synth.progress import Reporter

    with chosen_engine(engine, scheduler, jobs) as workers:
        import_(run, path, workers, Reporter(quiet=quiet))
