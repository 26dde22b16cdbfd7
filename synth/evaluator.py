"""Measures what an evaluation is asked for, from the heads' own effects to the last table."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from evaluation.arms import Arm
from evaluation.baselines import PLAIN, MeanPattern
from evaluation.clozes import Text, clozes, predicted
from evaluation.controls import CONTROLS, Known, layers_dropped
from evaluation.measurements import UNPATCHED, Measurements
from evaluation.measuring import PatchedModel, Store, measure
from evaluation.orders import CANDIDATES, Order, greedy, ordered
from evaluation.sweep import first_heads, most_heads
from surrogates.errors import InputError
from surrogates.language.program import Program
from surrogates.library.heads import Head
from synth.asked import LEAST_TEXTS, Asked
from synth.attention import open_store
from synth.corpus import Split
from synth.evaluation_rows import (
    ALONE,
    REPLACEMENTS,
    RIGHT,
    Alone,
    Control,
    Effect,
    Evaluation,
    OnCorpus,
    Replacement,
    Row,
    Within,
    alone,
)
from synth.models import LoadedModel
from synth.other_corpora import OtherCorpus, fresh_iou
from synth.progress import Reporter
from synth.run import Run

ORDERED_BY = 20
"""Most validation texts that heads are ordered by. More change little, since all tokens tell of KL."""
SINGLE_TEXTS = 50
"""Most test texts on which heads are replaced one by one, which takes several passes a head."""
MASKED_PASSES = 50_000
"""Most passes of a text with a token masked for a table, whatever the model's size: programs take time of their own."""


class _Stage(NamedTuple):
    """How much a kind of measurement may take.

    Attributes:
        work: operations, where no time is given; 4e13 take some five minutes on two cores.
        share: of the time that is left, where time is given.
    """

    work: float
    share: float


_STAGES = {
    "own effects": _Stage(4e13, 0.3),
    "greedy order": _Stage(4e13, 0.4),
    "budget": _Stage(2e13, 0.3),
    "layers dropped": _Stage(1e13, 0.1),
    "sweep": _Stage(4e13, 0.6),
    "corpora": _Stage(2e13, 0.3),
    "effects": _Stage(8e13, 1.0),
}
"""In the order in which they are measured."""


class _Texts(NamedTuple):
    """Texts that something is measured on, and what they are called."""

    name: str
    ids: list[list[int]]


class Evaluator:
    """Measures a run's programs.

    Args:
        run: it.
        loaded: its model, with its language head.
        corpora: further texts.
        store: where raw figures are kept.
        reporter: where progress is shown.
        asked: what is measured.
    """

    def __init__(
        self,
        run: Run,
        loaded: LoadedModel,
        corpora: Sequence[OtherCorpus],
        store: Store,
        reporter: Reporter,
        asked: Asked,
    ) -> None:
        self._run, self._loaded, self._corpora = run, loaded, corpora
        self._patched = PatchedModel(loaded.model, loaded.tokenizer, asked.on_error)
        self._store, self._reporter, self._asked = store, reporter, asked
        self._programs = run.assigned(asked.assignment)
        self._left_out: list[str] = []
        self._end = time.monotonic() + 60 * asked.minutes if asked.minutes else None

    def evaluation(self) -> Evaluation:
        """Everything, in the order in which one thing needs another."""
        asked = self._asked
        effects = self._own_effects() if {"effect", "greedy"} & set(asked.orders) else {}
        orders = {
            order: ordered(order, self._programs, effects, lambda: self._greedy(effects))
            for order in dict.fromkeys(asked.orders)
        }
        budgets = self._budgets(orders) if asked.max_increase else {}
        arms: dict[str, Arm] = {
            _name(order, replacement, count): self._arm(replacement, heads[:count])
            for order, heads in orders.items()
            for replacement in REPLACEMENTS
            for count in sorted({len(first_heads(heads, share)) for share in asked.fractions})
        }
        arms |= {
            _name(order, "program", count): self._arm("program", orders[order][:count])
            for order, (count, _) in budgets.items()
            if count
        }
        controls = self._controls(orders[asked.orders[0]]) if asked.controls else {}
        found = self._measure("sweep", self._split("test"), arms | controls, asked.texts)
        first = asked.orders[0]
        corpora = [self._on_corpus(corpus, first, orders[first]) for corpus in self._corpora]
        return Evaluation(
            "perplexity" if self._loaded.causal else "pseudo-perplexity",
            found.perplexity(),
            found.texts,
            [
                self._row(found, order, replacement, share)
                for order in orders
                for replacement in REPLACEMENTS
                for share in asked.fractions
            ],
            [Control.of(found, name, RIGHT, len(arm)) for name, arm in controls.items() if name != RIGHT],
            asked.controls or 0.0,
            [self._within(found, order, *own) for order, own in budgets.items()],
            self._effects() if asked.effects else [],
            corpora,
            tuple(self._left_out),
        )

    # What is measured on validation texts, to choose.

    def _own_effects(self) -> dict[Head, float]:
        """KL(unpatched || patched) with each head alone replaced: it takes far fewer texts than losses do."""
        arms = {str(head): {head: program} for head, program in self._programs.items()}
        found = self._measure("own effects", self._split("validation"), arms, ORDERED_BY)
        return {head: found.divergence(str(head)).mean for head in self._programs}

    def _greedy(self, effects: Mapping[Head, float]) -> list[Head]:
        stage = "greedy order"
        count = max(len(first_heads(list(self._programs), share)) for share in self._asked.fractions)
        texts = self._texts(stage, self._split("validation"), count * CANDIDATES, ORDERED_BY)
        in_time = self._in_time(stage)

        def costs(arms: Sequence[Arm]) -> list[float]:
            named = {str(place): arm for place, arm in enumerate(arms)}
            found = measure(self._patched, texts, named, store=self._store)
            return [found.divergence(name).mean for name in named]

        with self._reporter.stage(stage) as step:

            def goes_on(done: int) -> bool:
                step(done, count)
                if in_time():
                    return True
                self._leave_out(f"{stage}: {done} of {count} heads, the others by their own effects")
                return False

            found = greedy(self._programs, effects, count, costs, goes_on)
            step(count, count)
        return found

    def _budgets(self, orders: Mapping[Order, Sequence[Head]]) -> dict[Order, tuple[int, float]]:
        """The most heads of each order within the increase that is allowed, and the increase that they cost."""
        budget = self._asked.max_increase
        assert budget is not None
        tries = len(self._programs).bit_length()
        texts = self._texts("budget", self._split("validation"), tries * len(orders))
        in_time = self._in_time("budget")
        found = {}
        with self._reporter.stage("heads within the budget") as step:
            for place, (order, heads) in enumerate(orders.items()):
                cost = {0: 0.0}

                def increase(count: int, heads: Sequence[Head] = heads, cost: dict[int, float] = cost) -> float:
                    arms = {"program": self._arm("program", heads[:count])}
                    cost[count] = measure(self._patched, texts, arms, store=self._store).increase("program").mean
                    return cost[count]

                def goes_on(order: Order = order) -> bool:
                    if in_time():
                        return True
                    self._leave_out(f"budget: more heads in the order {order}, for time")
                    return False

                count = most_heads(len(heads), budget, increase, goes_on)
                found[order] = count, cost[count]
                step(place + 1, len(orders), f"{order}: {count} heads")
        return found

    def _dropped_layers(self) -> dict[int, float]:
        """KL(unpatched || patched) with each layer's attention dropped alone."""
        layers = layers_dropped(self._loaded.heads)
        arms = {str(layer): arm for layer, arm in layers.items()}
        found = self._measure("layers dropped", self._split("validation"), arms, ORDERED_BY)
        return {layer: found.divergence(str(layer)).mean for layer in layers}

    # What is measured on test texts, to report.

    def _controls(self, order: Sequence[Head]) -> dict[str, Arm]:
        assert self._asked.controls is not None
        chosen = first_heads(order, self._asked.controls)
        known = known_of(self._run, chosen, self._programs, self._dropped_layers(), self._loaded.heads)
        found: dict[str, Arm] = {RIGHT: self._arm("program", chosen)}
        for name, control in CONTROLS.items():
            arm = control(known)
            if arm is None:
                self._leave_out(f"control {name}: nothing to make it of")
            else:
                found[name] = arm
        return found

    def _effects(self) -> list[Effect]:
        """Heads replaced alone, on test texts."""
        heads = sorted(self._programs)
        means = self._mean_patterns(heads)
        ways: dict[Alone, Callable[[Head], Arm]] = {
            "program": lambda head: {head: self._programs[head]},
            "zero": lambda head: {head: PLAIN["zero"]},
            "uniform": lambda head: {head: PLAIN["uniform"]},
            "mean": lambda head: {head: means[head]},
        }
        arms = {alone(str(head), way): ways[way](head) for head in heads for way in ALONE}
        most = SINGLE_TEXTS if self._asked.texts is None else min(self._asked.texts, SINGLE_TEXTS)
        found = self._measure("effects", self._split("test"), arms, most)
        return [Effect.of(found, str(head), way) for head in heads for way in ALONE]

    def _mean_patterns(self, heads: Sequence[Head]) -> dict[Head, MeanPattern]:
        """Of each head over some train texts."""
        patterns = open_store(self._run.attention)
        numbers = self._run.material.train_sample
        lengths = np.array([len(self._run.material.ids[number]) for number in numbers])
        return {head: MeanPattern.of(patterns.read(head, numbers), lengths) for head in heads}

    def _on_corpus(self, corpus: OtherCorpus, order: Order, heads: Sequence[Head]) -> OnCorpus:
        """IoU of all programs, and what replacing heads costs, on texts of a corpus or the run's own test texts."""
        texts = _Texts(f"texts of {corpus.name}" if corpus.name else "test texts", corpus.ids)
        counts = sorted({len(first_heads(heads, share)) for share in self._asked.fractions})
        arms = {_name(order, "program", count): self._arm("program", heads[:count]) for count in counts}
        found = self._measure("corpora", texts, arms, self._asked.texts)
        with self._reporter.stage(f"IoU on {texts.name}") as step:
            iou = fresh_iou(self._loaded, self._programs, corpus.ids[: found.texts], self._asked.on_error, step)
        sweep = [self._row(found, order, "program", share) for share in self._asked.fractions]
        return OnCorpus(corpus.name, found.texts, corpus.in_run, *iou, sweep)

    # How much is measured.

    def _split(self, split: Split) -> "_Texts":
        return _Texts(f"{split} texts", self._run.ids(split))

    def _measure(self, stage: str, of: "_Texts", arms: Mapping[str, Arm], most: int | None = None) -> Measurements:
        texts = self._texts(stage, of, len(arms), most)
        with self._reporter.stage(stage) as step:
            found = measure(self._patched, texts, arms, store=self._store, progress=step, goes_on=self._in_time(stage))
        done, wanted = round(found.tokens.sum()), sum(map(predicted, texts))
        if done < wanted:
            some = (
                f"{found.texts} of {len(texts)} {of.name}"
                if self._loaded.causal
                else f"{done} of {wanted} masked tokens"
            )
            self._leave_out(f"{stage}: {some}, for time")
        return found

    def _texts(self, stage: str, of: "_Texts", arms: int, most: int | None = None) -> Sequence[Text]:
        """Some of the texts for so many arms: the most that are asked for, or that are affordable."""
        ids = of.ids[:most]
        each = 2 * self._patched.model.num_parameters() * sum(map(len, ids)) / len(ids) * arms
        affordable = int(_STAGES[stage].work / each)
        if self._end is None and (most is None or stage not in ("sweep", "corpora")):
            ids = ids[: max(LEAST_TEXTS, affordable)]
        if len(ids) < len(of.ids):
            self._leave_out(f"{stage}: {len(ids)} of {len(of.ids)} {of.name}")
        return ids if self._loaded.causal else self._clozes(stage, ids, min(affordable, MASKED_PASSES // arms))

    def _clozes(self, stage: str, ids: Sequence[Sequence[int]], affordable: int) -> Sequence[Text]:
        """The tokens of texts masked in turn, each of which takes a pass; or as many of each text as are affordable."""
        tokenizer = self._loaded.tokenizer
        mask, special = tokenizer.mask_token_id, set(tokenizer.all_special_ids)
        assert mask is not None
        every = clozes(ids, mask, special)
        if not every:
            raise InputError(f"the {stage} has texts of special tokens alone; give longer texts")
        most = max(1, affordable // len(ids))
        found = every if self._end is not None else clozes(ids, mask, special, most)
        if len(found) < len(every):
            self._leave_out(f"{stage}: {len(found)} of {len(every)} tokens masked, at most {most} of a text")
        return found

    def _in_time(self, stage: str) -> Callable[[], bool]:
        """Says whether there is time for as much as since it was asked last."""
        if self._end is None:
            return lambda: True
        asked = time.monotonic()
        end = asked + _STAGES[stage].share * (self._end - asked)

        def in_time() -> bool:
            nonlocal asked
            last, asked = asked, time.monotonic()
            return asked + (asked - last) <= end

        return in_time

    def _leave_out(self, what: str) -> None:
        self._left_out.append(what)

    # Arms and rows.

    def _arm(self, replacement: Replacement, heads: Sequence[Head]) -> Arm:
        if replacement == "program":
            return {head: self._programs[head] for head in heads}
        return dict.fromkeys(heads, PLAIN[replacement])

    def _row(self, found: Measurements, order: Order, replacement: Replacement, share: float) -> Row:
        count = len(first_heads(list(self._programs), share))
        return Row.of(found, _name(order, replacement, count), order, replacement, share, count)

    def _within(self, found: Measurements, order: Order, count: int, on_validation: float) -> Within:
        assert self._asked.max_increase is not None
        arm = _name(order, "program", count) if count else UNPATCHED
        fraction = count / len(self._programs)
        return Within(
            order, self._asked.max_increase, count, fraction, on_validation, *found.increase(arm), found.kept(arm),
            found.texts,
        )  # fmt: skip


def known_of(
    run: Run,
    chosen: Sequence[Head],
    programs: Mapping[Head, Program],
    layers: Mapping[int, float],
    heads: Sequence[Head],
) -> Known:
    """What controls of a run's chosen heads are made of."""
    categories = {head: kind.category for head, kind in run.kinds.items() if kind.category}
    return Known(chosen, programs, categories, layers, heads)


def _name(order: Order, replacement: Replacement, count: int) -> str:
    return f"{order}, {replacement}, {count} heads"
