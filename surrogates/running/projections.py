"""Query and key projections without the rows of heads that need none, and caches without their keys."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from transformers import Cache
from transformers.pytorch_utils import Conv1D

from surrogates.running.architectures.layer import LayerFacts

if TYPE_CHECKING:
    from surrogates.running.layers import Replaced

_APART = (("q_proj", "k_proj"), ("query", "key"), ("q_lin", "k_lin"))
"""Names of projections of queries and of keys."""
_TOGETHER = ("c_attn", "qkv_proj", "Wqkv")
"""Names of projections to all queries, then all keys, then all values."""
_TURNS = ("query_key_value",)
"""Names of projections to each head's query, key and value, head by head."""


class ThinProjection(nn.Module):
    """A linear projection that computes some of its numbers; the others are zero, or not there at all.

    Args:
        projection: the whole one.
        rows: which of its numbers are computed, in order.
        wide: whether the others are there, as zeros.
        least: how many zeros there are where nothing is computed and ``wide`` is false.
    """

    def __init__(self, projection: nn.Linear | Conv1D, rows: Sequence[int], *, wide: bool, least: int) -> None:
        super().__init__()
        weight = projection.weight.T if isinstance(projection, Conv1D) else projection.weight
        chosen = torch.tensor(rows, dtype=torch.long, device=weight.device)
        self.weight = nn.Parameter(weight.detach()[chosen].clone(), requires_grad=weight.requires_grad)
        bias = projection.bias
        self.bias = None if bias is None else nn.Parameter(bias.detach()[chosen].clone(), bias.requires_grad)
        self.width = weight.shape[0] if wide else len(rows) or least
        self.places: Tensor | None
        self.register_buffer("places", chosen if wide else None, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Numbers of shape (…, width)."""
        if not len(self.weight):
            return x.new_zeros(()).expand(*x.shape[:-1], self.width)
        found = nn.functional.linear(x, self.weight, self.bias)
        if self.places is None:
            return found
        return found.new_zeros(*found.shape[:-1], self.width).index_copy_(-1, self.places, found)


@dataclass(frozen=True)
class ThinCache:
    """A cache as a layer sees it that stores the keys of some key/value heads alone.

    Attributes:
        cache: where they are stored.
        keys: of which heads. Where there are none, one number a token stands for all, which tells how many tokens
            there are.
    """

    cache: Cache
    keys: Sequence[int]

    def update(self, key: Tensor, value: Tensor, layer: int, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Store what is new, and give what is stored, as a cache does."""
        if not self.keys:
            key = key[:, :1, :, :1]
        elif key.shape[1] != len(self.keys):
            key = key[:, list(self.keys)]
        own = self.cache.layers[layer] if layer < len(self.cache.layers) else None
        if own is not None and not own.is_initialized and hasattr(own, "max_cache_len"):
            own.lazy_initialization(key, value)  # which takes keys and values to be as many
            own.values = value.new_zeros(value.shape[0], value.shape[1], own.values.shape[2], value.shape[3])
        return self.cache.update(key, value, layer, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cache, name)


def thin(facts: LayerFacts, replaced: "Replaced", *, wide: bool) -> dict[str, ThinProjection] | None:
    """The projections of a layer without queries and keys of replaced heads, by name; None if none is known.

    Args:
        facts: of the layer.
        replaced: its replaced heads.
        wide: whether zeros take the place of what is left out.
    """
    module, heads = facts.module, facts.heads
    assert module is not None
    of_values = max(facts.reads) + 1
    if found := apart(facts):
        width = _width(next(iter(found.values()))) // heads
        chosen = [_rows(replaced.kept, width), _rows(replaced.keys, width)]
        return {
            name: ThinProjection(whole, own, wide=wide, least=width)
            for (name, whole), own in zip(found.items(), chosen, strict=True)
        }
    if not wide:
        return None
    for name in _TOGETHER:
        if (whole := _linear(module, name)) is not None:
            width = (_width(whole) - of_values * facts.width) // (heads + of_values)
            if width * (heads + of_values) + of_values * facts.width != _width(whole):
                return None
            keys = [heads + number for number in replaced.keys]
            values = range(width * (heads + of_values), _width(whole))
            rows = [*_rows(replaced.kept, width), *_rows(keys, width), *values]
            return {name: ThinProjection(whole, rows, wide=True, least=0)}
    for name in _TURNS:
        if (whole := _linear(module, name)) is not None and of_values == heads:
            width = _width(whole) // (3 * heads)
            turns = [3 * head + part for head in range(heads) for part in range(3)]
            kept = [turn for turn in turns if turn % 3 == 2 or turn // 3 in replaced.kept]
            return {name: ThinProjection(whole, _rows(kept, width), wide=True, least=0)}
    return None


def apart(facts: LayerFacts) -> dict[str, nn.Linear | Conv1D]:
    """The projections of a layer's queries and of its keys by name, if these are two; nothing otherwise."""
    assert facts.module is not None
    for names in _APART:
        query, key = (_linear(facts.module, name) for name in names)
        if query is None or key is None:
            continue
        width = _width(query) // facts.heads
        fits = width * facts.heads == _width(query) and width * (max(facts.reads) + 1) == _width(key)
        return dict(zip(names, (query, key), strict=True)) if fits else {}
    return {}


@contextmanager
def idle(projection: nn.Linear | Conv1D, needed: Callable[[], bool]) -> Iterator[None]:
    """Have a projection give zeros, at no cost, where nothing needs what it computes.

    Args:
        projection: whose numbers nothing uses but attention that is replaced.
        needed: whether they are needed all the same. Gradients and whoever looks at them by a hook need them too.
    """
    projection.forward = _Idle(projection, needed)  # type: ignore[method-assign]
    try:
        yield
    finally:
        del projection.forward


class _Idle:
    def __init__(self, projection: nn.Linear | Conv1D, needed: Callable[[], bool]) -> None:
        self._projection = projection
        self._needed = needed
        self._width = _width(projection)

    def __call__(self, x: Tensor) -> Tensor:
        own = self._projection
        if torch.is_grad_enabled() or own._forward_hooks or self._needed():
            return type(own).forward(own, x)
        return x.new_zeros(()).expand(*x.shape[:-1], self._width)


def _rows(numbers: Sequence[int], width: int) -> list[int]:
    return [number * width + place for number in numbers for place in range(width)]


def _linear(module: nn.Module, name: str) -> nn.Linear | Conv1D | None:
    found = getattr(module, name, None)
    return found if type(found) in (nn.Linear, Conv1D) else None


def _width(projection: nn.Linear | Conv1D) -> int:
    return projection.weight.shape[1] if isinstance(projection, Conv1D) else projection.weight.shape[0]
