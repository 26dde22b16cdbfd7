"""NumPy and torch behind one set of names, so that features and programs are written once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

Array = Any
"""A NumPy array or a torch tensor."""

LOG_FLOOR = 1e-6
"""Least argument of a logarithm, so that neither value nor gradient is infinite."""

LOWEST = -1e30
"""Stands for -inf where that would make NaN: far below any useful score, and still a number."""


@dataclass(frozen=True)
class Backend:
    """The operations in which NumPy and torch differ. Operands are arrays; ``number`` makes them of Python numbers."""

    name: str
    number: Callable[[Array], Array]  # float32; masks become 0.0 and 1.0
    where: Callable[[Array, Array, Array], Array]
    exp: Callable[[Array], Array]
    log: Callable[[Array], Array]  # of positive numbers
    sqrt: Callable[[Array], Array]  # of positive numbers
    minimum: Callable[[Array, Array], Array]
    maximum: Callable[[Array, Array], Array]
    plus_product: Callable[[Array, Array, Array], Array]  # a + b * c
    minus_product: Callable[[Array, Array, Array], Array]  # a - b * c
    divide: Callable[[Array, Array], Array]  # gradients are 0 where the divisor is
    power: Callable[[Array, Array], Array]  # gradients are finite at a base of 0 or less
    at_least: Callable[[Array, float], Array]
    logaddexp: Callable[[Array, Array], Array]
    softmax: Callable[[Array], Array]  # along the last axis; NaN where a row is all -inf
    count: Callable[[Array], Array]  # running count of a mask along the last axis, int32
    cumulative_max: Callable[[Array], Array]  # along the last axis
    row_max: Callable[[Array], Array]  # over the last axis, kept
    positions: Callable[[int, Array], Array]  # 0 … n-1, int32, on the device of the second argument
    concatenate: Callable[..., Array]  # a list, along the last axis or the one given
    order: Callable[[Array], Array]  # places of the values from the least on, equal ones as they stand; last axis
    along: Callable[[Array, Array], Array]  # values[places] along the last axis
    whole: Callable[[Array], Array]  # whole numbers as int32, which torch takes as places
    stack: Callable[[list[Array]], Array]  # along a new last axis
    array: Callable[[np.ndarray, Any], Array]  # of numbers, on a device
    moved: Callable[[Array, Array], Array]  # to the device of the second argument
    take: Callable[[Array, Array], Array]  # values[places], of values in a row
    after_zero: Callable[[Array], Array]  # the values in a row, with a 0 before them
    bucket: Callable[[Array, Array], Array]  # how many edges, which increase, lie below each value; whole numbers
    clip: Callable[[Array, float, float], Array]
    log_scale: Callable[[Array], Array]  # sign(x) * log(1 + abs(x))
    broadcast: Callable[[Array, tuple[int, ...]], Array]  # to a shape; may share memory
    product: Callable[[Array, Array], Array]  # of matrices, in the last two axes
    sum_of_rows: Callable[[Array, Array], Array]  # table[places].sum(-2), of a table of rows


def _torch_number(value: Array) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        # Even a conversion that has nothing to do takes its time where many constants are differentiated.
        return value if value.dtype == torch.float32 else value.to(torch.float32)
    return torch.tensor(value, dtype=torch.float32)


def _torch_logaddexp(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    # Two -inf have a NaN gradient; a floor far below any useful score has none.
    return torch.logaddexp(a.clamp(min=LOWEST), b.clamp(min=LOWEST))


def _torch_plus_product(a: torch.Tensor, b: torch.Tensor, c: torch.Tensor, sign: int = 1) -> torch.Tensor:
    # One pass over the cells instead of two; off the CPU constants, which are scalars on it, could not take part.
    if a.is_cpu and b.is_cpu and c.is_cpu:
        return torch.addcmul(a, b, c, value=sign)
    return a + sign * (b * c)


def _torch_divide(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    # `where(x > 0, a / x, 0)` multiplies a slope of 0 by infinity: NaN, though the value is right.
    if not (a.requires_grad or b.requires_grad):
        return a / b
    zero = b == 0
    return torch.where(zero, a.detach() / b.detach(), a / torch.where(zero, 1.0, b))


def _torch_power(base: torch.Tensor, exponent: torch.Tensor) -> torch.Tensor:
    # The slope of x**0.5 is infinite at 0, as in `(a * pair.distance) ** 0.5` on the diagonal; below 0 that of an
    # exponent is NaN, and so is everything unless the exponent is whole. Such cells pass no gradient on.
    if not (base.requires_grad or exponent.requires_grad):
        return base**exponent
    whole = exponent == exponent.round()
    smooth = (base > 0) | ((base == 0) & (exponent >= 1)) | ((base < 0) & whole)
    return torch.where(smooth, base, base.detach()) ** torch.where(base < 0, exponent.detach(), exponent)


def _torch_array(values: np.ndarray, device: torch.device) -> torch.Tensor:
    # What is made while nothing is to be differentiated serves later, when something is.
    with torch.inference_mode(False):
        return torch.from_numpy(values).to(device)


def _torch_take(values: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    # Its derivative is added up several times faster than that of `values[places]`.
    return values.index_select(0, places.reshape(-1)).reshape(places.shape)


def _torch_sum_of_rows(table: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    # In one pass, where the rows themselves would take another.
    flat = torch.nn.functional.embedding_bag(places.flatten(0, -2), table, mode="sum")
    return flat.view(*places.shape[:-1], table.shape[1])


def _numpy_product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    # The threads of NumPy's own would be in the way of torch's.
    return torch.matmul(torch.from_numpy(a), torch.from_numpy(b)).numpy()


def _numpy_softmax(values: np.ndarray) -> np.ndarray:
    weights = np.exp(values - values.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


NUMPY = Backend(
    name="numpy",
    number=lambda value: np.asarray(value, dtype=np.float32),
    where=np.where,
    exp=np.exp,
    log=np.log,
    sqrt=np.sqrt,
    minimum=np.minimum,
    maximum=np.maximum,
    plus_product=lambda a, b, c: a + b * c,
    minus_product=lambda a, b, c: a - b * c,
    divide=np.divide,
    power=np.power,
    at_least=np.maximum,
    logaddexp=lambda a, b: np.logaddexp(np.maximum(a, LOWEST), np.maximum(b, LOWEST)),
    softmax=_numpy_softmax,
    count=lambda mask: mask.cumsum(-1, dtype=np.int32),
    cumulative_max=lambda values: np.maximum.accumulate(values, axis=-1),
    row_max=lambda values: values.max(axis=-1, keepdims=True),
    positions=lambda n, _: np.arange(n, dtype=np.int32),
    concatenate=lambda parts, axis=-1: np.concatenate(parts, axis=axis),
    order=lambda values: np.argsort(values, axis=-1, kind="stable"),
    along=lambda values, places: np.take_along_axis(values, places, axis=-1),
    whole=lambda values: values.astype(np.int32),
    stack=lambda parts: np.stack(parts, axis=-1),
    array=lambda values, _: values,
    moved=lambda values, _: values,
    take=lambda values, places: values[places],
    after_zero=lambda values: np.pad(values, (1, 0)),
    bucket=lambda values, edges: np.searchsorted(edges, values),
    clip=np.clip,
    log_scale=lambda x: np.sign(x) * np.log1p(np.abs(x)),
    broadcast=lambda values, shape: values if values.shape == shape else np.broadcast_to(values, shape),
    product=_numpy_product,
    sum_of_rows=lambda table, places: table[places].sum(-2),
)

TORCH = Backend(
    name="torch",
    number=_torch_number,
    where=torch.where,
    exp=torch.exp,
    log=torch.log,
    sqrt=torch.sqrt,
    minimum=torch.minimum,
    maximum=torch.maximum,
    plus_product=_torch_plus_product,
    minus_product=lambda a, b, c: _torch_plus_product(a, b, c, sign=-1),
    divide=_torch_divide,
    power=_torch_power,
    at_least=lambda values, low: values.clamp(min=low),
    logaddexp=_torch_logaddexp,
    softmax=lambda values: torch.softmax(values, dim=-1),
    count=lambda mask: mask.cumsum(-1, dtype=torch.int32),
    cumulative_max=lambda values: torch.cummax(values, dim=-1).values,
    row_max=lambda values: values.amax(dim=-1, keepdim=True),
    positions=lambda n, like: torch.arange(n, dtype=torch.int32, device=like.device),
    concatenate=lambda parts, axis=-1: torch.cat(parts, dim=axis),
    order=lambda values: torch.sort(values, dim=-1, stable=True).indices,
    along=lambda values, places: values.gather(-1, places),
    whole=lambda values: values.to(torch.int32),
    stack=lambda parts: torch.stack(parts, dim=-1),
    array=_torch_array,
    moved=lambda values, like: values if values.device == like.device else values.to(like.device),
    take=_torch_take,
    after_zero=lambda values: torch.nn.functional.pad(values, (1, 0)),
    bucket=lambda values, edges: torch.bucketize(values.detach(), edges, out_int32=True),
    clip=lambda values, low, high: values.clamp(low, high),
    log_scale=lambda x: torch.sign(x) * torch.log1p(x.abs()),
    broadcast=torch.broadcast_to,
    product=torch.matmul,
    sum_of_rows=_torch_sum_of_rows,
)


class OnDevices:
    """A NumPy array and what devices hold of it."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array
        self._held: dict[torch.device, torch.Tensor] = {}

    def like(self, other: Array) -> Array:
        """The array in the kind of another, on its device; brought there once."""
        if not isinstance(other, torch.Tensor):
            return self._array
        if other.device not in self._held:
            self._held[other.device] = TORCH.array(self._array, other.device)
        return self._held[other.device]


def as_numpy(array: Array) -> np.ndarray:
    """An array in NumPy, read back from wherever it lies."""
    return array.cpu().numpy() if isinstance(array, torch.Tensor) else array


def backend_of(array: Array) -> Backend:
    """The backend that an array belongs to."""
    return TORCH if isinstance(array, torch.Tensor) else NUMPY
