"""Hidden states of a batch between a model's blocks, so that blocks below the first replaced head need not run again.

A block is an entry of the model's list of layers. That what it hands on is all that later ones need of it is tried out,
boundary by boundary: models that pass more along the side run as a whole from below there.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from evaluation.perplexity import logits_of
from surrogates.running.facts import layer_facts

KEPT_BYTES = 1 << 30
"""Bytes of hidden states that are kept; blocks whose output finds no room are run again."""
_TRIED = (2, 16)
"""Texts and tokens of a batch on which boundaries are tried."""
_UNFIT = (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError)
"""What is raised by a model whose blocks miss what an earlier one would have left for them."""


class KeptStates:
    """What a model's blocks put out on one batch.

    Args:
        model: it.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self._blocks, self._of_layer = _blocks_of(model)
        self._sound: set[int] | None = None  # numbers of blocks in front of which a pass may begin
        self._kept: dict[int, Any] = {}

    def record(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Read a batch, keep what blocks put out, and give the logits, shape (texts, tokens, vocabulary)."""
        if self._sound is None:
            texts, tokens = _TRIED
            self._try(ids[:texts, :tokens], mask[:texts, :tokens])
        return self._record(ids, mask)

    def forget(self) -> None:
        """Let the batch go."""
        self._kept = {}

    def first(self, layers: set[int]) -> int:
        """The number of the first block that must run where heads of these layers are replaced."""
        begin = min((self._of_layer.get(layer, 0) for layer in layers), default=0)
        return self._begin(begin)

    @contextmanager
    def from_block(self, number: int, *, trial: bool = False) -> Iterator[None]:
        """Blocks before this one do not run; the last of them gives what it put out when the batch was read.

        Args:
            number: of the block.
            trial: whether what the others give is no number, so that what reads it is found out.
        """
        with ExitStack() as undo:
            for place, block in enumerate(self._blocks[:number]):
                kept = self._kept[place]
                put_out = _copy(kept) if place == number - 1 else _blank(kept, trial=trial)
                undo.enter_context(_in_place_of(block, put_out))
            yield

    def _begin(self, block: int) -> int:
        """The last block up to this one in front of which a pass may begin."""
        sound = self._sound or set()
        return max((at for at in sound if at <= block and at - 1 in self._kept), default=0)

    def _record(self, ids: Tensor, mask: Tensor) -> Tensor:
        self._kept = {}
        left = KEPT_BYTES

        def keep(place: int) -> Callable[..., None]:
            def hook(_module: nn.Module, _given: object, put_out: Any) -> None:
                nonlocal left
                left -= _size(put_out)
                if left >= 0:
                    self._kept[place] = _copy(put_out)

            return hook

        with ExitStack() as undo:
            for place, block in enumerate(self._blocks):
                undo.callback(block.register_forward_hook(keep(place)).remove)
            return self._read(ids, mask)

    def _try(self, ids: Tensor, mask: Tensor) -> None:
        """Find out in front of which blocks a pass may begin: where it ends in the very same logits."""
        self._sound = set()
        expected = self._record(ids, mask)
        if not all(map(_is_plain, self._kept.values())):
            return
        for place in range(1, len(self._blocks)):
            try:
                with self.from_block(place, trial=True):
                    found = self._read(ids, mask)
            except _UNFIT:
                continue
            if torch.equal(found, expected):
                self._sound.add(place)

    def _read(self, ids: Tensor, mask: Tensor) -> Tensor:
        return logits_of(self._model, ids, mask)


def _blocks_of(model: PreTrainedModel) -> tuple[list[nn.Module], dict[int, int]]:
    """The entries of the list of layers that holds all attention, and of each attention layer its place; or nothing."""
    modules = {facts.module: layer for layer, facts in enumerate(layer_facts(model)) if facts.module is not None}
    for found in model.modules():  # outermost first
        if not isinstance(found, nn.ModuleList) or len(set(map(id, found))) < len(found):
            continue
        of_layer: dict[int, list[int]] = {}
        for place, block in enumerate(found):
            for module in block.modules():
                if module in modules:
                    of_layer.setdefault(modules[module], []).append(place)
        if len(of_layer) == len(modules) and all(len(places) == 1 for places in of_layer.values()):
            return list(found), {layer: places[0] for layer, places in of_layer.items()}
    return [], {}


@contextmanager
def _in_place_of(block: nn.Module, put_out: Any) -> Iterator[None]:
    """A block's forward gives this instead of being computed."""
    before = block.__dict__.get("forward")
    block.forward = lambda *_, **__: put_out
    try:
        yield
    finally:
        del block.forward
        if before is not None:
            block.forward = before


def _is_plain(put_out: Any) -> bool:
    if isinstance(put_out, tuple):
        return all(map(_is_plain, put_out))
    return put_out is None or isinstance(put_out, Tensor)


def _copy(put_out: Any) -> Any:
    """The same anew: the next block may write into it."""
    if isinstance(put_out, tuple):
        return tuple(map(_copy, put_out))
    return put_out.clone() if isinstance(put_out, Tensor) else put_out


def _blank(put_out: Any, *, trial: bool) -> Any:
    """Something of its shape that nothing reads, which costs no pass over memory but in a trial."""
    if isinstance(put_out, tuple):
        return tuple(_blank(own, trial=trial) for own in put_out)
    if not isinstance(put_out, Tensor) or not put_out.is_floating_point():
        return _copy(put_out)
    return torch.full_like(put_out, math.nan) if trial else torch.empty_like(put_out)


def _size(put_out: Any) -> int:
    if isinstance(put_out, tuple):
        return sum(map(_size, put_out))
    return put_out.nbytes if isinstance(put_out, Tensor) else 0
