"""The tokens behind a key/value cache: attention sees keys of the past, programs need the tokens they came from.

The tokens hang on the cache object itself, so they live as long as it does, are copied with it, and are rearranged,
cut and forgotten as what the cache holds is.
"""

import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.nn.functional import pad
from transformers import Cache

from surrogates.errors import InputError
from surrogates.language.features import Known

_TOKENS = "_headsynth_tokens"
_FILLING = "_headsynth_filling"


@dataclass(frozen=True)
class Context:
    """A batch of token ids.

    Attributes:
        ids: shape (texts, tokens).
        mask: True at real tokens, of the same shape; None when nothing is padded.
        known: what programs' features of these tokens are; None if padding stands elsewhere than on the left.
    """

    ids: torch.Tensor
    mask: torch.Tensor | None
    known: Known | None = None

    def rearranged(self, move: Callable[[torch.Tensor], torch.Tensor]) -> "Context":
        """The batch with the same operation done to all of it."""
        known = None if self.known is None else self.known.rearranged(move)
        return Context(move(self.ids), None if self.mask is None else move(self.mask), known)

    def known_before(self, tokens: "Context", serial: bytes) -> Known | None:
        """What is known of these tokens, if all that was added to them is a real token each.

        Args:
            tokens: the batch with what was added.
            serial: of the table of their facts.
        """
        known, added = self.known, tokens.ids.shape[1] - self.ids.shape[1]
        if added != 1 or known is None or known.table.serial != serial or self.ids.device != tokens.ids.device:
            return None
        if self.mask is None or tokens.mask is None:
            # A mask that hid some of them may have been left out now.
            return known if tokens.mask is None and (self.mask is None or bool(self.mask.all())) else None
        return known if torch.equal(tokens.mask, pad(self.mask, (0, 1), value=True)) else None

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
    if known is None or known.ids.shape[1] != length:
        raise InputError(
            f"the cache holds {length} tokens that did not all pass through the patched model; "
            "fill the cache inside the patch, from its first token on"
        )
    return known


def remember(cache: Cache, tokens: Context) -> None:
    """Note that the cache now holds the keys of these tokens."""
    if not hasattr(cache, _TOKENS):
        for name in ("update", *_MOVES):
            if hasattr(cache, name):
                setattr(cache, name, _Followed(weakref.ref(cache), name))
    setattr(cache, _TOKENS, tokens)


class Filling:
    """A forward pass that fills a cache whose tokens are known."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        setattr(cache, _FILLING, True)

    def end(self) -> None:
        """The pass is over. Until :meth:`remember` says what the cache holds now, that is not known."""
        delattr(self._cache, _FILLING)
        setattr(self._cache, _TOKENS, None)


def follow(cache: Cache | None) -> Filling | None:
    """Begin a forward pass of the patched model that may fill a cache."""
    return Filling(cache) if cache is not None and hasattr(cache, _TOKENS) else None


def _cropped(values: torch.Tensor, to_remove: int) -> torch.Tensor:
    return values[..., :to_remove] if to_remove else values


# What a cache's method of this name does to the tokens of the batch.
_MOVES: dict[str, Callable[..., torch.Tensor]] = {
    "reorder_cache": lambda values, rows: values.index_select(0, rows.to(values.device)),
    "batch_repeat_interleave": lambda values, repeats: values.repeat_interleave(repeats, dim=0),
    "batch_select_indices": lambda values, rows: values[rows],
    "crop": _cropped,
    "reset": lambda values: values[..., :0],
}


class _Followed:
    """A method of one cache that takes the remembered tokens along.

    The cache is held weakly: a cycle would keep its tensors in memory until the next garbage collection.
    """

    def __init__(self, cache: "weakref.ref[Cache]", name: str) -> None:
        self._cache = cache
        self._name = name

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        cache = self._cache()
        assert cache is not None  # it is the cache's own attribute
        result = getattr(type(cache), self._name)(cache, *arguments, **named)
        if self._name == "update":
            if not hasattr(cache, _FILLING):
                setattr(cache, _TOKENS, None)  # a model that is not patched has filled it
            return result
        tokens: Context | None = getattr(cache, _TOKENS)
        if tokens is not None:
            move = _MOVES[self._name]
            if self._name == "crop" and tokens.mask is not None:
                tokens = replace(tokens, known=None)  # what is left may end in padding
            setattr(cache, _TOKENS, tokens.rearranged(lambda values: move(values, *arguments, *named.values())))
        return result

    def __deepcopy__(self, memo: dict[int, Any]) -> "_Followed":
        # A copied cache (a prompt's, used again) must move its own tokens, not the original's.
        return _Followed(weakref.ref(memo[id(self._cache())]), self._name)
