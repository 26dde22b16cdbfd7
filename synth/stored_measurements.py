"""What a run's file of raw figures tells of sweeps, controls and effects; nothing is measured."""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from itertools import combinations
from typing import NamedTuple, TypeVar

import numpy as np

from evaluation.arms import Arm, content
from evaluation.baselines import PLAIN
from evaluation.controls import CONTROLS, layers_dropped
from evaluation.measurements import UNPATCHED, Figures, Measurements
from evaluation.orders import CANDIDATES, Order, at_random, by_effect, greedy
from surrogates.language.program import Program
from surrogates.library.heads import Head
from synth.attention import open_store
from synth.corpus import Split
from synth.evaluation_rows import REPLACEMENTS, RIGHT, Alone, Control, Effect, Replacement, Row, alone
from synth.evaluator import ORDERED_BY, known_of
from synth.measurement_file import FILE_NAME, MeasurementFile
from synth.run import Run
from synth.tasks import TaskRow, stored_tasks

_Key = TypeVar("_Key", Head, int)
_CONTROLS_ALONE = frozenset(CONTROLS) - frozenset(REPLACEMENTS)
"""Controls of which nothing is known but where controls were asked for."""
_ALONE: tuple[Alone, ...] = ("program", "zero")


class StoredMeasurements:
    """Rows as :class:`synth.evaluator.Evaluator` gives them, of those arms that were measured.

    Args:
        run: a finished run on a causal language model.
        file: its raw figures.
    """

    def __init__(self, run: Run, file: MeasurementFile) -> None:
        self._run, self._file = run, file
        self._programs = run.assignment
        self._known = file.arms()
        self._sizes = sorted({len(json.loads(arm)) for arm in self._known} - {0})  # heads that arms replace
        self._effects = self._own_effects()
        self._orders: dict[Order, list[Head]] = {"iou": list(self._programs)}
        if self._effects:
            self._orders["effect"] = by_effect(self._effects)
            if found := self._greedy():
                self._orders["greedy"] = found
        self._orders["random"] = at_random(list(self._programs))

    def sweep(self) -> list[Row]:
        """Each order and replacement at each number of heads that was measured."""
        wanted: dict[str, tuple[Order, Replacement, int]] = {
            f"{order}, {replacement}, {count}": (order, replacement, count)
            for order in self._orders
            for replacement in REPLACEMENTS
            for count in self._sizes
            if count <= len(self._programs)
        }
        arms = {name: self._arm(replacement, order, count) for name, (order, replacement, count) in wanted.items()}
        found = self._stored("test", arms)
        heads = len(self._programs)
        return [
            Row.of(found, name, order, replacement, count / heads, count)
            for name, (order, replacement, count) in wanted.items()
            if found is not None and name in found.figures
        ]

    def controls(self) -> tuple[list[Control], float]:
        """The right assignment and the controls beside it, and the share of the heads that they replace.

        Where several shares were measured, it is that of most controls. Those that sweeps have too are not enough.
        """
        best: Measurements | None = None
        share = 0.0
        heads = open_store(self._run.attention).heads
        layers = self._dropped_layers(heads)
        sizes: dict[str, int] = {}
        for order in self._orders:
            for count in self._sizes:
                right = self._arm("program", order, count)
                if content(right) not in self._known:
                    continue
                known = known_of(self._run, self._orders[order][:count], self._programs, layers, heads)
                made = {name: control(known) for name, control in CONTROLS.items()}
                arms = {RIGHT: right} | {name: arm for name, arm in made.items() if arm}
                found = self._stored("test", arms)
                if found is None or RIGHT not in found.figures or _CONTROLS_ALONE.isdisjoint(found.figures):
                    continue
                if best is None or len(found.figures) > len(best.figures):
                    best, share = found, count / len(self._programs)
                    sizes = {name: len(arm) for name, arm in arms.items()}
        if best is None:
            return [], 0.0
        return [Control.of(best, name, RIGHT, sizes[name]) for name in best.figures if name != UNPATCHED], share

    def effects(self) -> list[Effect]:
        """Of each head that was replaced alone by its program and by zero."""
        arms: dict[str, Arm] = {
            alone(str(head), way): {head: self._programs[head] if way == "program" else PLAIN["zero"]}
            for head in sorted(self._programs)
            for way in _ALONE
        }
        found = self._stored("test", arms)
        if found is None:
            return []
        heads = [str(head) for head in sorted(self._programs)]
        whole = [head for head in heads if all(alone(head, way) in found.figures for way in _ALONE)]
        return [Effect.of(found, head, way) for head in whole for way in _ALONE]

    def _own_effects(self) -> dict[Head, float]:
        """What heads are ordered by."""
        return self._choosing({head: {head: own} for head, own in self._programs.items()})

    def _dropped_layers(self, heads: Sequence[Head]) -> dict[int, float]:
        """What layers are ordered by to be dropped."""
        return self._choosing(layers_dropped(heads))

    def _choosing(self, arms: Mapping[_Key, Arm]) -> dict[_Key, float]:
        """Divergence on the validation texts that choose; empty unless all arms were measured."""
        found = self._stored("validation", {str(key): arm for key, arm in arms.items()}, ORDERED_BY)
        if found is None or not all(str(key) in found.figures for key in arms):
            return {}
        return {key: found.divergence(str(key)).mean for key in arms}

    def _greedy(self) -> list[Head]:
        """The order as it was found, on the texts on which pairs were tried; empty where it was not looked for."""
        firsts = by_effect(self._effects)[: CANDIDATES + 1]
        pairs = {f"{one} {other}": self._replaced((one, other)) for one, other in combinations(firsts, 2)}
        texts = _most_known(self._figures("validation", pairs, ORDERED_BY))
        most = 0  # heads that arms replaced which were compared

        def costs(arms: Sequence[Arm]) -> list[float]:
            nonlocal most
            figures = self._figures("validation", {str(place): arm for place, arm in enumerate(arms)}, ORDERED_BY)
            if len(figures) < len(arms) + 1 or any(own[place] is None for own in figures.values() for place in texts):
                return list(range(len(arms)))  # these were not tried: the rest goes by effect
            most = len(arms[0])
            found = self._measurements("validation", figures, texts)
            return [found.divergence(str(place)).mean for place in range(len(arms))]

        order = greedy(self._programs, self._effects, len(self._programs), costs, lambda _: bool(texts))
        return order if most > 1 else []

    def _arm(self, replacement: Replacement, order: Order, count: int) -> Arm:
        heads = self._orders[order][:count]
        return self._replaced(heads) if replacement == "program" else dict.fromkeys(heads, PLAIN[replacement])

    def _replaced(self, heads: Sequence[Head]) -> dict[Head, Program]:
        return {head: self._programs[head] for head in heads}

    def _stored(self, split: Split, arms: Mapping[str, Arm], most: int | None = None) -> Measurements | None:
        """Figures of arms on the same texts: the arms and the texts of which together most is known."""
        figures = self._figures(split, arms, most)
        texts = _most_known(figures)
        if not texts:
            return None
        whole = {name: own for name, own in figures.items() if all(own[place] is not None for place in texts)}
        return self._measurements(split, whole, texts)

    def _figures(
        self, split: Split, arms: Mapping[str, Arm], most: int | None = None
    ) -> dict[str, list[Figures | None]]:
        """Figures of the unpatched model and of arms of which something is known, on the first texts of a split."""
        ids = self._run.ids(split)[:most]
        contents = {name: content(arm) for name, arm in {UNPATCHED: {}, **arms}.items()}
        return {name: self._file.get(own, ids) for name, own in contents.items() if own in self._known}

    def _measurements(
        self, split: Split, figures: Mapping[str, Sequence[Figures | None]], texts: Sequence[int]
    ) -> Measurements:
        ids = self._run.ids(split)
        tokens = np.array([len(ids[place]) - 1 for place in texts], dtype=float)
        found = {name: [one for place in texts if (one := own[place]) is not None] for name, own in figures.items()}
        return Measurements(tokens, found)


class StoredRows(NamedTuple):
    """All that is known of a run's sweeps, controls, effects and tasks; controls replace ``share`` of the heads."""

    sweep: Sequence[Row] = ()
    controls: Sequence[Control] = ()
    share: float = 0.0
    effects: Sequence[Effect] = ()
    tasks: Sequence[TaskRow] = ()


def stored_rows(run: Run) -> StoredRows:
    """What was measured of a run, empty where nothing was, or where its model is an encoder."""
    file = run.path / FILE_NAME
    if not run.material.causal or not file.is_file():
        return StoredRows()
    with closing(MeasurementFile(file, open_store(run.attention).model)) as opened:
        stored = StoredMeasurements(run, opened)
        return StoredRows(stored.sweep(), *stored.controls(), stored.effects(), stored_tasks(run, opened))


def _most_known(figures: Mapping[str, Sequence[Figures | None]]) -> list[int]:
    """The places of those texts of which, with the arms that have them all, most is known; none where nothing is."""
    known = [
        frozenset(place for place, one in enumerate(own) if one is not None)
        for name, own in figures.items()
        if name != UNPATCHED
    ]
    # The unpatched model was measured wherever an arm was.
    return sorted(max(known, key=lambda texts: len(texts) * sum(texts <= own for own in known), default=()))
