"""What an evaluation is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import get_args

from evaluation.orders import Order
from surrogates.errors import InputError
from surrogates.library.library import FITTED
from surrogates.running.plan import OnError

FRACTIONS = (0.1, 0.25, 0.5, 0.75, 1.0)
SWEPT: tuple[Order, ...] = ("iou", "effect", "random")
LEAST_TEXTS = 2
CONTROLLED = 0.25
"""Share of the heads that controls replace."""


def as_shares(fractions: Sequence[float]) -> list[float]:
    """Fractions as numbers.

    Raises:
        InputError: they are none, or one is not above 0 and at most 1.
    """
    try:
        shares = [float(share) for share in fractions]
    except (TypeError, ValueError):
        shares = []
    if not shares or not all(0 < share <= 1 for share in shares):
        raise InputError(f"the fractions {fractions!r} are no shares; give numbers above 0 and at most 1")
    return shares


@dataclass(frozen=True)
class Asked:
    """What an evaluation measures.

    Attributes:
        fractions: shares of the heads to replace, above 0 and at most 1.
        orders: which heads go first.
        controls: share of the heads that controls replace; None for no controls.
        max_increase: relative increase in perplexity within which the most heads are looked for; None for no search.
        effects: whether heads are replaced one by one on test texts.
        texts: most test texts of the sweep; as many as are affordable where None.
        minutes: time for everything, in the place of what is affordable.
        corpora: further texts to measure on, by name: what :func:`synth.corpus.resolve_corpus` takes.
        assignment: name of the programs in place.
    """

    fractions: Sequence[float] = FRACTIONS
    orders: Sequence[Order] = SWEPT
    controls: float | None = CONTROLLED
    max_increase: float | None = None
    effects: bool = True
    texts: int | None = None
    minutes: float | None = None
    device: str = "cpu"
    on_error: OnError = "raise"
    corpora: Mapping[str, str] = field(default_factory=dict)
    assignment: str = FITTED

    def check(self) -> None:
        """Raise :class:`InputError` where something is out of range."""
        as_shares(self.fractions)
        for order in self.orders:
            if order not in get_args(Order):
                raise InputError(f"there is no order {order!r}; choose from {', '.join(get_args(Order))}")
        if not self.orders:
            raise InputError(f"no order is given; choose from {', '.join(get_args(Order))}")
        if self.controls is not None and not 0 < self.controls <= 1:
            raise InputError(f"{self.controls!r} is no share of heads for controls; give one above 0 and at most 1")
        if self.max_increase is not None and not 0 < self.max_increase < inf:
            raise InputError(f"{self.max_increase!r} is no increase to stay within; give one above 0, such as 0.16")
        if self.texts is not None and self.texts < LEAST_TEXTS:
            raise InputError(f"{self.texts} texts are too few for an interval; give {LEAST_TEXTS} or more")
        if self.minutes is not None and not 0 < self.minutes < inf:
            raise InputError(f"{self.minutes!r} minutes are no time; give a number above 0")
