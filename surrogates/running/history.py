"""The tokens behind a key/value cache: attention sees keys of the past, programs need the tokens they came from.

The tokens hang on the cache object itself, so they live as long as it does, are copied with it, and are rearranged
whenever the cache's texts are.
"""

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from transformers import Cache

from surrogates.errors import InputError

_TOKENS = "_headsynth_tokens"


@dataclass(frozen=True)
class Context:
    """A batch of token ids. The mask is True at real tokens; None when nothing is padded. Both (texts, tokens)."""

    ids: torch.Tensor
    mask: torch.Tensor | None

    def rearranged(self, move: Callable[[torch.Tensor], torch.Tensor]) -> "Context":
        """The batch with the same operation done to ids and mask."""
        return Context(move(self.ids), None if self.mask is None else move(self.mask))

    def followed_by(self, new: "Context") -> "Context":
        """The batch with more tokens on the right."""
        ids = torch.cat([self.ids, new.ids], dim=1)
        if self.mask is None and new.mask is None:
            return Context(ids, None)
        parts = [
            torch.ones_like(part.ids, dtype=torch.bool) if part.mask is None else part.mask for part in (self, new)
        ]
        return Context(ids, torch.cat(parts, dim=1))


def recall(cache: Cache | None) -> Context | None:
    """The tokens a cache holds keys of; None when it is empty.

    Raises:
        InputError: it holds keys of tokens that no patched forward pass of this process has seen.
    """
    length = 0 if cache is None else int(cache.get_seq_length())
    if length == 0:
        return None
    known: Context | None = getattr(cache, _TOKENS, None)
    if known is None or known.ids.shape[1] < length:
        raise InputError(
            f"the cache holds {length} tokens that did not all pass through the patched model; "
            "fill the cache inside the patch, from its first token on"
        )
    # A cache that was cropped, as in assisted generation, forgets its last tokens.
    return known.rearranged(lambda values: values[:, :length])


def remember(cache: Cache, tokens: Context) -> None:
    """Note that the cache now holds the keys of these tokens."""
    if not hasattr(cache, _TOKENS):
        for name in _MOVES:
            if hasattr(cache, name):
                setattr(cache, name, _Rearranging(weakref.ref(cache), name))
    setattr(cache, _TOKENS, tokens)


# What a cache's method of this name, called with its one argument, does to the rows of the batch.
_MOVES: dict[str, Callable[[torch.Tensor, Any], torch.Tensor]] = {
    "reorder_cache": lambda values, rows: values.index_select(0, rows.to(values.device)),
    "batch_repeat_interleave": lambda values, repeats: values.repeat_interleave(repeats, dim=0),
    "batch_select_indices": lambda values, rows: values[rows],
}


class _Rearranging:
    """A method of one cache that moves the remembered tokens along.

    The cache is held weakly: a cycle would keep its tensors in memory until the next garbage collection.
    """

    def __init__(self, cache: "weakref.ref[Cache]", name: str) -> None:
        self._cache = cache
        self._name = name

    def __call__(self, argument: Any) -> None:
        cache = self._cache()
        assert cache is not None  # it is the cache's own attribute
        getattr(type(cache), self._name)(cache, argument)
        tokens: Context = getattr(cache, _TOKENS)
        setattr(cache, _TOKENS, tokens.rearranged(lambda values: _MOVES[self._name](values, argument)))

    def __deepcopy__(self, memo: dict[int, Any]) -> "_Rearranging":
        # A copied cache (a prompt's, used again) must move its own tokens, not the original's.
        return _Rearranging(weakref.ref(memo[id(self._cache())]), self._name)
