"""``headsynth calibrate``: what it gains to tune the constants of replaced heads together, as a table."""

from dataclasses import asdict
from pathlib import Path

from evaluation.intervals import Interval
from surrogates.errors import InputError, ProgramFailed
from synth.calibrating import Calibration, calibrate
from synth.console import Terminal, print_document
from synth.progress import Reporter
from synth.run import open_run


def show_calibration(
    path: Path, fraction: float, texts: int, device: str, reporter: Reporter, *, as_json: bool
) -> None:
    """Print what an assignment costs on test texts before and after its constants are tuned together.

    Raises:
        InputError: see :func:`synth.calibrating.calibrate`; or a program failed.
    """
    with open_run(path) as run:
        try:
            found = calibrate(run, fraction, texts=texts, device=device, reporter=reporter)
        except ProgramFailed as error:
            raise InputError(f"{error}; take the program out of the library or mend it, then run again") from error
        if as_json:
            print_document(_document(found))
        else:
            _print(run.settings.model, found)


def _document(found: Calibration) -> dict:
    return asdict(found) | {"heads": [str(head) for head in found.heads], "folder": str(found.folder)}


def _print(model: str, found: Calibration) -> None:
    console = Terminal()
    console.print(
        f"{model}: {len(found.heads)} of {found.model_heads} heads replaced, their constants tuned together on "
        f"{found.train} training texts and {found.continued} that the model wrote on from their beginnings, "
        f"{found.epochs} times",
        soft_wrap=True,
    )
    if found.untuned:
        console.print(f"Constants of {found.untuned} scripted programs, or of such without any, stay as they are.")
    console.print(
        f"\nOn {found.texts} test texts: KL(unpatched || patched) in nats a token, increase of the perplexity of "
        f"{found.perplexity:.3f}, mean IoU",
        soft_wrap=True,
    )
    fitted, calibrated = found.fitted, found.calibrated
    console.print_table(
        [("", "name"), ("KL", "figure"), ("95 %", "figure"), ("increase", "figure"), ("95 %", "figure"),
         ("IoU", "figure")],
        [
            ["fitted", *_nats(fitted.divergence), *_percents(fitted.increase), f"{fitted.iou:.3f}"],
            ["calibrated", *_nats(calibrated.divergence), *_percents(calibrated.increase), f"{calibrated.iou:.3f}"],
            ["change", *_nats(found.divergence_change, "+"), *_percents(found.increase_change),
             f"{calibrated.iou - fitted.iou:+.3f}"],
        ],
    )  # fmt: skip
    if found.gone is None:
        console.print("The increase in perplexity is not clearly above 0, so no share of it is told.")
    else:
        gone = found.gone
        console.print(f"{gone.mean:.0%} of the increase in perplexity is gone ({gone.low:.0%} to {gone.high:.0%})")
    if found.validation_after >= found.validation_before:
        console.print("Validation texts gained nothing, so the constants are those that were fitted.")
    elif calibrated.iou < fitted.iou:
        console.print(
            "The programs are less like their heads now: they make up for what others get wrong.", soft_wrap=True
        )
    console.print(f"kept as {found.name}, beside what was fitted; programs: {found.folder}", soft_wrap=True)


def _nats(figure: Interval, sign: str = "") -> list[str]:
    return [f"{figure.mean:{sign}.4f}", f"{figure.low:{sign}.4f} to {figure.high:{sign}.4f}"]


def _percents(figure: Interval) -> list[str]:
    return [f"{figure.mean:+.1%}", f"{figure.low:+.1%} to {figure.high:+.1%}"]
