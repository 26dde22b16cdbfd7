"""A program's constants as its compiled function takes them: parameters by name, the values of a call in a row."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from surrogates.language.backend import Array, Backend, backend_of
from surrogates.language.fitted_calls import FittedCall

OBSERVER = "()"
"""Under this name a compiled function finds who is to see the numbers that calls compute; no constant is called so."""
Observer = Callable[[str, Array, Callable[[Array], Array]], Array]
"""Given what a call is packed as, its numbers, and what computes them of other values; returns what replaces them."""


def observed(constants: Mapping[str, Any], packed: str, compute: Callable[..., Array], *arguments: Any) -> Array:
    """The numbers that a call computes from its values, as an observer of the evaluation leaves them."""
    found = compute(constants[packed], *arguments)
    observer: Observer | None = constants.get(OBSERVER)
    return found if observer is None else observer(packed, found, lambda values: compute(values, *arguments))


class Values:
    """The constants of a program. Its own are made into arrays once for each backend and device.

    Attributes:
        rows: names of the constants that a call holds, by what it packs them as.
        parameters: names of the others.

    Args:
        constants: name -> value.
        calls: those whose values are among them.
    """

    def __init__(self, constants: Mapping[str, float], calls: Sequence[FittedCall]) -> None:
        self._constants = constants
        self.rows = {call.packed: tuple(call.values) for call in calls}
        inside = {name for names in self.rows.values() for name in names}
        self.parameters = [name for name in constants if name not in inside]
        self._own: dict[tuple[str, str], dict[str, Array]] = {}

    def on(self, like: Array, given: Mapping[str, Array] | None = None) -> dict[str, Array]:
        """Parameters as float32 scalars; the values of each call together, shape (values,), by what it packs them as.

        Args:
            like: an array of the backend and on the device where the program is evaluated.
            given: values to use in place of the program's own, such as tensors that need gradients.
        """
        backend = backend_of(like)
        key = backend.name, str(getattr(like, "device", ""))
        if key not in self._own:
            self._own[key] = self._arrays(backend, like)
        if not given:
            return self._own[key]
        found = dict(self._own[key])
        found |= {name: backend.number(given[name]) for name in self.parameters if name in given}
        for packed, names in self.rows.items():
            if any(name in given for name in names):
                row = [backend.number(given.get(name, self._constants[name])) for name in names]
                found[packed] = backend.stack([backend.moved(value, like) for value in row])
        return found

    def parted(self, row: torch.Tensor) -> dict[str, torch.Tensor]:
        """The same from one tensor of all constants in their order, shape (constants,), such as one with gradients."""
        sizes = [1] * len(self.parameters) + [len(names) for names in self.rows.values()]
        parts = row.split(sizes)
        count = len(self.parameters)
        found = {name: part[0] for name, part in zip(self.parameters, parts[:count], strict=True)}
        return found | dict(zip(self.rows, parts[count:], strict=True))

    def _arrays(self, backend: Backend, like: Array) -> dict[str, Array]:
        # What is made while nothing is to be differentiated serves later, when something is; and `torch.tensor` would
        # make a dual number inside a function that is being differentiated.
        with torch.inference_mode(False):
            # Scalars stay with the CPU: they mix with arrays on any device.
            found = {
                name: backend.array(np.array(self._constants[name], dtype=np.float32), "cpu")
                for name in self.parameters
            }
            for packed, names in self.rows.items():
                row = np.array([self._constants[name] for name in names], dtype=np.float32)
                found[packed] = backend.array(row, getattr(like, "device", None))
        return found
