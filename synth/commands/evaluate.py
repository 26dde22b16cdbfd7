"""``headsynth evaluate``: perplexity with heads replaced."""

from contextlib import closing
from pathlib import Path

from evaluation.sweep import REPLACEMENTS, Order, PatchedModel, Point, measure_effects, sweep
from surrogates.errors import InputError
from surrogates.library.heads import Head
from surrogates.library.library import Library
from surrogates.running.forward_pass import OnError
from synth.attention import AttentionStore
from synth.console import Column, Terminal, print_document
from synth.corpus import Split, read_texts
from synth.fingerprint import model_fingerprint
from synth.models import LoadedModel, encode, load_for
from synth.progress import Reporter
from synth.run import RunDirectory

EFFECT_TEXTS = 50
"""Validation texts on which each head's own effect is measured."""


def evaluate(path: Path, fractions: str, device: str, on_error: OnError, reporter: Reporter, *, as_json: bool) -> None:
    """Print the increase in perplexity for each order, replacement and share of heads.

    Raises:
        InputError: there is no finished run, the model is an encoder, or a fraction cannot be read.
    """
    shares = _fractions(fractions)
    run = RunDirectory.open(path)
    with closing(Library(run.path)) as library:
        surrogates = library.surrogates()
    if not surrogates:
        raise InputError(f"{path} has no scored program yet; run `headsynth synthesize` again to finish it")
    settings = run.settings()
    loaded = load_for(settings, device)
    if not loaded.causal:
        raise InputError(f"{settings.model} is an encoder, which has no perplexity; evaluate a causal language model")
    if model_fingerprint(loaded) != AttentionStore(run.attention).model:
        raise InputError(
            f"the weights of {settings.model} are not those that {path} was made with; bring them back or start a new "
            "run directory"
        )
    ids = {split: _texts(run, loaded, split, settings.max_tokens) for split in ("validation", "test")}
    programs = {head: entry.program for head, entry in surrogates.items()}
    if len(programs) < len(loaded.heads):
        reporter.say(f"{len(programs)} of the model's {len(loaded.heads)} heads have programs; fractions are of these")
    patched = PatchedModel(loaded.model, loaded.tokenizer, on_error)
    with reporter.stage("effect of each head") as step:
        effects = measure_effects(patched, programs, ids["validation"][:EFFECT_TEXTS], step)
    orders: dict[Order, list[Head]] = {
        "iou": sorted(programs, key=lambda head: (-surrogates[head].scores.validation_iou, head)),
        "effect": sorted(programs, key=lambda head: (effects[head], head)),
    }
    with reporter.stage("perplexity") as step:
        unpatched, points = sweep(patched, programs, orders, shares, ids["test"], step)
    if as_json:
        print_document(_document(unpatched.perplexity, len(ids["test"]), points))
        return
    _print(settings.model, unpatched.perplexity, len(ids["test"]), points, shares)


def _fractions(text: str) -> list[float]:
    try:
        shares = [float(part) / 100 for part in text.split(",")]
    except ValueError:
        shares = []
    if not shares or not all(0 < share <= 1 for share in shares):
        raise InputError(f"cannot read the fractions {text!r}; write percentages up to 100, such as 25,50,100")
    return shares


def _texts(run: RunDirectory, loaded: LoadedModel, split: Split, max_tokens: int) -> list[list[int]]:
    texts = [text.text for text in read_texts(run.texts) if text.split == split]
    # One token predicts nothing.
    return [tokens for tokens in encode(loaded, texts, max_tokens) if len(tokens) > 1]


def _document(perplexity: float, texts: int, points: list[Point]) -> dict:
    rows = [
        {
            "order": p.order,
            "replacement": p.replacement,
            "fraction": p.fraction,
            "heads": p.heads,
            "increase": p.increase.mean,
            "low": p.increase.low,
            "high": p.increase.high,
            "kept_neural": p.kept,
        }
        for p in points
    ]
    return {"baseline_perplexity": perplexity, "texts": texts, "sweep": rows}


def _print(model: str, perplexity: float, texts: int, points: list[Point], shares: list[float]) -> None:
    console = Terminal()
    console.print(f"{model}: perplexity {perplexity:.3f} on {texts} test texts", soft_wrap=True)
    console.print(
        "Heads are replaced by their programs, or by what explains nothing: uniform (every visible key alike), first "
        "(all on the first token), zero (no output)."
    )
    found = {(p.order, p.replacement, p.fraction): p for p in points}
    names = {"iou": "highest validation IoU first", "effect": "smallest own effect on validation texts first"}
    for order in dict.fromkeys(p.order for p in points):
        console.print(f"\nIncrease in perplexity, {names[order]}", soft_wrap=True)
        columns: list[Column] = [("heads", "figure")]
        for replacement in REPLACEMENTS:
            columns.append((replacement, "figure"))
            if replacement == "program":
                columns.append(("95 %", "figure"))
        rows = []
        for share in shares:
            row = [f"{found[order, 'program', share].heads} ({share:.0%})"]
            for replacement in REPLACEMENTS:
                change = found[order, replacement, share].increase
                row.append(f"{change.mean:+.1%}")
                if replacement == "program":
                    row.append(f"{change.low:+.1%} to {change.high:+.1%}")
            rows.append(row)
        console.print_table(columns, rows)
    if kept := max(p.kept for p in points):
        console.print(
            f"Programs failed on some texts, where their heads computed their own patterns: up to {kept} times "
            "(a text and a head each) behind one figure; --json tells behind which.",
            soft_wrap=True,
        )
