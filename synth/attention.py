"""Extracting attention patterns, and the store that keeps them on disk: a folder of shards, one a batch of texts.

What runs a model is imported where one is run: worker processes and the commands that only read a run begin in a third
of the time without it.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from surrogates.errors import InputError
from surrogates.library.heads import Head, no_head
from synth.fingerprint import changed_part, model_fingerprint, texts_fingerprint
from synth.shards import (
    EXTRACT_AGAIN,
    Description,
    Shard,
    are_weights,
    clear_unfinished,
    layer_name,
    pack,
    rounding,
    shard_paths,
    unpack,
    visible_cells,
    visible_offsets,
    write_shard,
    writing,
)

if TYPE_CHECKING:
    from synth.models import LoadedModel

_BATCH_CELLS = 32 * 128**2  # texts x queries x keys in a forward pass, whatever the batch asked for


def extract(
    loaded: "LoadedModel",
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
            disk is full, memory does not suffice, or the model computes values that are not finite or no weights.
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
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        clear_unfinished(folder)
    description = Description(
        model_fingerprint(loaded),
        texts_fingerprint(ids),
        loaded.causal,
        tuple(loaded.windows),
        loaded.heads_by_layer,
        rounding(loaded.model.dtype),
    )
    done = _texts_done(folder, description, loaded, ids)
    if progress is not None:
        progress(len(done), len(ids))
    # Texts of a length go together, so that little is computed for padding.
    left = sorted((number for number in range(len(ids)) if number not in done), key=lambda number: len(ids[number]))
    longest = max(map(len, ids), default=1)
    batch_size = max(1, min(batch_size, _BATCH_CELLS // longest**2))
    for start in range(0, len(left), batch_size):
        batch = left[start : start + batch_size]
        arrays = batch_patterns(loaded, [ids[number] for number in batch])
        arrays["texts"] = np.array(batch, dtype=np.int64)
        arrays["lengths"] = np.array([len(ids[number]) for number in batch], dtype=np.int64)
        write_shard(folder, arrays, description)
        if progress is not None:
            progress(len(done) + start + len(batch), len(ids))
    return AttentionStore(folder)


class AttentionStore:
    """The patterns in a folder, addressed by head and text number. Making one costs nothing and opens no file."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self._index: _Index | None = None

    @property
    def model(self) -> str:
        """Fingerprint of the model that made the patterns.

        Raises:
            InputError: the store is empty or damaged.
        """
        return self._open().description.model

    @property
    def heads(self) -> list[Head]:
        """The heads of the model, in order.

        Raises:
            InputError: the store is empty or damaged.
        """
        counts = self._open().description.heads
        return [Head(layer, index) for layer, count in enumerate(counts) for index in range(count)]

    def holds(self, ids: Sequence[Sequence[int]]) -> bool:
        """Whether it has the patterns of these texts, by the model's token ids, and of no others, all whole.

        Raises:
            InputError: the store is empty or damaged.
        """
        index = self._open()
        for shard in {shard for shard, _ in index.place.values()}:
            shard.check()
        return index.place.keys() == set(range(len(ids))) and index.description.texts == texts_fingerprint(ids)

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
        return shard.lengths[place]

    def visible(self, layer: int, texts: Sequence[int]) -> np.ndarray:
        """Which cells of texts' patterns in a layer are visible: booleans, shape (texts, n, n).

        Raises:
            InputError: the store does not hold the layer or one of the texts.
        """
        causal, window = self._open().description.causal, self._window(layer)
        return visible_cells([self.length(text) for text in texts], causal, window)

    def cells(self, head: Head, texts: Sequence[int]) -> list[np.ndarray]:
        """One head's weights in the visible cells of each text, row by row, in half precision.

        Raises:
            InputError: the store does not hold the head or one of the texts, or a shard is damaged.
        """
        self._window(head.layer)
        if not 0 <= head.index < self._open().description.heads[head.layer]:
            raise no_head(head, self.heads)
        wanted: dict[Shard, list[tuple[int, int]]] = {}  # shard: (place in the shard, place in the answer)
        for row, text in enumerate(texts):
            shard, place = self._find(text)
            wanted.setdefault(shard, []).append((place, row))
        found: list[np.ndarray] = [np.empty(0, np.float16)] * len(texts)
        for shard, places in wanted.items():
            of_texts = shard.cells(head)
            for place, row in places:
                found[row] = of_texts[place]
        return found

    def read(self, head: Head, texts: Sequence[int]) -> np.ndarray:
        """One head's patterns: float32, shape (texts, n, n) with n the longest text asked for.

        See :func:`synth.shards.unpack` for what rows sum to; cells that a token does not see, and padding, are 0.

        Raises:
            InputError: see :meth:`cells`.
        """
        return self.unpack(self.cells(head, texts), self.visible(head.layer, texts))

    def unpack(self, cells: Sequence[np.ndarray], visible: np.ndarray) -> np.ndarray:
        """Patterns from what :meth:`cells` gives; see :func:`synth.shards.unpack`."""
        return unpack(cells, visible, self._open().description.rounded)

    def _open(self) -> "_Index":
        if self._index is None:
            self._index = _read_index(self.folder)
        return self._index

    def _find(self, text: int) -> tuple[Shard, int]:
        found = self._open().place.get(int(text))
        if found is None:
            raise InputError(
                f"{self.folder} has no patterns of text {text}; run the extraction again (`headsynth synthesize`) to "
                "finish it"
            )
        return found

    def _window(self, layer: int) -> int | None:
        windows = self._open().description.windows
        if not 0 <= layer < len(windows):
            raise InputError(f"{self.folder} has no layer {layer}; its layers go from 0 to {len(windows) - 1}")
        return windows[layer]


def open_store(folder: Path) -> AttentionStore:
    """A store that is opened once a process, as long as nobody changes its files."""
    return _opened(folder, tuple(map(_state, shard_paths(folder))))


def _state(path: Path) -> tuple[object, ...]:
    """Tells whether a file is still the same; what cannot be looked at is told by whoever opens it."""
    try:
        status = path.stat()
    except OSError as error:
        return path.name, error.errno
    return path.name, status.st_mtime_ns, status.st_size


@lru_cache(maxsize=4)
def _opened(folder: Path, _files: tuple) -> AttentionStore:
    return AttentionStore(folder)


class _Index(NamedTuple):
    place: dict[int, tuple[Shard, int]]  # text: its shard, and where it comes there
    description: Description


def _read_index(folder: Path) -> _Index:
    shards = [Shard(path) for path in shard_paths(folder)]
    if not shards:
        raise InputError(f"{folder} holds no attention patterns; run the extraction (`headsynth synthesize`) first")
    first = shards[0]
    place: dict[int, tuple[Shard, int]] = {}
    for shard in shards:
        if shard.description != first.description:
            raise InputError(
                f"{shard.path} holds patterns of other texts or another model than {first.path}; remove the one that "
                "is not of this run, then run `headsynth synthesize` again"
            )
        for spot, text in enumerate(shard.texts):
            if text in place:
                raise InputError(
                    f"{shard.path} is damaged (text {text} is in {place[text][0].path.name} too); {EXTRACT_AGAIN}"
                )
            place[text] = shard, spot
    return _Index(place, first.description)


def pattern_on(loaded: "LoadedModel", head: Head, ids: Sequence[int]) -> np.ndarray:
    """A head's pattern on one text, as the store would give it: float32, shape (n, n).

    Raises:
        InputError: see :func:`extract`.
    """
    cells = batch_patterns(loaded, [ids])[layer_name(head.layer)][head.index]
    visible = visible_cells([len(ids)], loaded.causal, loaded.windows[head.layer])
    return unpack([cells], visible, rounding(loaded.model.dtype))[0]


def batch_patterns(loaded: "LoadedModel", ids: Sequence[Sequence[int]]) -> dict[str, np.ndarray]:
    """The visible cells of a batch, by layer that has heads: half precision, shape (heads, cells)."""
    from surrogates.running.facts import recording
    from surrogates.running.patching import is_patched

    if is_patched(loaded.model):
        raise InputError("the model is patched, so its attention is not its own; leave the patch first")
    lengths = [len(row) for row in ids]
    width = max(lengths)
    # What stands in padding does not matter: it is masked, and comes after all that is real.
    tokens = torch.zeros(len(ids), width, dtype=torch.long)
    for place, row in enumerate(ids):
        tokens[place, : len(row)] = torch.tensor(row)
    mask = torch.arange(width) < torch.tensor(lengths)[:, None]  # (texts, tokens)
    offsets = {window: visible_offsets(lengths, loaded.causal, window) for window in set(loaded.windows)}
    cells: dict[str, np.ndarray] = {}

    def keep(layer: int, patterns: torch.Tensor) -> None:
        # A layer is packed as soon as it is computed: only one layer's full patterns are in memory at a time.
        cells[layer_name(layer)] = pack(patterns, offsets[loaded.windows[layer]])

    model = loaded.model
    options = {"use_cache": False} if loaded.causal else {}
    try:
        with torch.inference_mode(), recording(model, keep):
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
    if not finite or not all(map(are_weights, cells.values())):
        raise InputError(
            f"{loaded.name} computes values that are not finite or no weights; load it as float32 or bfloat16, or "
            "choose another checkpoint"
        )
    return cells


def _texts_done(
    folder: Path, description: Description, loaded: "LoadedModel", ids: Sequence[Sequence[int]]
) -> set[int]:
    """Texts whose patterns are there; a damaged shard is as good as a missing one: its texts are extracted again."""
    done: set[int] = set()
    for path in shard_paths(folder):
        try:
            shard = Shard(path)
            shard.check()
        except InputError:
            _remove(path)
            continue
        if changed := changed_part(shard.description.model, description.model):
            raise InputError(
                f"{folder} holds patterns of other texts or another model: the {changed} are not those of "
                f"{loaded.name} now; bring them back or start a new run directory"
            )
        if shard.description.texts != description.texts:
            raise InputError(
                f"{folder} holds patterns of other texts or another model; bring the texts and the tokenizer back or "
                "start a new run directory"
            )
        lengths = dict(zip(shard.texts, shard.lengths, strict=True))
        known = all(0 <= text < len(ids) and len(ids[text]) == length for text, length in lengths.items())
        if not known or shard.description != description or done & lengths.keys():
            _remove(path)
        else:
            done.update(lengths)
    return done


def _remove(path: Path) -> None:
    with writing(path.parent):
        path.unlink()
