"""What a language model is asked about one head in one round, from train texts alone."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from prompts.messages import (
    Message,
    Shown,
    estimate_prompt,
    propose_prompt,
    refine_prompt,
    system_message,
)
from prompts.summary import summary_lines
from prompts.tokens import estimate_tokens
from surrogates.errors import ProgramFailed
from surrogates.language.program import Program
from surrogates.library.candidates import Candidate
from surrogates.library.heads import Head
from synth.engine import Engine
from synth.llm.store import Ask, Exchanges
from synth.material import Material
from synth.progress import Reporter
from synth.proposers.bank import Bank
from synth.proposers.evidence import evidence_bank, strongest_terms
from synth.proposers.language_model.archive import Archive, best_first, draw_parents, earlier, ideas_of
from synth.proposers.language_model.head_texts import compare, easiest, head_texts
from synth.proposers.language_model.plan import DIFFERENT_EVERY, Plan, stage_name
from synth.proposers.shared import best_fitting
from synth.run import Run

SHOWN = 6
"""Texts that may be shown edge by edge."""
COMPARED = 30
"""Texts, the easiest to read, of which the worst and the best of a parent are shown."""
BEST = 3
"""Programs of the archive that may be shown."""
SHOWN_SHARE = 0.25
"""Of the room for what is said of a head: the most that one of these may take."""
PARENT_SHARE = 0.5
"""The most that a program to improve may take of it."""
NEAR = 0.02
"""IoU by which a shorter program may fall behind the best."""


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
    material, seed = run.material, run.settings.seed
    known = {head: earlier(run.library.candidates(head), plan.model, round_) for head in heads}
    ideas = _ideas(run, heads, round_, plan, engine, reporter) if round_ > 1 else {}
    asked: dict[Head, list[Ask]] = {}
    with reporter.stage(f"round {round_}: write questions") as step:
        for group in material.by_window(heads):
            bank = evidence_bank(material, group[0], seed)
            items = [(head, known[head], ideas.get(head, []), round_, plan, seed) for head in group]
            for head, found in zip(group, engine.map(questions, (material, bank), items), strict=True):
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
    material: Material,
    bank: Bank,
    head: Head,
    known: Sequence[Candidate],
    ideas: Sequence[str],
    round_: int,
    plan: Plan,
    seed: int,
) -> list[Ask]:
    """The questions of a round: in the first for programs, later for better versions of those there are.

    Args:
        material: the run's texts and patterns.
        bank: what evidence is looked for in.
        head: one of the model's.
        known: its candidates from before the round.
        ideas: of other heads' programs, one line each.
        round_: from 1.
        plan: how much to ask for.
        seed: the run's.

    Raises:
        InputError: even the smallest prompt is larger than the plan allows.
    """
    archive = Archive(known)
    sizes = plan.sizes(round_)
    writers: list[_Writer] = []
    if round_ > 1:
        generator = np.random.default_rng([seed, head.layer, head.index, round_])
        parents = draw_parents(_fitting(archive, PARENT_SHARE, material.causal, plan), generator)
        writers = _refinements(material, head, bank, parents, ideas, round_, plan)
    writers = writers or [_proposal(material, head, bank, archive, plan)]
    # Where there are fewer parents than questions, each is asked about again; equal questions are told apart by number.
    found: list[Ask] = []
    for place, size in enumerate(sizes):
        messages = tuple(writers[place % len(writers)](size))
        sample = sum(ask.messages == messages for ask in found)
        found.append(Ask(messages, sample, str(head)))
    return found


_Writer = Callable[[int], list[Message]]
"""Writes a question that asks for so many programs."""


def _proposal(material: Material, head: Head, bank: Bank, archive: Archive, plan: Plan) -> _Writer:
    """Asks for programs, the best so far beside what the head does."""
    texts = head_texts(material, head, easiest(material))
    evidence = strongest_terms(material, head, bank)
    best = [_shown(elite) for elite in _fitting(archive, SHOWN_SHARE, material.causal, plan)[:BEST]]
    return lambda programs: propose_prompt(
        summary_lines(texts),
        texts[:SHOWN],
        causal=material.causal,
        evidence=evidence,
        best=best,
        programs=programs,
        limit=plan.prompt_tokens,
    )


def _fitting(archive: Archive, share: float, causal: bool, plan: Plan) -> list[Candidate]:
    """The elites that take no more than a share of the room for what is said of a head."""
    room = share * (plan.prompt_tokens - estimate_prompt([system_message(causal=causal)]))
    return _shortest_first([elite for elite in archive.elites if estimate_tokens(elite.source) <= room])


def _refinements(
    material: Material,
    head: Head,
    bank: Bank,
    parents: Sequence[Candidate],
    ideas: Sequence[str],
    round_: int,
    plan: Plan,
) -> list[_Writer]:
    """A question about each parent, as many as the round has or there are parents for."""
    found: list[_Writer] = []
    for parent in parents:
        if len(found) == len(plan.sizes(round_)):
            break
        with suppress(ProgramFailed):  # it ran when it was scored; one that fails now and then is no parent
            found.append(_refinement(material, head, bank, parent, ideas, round_, plan))
    return found


def _refinement(
    material: Material, head: Head, bank: Bank, parent: Candidate, ideas: Sequence[str], round_: int, plan: Plan
) -> _Writer:
    compared = compare(material, head, parent.program, easiest(material)[:COMPARED])
    compared.sort(key=lambda c: c.iou)
    evidence = strongest_terms(material, head, bank, parent.program)
    return lambda programs: refine_prompt(
        _shown(parent),
        compared[: SHOWN // 2],
        compared[: SHOWN // 2 - 1 : -1][: SHOWN // 2],
        causal=material.causal,
        evidence=evidence,
        ideas=ideas,
        different=round_ % DIFFERENT_EVERY == 0,
        programs=programs,
        limit=plan.prompt_tokens,
    )


def _shortest_first(elites: Sequence[Candidate]) -> list[Candidate]:
    """The shortest that comes near the best in front: it says as much in less of the prompt."""
    if not elites:
        return []
    near = [elite for elite in elites if elite.train_iou >= elites[0].train_iou - NEAR]
    first = min(near, key=lambda elite: len(elite.source))
    return [first, *(elite for elite in elites if elite is not first)]


def _shown(candidate: Candidate) -> Shown:
    return Shown(candidate.source, candidate.train_iou)
