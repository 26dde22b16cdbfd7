"""What surrogates put out as operators of torch's, so that a model around them is compiled in one piece.

The compiler sees of an operator what goes in and what shape comes out. What programs do stays Python.
"""

import weakref
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

if TYPE_CHECKING:
    from surrogates.running.forward_pass import ForwardPass
    from surrogates.running.layers import Layer
    from surrogates.running.reader import Reader


class Begun(NamedTuple):
    """A forward pass in a compiled model.

    Attributes:
        reader: number of the patch's reader.
        pass_: a number that only a run of the pass has; as what goes into an operator it tells which come later.
    """

    reader: int
    pass_: Tensor


_readers: "weakref.WeakValueDictionary[int, Reader]" = weakref.WeakValueDictionary()
_layers: "weakref.WeakValueDictionary[tuple[int, int], Layer]" = weakref.WeakValueDictionary()
_passes: "weakref.WeakKeyDictionary[Reader, ForwardPass]" = weakref.WeakKeyDictionary()


def enrol(reader: "Reader") -> int:
    """The number by which operators know a reader."""
    _readers[id(reader)] = reader
    return id(reader)


def enrol_layer(reader: "Reader", number: int, layer: "Layer") -> None:
    """Have operators know a reader's layer by its number."""
    _layers[id(reader), number] = layer


def begin(reader: "Reader", ids: Tensor, mask: Tensor | None, *, packed: bool) -> Begun:
    """Begin a forward pass of whole texts; see :meth:`Reader.read_whole`."""
    return Begun(reader.number, torch.ops.headsynth.begin(ids, mask, packed, reader.number))


@torch.library.custom_op("headsynth::begin", mutates_args=())
def _begin(ids: Tensor, mask: Tensor | None, packed: bool, reader: int) -> Tensor:
    own = _readers[reader]
    _passes[own] = own.read_whole(ids, mask, packed=packed)
    return ids.new_zeros(())


@_begin.register_fake
def _(ids: Tensor, *_: object) -> Tensor:
    return ids.new_zeros(())


def put_out(
    begun: Begun,
    layer: int,
    heads: int,
    value: Tensor,
    mask: Tensor | None,
    local: Tensor | None,
    queries: int,
    *,
    causal: bool,
) -> Tensor:
    """What a layer's replaced heads put out, shape (texts, queries, heads replaced, width)."""
    return torch.ops.headsynth.put_out(value, mask, local, begun.pass_, begun.reader, layer, heads, queries, causal)


@torch.library.custom_op("headsynth::put_out", mutates_args=())
def _put_out(
    value: Tensor,
    mask: Tensor | None,
    local: Tensor | None,
    pass_: Tensor,  # noqa: ARG001 - it tells the compiler what comes first
    reader: int,
    layer: int,
    heads: int,  # noqa: ARG001 - it tells the compiler the shape
    queries: int,
    causal: bool,
) -> Tensor:
    current = _passes[_readers[reader]]
    return _layers[reader, layer].put_out(current, value, mask, local, queries, causal=causal).contiguous()


@_put_out.register_fake
def _(value: Tensor, *numbers: object) -> Tensor:
    *_, heads, queries, _causal = numbers
    return value.new_empty(value.shape[0], queries, heads, value.shape[3])  # type: ignore[call-overload]
