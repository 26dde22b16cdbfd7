"""The commands that run a model with programs in the place of its heads, as :mod:`synth.cli` has the others."""

from typing import Annotated

import typer

from surrogates.errors import InputError
from synth.command_options import Assignment, Device, Json, OnError, Quiet, Run


def evaluate_command(
    run: Run,
    fractions: Annotated[
        str, typer.Option(metavar="PERCENTS", help="Shares of the heads to replace, separated by commas.")
    ] = "10,25,50,75,100",
    tasks: Annotated[
        str | None,
        typer.Option(
            metavar="TASKS",
            help="Measure tasks instead of perplexity: lm-evaluation-harness names, .jsonl files with query, "
            "choices and gold, or demo_cloze; separated by commas.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="The first so many items of each task.", show_default=False),
    ] = None,
    orders: Annotated[
        str | None,
        typer.Option(
            metavar="ORDERS",
            help="Which heads go first: iou, effect, random or greedy, by commas; by default the first three.",
            show_default=False,
        ),
    ] = None,
    controls: Annotated[
        float | None,
        typer.Option(
            metavar="PERCENT",
            help="Share of the heads that controls replace, by default 25; 0 for no controls.",
            show_default=False,
        ),
    ] = None,
    max_increase: Annotated[
        float | None,
        typer.Option(
            metavar="PERCENT", help="Find the most heads within this increase in perplexity.", show_default=False
        ),
    ] = None,
    texts: Annotated[
        int | None,
        typer.Option(metavar="N", help="Most test texts; by default as affordable.", show_default=False),
    ] = None,
    time: Annotated[
        float | None,
        typer.Option("--time", metavar="MINUTES", help="Measure as much as fits into this time.", show_default=False),
    ] = None,
    corpus: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=CORPUS",
            help="Measure on further texts too, which programs were not found on; may be given several times.",
            show_default=False,
        ),
    ] = None,
    assignment: Assignment = "fitted",
    on_error: OnError = "raise",
    device: Device = "cpu",
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Measure perplexity with heads replaced by their programs, beside controls, and effects of heads; or tasks."""
    from synth.asked import CONTROLLED, SWEPT, Asked
    from synth.commands.evaluate import corpora_named, orders_named, percentages, show_evaluation
    from synth.commands.tasks import show_tasks
    from synth.progress import Reporter

    reporter, shares = Reporter(quiet=quiet), percentages(fractions)
    if tasks is not None:
        given = {
            "--orders": orders, "--controls": controls, "--max-increase": max_increase, "--texts": texts,
            "--time": time, "--corpus": corpus,
        }  # fmt: skip
        if about := [name for name, value in given.items() if value is not None and value != []]:
            of = "is" if len(about) == 1 else "are"
            raise InputError(f"{', '.join(about)} {of} about perplexity; leave that out, or leave out --tasks")
        show_tasks(run, tasks, shares, limit, assignment, device, on_error, reporter, as_json=as_json)
        return
    if limit is not None:
        raise InputError("--limit is about tasks; name some with --tasks, or leave it out")
    asked = Asked(
        shares,
        SWEPT if orders is None else orders_named(orders),
        CONTROLLED if controls is None else controls / 100 or None,
        None if max_increase is None else max_increase / 100,
        True, texts, time, device, on_error, corpora_named(corpus or []), assignment,
    )  # fmt: skip
    show_evaluation(run, asked, reporter, as_json=as_json)


def calibrate_command(
    run: Run,
    fraction: Annotated[
        float, typer.Option(metavar="SHARE", help="Share of the heads to replace, highest validation IoU first.")
    ] = 0.25,
    texts: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=1,
            help="Texts to tune on: the run's training texts, and beginnings of them that the model continues.",
        ),
    ] = 1000,
    device: Device = "cpu",
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Tune the constants of all replaced heads together in the running model, and keep them under a name."""
    from synth.commands.calibrate import show_calibration
    from synth.progress import Reporter

    show_calibration(run, fraction, texts, device, Reporter(quiet=quiet), as_json=as_json)


def generate_command(
    run: Run,
    prompt: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="What the model goes on from; - for standard input, without a line feed at its end.",
            show_default=False,
        ),
    ],
    fraction: Annotated[
        float, typer.Option(metavar="SHARE", help="Share of the heads to replace, highest validation IoU first.")
    ] = 0.25,
    assignment: Assignment = "fitted",
    max_new_tokens: Annotated[int, typer.Option(metavar="N", min=1, help="Most tokens to write.")] = 60,
    temperature: Annotated[
        float, typer.Option(metavar="T", help="0 for the likeliest token each time, or else what sampling divides by.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of sampling, the same for both.")] = 0,
    on_error: OnError = "raise",
    device: Device = "cpu",
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Let the model write on with heads replaced and as it is, and show where the two part."""
    from synth.commands.generate import show_continuations
    from synth.progress import Reporter

    show_continuations(
        run, prompt, fraction, assignment, max_new_tokens, temperature, seed, device, on_error, Reporter(quiet=quiet),
        as_json=as_json,
    )  # fmt: skip
