"""What a language model is asked about one head in one round, from train texts alone."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from prompts.abridged import parts_of
from prompts.conversation import Message, estimate_prompt
from prompts.edges import Compared
from prompts.messages import Shown, part_prompt, program_prompt, system_message
from prompts.residual import Word
from prompts.tokens import estimate_tokens
from surrogates.language.program import Program
from surrogates.library.candidates import Candidate
from surrogates.library.heads import Head
from synth.engine import Engine
from synth.llm.store import Ask, Exchanges
from synth.material import Material
from synth.progress import Reporter
from synth.proposers.language_model.archive import Archive, best_first, earlier, ideas_of, standing_of
from synth.proposers.language_model.head_texts import beginning, compare, easiest_first, shares
from synth.proposers.language_model.joining import is_separable
from synth.proposers.language_model.plan import Plan, asks_for_parts, stage_name
from synth.proposers.shared import best_fitting
from synth.run import Run

SHOWN = 30
"""Texts, the easiest to read, of which the worst and the best are shown."""
OTHERS = 3
"""Programs of other kinds that may be shown."""
ALIKE = 8
"""Words of a cluster that are shown."""
_OTHER_SHARE = 0.1
"""Of the room for what is said of a head: the most that one of these may take."""
_STANDING_SHARE = 0.5
"""The same of the head's program, in its shortest form."""


def questions_of_round(
    run: Run, exchanges: Exchanges, heads: Sequence[Head], round_: int, plan: Plan, engine: Engine, reporter: Reporter
) -> dict[Head, list[Ask]]:
    """Every head's questions of a round; see :func:`questions`.

    Args:
        run: what its library holds of the plan's model from this round on is left out.
        exchanges: may hold questions of the round. They stand if they ask for as much, or if one is answered or on its
            way: what was paid for is used.
        engine: where the work is done.
    """
    kept = {head: _standing(exchanges, head, round_, plan) for head in heads}
    missing = [head for head in heads if not kept[head]]
    written = _written(run, missing, round_, plan, engine, reporter)
    for head, asks in written.items():
        # A question that an earlier round asked as well is to get an answer of its own.
        before = exchanges.times_asked(str(head), stage_name(plan.model, round_))
        written[head] = [replace(ask, sample=ask.sample + before[ask.messages]) for ask in asks]
    return kept | written


def _standing(exchanges: Exchanges, head: Head, round_: int, plan: Plan) -> list[Ask]:
    asks, measure = exchanges.questions(stage_name(plan.model, round_), str(head))
    if measure == plan.measure:
        return asks
    keys = [ask.key(plan.parameters) for ask in asks]
    paid = any(exchanges.get(key) for key in keys) or not exchanges.handed_in().isdisjoint(keys)
    return asks if paid else []


def _written(
    run: Run, heads: Sequence[Head], round_: int, plan: Plan, engine: Engine, reporter: Reporter
) -> dict[Head, list[Ask]]:
    if not heads:
        return {}
    known = {head: earlier(run.library.candidates(head), plan.model, round_) for head in heads}
    ideas = {} if asks_for_parts(round_) else _ideas(run, heads, round_, plan, engine, reporter)
    asked: dict[Head, list[Ask]] = {}
    with reporter.stage(f"round {round_}: write questions") as step:
        items = [(head, known[head], ideas.get(head, []), round_, plan) for head in heads]
        for head, found in zip(heads, engine.map(questions, (run.material,), items), strict=True):
            asked[head] = found
            step(len(asked), len(heads))
    return asked


def _ideas(
    run: Run, heads: Sequence[Head], round_: int, plan: Plan, engine: Engine, reporter: Reporter
) -> dict[Head, list[str]]:
    """Of the other heads' best programs those that fit a head best as they are, taken apart."""
    best: dict[Head, Program] = {}
    for head in run.heads:
        if found := best_first(earlier(run.library.candidates(head), plan.model, round_)):
            best[head] = found[0].program
    if len(best) < 2:
        return {}
    own = {head: {best[head].structure} if head in best else set[str]() for head in heads}
    with reporter.stage(f"round {round_}: ideas of other heads") as step:
        won = best_fitting(engine, run.material, best.values(), own, step)
    return {head: ideas_of(won[head], best[head].source if head in best else "") for head in heads}


def questions(
    material: Material, head: Head, known: Sequence[Candidate], ideas: Sequence[str], round_: int, plan: Plan
) -> list[Ask]:
    """The questions of a round: for parts that the head's program lacks, or for programs of another hypothesis.

    Args:
        material: the run's texts and patterns.
        head: one of the model's.
        known: its candidates from before the round.
        ideas: of other heads' programs, one line each.
        round_: from 1.
        plan: how much to ask for.

    Raises:
        InputError: even the smallest prompt is larger than the plan allows.
        ProgramFailed: the head's program, which ran when it was scored, fails.
    """
    standing = _standing_that_fits(known, plan, causal=material.causal)
    compared = compare(material, head, standing.program, material.train_sample)
    shown = _shown(material, head, standing.program, compared)
    alike = _alike(material)
    layer = f"layer {head.layer + 1} of {len(material.windows)}"
    texts = _worst_and_best([beginning(one) for one in easiest_first(compared)[:SHOWN]])
    others = _others(known, standing, plan, causal=material.causal)
    found: list[Ask] = []
    for place, size in enumerate(plan.sizes):
        # Each question begins with other texts.
        start = place * len(texts) // len(plan.sizes)
        own = [*texts[start:], *texts[:start]]
        if asks_for_parts(round_):
            messages = part_prompt(
                shown,
                compared,
                own,
                causal=material.causal,
                layer=layer,
                alike=alike,
                parts=size,
                limit=plan.prompt_tokens,
            )
        else:
            messages = program_prompt(
                shown, compared, own, causal=material.causal, layer=layer, alike=alike, ideas=ideas, others=others,
                programs=size, limit=plan.prompt_tokens,
            )  # fmt: skip
        found.append(_numbered(messages, found, head))
    return found


def _numbered(messages: list[Message], before: Sequence[Ask], head: Head) -> Ask:
    """Equal questions, as where texts are few, are told apart by number."""
    return Ask(tuple(messages), sum(ask.messages == tuple(messages) for ask in before), str(head))


def _worst_and_best(compared: Sequence[Compared]) -> list[Compared]:
    """The text on which a program does worst, the one on which it does best, the second worst, and so on."""
    order = sorted(compared, key=lambda one: one.iou)
    return [order[place // 2 if place % 2 == 0 else -1 - place // 2] for place in range(len(order))]


def _alike(material: Material) -> dict[str, list[Word]]:
    texts, starts = material.table.texts, material.table.columns["opens_word"]
    return {
        name: [Word(texts[token], texts[token][:1].isalnum() and not starts[token]) for token in ids[:ALIKE]]
        for name, ids in material.alike_tokens.items()
    }


def _shown(material: Material, head: Head, program: Program, compared: Sequence[Compared]) -> Shown:
    vectorised = program.kind == "vectorised"
    worth = shares(material, head, program, material.train_sample) if vectorised else []
    parts = parts_of(program, worth) if worth else []
    return Shown(program.source, program.hypothesis, fmean(one.iou for one in compared), parts)


def _standing_that_fits(known: Sequence[Candidate], plan: Plan, *, causal: bool) -> Candidate:
    """The best program that can be shown: one of a long-winded docstring, or of many strings, must end no run."""
    room = _STANDING_SHARE * _room(plan, causal=causal)
    return next((one for one in best_first(known) if _least_tokens(one.program) <= room), standing_of(()))


def _least_tokens(program: Program) -> int:
    whole = program.kind == "scripted" or not is_separable(program)
    parts = [] if whole else parts_of(program, [0.0] * program.parts)
    shown = program.source if whole else "\n".join(part.abridged(1) for part in parts)
    return estimate_tokens(program.hypothesis) + estimate_tokens(shown)


def _room(plan: Plan, *, causal: bool) -> int:
    """Tokens for what is said of a head."""
    return plan.prompt_tokens - estimate_prompt([system_message(causal=causal)])


def _others(known: Sequence[Candidate], standing: Candidate, plan: Plan, *, causal: bool) -> list[Shown]:
    """The best programs of other kinds, as far as they are short enough to be shown."""
    room = _OTHER_SHARE * _room(plan, causal=causal)
    found = [
        elite
        for elite in Archive(known).elites
        if elite.source != standing.source and estimate_tokens(elite.source) <= room
    ]
    return [Shown(elite.source, elite.program.hypothesis, elite.train_iou) for elite in found[:OTHERS]]
