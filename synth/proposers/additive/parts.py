"""The parts that a head's scores may be made of: curves, masks, word weights and pairings.

The model is a generalised additive one with pairwise terms (Lou, Caruana, Gehrke and Hooker, Accurate intelligible
models with pairwise interactions, 2013) in the logits of a row's softmax.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

FIRST = "key.is_first"
EVERYWHERE = ""
"""The cells in which word weights count that count in all."""
DISTANCE, INDEX = "pair.distance", "query.index"
PAIRINGS = 6
MASKS = (
    "pair.same_token & ~pair.offset(0)", "pair.follows_same_token", "pair.follows_same_bigram",
    "pair.same_previous_token & ~pair.offset(0)", "pair.latest(pair.same_token & ~pair.offset(0))",
    "pair.latest(pair.follows_same_token)", "pair.same_word", "pair.same_sentence",
    "pair.latest(key.is_sentence_start)", "pair.latest(key.is_sentence_end)", "pair.latest(key.is_punctuation)",
    "pair.latest(key.is_comma)", "pair.latest(key.is_quote)", "pair.latest(key.is_newline)",
    "pair.latest(key.is_word_start)", "pair.latest(key.is_capitalised)",
)  # fmt: skip
CLASSES = (
    "is_special", "is_word_start", "is_alphabetic", "is_short", "is_capitalised", "is_number", "is_punctuation",
    "is_sentence_end", "is_comma", "is_quote", "is_newline", "is_article", "is_pronoun", "is_preposition",
    "is_conjunction", "is_auxiliary",
)  # fmt: skip
"""What a word without a weight of its own may be."""
_KNOTS = (0, 1, 2, 3, 5, 8, 16, 32)
_SIGNED_KNOTS = (0, 1, 2, 8)


@dataclass(frozen=True)
class Curve:
    """A curve of a number; ``cells`` is where it counts, ``EVERYWHERE`` or ``FIRST``."""

    number: str
    cells: str


@dataclass(frozen=True)
class Mask:
    """A constant times a mask."""

    expression: str


@dataclass(frozen=True)
class WordWeights:
    """Weights of the words of one side, times a pair feature where ``cells`` names one."""

    token: str
    cells: str


@dataclass(frozen=True)
class Pairing:
    """The query's word weights times the key's; ``number`` tells pairings apart."""

    number: int


Part = Curve | Mask | WordWeights | Pairing


@dataclass(frozen=True)
class Family:
    """All parts of the dense model, by kind; the order of kinds is the order in which all are counted.

    Attributes:
        curves: of the distance, and of the query's index at the first token.
        masks: each a constant.
        queries: weights of the query's words, each in some cells.
        keys: weights of the key's words, each in some cells.
        pairings: their number.
        knots: of each curve, numbers in increasing order.
        longest: most tokens of a text.
    """

    curves: tuple[Curve, ...]
    masks: tuple[Mask, ...]
    queries: tuple[WordWeights, ...]
    keys: tuple[WordWeights, ...]
    pairings: int
    knots: tuple[tuple[int, ...], ...]
    longest: int

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        return (*self.curves, *self.masks, *self.queries, *self.keys, *map(Pairing, range(self.pairings)))

    @cached_property
    def weights(self) -> tuple[WordWeights, ...]:
        """The tables of words: the queries', the keys', then of each pairing the query's, then the key's."""
        sides = [WordWeights(side, EVERYWHERE) for side in ("query", "key") for _ in range(self.pairings)]
        return (*self.queries, *self.keys, *sides)

    @cached_property
    def owners(self) -> tuple[int, ...]:
        """Of each table the place of its part among ``parts``."""
        first = len(self.curves) + len(self.masks)
        alone = len(self.queries) + len(self.keys)
        pairings = range(first + alone, first + alone + self.pairings)
        return (*range(first, first + alone), *pairings, *pairings)


def family(n: int, *, causal: bool, masks: tuple[str, ...] = MASKS) -> Family:
    """The parts for texts of up to n tokens."""
    last = max(n - 1, 1)
    if causal:
        distance = _up_to(_KNOTS, last)
    else:
        right = _up_to(_SIGNED_KNOTS, last)
        distance = (*(-knot for knot in reversed(right[1:])), *right)
    near = (0, 1, 2) if causal else (0, 1, 2, -1, -2)
    offsets = tuple(f"pair.offset({k})" for k in near if abs(k) <= last)
    queries = [WordWeights("query", cells) for cells in (FIRST, *offsets, "pair.log_distance")]
    queries += [WordWeights("query.previous", cells) for cells in (FIRST, offsets[0], "pair.log_distance")]
    keys = [WordWeights("key", EVERYWHERE), WordWeights("key.previous", EVERYWHERE)]
    keys += [WordWeights("key", cells) for cells in ("pair.log_distance", "pair.offset(1)")]
    return Family(
        (Curve(DISTANCE, EVERYWHERE), Curve(INDEX, FIRST)),
        tuple(map(Mask, masks)),
        tuple(queries),
        tuple(keys),
        PAIRINGS,
        (distance, _up_to(_KNOTS, last)),
        n,
    )


def _up_to(knots: tuple[int, ...], last: int) -> tuple[int, ...]:
    return (*(knot for knot in knots if knot < last), last)


def hats(numbers: Tensor, knots: tuple[int, ...]) -> Tensor:
    """How much of each knot's value a curve has at some numbers, shape (numbers, knots); rows sum to one."""
    places = _squeezed(torch.tensor(knots, device=numbers.device))
    at = _squeezed(numbers).clamp(places[0], places[-1])
    right = torch.searchsorted(places, at).clamp(1, len(knots) - 1)
    share = (at - places[right - 1]) / (places[right] - places[right - 1])
    found = torch.zeros(len(numbers), len(knots), device=numbers.device)
    rows = torch.arange(len(numbers), device=numbers.device)
    found[rows, right] = share
    found[rows, right - 1] += 1 - share
    return found


def _squeezed(numbers: Tensor) -> Tensor:
    numbers = numbers.float()
    return numbers.sign() * numbers.abs().log1p()


def interpolated(knots: tuple[int, ...], kept: tuple[bool, ...]) -> Tensor:
    """The matrix (knots, knots) that makes values at all knots of those at the ones that are kept."""
    chosen = [place for place, keep in enumerate(kept) if keep]
    matrix = torch.zeros(len(knots), len(knots))
    if len(chosen) == 1:
        matrix[:, chosen[0]] = 1.0
    else:
        matrix[:, chosen] = hats(torch.tensor(knots), tuple(knots[place] for place in chosen))
    return matrix
