"""Tasks that worker processes of the tests are given: they import them by name."""

import os
import signal
from pathlib import Path

import numpy as np
import torch

from surrogates.errors import InputError


class Shared:
    """Counts how often it is read in each process that it is sent to.

    Attributes:
        values: an array.
        folder: in which a file is made each time that it is read.
    """

    def __init__(self, values: np.ndarray, folder: Path) -> None:
        self.values = values
        self.folder = folder

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        (self.folder / f"{os.getpid()}-{len(list(self.folder.iterdir()))}").touch()


def add(shared: Shared, number: int) -> tuple[float, bool, int]:
    """Of the shared values the sum and the number, whether they may be written to, and torch's threads."""
    assert torch.from_numpy(shared.values).sum() == shared.values.sum()
    return float(shared.values.sum()) + number, shared.values.flags.writeable, torch.get_num_threads()


def refuse(number: int) -> int:
    if number == 2:
        raise InputError("two is too many; take one")
    return number


def die(number: int) -> int:
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def process(_number: int) -> int:
    return os.getpid()
