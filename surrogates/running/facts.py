"""What must be known of each attention layer of a model, proved on two short texts before anything relies on it."""

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from transformers import PreTrainedModel

from surrogates.running.architectures.calls import Attended, Call
from surrogates.running.architectures.intercepting import attention_modules, intercepted
from surrogates.running.architectures.layer import LayerFacts
from surrogates.running.trial import Trial, products_of, scales_of

_known: "weakref.WeakKeyDictionary[PreTrainedModel, tuple[object, tuple[LayerFacts, ...]]]" = (
    weakref.WeakKeyDictionary()
)


def layer_facts(model: PreTrainedModel) -> tuple[LayerFacts, ...]:
    """The layers of a model, in order; found out once a model.

    That takes a trial of some forward passes on two short texts. It proves that the patterns reproduce what heads put
    out, and that a head's own pattern in its place leaves the model as it is.

    Raises:
        InputError: the attention of this architecture cannot be intercepted, or not exactly.
    """
    proved = _what_is_proved(model)
    known = _known.get(model)
    if known is None or known[0] != proved:
        with torch.no_grad(), torch.autocast(model.device.type, enabled=False):
            _known[model] = known = proved, Trial(model, attention_modules(model)).facts()
    return known[1]


def _what_is_proved(model: PreTrainedModel) -> object:
    """What a trial is about: the modules, what computes their attention, and in which numbers."""
    modules = attention_modules(model)
    return modules, [getattr(module, "config", model.config)._attn_implementation for module in modules], model.dtype


def know(model: PreTrainedModel, facts: tuple[LayerFacts, ...]) -> None:
    """Take facts of a model's layers for true, which need no trial then."""
    _known[model] = _what_is_proved(model), facts


@contextmanager
def recording(model: PreTrainedModel, take: Callable[[int, Tensor], None]) -> Iterator[None]:
    """Compute attention eagerly, and hand each layer's patterns over as soon as they are computed.

    Args:
        take: is given a layer and its patterns, shape (texts, heads, queries, keys).

    Raises:
        InputError: see :func:`layer_facts`.
    """
    layers = enumerate(layer_facts(model))
    handlers = {facts.module: _Recorder(layer, facts, take) for layer, facts in layers if facts.module is not None}
    with intercepted(model, handlers, eager=True):
        yield


class _Recorder:
    def __init__(self, layer: int, facts: LayerFacts, take: Callable[[int, Tensor], None]) -> None:
        self._layer, self._facts, self._take = layer, facts, take

    def __call__(self, call: Call) -> Attended:
        output, weights = call.compute()
        assert weights is not None
        if self._facts.scaled:
            products, put_out = products_of(weights, call.value), output.transpose(1, 2)
            self._take(self._layer, weights * scales_of(products, put_out))
        else:
            self._take(self._layer, weights)
        return output, weights
