"""Extracting attention patterns, and the store that keeps them on disk.

The store is a folder of shards, one for each batch of texts, in the safetensors format. A shard holds, for every layer,
one array (heads, cells) of half-precision weights: the visible cells of its first text row by row, then those of the
next. Padding and cells that no query sees are never stored, and one head is read without reading the others.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from torch import nn

from surrogates.architectures import attention_modules
from surrogates.errors import InputError
from surrogates.heads import Head
from synth.models import LoadedModel

_BATCH_CELLS = 32 * 128**2  # texts x queries x keys in a forward pass, whatever the batch asked for
_UNFINISHED = ".unfinished"  # shards are written here and moved out when complete


def visible_cells(length: int, causal: bool, window: int | None) -> np.ndarray:
    """Which cells of one text's pattern the model's mask leaves open: booleans, shape (queries, keys)."""
    distance = np.arange(length)[:, None] - np.arange(length)
    visible = distance >= 0 if causal else np.ones((length, length), dtype=bool)
    return visible if window is None else visible & (np.abs(distance) < window)


def extract(
    loaded: LoadedModel,
    ids: Sequence[Sequence[int]],
    folder: Path,
    *,
    batch_size: int = 32,
    progress: Callable[[int, int], None] | None = None,
) -> "AttentionStore":
    """Store the patterns of every head on every text, with one forward pass for each batch of texts.

    Texts are numbered by their place in ``ids``. Those already in ``folder`` are skipped, so an interrupted run goes
    on where it stopped, with another ``batch_size`` too. Needs memory for one batch, however many texts there are.
    ``progress`` is told the texts done and the texts in all, at the start and after each batch.

    Raises:
        InputError: a text is empty or too long, the folder holds patterns of other texts or of another model, the
            disk is full, memory does not suffice, or the model computes values that are not finite.
    """
    if batch_size < 1:
        raise InputError(f"a batch of {batch_size} texts is empty; ask for at least 1")
    for number, row in enumerate(ids):
        if not row:
            raise InputError(f"text {number} has no tokens; leave empty texts out of the corpus")
        if loaded.context is not None and len(row) > loaded.context:
            raise InputError(
                f"text {number} has {len(row)} tokens but {loaded.name} reads at most {loaded.context}; shorten it"
            )
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder / _UNFINISHED, ignore_errors=True)
    description = {
        "texts": _fingerprint(loaded, ids),
        "causal": json.dumps(loaded.causal),
        "windows": json.dumps(loaded.windows),
    }
    done = _texts_done(folder, description["texts"])
    if progress is not None:
        progress(len(done), len(ids))
    # Texts of a length go together, so that little is computed for padding.
    left = sorted((number for number in range(len(ids)) if number not in done), key=lambda number: len(ids[number]))
    free = _next_shard(folder)
    longest = max(map(len, ids), default=1)
    batch_size = max(1, min(batch_size, _BATCH_CELLS // longest**2))
    for place, start in enumerate(range(0, len(left), batch_size)):
        batch = left[start : start + batch_size]
        arrays = _batch_patterns(loaded, [ids[number] for number in batch])
        arrays["texts"] = np.array(batch, dtype=np.int64)
        arrays["lengths"] = np.array([len(ids[number]) for number in batch], dtype=np.int64)
        _write_shard(folder, f"shard_{free + place:05d}.safetensors", arrays, description)
        if progress is not None:
            progress(len(done) + start + len(batch), len(ids))
    return AttentionStore(folder)


class AttentionStore:
    """The patterns in a folder, addressed by head and text number.

    Making one costs nothing and opens no file; a worker process is handed only the folder's path.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self._index: _Index | None = None

    def __reduce__(self) -> tuple[type["AttentionStore"], tuple[Path]]:
        return AttentionStore, (self.folder,)

    @property
    def texts(self) -> list[int]:
        """Numbers of the texts in the store, in order."""
        return sorted(self._open().place)

    def length(self, text: int) -> int:
        """Tokens of a text.

        Raises:
            InputError: the store does not hold it.
        """
        shard, place = self._find(text)
        return int(shard.lengths[place])

    def visible(self, layer: int, text: int) -> np.ndarray:
        """Which cells of a text's patterns in a layer are visible: booleans, shape (n, n).

        Raises:
            InputError: the store does not hold the text or the layer.
        """
        index = self._open()
        return visible_cells(self.length(text), index.causal, self._window(layer))

    def read(self, head: Head, texts: Sequence[int]) -> np.ndarray:
        """One head's patterns: float32, shape (texts, n, n) with n the longest text asked for.

        Rows of tokens sum to one over the cells they see; all other cells, padding among them, are 0.

        Raises:
            InputError: the store does not hold the head or one of the texts, or a shard is damaged.
        """
        if not 0 <= head.index < self._open().heads:
            raise InputError(f"{self.folder} has no head {head}; its layers have {self._open().heads} heads each")
        return self._read(head.layer, slice(head.index, head.index + 1), texts)[0]

    def read_layer(self, layer: int, texts: Sequence[int]) -> np.ndarray:
        """The patterns of all heads of a layer: float32, shape (heads, texts, n, n), otherwise as ``read``.

        Raises:
            InputError: the store does not hold the layer or one of the texts, or a shard is damaged.
        """
        return self._read(layer, slice(None), texts)

    def _read(self, layer: int, heads: slice, texts: Sequence[int]) -> np.ndarray:
        index = self._open()
        window = self._window(layer)
        wanted: dict[_Shard, list[tuple[int, int]]] = {}  # shard: (place in the shard, place in the answer)
        for row, text in enumerate(texts):
            shard, place = self._find(text)
            wanted.setdefault(shard, []).append((place, row))
        width = max((int(shard.lengths[place]) for shard, places in wanted.items() for place, _ in places), default=0)
        patterns: np.ndarray | None = None
        for shard, places in wanted.items():
            with _reading(shard.path) as file:
                cells = file.get_slice(_layer_name(layer))[heads]  # (heads, cells of all the shard's texts)
            if patterns is None:
                patterns = np.zeros((len(cells), len(texts), width * width), dtype=np.float32)
            ends = np.cumsum([len(_visible_offsets(int(n), int(n), index.causal, window)) for n in shard.lengths])
            for place, row in places:
                offsets = _visible_offsets(int(shard.lengths[place]), width, index.causal, window)
                patterns[:, row, offsets] = cells[:, ends[place] - len(offsets) : ends[place]]
        if patterns is None:
            return np.zeros((index.heads if heads.start is None else 1, 0, 0, 0), dtype=np.float32)
        patterns = patterns.reshape(*patterns.shape[:2], width, width)
        # Half precision moves a row's sum by up to a thousandth.
        sums = patterns.sum(axis=-1, keepdims=True)
        return np.divide(patterns, sums, out=patterns, where=sums > 0)

    def _open(self) -> "_Index":
        if self._index is None:
            self._index = _read_index(self.folder)
        return self._index

    def _find(self, text: int) -> tuple["_Shard", int]:
        found = self._open().place.get(int(text))
        if found is None:
            raise InputError(f"{self.folder} has no patterns of text {text}; run the extraction again to finish it")
        return found

    def _window(self, layer: int) -> int | None:
        windows = self._open().windows
        if not 0 <= layer < len(windows):
            raise InputError(f"{self.folder} has no layer {layer}; its layers go from 0 to {len(windows) - 1}")
        return windows[layer]


class _Shard:
    """A shard's file, with the number and the length in tokens of each of its texts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _reading(path) as file:
            self.description: dict[str, str] = file.metadata() or {}
            self.texts: np.ndarray = file.get_tensor("texts")
            self.lengths: np.ndarray = file.get_tensor("lengths")
            self.heads: int = file.get_slice(_layer_name(0)).get_shape()[0]


class _Index(NamedTuple):
    place: dict[int, tuple[_Shard, int]]  # text: its shard, and where it comes there
    causal: bool
    windows: list[int | None]
    heads: int  # in each layer


def _read_index(folder: Path) -> _Index:
    shards = [_Shard(path) for path in _shard_paths(folder)]
    if not shards:
        raise InputError(f"{folder} holds no attention patterns; run the extraction first")
    place = {int(text): (shard, spot) for shard in shards for spot, text in enumerate(shard.texts)}
    description = shards[0].description
    return _Index(place, json.loads(description["causal"]), json.loads(description["windows"]), shards[0].heads)


def _batch_patterns(loaded: LoadedModel, ids: Sequence[Sequence[int]]) -> dict[str, np.ndarray]:
    """The visible cells of a batch, by layer: half precision, shape (heads, cells)."""
    lengths = [len(row) for row in ids]
    width = max(lengths)
    # What stands in padding does not matter: it is masked, and comes after all that is real.
    tokens = torch.zeros(len(ids), width, dtype=torch.long)
    for place, row in enumerate(ids):
        tokens[place, : len(row)] = torch.tensor(row)
    mask = torch.arange(width) < torch.tensor(lengths)[:, None]  # (texts, tokens)
    cells: dict[str, np.ndarray] = {}

    def keep(layer: int) -> Callable[[nn.Module, Any, Any], None]:
        # A hook packs a layer as soon as it is computed: only one layer's full patterns are in memory at a time.
        def hook(_module: nn.Module, _inputs: Any, outputs: Any) -> None:
            cells[_layer_name(layer)] = _pack(outputs[1], lengths, loaded.causal, loaded.windows[layer])

        return hook

    model = loaded.model
    options = {"use_cache": False} if loaded.causal else {}
    try:
        with torch.inference_mode(), ExitStack() as hooks:
            for layer, module in enumerate(attention_modules(model)):
                hooks.callback(module.register_forward_hook(keep(layer)).remove)
            # The language model's head is left out: nothing here needs the logits.
            states = model.base_model(
                input_ids=tokens.to(model.device), attention_mask=mask.long().to(model.device), **options
            )[0]
            finite = bool(torch.isfinite(states[mask.to(states.device)]).all())
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        # On the CPU torch reports a failed allocation as a plain RuntimeError.
        if type(error) is RuntimeError and "memory" not in str(error):
            raise
        raise InputError(
            f"not enough memory for {len(ids)} texts of {width} tokens at once; use shorter texts (--max-tokens)"
        ) from error
    if not finite:
        raise InputError(f"{loaded.name} computes values that are not finite; load it as float32 or bfloat16")
    return cells


def _pack(weights: torch.Tensor, lengths: Sequence[int], causal: bool, window: int | None) -> np.ndarray:
    """Visible cells of right-padded patterns (texts, heads, n, n): half precision, shape (heads, cells)."""
    texts, heads, width, _ = weights.shape
    half = weights.to(torch.float16).cpu().numpy().reshape(texts, heads, width * width)
    offsets = [_visible_offsets(length, width, causal, window) for length in lengths]
    packed = np.empty((heads, sum(map(len, offsets))), dtype=np.float16)
    end = 0
    for text, of_text in zip(half, offsets, strict=True):
        start, end = end, end + len(of_text)
        packed[:, start:end] = text.take(of_text, axis=1)
    return packed


@lru_cache(maxsize=256)
def _visible_offsets(length: int, width: int, causal: bool, window: int | None) -> np.ndarray:
    """Where the visible cells of a text lie in a flattened pattern of ``width`` × ``width``, row by row."""
    queries, keys = np.nonzero(visible_cells(length, causal, window))
    return queries * width + keys


def _fingerprint(loaded: LoadedModel, ids: Sequence[Sequence[int]]) -> str:
    """Tells one text set and model from another; a few values of every weight tell models of one shape apart."""
    shape = [loaded.causal, loaded.windows, len(loaded.heads)]
    digest = hashlib.sha256(json.dumps(shape).encode())
    for weight in loaded.model.parameters():
        digest.update(weight.detach().flatten()[:16].float().cpu().numpy().tobytes())
    for row in ids:
        digest.update(len(row).to_bytes(8, "little") + np.asarray(row, dtype=np.int64).tobytes())
    return digest.hexdigest()


def _texts_done(folder: Path, fingerprint: str) -> set[int]:
    done: set[int] = set()
    for path in _shard_paths(folder):
        try:
            shard = _Shard(path)
        except InputError:
            # A damaged shard is as good as a missing one: its texts are extracted again.
            path.unlink()
            continue
        if shard.description.get("texts") != fingerprint:
            raise InputError(f"{folder} holds patterns of other texts or another model; remove it or name a new folder")
        done.update(shard.texts.tolist())
    return done


def _shard_paths(folder: Path) -> list[Path]:
    return sorted(folder.glob("shard_*.safetensors"))


def _next_shard(folder: Path) -> int:
    paths = _shard_paths(folder)
    return int(paths[-1].stem.removeprefix("shard_")) + 1 if paths else 0


def _layer_name(layer: int) -> str:
    return f"layer_{layer:03d}"


def _write_shard(folder: Path, name: str, arrays: dict[str, np.ndarray], description: dict[str, str]) -> None:
    unfinished = folder / _UNFINISHED
    try:
        with _writing(folder):
            unfinished.mkdir(exist_ok=True)
            save_file(arrays, unfinished / name, metadata=description)
            (unfinished / name).replace(folder / name)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, SafetensorError) as error:
        raise InputError(
            f"cannot write attention patterns to {folder}: {error}; free some space or choose another folder, "
            "then run again to go on from here"
        ) from error


@contextmanager
def _reading(path: Path) -> Iterator[Any]:
    try:
        with safe_open(path, framework="np") as file:
            yield file
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path} is damaged ({error}); run the extraction again to replace it") from error
