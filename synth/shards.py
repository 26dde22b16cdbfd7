"""A shard of the attention store: one file with the patterns of a batch of texts, checked when written and when read.

The format is safetensors. A shard holds, for every layer that has heads, one array (heads, cells) of half-precision
weights: the visible cells of its first text row by row, then those of the next. Padding and cells that no query sees
are never stored, and one head is read without reading the others.
"""

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from evaluation.row_mass import HALF
from surrogates.errors import InputError
from surrogates.library.heads import Head
from synth.regular_files import check_regular, mend_writing

EXTRACT_AGAIN = "run the extraction again (`headsynth synthesize`) to replace it"
"""What to do about a shard that the extraction does not accept, as the end of a message."""
_UNFINISHED = ".unfinished"  # shards are written here and moved out when complete
_NAME = re.compile(r"shard_[0-9]{5,18}\.safetensors")
_LARGEST = 0x3C01  # bits of the half-precision number after 1; those of greater ones, negative ones and NaN are larger


@dataclass(frozen=True)
class Description:
    """What the patterns are of; the same for all shards of a store.

    Attributes:
        model: fingerprint of the model.
        texts: fingerprint of the texts.
        causal: whether queries see only keys at or before them.
        windows: sliding window of each layer in tokens, None where attention is full.
        heads: how many heads each layer has; 0 where it has no attention.
        rounded: how far rounding alone moves the sum of a row from one, at most; see :func:`rounding`.
    """

    model: str
    texts: str
    causal: bool
    windows: tuple[int | None, ...]
    heads: tuple[int, ...]
    rounded: float

    @property
    def layers(self) -> list[int]:
        """The layers that have heads."""
        return [layer for layer, count in enumerate(self.heads) if count]


class Shard:
    """A shard's file, with the number and the length in tokens of each of its texts.

    Raises:
        InputError: the file is damaged or of an earlier version; what is said of the values is looked at when they are
            read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _reading(path) as file:
            self.description = _parsed(path, file.metadata() or {})
            self.texts = _whole_numbers(file, "texts")
            self.lengths = _whole_numbers(file, "lengths")
            if not 0 < len(self.texts) == len(set(self.texts)) == len(self.lengths):
                raise ValueError("its texts are not one of each")
            # Where the cells of each text end, by the window of their layer.
            self._ends = {
                window: np.cumsum([_count_cells(length, self.description.causal, window) for length in self.lengths])
                for window in set(self.description.windows)
            }
            for layer in self.description.layers:
                cells = int(self._ends[self.description.windows[layer]][-1])
                _check_layout(file, layer_name(layer), "F16", [self.description.heads[layer], cells])

    def cells(self, head: Head) -> list[np.ndarray]:
        """A head's weights in the visible cells of each text, row by row, in half precision.

        Raises:
            InputError: the file is damaged, or holds what is no weight.
        """
        ends = self._ends[self.description.windows[head.layer]]
        return np.split(self._read(head.layer, slice(head.index, head.index + 1))[0], ends[:-1])

    def check(self) -> None:
        """Look at all weights, a layer at a time.

        Raises:
            InputError: see :meth:`cells`.
        """
        for layer in self.description.layers:
            self._read(layer, slice(None))

    def _read(self, layer: int, heads: slice) -> np.ndarray:
        with _reading(self.path) as file:
            cells = file.get_slice(layer_name(layer))[heads]
            if not are_weights(cells):
                raise ValueError(f"layer {layer} has values that are not between 0 and 1")
        return cells


def visible_cells(lengths: Sequence[int], causal: bool, window: int | None) -> np.ndarray:
    """Which cells of texts' patterns the model's mask leaves open: booleans, shape (texts, n, n), n the longest."""
    n = max(lengths, default=0)
    distance = np.arange(n)[:, None] - np.arange(n)
    open_ = distance >= 0 if causal else np.ones((n, n), dtype=bool)
    open_ = open_ if window is None else open_ & (np.abs(distance) < window)
    real = np.arange(n) < np.asarray(lengths, dtype=np.int64)[:, None]
    return open_ & real[:, :, None] & real[:, None, :]


def visible_offsets(lengths: Sequence[int], causal: bool, window: int | None) -> list[np.ndarray]:
    """Where the visible cells of each text lie in its flattened pattern, padded to the longest, row by row."""
    return [np.flatnonzero(cells) for cells in visible_cells(lengths, causal, window)]


def pack(weights: torch.Tensor, offsets: Sequence[np.ndarray]) -> np.ndarray:
    """Visible cells of right-padded patterns (texts, heads, n, n): half precision, shape (heads, cells).

    Args:
        offsets: where they lie; see :func:`visible_offsets`.
    """
    texts, heads, width, _ = weights.shape
    half = weights.to(torch.float16).cpu().numpy().reshape(texts, heads, width * width)
    packed = np.empty((heads, sum(map(len, offsets))), dtype=np.float16)
    end = 0
    for text, of_text in zip(half, offsets, strict=True):
        start, end = end, end + len(of_text)
        packed[:, start:end] = text.take(of_text, axis=1)
    return packed


def rounding(dtype: torch.dtype) -> float:
    """How far rounding alone moves the sum of a row from one, at most: in a model's numbers, and those of a shard."""
    return torch.finfo(dtype).eps / 2 + HALF


def unpack(cells: Sequence[np.ndarray], visible: np.ndarray, rounded: float) -> np.ndarray:
    """Patterns of one head from the visible cells of each text: float32, shape (texts, n, n).

    All other cells are 0. Rows that rounding alone keeps from summing to one do so again. Others are left as they are:
    what is missing went to no key, as with a learned sink, and without it the head would put out more than it does.

    Args:
        cells: one array a text, row by row.
        visible: which cells these are, shape (texts, n, n).
        rounded: see :class:`Description`.
    """
    patterns = np.zeros(visible.shape, dtype=np.float32)
    if cells:
        patterns[visible] = np.concatenate(cells)
    sums = patterns.sum(axis=-1, keepdims=True)
    return np.divide(patterns, sums, out=patterns, where=np.abs(sums - 1) <= rounded)


def are_weights(cells: np.ndarray) -> bool:
    """Whether half-precision numbers are finite and between 0 and 1, rounding allowed for."""
    # As whole numbers they are compared forty times as fast.
    return bool(cells.view(np.uint16).max(initial=0) <= _LARGEST)


def layer_name(layer: int) -> str:
    return f"layer_{layer:03d}"


def shard_paths(folder: Path) -> list[Path]:
    """The shards of a store, in the order in which they were written."""
    paths = [path for path in folder.glob("shard_*") if _NAME.fullmatch(path.name)]
    return sorted(paths, key=_number)


def clear_unfinished(folder: Path) -> None:
    shutil.rmtree(folder / _UNFINISHED, ignore_errors=True)


def write_shard(folder: Path, arrays: dict[str, np.ndarray], description: Description) -> None:
    """Write one more shard, whole or not at all.

    Raises:
        InputError: it cannot be written.
    """
    metadata = {
        "model": description.model,
        "texts": description.texts,
        "causal": json.dumps(description.causal),
        "windows": json.dumps(description.windows),
        "heads": json.dumps(description.heads),
        "rounded": json.dumps(description.rounded),
    }
    name = f"shard_{max(map(_number, shard_paths(folder)), default=-1) + 1:05d}.safetensors"
    unfinished = folder / _UNFINISHED
    try:
        with writing(folder):
            unfinished.mkdir(exist_ok=True)
            save_file(arrays, unfinished / name, metadata=metadata)
            (unfinished / name).replace(folder / name)
    finally:
        clear_unfinished(folder)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn what goes wrong on the disk into one line."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        raise InputError(
            f"cannot write attention patterns to {folder}: {error}; {mend_writing(error)} or choose another folder, "
            "then run again to go on from here"
        ) from error


@contextmanager
def _reading(path: Path) -> Iterator[Any]:
    check_regular(path, EXTRACT_AGAIN)
    try:
        with safe_open(path, framework="np") as file:
            yield file
    except InputError:
        raise
    # What is nested too deeply ends in a RecursionError.
    except (OSError, ValueError, RecursionError, SafetensorError) as error:
        raise InputError(f"{path} is damaged ({error}); {EXTRACT_AGAIN}") from error


def _number(path: Path) -> int:
    return int(path.stem.removeprefix("shard_"))


def _parsed(path: Path, metadata: Mapping[str, str]) -> Description:
    missing = {"model", "texts", "causal", "windows", "heads", "rounded"} - metadata.keys()
    if missing in ({"model", "heads", "rounded"}, {"heads", "rounded"}):
        unnoted = "the model's weights" if "model" in missing else "how many heads each layer has"
        raise InputError(f"{path} is of an earlier version, which did not note {unnoted}; {EXTRACT_AGAIN}")
    if missing:
        raise ValueError(f"its description lacks {', '.join(sorted(missing))}")
    causal, windows, heads, rounded = (json.loads(metadata[name]) for name in ("causal", "windows", "heads", "rounded"))
    if type(causal) is not bool or type(windows) is not list or type(heads) is not list:
        raise ValueError("its description is wrong")
    if len(heads) != len(windows) or not all(type(count) is int and count >= 0 for count in heads) or not any(heads):
        raise ValueError("its description has wrong numbers of heads")
    if not all(window is None or (type(window) is int and window > 0) for window in windows):
        raise ValueError("its description has wrong windows")
    if type(rounded) is not float or not 0 < rounded < 1:
        raise ValueError("its description has a wrong rounding")
    return Description(metadata["model"], metadata["texts"], causal, tuple(windows), tuple(heads), rounded)


def _whole_numbers(file: Any, name: str) -> list[int]:
    _check_layout(file, name, "I64", [None])
    return [int(number) for number in file.get_tensor(name)]


def _check_layout(file: Any, name: str, dtype: str, shape: Sequence[int | None]) -> None:
    """Find out from the header alone whether an array has a type and a shape, None for any length."""
    found = file.get_slice(name)
    sizes = found.get_shape()
    fits = len(sizes) == len(shape) and all(want in (None, size) for want, size in zip(shape, sizes, strict=True))
    if found.get_dtype() != dtype or not fits:
        raise ValueError(f"{name} is {found.get_dtype()} of shape {sizes}")


def _count_cells(length: int, causal: bool, window: int | None) -> int:
    """How many cells of a text are visible, without laying them out."""
    if length < 1:
        raise ValueError(f"a text of {length} tokens")
    near = length if window is None else min(window, length)
    below = near * (2 * length - near + 1) // 2  # at or below the diagonal
    return below if causal else 2 * below - length
