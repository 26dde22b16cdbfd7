"""A call of a model's attention function, as a handler gets it in the function's place."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from surrogates.errors import InputError
from surrogates.language.backend import OnDevices

Attended = tuple[Tensor, Tensor | None]
"""What the heads put out, shape (texts, queries, heads, width), and the weights if there are any, shape (texts, heads,
queries, keys)."""


class Call(NamedTuple):
    """One layer's attention in one forward pass.

    Attributes:
        query: shape (texts, heads, queries, width of keys).
        key: shape (texts, key/value heads, keys, width of keys).
        value: shape (texts, key/value heads, keys, width).
        mask: as the model gives it: additive or boolean of shape (texts or 1, heads or 1, queries, keys or more), or
            None.
        causal: whether the function takes no mask to mean that the first query sees the first key alone, the next one
            key more, and so on; otherwise no mask hides nothing.
        local: what the layer's own buffer leaves visible beside the mask, shape (1, 1, queries, keys), or None.
        compute: the model's own attention.
        eager: the same as eager attention computes it, with weights.
        some: what some heads put out, (texts, queries, their number, width), at less cost than all, by the numbers of
            their queries, their keys and their values; None where heads cannot be told apart.
    """

    query: Tensor
    key: Tensor
    value: Tensor
    mask: Tensor | None
    causal: bool
    local: Tensor | None
    compute: Callable[[], Attended]
    eager: Callable[[], Attended]
    some: Callable[[Sequence[int], Sequence[int], Sequence[int]], Tensor] | None

    @property
    def keys(self) -> int:
        """How many keys the layer holds."""
        return self.value.shape[2]

    @property
    def sees(self) -> tuple[object, ...]:
        """Is equal for two calls of a pass whose mask is the same object only if queries see the same keys."""
        return self.keys, self.causal, self.local is not None

    def visible(self) -> Tensor:
        """Which keys each query sees, shape (texts or 1, queries, keys).

        Raises:
            InputError: that differs between heads, or the mask is of a kind that is not known.
        """
        seen = shown(self.mask, self.query, self.keys, causal=self.causal)
        return seen if self.local is None else seen & self.local[:, 0].to(seen.device)


def shown(mask: Tensor | None, query: Tensor, keys: int, *, causal: bool) -> Tensor:
    """Which of so many keys a mask shows to each query; see :class:`Call`, and :meth:`Call.visible`."""
    queries = query.shape[2]
    if mask is not None:
        return _of_mask(mask, keys).expand(-1, queries, -1)
    seen = torch.ones((1, queries, keys), dtype=torch.bool, device=query.device)
    # One query sees all that is there; a longer row of keys than queries is that of a cache not yet filled.
    return seen.tril() if causal and queries > 1 else seen


def _of_mask(mask: Tensor, keys: int) -> Tensor:
    if mask.dim() != 4:
        raise InputError(
            f"the attention mask has shape {tuple(mask.shape)}; programs need one of shape (texts, 1, queries, keys)"
        )
    # Of a cache that is longer than its tokens the mask may cover more keys than there are.
    cells = open_cells(mask)[..., :keys]
    if mask.shape[1] > 1 and not bool((cells == cells[:, :1]).all()):
        raise InputError(
            f"the attention mask of shape {tuple(mask.shape)} shows heads different keys; programs need one mask for "
            "all heads, of shape (texts, 1, queries, keys)"
        )
    return cells[:, 0]


class Places:
    """Some places along an axis; a view where they follow one another, which costs nothing."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._numbers, self._first, self._count = numbers, numbers[0], len(numbers)
        self._in_a_row = list(numbers) == list(range(numbers[0], numbers[0] + len(numbers)))

    def of(self, values: Tensor, axis: int) -> Tensor:
        """What is there."""
        if self._in_a_row:
            return values.narrow(axis, self._first, self._count)
        return values.index_select(axis, self._as(values))

    def put(self, values: Tensor, axis: int, given: Tensor) -> None:
        """Put something there, in place."""
        if self._in_a_row:
            values.narrow(axis, self._first, self._count).copy_(given)
        else:
            values.index_copy_(axis, self._as(values), given)

    def _as(self, values: Tensor) -> Tensor:
        if torch.compiler.is_compiling():
            return torch.tensor(self._numbers, device=values.device)
        return self._held.like(values)

    @cached_property
    def _held(self) -> OnDevices:
        return OnDevices(np.array(self._numbers, dtype=np.int64))


def additive(visible: Tensor, like: Tensor) -> Tensor:
    """A mask for eager attention, shape (texts or 1, 1, queries, keys), of the type of other values."""
    nothing = torch.zeros((), dtype=like.dtype, device=like.device)
    return torch.where(visible.to(like.device), nothing, torch.finfo(like.dtype).min)[:, None]


def open_cells(mask: Tensor) -> Tensor:
    """True where a boolean mask is, or where an additive one leaves the score in play; same shape."""
    return mask if mask.dtype == torch.bool else mask > torch.finfo(mask.dtype).min / 2


Handler = Callable[[Call], Attended]
"""What is called in the place of a module's attention function."""
