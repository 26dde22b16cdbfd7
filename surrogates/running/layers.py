"""What the heads of a layer put out where patterns stand in for some of them."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from surrogates.library.heads import Head
from surrogates.running.architectures.calls import Attended, Call, Handler
from surrogates.running.forward_pass import ForwardPass, Stand


class Replaced:
    """Some heads of a layer, whose patterns come from elsewhere.

    Args:
        heads: their numbers, in order.
        reads: the key/value head that each head of the layer reads.

    Attributes:
        kept: the numbers of the layer's other heads.
        keys: those of the key/value heads whose keys these read.
    """

    def __init__(self, heads: Sequence[int], reads: Sequence[int]) -> None:
        self.heads = list(heads)
        self.kept = [head for head in range(len(reads)) if head not in set(heads)]
        self.keys = sorted({reads[head] for head in self.kept})
        self._reads = reads

    def attend(self, call: Call, pattern: Tensor, failed: Tensor | None = None, *, weights: bool = False) -> Attended:
        """What all heads put out, and weights where the model gives them.

        The model's own attention is computed for the other heads, as far as these can be told apart.

        Args:
            call: the layer's attention.
            pattern: shape (texts or 1, heads replaced, queries, keys).
            failed: where the heads keep their own patterns, shape (texts, heads replaced); None for nowhere.
            weights: whether weights are asked for.
        """
        value, texts = call.value, len(call.value)
        reads = [self._reads[head] for head in self.heads]
        read = value if reads == list(range(value.shape[1])) else value[:, reads]
        pattern = pattern.to(dtype=value.dtype, device=value.device)
        put_out = (pattern @ read).transpose(1, 2)  # (texts, queries, heads replaced, width)
        given: Tensor | None = None
        if failed is None and not weights and not self.kept:
            return put_out.contiguous(), None
        if failed is None and not weights and call.some is not None:
            others = call.some(*self._kept_among(call))
            output = others.new_empty((*others.shape[:2], len(self.heads) + len(self.kept), others.shape[3]))
            output[:, :, self.kept] = others
        else:
            output, given = call.compute()
            if given is not None:
                # Autograd still needs the model's own patterns; without it they are overwritten where they are.
                given = given.clone() if given.requires_grad else given
        mine = put_out.to(output.dtype)
        if failed is not None:
            own = failed.to(value.device)[..., None, None]  # (texts, heads replaced, 1, 1)
            mine = torch.where(own.transpose(1, 2), output[:, :, self.heads], mine)
            if given is not None:
                pattern = torch.where(own, given[:, self.heads], pattern)
        output[:, :, self.heads] = mine
        if given is not None:
            given[:, self.heads] = pattern.expand(texts, *pattern.shape[1:]).to(given.dtype)
        return output, given

    def _kept_among(self, call: Call) -> tuple[list[int], list[int], list[int]]:
        """The numbers of the kept heads' queries, keys and values: a layer may have no others any more."""
        values = [self._reads[head] for head in self.kept]
        queries = self.kept if call.query.shape[1] == len(self._reads) else list(range(len(self.kept)))
        whole = call.key.shape[1] == call.value.shape[1]
        return queries, values if whole else [self.keys.index(number) for number in values], values


class Layer(Handler):
    """A layer of a patched model.

    Args:
        number: of the layer.
        replaced: its replaced heads.
        places: for each of them, the place of its surrogate in the patch's list.
        window: what the layer sees, in tokens.
        current: gives the forward pass that the model is in.
    """

    def __init__(
        self,
        number: int,
        replaced: Replaced,
        places: Sequence[int],
        window: int | None,
        current: Callable[[], ForwardPass],
    ) -> None:
        self._number = number
        self._replaced = replaced
        self._places = places
        self._window = window
        self._current = current

    def __call__(self, call: Call) -> Attended:
        current = self._current()
        current.replaced.add(self._number)
        pattern, alone = current.pattern(self._number, self._places, call, self._window)
        failed = self._failed(alone, current)
        output, weights = self._replaced.attend(call, pattern, failed, weights=current.read.weights)
        current.note_output(self._places, output[:, :, self._replaced.heads])
        return output, weights

    def _failed(self, alone: Mapping[int, Stand], current: ForwardPass) -> Tensor | None:
        """Where heads keep their own patterns, shape (texts, heads), which is noted; None for nowhere."""
        bad = {place: stand for place, stand in alone.items() if stand.failed is not None}
        if not bad:
            return None
        found = []
        none = torch.zeros_like(next(stand.failed for stand in bad.values() if stand.failed is not None))
        for head, place in zip(self._replaced.heads, self._places, strict=True):
            failed = bad[place].failed if place in bad else None
            found.append(none if failed is None else failed)
            if failed is not None:
                current.failures.note(Head(self._number, head), int(failed.sum()), bad[place].reason)
        return torch.stack(found, dim=1)
