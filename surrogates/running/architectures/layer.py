"""What must be known of an attention layer."""

from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class LayerFacts:
    """One layer of a model.

    Attributes:
        module: what computes its attention; None where a layer has none.
        heads: how many it has, 0 where there is no attention.
        reads: the key/value head that each of them reads.
        width: of values, in numbers.
        window: sliding window in tokens, None where attention is full.
        scaled: whether what a query's weights make of the values is multiplied by a number before heads put it out.
            The pattern is then that number times the weights.
        idle: whether queries and keys are projected apart and for nothing but this layer's attention.
    """

    module: nn.Module | None
    heads: int
    reads: tuple[int, ...]
    width: int
    window: int | None
    scaled: bool
    idle: bool


NO_ATTENTION = LayerFacts(None, 0, (), 0, None, scaled=False, idle=False)
