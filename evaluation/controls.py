"""Assignments that should do worse than the right one, as functions of it: one an entry of ``CONTROLS``."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from evaluation.arms import Arm
from evaluation.baselines import PLAIN, Plain
from surrogates.language.program import Program
from surrogates.library.heads import Head
from surrogates.running.assignment import Baseline


@dataclass(frozen=True)
class Known:
    """What controls are made of.

    Attributes:
        chosen: the heads that the right assignment replaces.
        programs: of every head that has one.
        categories: of the heads of which one is known.
        layers: of each layer of the model, what dropping its attention costs on validation texts.
        heads: all heads of the model.
        seed: of what is drawn.
    """

    chosen: Sequence[Head]
    programs: Mapping[Head, Program]
    categories: Mapping[Head, str] = field(default_factory=dict)
    layers: Mapping[int, float] = field(default_factory=dict)
    heads: Sequence[Head] = ()
    seed: int = 0


def permuted_in_layer(known: Known) -> Arm | None:
    """Each head gets the program of another one of its layer, if there is one; None where no layer has two."""
    found: dict[Head, Program] = {}
    for head in sorted(known.chosen):
        others = [other for other in known.programs if other.layer == head.layer and other != head]
        found[head] = known.programs[_draw(known, "layer", head).choice(sorted(others)) if others else head]
    return None if all(known.programs[head] == own for head, own in found.items()) else found


def permuted(known: Known) -> Arm | None:
    """The chosen heads' programs, each given to the next head of a random circle; None for a single head."""
    circle = sorted(known.chosen)
    random.Random(f"{known.seed} circle").shuffle(circle)
    if len(circle) < 2:
        return None
    return {head: known.programs[other] for head, other in zip(circle, [*circle[1:], circle[0]], strict=True)}


def of_random_heads(known: Known) -> Arm | None:
    """Each head gets the program of any other head of the library; None where there is none."""
    if len(known.programs) < 2:
        return None
    return {
        head: known.programs[_draw(known, "any", head).choice([o for o in sorted(known.programs) if o != head])]
        for head in known.chosen
    }


def of_another_category(known: Known) -> Arm | None:
    """Each head gets the program of a head of another category; None where that cannot be."""
    found = {}
    for head in known.chosen:
        own = known.categories.get(head)
        others = [o for o in sorted(known.programs) if known.categories.get(o) not in (own, None)]
        if own is None or not others:
            return None
        found[head] = known.programs[_draw(known, "category", head).choice(others)]
    return found


def random_token(known: Known) -> Arm:
    """Each query attends to one visible key, drawn anew for each text, head and query."""
    return {head: RandomToken(f"{known.seed} {head}") for head in known.chosen}


def random_column(known: Known) -> Arm:
    """All queries of a text attend to the same key, drawn for each text and head."""
    return {head: RandomColumn(f"{known.seed} {head}") for head in known.chosen}


def attention_dropped(known: Known) -> Arm | None:
    """The attention of whole layers is dropped, as many as hold about as many heads as are replaced.

    Those go first of which dropping costs least, as He et al., What Matters in Transformers, 2024, drop the layers that
    matter least. None where that is less than a layer.
    """
    if not known.layers:
        return None
    count = round(len(known.chosen) / len(known.heads) * len(known.layers))
    dropped = sorted(known.layers, key=lambda layer: (known.layers[layer], layer))[:count]
    return {head: Baseline.ZERO for head in known.heads if head.layer in dropped} or None


def layers_dropped(heads: Sequence[Head]) -> dict[int, Arm]:
    """Each layer's attention dropped alone, of a model of these heads."""
    found: dict[int, dict[Head, Baseline]] = {}
    for head in heads:
        found.setdefault(head.layer, {})[head] = Baseline.ZERO
    return dict(found)


def _everywhere(name: Plain) -> Callable[[Known], Arm]:
    return lambda known: dict.fromkeys(known.chosen, PLAIN[name])


CONTROLS: Mapping[str, Callable[[Known], Arm | None]] = {
    "permuted in layer": permuted_in_layer,
    "permuted": permuted,
    "random program": of_random_heads,
    "another category": of_another_category,
    "uniform": _everywhere("uniform"),
    "first": _everywhere("first"),
    "previous": _everywhere("previous"),
    "random token": random_token,
    "random column": random_column,
    "zero": _everywhere("zero"),
    "attention dropped": attention_dropped,
}
"""What stands in for the chosen heads; None where a run has nothing to make the control of."""


@dataclass(frozen=True)
class RandomToken:
    """A pattern of one key a query."""

    seed: str

    @property
    def name(self) -> str:
        return f"random token {self.seed}"

    def make(self, ids: Tensor, visible: Tensor) -> Tensor:
        """See :class:`evaluation.arms.MadePattern`."""
        drawn = torch.rand(visible.shape, generator=_generator(self.name, ids))
        return _all_on(drawn.masked_fill(~visible, -1.0).argmax(-1), visible)


@dataclass(frozen=True)
class RandomColumn:
    """A pattern of one key a text; queries that do not see it attend to the first one that they see."""

    seed: str

    @property
    def name(self) -> str:
        return f"random column {self.seed}"

    def make(self, ids: Tensor, visible: Tensor) -> Tensor:
        """See :class:`evaluation.arms.MadePattern`."""
        column = int(torch.randint(len(ids), (1,), generator=_generator(self.name, ids)))
        first = visible.int().argmax(-1)
        return _all_on(torch.where(visible[:, column], column, first), visible)


def _all_on(keys: Tensor, visible: Tensor) -> Tensor:
    return torch.nn.functional.one_hot(keys, visible.shape[-1]).float() * visible


def _generator(name: str, ids: Tensor) -> torch.Generator:
    """Random numbers that follow from a name and a text."""
    seed = random.Random(f"{name} {ids.tolist()}").getrandbits(63)
    return torch.Generator().manual_seed(seed)


def _draw(known: Known, what: str, head: Head) -> random.Random:
    return random.Random(f"{known.seed} {what} {head}")
