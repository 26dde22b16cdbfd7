"""A device that is not there: its tensors lie in the CPU's memory, and are told from the CPU's own.

What mixes the two, as would fail on a real device, fails here.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode, resolve_name

PRETENDED = torch.device("cuda:0")
_MARK = "is_on_the_pretended_device"
_DEVICE = torch.device("cpu")


@contextmanager
def pretended_device() -> Iterator["Pretending"]:
    """Within it :data:`PRETENDED` can be asked for; what is yielded counts the operations that ran there."""
    with Pretending() as mode:
        yield mode


class Pretending(TorchFunctionMode):
    """Keeps account of the device of all tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.operations = 0

    def __torch_function__(
        self, function: Callable[..., Any], types: object, args: tuple = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        name = (resolve_name(function) or getattr(function, "__name__", "")).removesuffix(".__get__")
        own = [value for value in _flat([args, given]) if isinstance(value, Tensor)]
        there = any(map(is_there, own))
        if there and name == "torch.Tensor.device":
            return PRETENDED
        if name == "torch.Tensor.numpy":
            assert not there, "an array cannot be made of another device's tensor"
        asked = _asked(name, args, given)
        if asked is not None:
            args = tuple(_real(value) for value in args)
            given = {key: _real(value) for key, value in given.items()}
        elif name not in _MIXING:
            self._check(name, own)
        found = function(*args, **given)
        lands = there if asked is None else asked.type == PRETENDED.type
        if asked is not None and any(found is value for value in own):
            found = found.clone()  # one tensor cannot be on both
        for value in _flat([found]):
            if isinstance(value, Tensor):
                setattr(value, _MARK, lands)
        self.operations += lands
        return found

    @staticmethod
    def _check(name: str, own: list[Tensor]) -> None:
        counted = own[:1] if name in _INDEXING else [value for value in own if value.dim()]
        devices = {is_there(value) for value in counted}
        assert len(devices) < 2, f"{name} is given tensors of two devices"


_MIXING = {"torch.Tensor.copy_", "torch.Tensor.to"}
_INDEXING = {"torch.Tensor.__getitem__", "torch.Tensor.__setitem__"}
"""Of another device's tensor the CPU's may be indices."""


def _real(value: Any) -> Any:
    return _DEVICE if isinstance(value, torch.device | str) and str(value) == str(PRETENDED) else value


def is_there(tensor: Tensor) -> bool:
    """Whether a tensor is on the pretended device."""
    return bool(tensor.__dict__.get(_MARK, False))


def _asked(name: str, args: tuple, given: Mapping[str, Any]) -> torch.device | None:
    """The device that is asked for by name."""
    if name == "torch.Tensor.cpu":
        return _DEVICE
    value = given.get("device")
    if value is None and name == "torch.Tensor.to":
        value = next((one for one in args[1:] if isinstance(one, torch.device | str)), None)
        if value is None and len(args) > 1 and isinstance(args[1], Tensor):
            value = PRETENDED if is_there(args[1]) else _DEVICE
    return None if value is None else torch.device(value)


def _flat(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _flat(value)
        elif isinstance(value, dict):
            yield from _flat(value.values())
        else:
            yield value
