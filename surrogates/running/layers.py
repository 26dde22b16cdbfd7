"""What the heads of a layer put out where patterns stand in for some of them."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from surrogates.errors import InputError
from surrogates.library.heads import Head
from surrogates.running.architectures.calls import Attended, Call, Places
from surrogates.running.compiled import enrol_layer, put_out
from surrogates.running.forward_pass import Block, ForwardPass
from surrogates.running.reader import Reader
from surrogates.running.views import Stand


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
        self._runs = _runs(self.kept, reads)
        # Heads that read the same values are as so many more queries.
        read = [reads[head] for head in self.heads]
        shared = sorted(set(read))
        self._each = len(read) // len(shared)
        if read != [number for number in shared for _ in range(self._each)]:
            shared, self._each = read, 1
        self._values = Places(shared)
        self._places = Places(self.heads)

    def leaves_weights(self, call: Call) -> bool:
        """Whether what all heads put out is known without the weights of those that are replaced."""
        return not self.kept or call.some is not None

    def attend(
        self, call: Call, blocks: Iterable[Block], failed: Tensor | None = None, *, weights: bool = False
    ) -> Attended:
        """What all heads put out, and weights where the model gives them.

        The model's own attention is computed for the other heads, as far as these can be told apart.

        Args:
            call: the layer's attention.
            blocks: the replaced heads' patterns; in one block where heads keep their own somewhere, where weights are
                asked for, and where :meth:`leaves_weights` is false.
            failed: where the heads keep their own patterns, shape (texts, heads replaced); None for nowhere.
            weights: whether weights are asked for.
        """
        return self.combine(call, *self.put_out(call, blocks), failed, weights=weights)

    def combine(
        self,
        call: Call,
        mine: Tensor,
        pattern: Tensor | None = None,
        failed: Tensor | None = None,
        *,
        weights: bool = False,
    ) -> Attended:
        """The same from what the replaced heads put out, (texts, queries, heads replaced, width), and their pattern."""
        # Of a compact model's heads some queries and keys are gone.
        whole_queries = call.query.shape[1] == len(self._reads)
        whole_keys = call.key.shape[1] == call.value.shape[1]
        if weights and not (whole_queries and whole_keys):
            raise InputError("a compact model has no patterns of its own to return; ask the model that it was made of")
        if failed is None and not weights and not self.kept:
            return mine.contiguous(), None
        given: Tensor | None = None
        # Where there is one query, all heads take less time than finding some.
        by_runs = not (whole_queries and whole_keys and call.query.shape[2] == 1)
        if failed is None and not weights and call.some is not None and by_runs:
            output = mine.new_empty(*mine.shape[:2], len(self._reads), mine.shape[3])
            for run in self._runs:
                values = [self._reads[head] for head in run]
                queries = list(run) if whole_queries else [self.kept.index(head) for head in run]
                keys = values if whole_keys else [self.keys.index(number) for number in values]
                output[:, :, run.start : run.stop] = call.some(queries, keys, values)
        else:
            output, given = call.eager() if weights else call.compute()
            # Fused attention needs what it put out for its gradient.
            output = output.clone() if output.requires_grad else output
            if given is not None:
                # Autograd still needs the model's own patterns; without it they are overwritten where they are.
                given = given.clone() if given.requires_grad else given
        mine = mine.to(output.dtype)
        if failed is not None:
            own = failed.to(mine.device)[..., None, None]  # (texts, heads replaced, 1, 1)
            mine = torch.where(own.transpose(1, 2), self._places.of(output, 2), mine)
            if given is not None and pattern is not None:
                pattern = torch.where(own, self._places.of(given, 1), pattern)
        self._places.put(output, 2, mine)
        if given is not None and pattern is not None:
            self._places.put(given, 1, pattern.expand(len(given), *pattern.shape[1:]).to(given.dtype))
        return output, given

    def put_out(self, call: Call, blocks: Iterable[Block]) -> tuple[Tensor, Tensor]:
        """What replaced heads put out, (texts, queries, heads replaced, width), and the pattern of the last block."""
        value, each = call.value, self._each
        read = self._values.of(value, 1)
        found: Tensor | None = None
        for rows, pattern in blocks:
            pattern = pattern.to(dtype=value.dtype, device=value.device)
            texts, heads, queries, keys = pattern.shape
            # A step, which is to ask for little; the last query of many may be a block of its own.
            if call.query.shape[2] == 1 and keys == read.shape[2] and texts == len(read):
                product = torch.bmm(pattern.reshape(-1, each, keys), read.flatten(0, 1))
                return product.view(texts, 1, heads, -1), pattern
            product = pattern.reshape(texts, heads // each, each * queries, keys) @ read[:, :, :keys]
            product = product.view(len(value), heads, queries, -1).transpose(1, 2)
            if found is None and queries == call.query.shape[2]:
                return product, pattern
            if found is None:
                found = product.new_empty(len(value), call.query.shape[2], *product.shape[2:])
            found[:, rows] = product
        assert found is not None
        return found, pattern


def _runs(heads: Sequence[int], reads: Sequence[int]) -> list[range]:
    """Heads in ranges as long as possible in which as many of them read each key/value head."""
    alike: list[range] = []  # heads in a row that read the same one
    for head in heads:
        last = alike[-1] if alike else range(0)
        if last and last.stop == head and reads[last[0]] == reads[head]:
            alike[-1] = range(last.start, head + 1)
        else:
            alike.append(range(head, head + 1))
    found: list[range] = []
    size = 0
    for own in alike:
        last = found[-1] if found else range(0)
        if last and last.stop == own.start and len(own) == size and reads[last[-1]] + 1 == reads[own[0]]:
            found[-1] = range(last.start, own.stop)
        else:
            found.append(own)
            size = len(own)
    return found


def _not_asked() -> Attended:
    raise AssertionError("the model's own attention is not asked for")


class Kept:
    """A layer of a patched model none of whose heads are replaced.

    Args:
        reader: knows whether the model is asked for weights, which some attention functions do not give.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def __call__(self, call: Call) -> Attended:
        return call.eager() if self._reader.needs_weights() else call.compute()


class Layer:
    """A layer of a patched model.

    Args:
        number: of the layer.
        replaced: its replaced heads.
        places: for each of them, the place of its surrogate in the patch's list.
        window: what the layer sees, in tokens.
        reader: knows the forward pass that the model is in.
    """

    def __init__(
        self,
        number: int,
        replaced: Replaced,
        places: Sequence[int],
        window: int | None,
        reader: Reader,
    ) -> None:
        self._number = number
        self.replaced = replaced
        self._places = places
        self._window = window
        self._reader = reader
        enrol_layer(reader, number, self)

    def __call__(self, call: Call) -> Attended:
        begun = self._reader.begun
        if begun is not None:
            queries, heads = call.query.shape[2], len(self._places)
            given = call.value, call.mask, call.local
            mine = put_out(begun, self._number, heads, *given, queries, causal=call.causal)
            return self.replaced.combine(call, mine)
        return self._attend(call)

    # Programs run as they are in a model that is compiled around them.
    @torch.compiler.disable
    def _attend(self, call: Call) -> Attended:
        current = self._reader.current()
        current.replaced.add(self._number)
        in_blocks = self.replaced.leaves_weights(call) and not current.read.weights
        blocks, alone = current.blocks(self._number, self._places, call, self._window, in_blocks=in_blocks)
        failed = self._failed(alone, current)
        output, weights = self.replaced.attend(call, blocks, failed, weights=current.read.weights)
        if alone:  # or else all patterns are finite
            current.note_output(self._places, output[:, :, self.replaced.heads])
        return output, weights

    def put_out(
        self,
        current: ForwardPass,
        value: Tensor,
        mask: Tensor | None,
        local: Tensor | None,
        queries: int,
        *,
        causal: bool,
    ) -> Tensor:
        """What the replaced heads put out by themselves, shape (texts, queries, heads replaced, width)."""
        nothing = value.new_empty(value.shape[0], 0, queries, 0)
        call = Call(nothing, nothing, value, mask, causal, local, compute=_not_asked, eager=_not_asked, some=None)
        blocks, alone = current.blocks(self._number, self._places, call, self._window, in_blocks=True)
        found, _ = self.replaced.put_out(call, blocks)
        if alone:
            current.note_output(self._places, found)
            current.check()
        return found

    def _failed(self, alone: Mapping[int, Stand], current: ForwardPass) -> Tensor | None:
        """Where heads keep their own patterns, shape (texts, heads), which is noted; None for nowhere."""
        bad = {place: stand for place, stand in alone.items() if stand.failed is not None}
        if not bad:
            return None
        found = []
        none = torch.zeros_like(next(stand.failed for stand in bad.values() if stand.failed is not None))
        for head, place in zip(self.replaced.heads, self._places, strict=True):
            failed = bad[place].failed if place in bad else None
            found.append(none if failed is None else failed)
            if failed is not None:
                current.failures.note(Head(self._number, head), int(failed.sum()), bad[place].reason)
        return torch.stack(found, dim=1)
