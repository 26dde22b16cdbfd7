"""Measures what an evaluation is asked for, from the heads' own effects to the last table."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from evaluation.arms import Arm
from evaluation.baselines import PLAIN, MeanPattern
from evaluation.controls import CONTROLS, Known
from evaluation.measurements import UNPATCHED, Measurements
from evaluation.measuring import PatchedModel, Store, measure
from evaluation.orders import CANDIDATES, Order, at_random, by_effect, greedy
from evaluation.sweep import first_heads, most_heads
from surrogates.library.heads import Head
from synth.asked import Asked
from synth.attention import open_store
from synth.corpus import Split
from synth.evaluation_rows import (
    ALONE,
    REPLACEMENTS,
    Alone,
    Control,
    Effect,
    Evaluation,
    Replacement,
    Row,
    Within,
    alone,
)
from synth.progress import Reporter
from synth.run import Run

ORDERED_BY = 20
"""Most validation texts that heads are ordered by. More change little, since all tokens tell of KL."""
SINGLE_TEXTS = 50
"""Most test texts on which heads are replaced one by one, which takes several passes a head."""
LEAST_TEXTS = 2
_RIGHT = "right assignment"


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
    "sweep": _Stage(4e13, 0.6),
    "effects": _Stage(8e13, 1.0),
}
"""In the order in which they are measured."""


class Evaluator:
    """Measures a run's programs.

    Args:
        run: it.
        patched: its model.
        heads: all of the model's.
        store: where raw figures are kept.
        reporter: where progress is shown.
        asked: what is measured.
    """

    def __init__(
        self, run: Run, patched: PatchedModel, heads: Sequence[Head], store: Store, reporter: Reporter, asked: Asked
    ) -> None:
        self._run, self._patched, self._heads = run, patched, heads
        self._store, self._reporter, self._asked = store, reporter, asked
        self._programs = run.assignment
        self._left_out: list[str] = []
        self._end = time.monotonic() + 60 * asked.minutes if asked.minutes else None

    def evaluation(self) -> Evaluation:
        """Everything, in the order in which one thing needs another."""
        asked = self._asked
        effects = self._own_effects() if {"effect", "greedy"} & set(asked.orders) else {}
        orders = {order: self._order(order, effects) for order in dict.fromkeys(asked.orders)}
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
        controls = self._controls(orders[asked.orders[0]], effects) if asked.controls else {}
        found = self._measure("sweep", "test", arms | controls, asked.texts)
        return Evaluation(
            found.perplexity(),
            found.texts,
            [
                self._row(found, order, replacement, share)
                for order in orders
                for replacement in REPLACEMENTS
                for share in asked.fractions
            ],
            [Control.of(found, name, _RIGHT, len(arm)) for name, arm in controls.items() if name != _RIGHT],
            asked.controls or 0.0,
            [self._within(found, order, *own) for order, own in budgets.items()],
            self._effects() if asked.effects else [],
            tuple(self._left_out),
        )

    # What is measured on validation texts, to choose.

    def _own_effects(self) -> dict[Head, float]:
        """KL(unpatched || patched) with each head alone replaced: it takes far fewer texts than losses do."""
        arms = {str(head): {head: program} for head, program in self._programs.items()}
        found = self._measure("own effects", "validation", arms, ORDERED_BY)
        return {head: found.divergence(str(head)).mean for head in self._programs}

    def _order(self, order: Order, effects: Mapping[Head, float]) -> list[Head]:
        match order:
            case "iou":
                return list(self._programs)
            case "effect":
                return by_effect(effects)
            case "random":
                return at_random(list(self._programs))
            case "greedy":
                return self._greedy(effects)

    def _greedy(self, effects: Mapping[Head, float]) -> list[Head]:
        stage = "greedy order"
        count = max(len(first_heads(list(self._programs), share)) for share in self._asked.fractions)
        texts = self._texts(stage, "validation", count * CANDIDATES, ORDERED_BY)
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
        texts = self._texts("budget", "validation", tries * len(orders))
        found = {}
        with self._reporter.stage("heads within the budget") as step:
            for place, (order, heads) in enumerate(orders.items()):
                cost = {0: 0.0}

                def increase(count: int, heads: Sequence[Head] = heads, cost: dict[int, float] = cost) -> float:
                    arms = {"program": self._arm("program", heads[:count])}
                    cost[count] = measure(self._patched, texts, arms, store=self._store).increase("program").mean
                    return cost[count]

                count = most_heads(len(heads), budget, increase)
                found[order] = count, cost[count]
                step(place + 1, len(orders), f"{order}: {count} heads")
        return found

    # What is measured on test texts, to report.

    def _controls(self, order: Sequence[Head], effects: Mapping[Head, float]) -> dict[str, Arm]:
        assert self._asked.controls is not None
        chosen = first_heads(order, self._asked.controls)
        categories = {head: kind.category for head, kind in self._run.kinds.items() if kind.category}
        known = Known(chosen, self._programs, categories, effects, self._heads)
        found: dict[str, Arm] = {_RIGHT: self._arm("program", chosen)}
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
        found = self._measure("effects", "test", arms, most)
        return [Effect.of(found, str(head), way) for head in heads for way in ALONE]

    def _mean_patterns(self, heads: Sequence[Head]) -> dict[Head, MeanPattern]:
        """Of each head over some train texts."""
        patterns = open_store(self._run.attention)
        numbers = self._run.material.train_sample
        lengths = np.array([len(self._run.material.ids[number]) for number in numbers])
        return {head: MeanPattern.of(patterns.read(head, numbers), lengths) for head in heads}

    # How much is measured.

    def _measure(self, stage: str, split: Split, arms: Mapping[str, Arm], most: int | None = None) -> Measurements:
        texts = self._texts(stage, split, len(arms), most)
        with self._reporter.stage(stage) as step:
            found = measure(self._patched, texts, arms, store=self._store, progress=step, goes_on=self._in_time(stage))
        if found.texts < len(texts):
            self._leave_out(f"{stage}: {found.texts} of {len(texts)} {split} texts, for time")
        return found

    def _texts(self, stage: str, split: Split, arms: int, most: int | None = None) -> list[list[int]]:
        """The texts of a split for so many arms: the most that are asked for, or that are affordable."""
        all_of_split = self._run.ids(split)
        ids = all_of_split[:most]
        if self._end is None and (most is None or stage != "sweep"):
            tokens = sum(map(len, ids)) / len(ids)
            each = 2 * self._patched.model.num_parameters() * tokens * arms
            ids = ids[: max(LEAST_TEXTS, int(_STAGES[stage].work / each))]
        if len(ids) < len(all_of_split):
            self._leave_out(f"{stage}: {len(ids)} of {len(all_of_split)} {split} texts")
        return ids

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
            order, self._asked.max_increase, count, fraction, on_validation, *found.increase(arm), found.texts
        )


def _name(order: Order, replacement: Replacement, count: int) -> str:
    return f"{order}, {replacement}, {count} heads"
