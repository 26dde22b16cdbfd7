"""What stands in for a model's heads, made ready once for all forward passes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from surrogates.language.apart import taken_apart
from surrogates.language.program import Program
from surrogates.language.together import Together
from surrogates.running.assignment import Surrogate

OnError = Literal["raise", "neural"]


@dataclass(frozen=True)
class Group:
    """The programs of a layer that are computed together.

    Attributes:
        number: of the layer among those that have any.
        among: place of each program among the surrogates to that among these.
        order: which of these each head has, if each has one.
        in_order: whether the heads have one each in their order.
    """

    number: int
    among: dict[int, int]
    order: list[int] | None
    in_order: bool


class Plan:
    """What stands in for heads, made ready once a patch.

    Args:
        surrogates: the distinct surrogates; layers name them by their place.
        layers: of each layer with replaced heads, the places of its surrogates.
        on_error: whether a program that fails raises, or is reported so that the head can be kept.

    Attributes:
        layers_alone: how many layers use each surrogate that is computed by itself.
        together: computes the others.
    """

    def __init__(self, surrogates: Sequence[Surrogate], layers: Mapping[int, Sequence[int]], on_error: OnError) -> None:
        self.surrogates = surrogates
        self.on_error = on_error
        # A program that fails must not take those of other heads along.
        joined = [on_error == "raise" and isinstance(own, Program) and _can_be_joined(own) for own in surrogates]
        self._groups: dict[int, Group] = {}
        alone: Counter[int] = Counter()
        for layer, places in layers.items():
            distinct = list(dict.fromkeys(places))
            alone.update(place for place in distinct if not joined[place])
            among = {place: number for number, place in enumerate(place for place in distinct if joined[place])}
            if among:
                order = [among[place] for place in places] if len(among) == len(distinct) else None
                self._groups[layer] = Group(len(self._groups), among, order, order == list(range(len(among))))
        self.layers_alone = [alone[place] for place in range(len(surrogates))]
        self.together = Together([[surrogates[place] for place in own.among] for own in self._groups.values()])  # type: ignore[misc]

    def group(self, layer: int) -> Group | None:
        """The programs of a layer that are computed together; None if there are none."""
        return self._groups.get(layer)


def _can_be_joined(program: Program) -> bool:
    return program.kind == "vectorised" and taken_apart(program) is not None
