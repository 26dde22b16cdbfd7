"""What fitting and scoring needs: of a run, small enough to hand to a worker process and to keep, and of one head."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any, get_args
from zipfile import is_zipfile

import numpy as np
import torch
from torch import Tensor

from sandbox.plain_text import valid
from surrogates.errors import InputError
from surrogates.language.clusters import NO_CLUSTERS, Clusters, is_cluster
from surrogates.language.features import Texts
from surrogates.language.patterns import scores
from surrogates.language.program import Program
from surrogates.language.tokens import TokenTable
from surrogates.library.heads import Head
from synth.attention import open_store
from synth.corpus import Split
from synth.regular_files import check_regular, mend_writing
from synth.shards import visible_cells
from synth.word_clusters import word_clusters

SAMPLE = 60
"""Train texts on which programs are compared and attention is summed up."""
KEPT_BYTES = 1 << 28
"""Bytes of a head's patterns, as they are stored, that are kept while its programs are worked on."""
BATCH_CELLS = 1_000_000
"""Cells (texts x queries x keys) that are worked on at once: bounds memory whatever the texts' length."""
_KEPT_FITTING = 4
"""Numbers of texts on which programs are fitted: few first, then more, and fewer again where constants are many."""
_AGAIN = "run `headsynth synthesize` again"


@dataclass(frozen=True)
class Batch:
    """Some texts of a split with one head's patterns.

    Attributes:
        texts: the token ids and their features, in torch.
        visible: cells the model lets a query see, shape (t, n, n).
        target: the head's pattern, shape (t, n, n).
    """

    texts: Texts
    visible: Tensor
    target: Tensor


@dataclass(frozen=True)
class Material:
    """Texts, token facts and where the patterns lie.

    Tokens are numbered anew, those that occur in the texts alone, so that the table is as small as the texts are.

    Attributes:
        attention: folder of the attention store.
        vocabulary: the model's id of each row of ``table``.
        ids: token numbers of every text, in the store's order; each is a row of ``table``.
        splits: text numbers of each split; texts of a single token are in none.
        origin: names what all this was made from; empty where that cannot be told.
        clusters: of the model's whole vocabulary, found on the training texts; the table has those of its tokens.
        windows: sliding window of each layer, None where there is none.
    """

    attention: Path
    table: TokenTable
    vocabulary: tuple[int, ...]
    causal: bool
    windows: tuple[int | None, ...]
    ids: tuple[tuple[int, ...], ...]
    splits: dict[Split, tuple[int, ...]]
    origin: str = ""
    clusters: Clusters = NO_CLUSTERS

    @classmethod
    def build(
        cls,
        attention: Path,
        table: TokenTable,
        embeddings: Tensor,
        ids: Sequence[Sequence[int]],
        splits: Sequence[Split],
        *,
        causal: bool,
        windows: tuple[int | None, ...],
    ) -> "Material":
        """Material of a run.

        Args:
            attention: folder of the attention store.
            table: facts of the model's whole vocabulary.
            embeddings: the model's input embeddings, shape (vocabulary, width).
            ids: the model's token ids of every text.
            splits: split of every text.
            causal: whether queries see only keys at or before them.
            windows: sliding window of each layer.

        Raises:
            InputError: a split has no text of two tokens; the pattern of one token says nothing.
        """
        used = sorted({token for tokens in ids for token in tokens})
        number = {token: place for place, token in enumerate(used)}
        found: dict[Split, tuple[int, ...]] = {}
        for split in get_args(Split):
            found[split] = tuple(i for i, tokens in enumerate(ids) if splits[i] == split and len(tokens) > 1)
            if not found[split]:
                raise InputError(f"no {split} text has two tokens; give longer texts or a larger --max-tokens")
        # A window that holds every text is none, and layers that see alike share their work.
        longest = max(map(len, ids))
        windows = tuple(None if window is None or window >= longest else window for window in windows)
        renumbered = tuple(tuple(number[token] for token in tokens) for tokens in ids)
        clusters = word_clusters(table, embeddings, [ids[number] for number in found["train"]])
        vectors = embeddings[torch.tensor(used)].float().cpu().numpy()
        own = table.subset(used, vectors).with_clusters(clusters.of(np.array(used)))
        return cls(attention, own, tuple(used), causal, windows, renumbered, found, clusters=clusters)

    def save(self, path: Path) -> None:
        """Write everything but the patterns to one file.

        Raises:
            InputError: the file cannot be written.
        """
        facts = {
            "texts": self.table.texts,
            "broken": {str(token): data.hex() for token, data in self.table.broken.items()},
            "vocabulary": self.vocabulary,
            "causal": self.causal,
            "windows": self.windows,
            "ids": self.ids,
            "splits": self.splits,
            "origin": self.origin,
            "clusters": {"names": self.clusters.names, "vocabulary": self.clusters.vocabulary},
        }
        columns = {name: values for name, values in self.table.columns.items() if not is_cluster(name)}
        arrays = {f"column_{name}": values for name, values in columns.items()} | {"clusters": self.clusters.places}
        if self.table.embeddings is not None:
            arrays["embeddings"] = self.table.embeddings
        unfinished = path.with_name(path.name + ".unfinished")
        try:
            with unfinished.open("wb") as file:
                np.savez(file, facts=np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8), **arrays)  # type: ignore[arg-type]
            unfinished.replace(path)
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}; {mend_writing(error)} and run again") from error

    @classmethod
    def load(cls, path: Path, attention: Path) -> "Material":
        """Read what :meth:`save` wrote.

        Raises:
            InputError: the file is missing or damaged.
        """
        check_regular(path, _AGAIN)
        try:
            # NumPy leaves a damaged file open that it opened itself.
            with path.open("rb") as file:
                if not is_zipfile(file):
                    raise ValueError("it is no archive")
                file.seek(0)
                with np.load(file, allow_pickle=False) as stored:
                    facts = json.loads(bytes(stored["facts"]))
                    arrays = {name: stored[name] for name in stored.files if name != "facts"}
            embeddings = arrays.pop("embeddings", None)
            named = facts["clusters"]
            clusters = Clusters(tuple(named["names"]), arrays.pop("clusters"), str(named["vocabulary"]))
            columns = {name.removeprefix("column_"): values for name, values in arrays.items()}
            _check_table(facts["texts"], columns, embeddings)
            broken = {int(token): bytes.fromhex(data) for token, data in facts["broken"].items()}
            _check_texts(facts)
            _check_clusters(clusters, facts["vocabulary"])
            table = TokenTable(tuple(facts["texts"]), columns, broken, embeddings)
            table = table.with_clusters(clusters.of(np.array(facts["vocabulary"])))
        except Exception as error:  # of NumPy, zip files and JSON, all of which a damaged file can bring
            why = str(error) or type(error).__name__
            raise InputError(f"{path} cannot be read ({why}); {_AGAIN}") from error
        return cls(
            attention,
            table,
            tuple(facts["vocabulary"]),
            facts["causal"],
            tuple(facts["windows"]),
            tuple(map(tuple, facts["ids"])),
            {split: tuple(numbers) for split, numbers in facts["splits"].items()},
            facts["origin"],
            clusters,
        )

    @property
    def alike(self) -> dict[str, list[str]]:
        """The words of each cluster that training texts hold, the most frequent first."""
        texts = self.table.texts
        return {name: list(dict.fromkeys(texts[token] for token in ids)) for name, ids in self.alike_tokens.items()}

    @property
    def alike_tokens(self) -> dict[str, list[int]]:
        """The ids of each cluster's tokens that training texts hold, the most frequent first."""
        counts = Counter(token for tokens in self.lists("train") for token in tokens)
        frequent = [token for token, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
        columns = self.table.columns
        return {name: [token for token in frequent if columns[name][token]] for name in self.clusters.names}

    @property
    def train_sample(self) -> tuple[int, ...]:
        """Numbers of some train texts; enough to compare programs, too few to take long."""
        return self.splits["train"][:SAMPLE]

    def lists(self, split: Split) -> list[list[int]]:
        return [list(self.ids[number]) for number in self.splits[split]]

    def model_ids(self, split: Split | None = None) -> list[list[int]]:
        """The model's token ids of the texts of a split, or of all texts of the run."""
        lists = self.ids if split is None else self.lists(split)
        return [[self.vocabulary[token] for token in tokens] for tokens in lists]

    def by_window(self, heads: Iterable[Head]) -> list[list[Head]]:
        """The heads in groups whose layers see the same cells."""
        groups: dict[int | None, list[Head]] = {}
        for head in heads:
            groups.setdefault(self.windows[head.layer], []).append(head)
        return list(groups.values())

    def visible(self, layer: int, lists: Sequence[Sequence[int]]) -> np.ndarray:
        """Mask (t, n, n) of what the layer's queries see, False in padding."""
        return visible_cells([len(tokens) for tokens in lists], self.causal, self.windows[layer])

    def cells(self, head: Head, numbers: Sequence[int]) -> list[np.ndarray]:
        """The head's weights on texts as they are stored: of each the visible cells, in half precision."""
        return open_store(self.attention).cells(head, numbers)


class HeadData:
    """What fitting and scoring a head need, made once for all of its programs.

    Args:
        material: the run's texts and patterns.
        head: whose patterns programs should predict.
    """

    def __init__(self, material: Material, head: Head) -> None:
        self.material = material
        self.head = head
        self._cells: dict[int, np.ndarray] = {}  # by text, as they are stored
        self._kept = 0
        self._fitting: dict[int, Batch] = {}
        self._scores: dict[tuple[str, int], Tensor] = {}

    def patterns(self, numbers: Sequence[int]) -> Tensor:
        """The head's patterns on texts, shape (t, n, n) with n the longest of them."""
        visible = self.material.visible(self.head.layer, [self.material.ids[number] for number in numbers])
        return torch.from_numpy(self._unpacked(numbers, visible))

    def fitting(self, count: int) -> Batch:
        """The first so many train texts; what programs make of their features is kept for the next program."""
        if count not in self._fitting:
            if len(self._fitting) == _KEPT_FITTING:
                del self._fitting[next(iter(self._fitting))]
            self._fitting[count] = self._batch(self.material.splits["train"][:count])
        return self._fitting[count]

    def scores(self, program: Program, count: int) -> Tensor:
        """A program's scores on the first so many train texts, (t, n, n), kept for the next that is fitted beside it.

        Raises:
            ProgramFailed: the program fails on them.
        """
        key = program.source, count
        if key not in self._scores:
            self._scores = {own: kept for own, kept in self._scores.items() if own[0] == program.source}
            batch = self.fitting(count)
            self._scores[key] = scores(program, batch.texts).expand(batch.visible.shape)
        return self._scores[key]

    def batches(self, numbers: Sequence[int]) -> Iterator[Batch]:
        """Some texts in the order given, so many at a time that memory stays bounded."""
        n = max(len(self.material.ids[number]) for number in numbers)
        size = max(1, BATCH_CELLS // n**2)
        self._read(numbers)
        for start in range(0, len(numbers), size):
            yield self._batch(numbers[start : start + size])

    def _batch(self, numbers: Sequence[int]) -> Batch:
        material = self.material
        lists = [list(material.ids[number]) for number in numbers]
        visible = material.visible(self.head.layer, lists)
        target = self._unpacked(numbers, visible)
        texts = Texts.from_lists(lists, material.table, causal=material.causal, torch_tensors=True)
        return Batch(texts, torch.from_numpy(visible), torch.from_numpy(target))

    def _unpacked(self, numbers: Sequence[int], visible: np.ndarray) -> np.ndarray:
        return open_store(self.material.attention).unpack(self._read(numbers), visible)

    def _read(self, numbers: Sequence[int]) -> list[np.ndarray]:
        """The weights of texts, kept as long as there is room: a shard holds many texts and is opened for each read."""
        missing = [number for number in numbers if number not in self._cells]
        read = dict(zip(missing, self.material.cells(self.head, missing), strict=True))
        found = [self._cells[number] if number in self._cells else read[number] for number in numbers]
        for number, cells in read.items():
            if self._kept + cells.nbytes <= KEPT_BYTES:
                self._cells[number] = cells.copy()
                self._kept += cells.nbytes
        return found


def _check_table(texts: Any, columns: dict[str, np.ndarray], embeddings: np.ndarray | None) -> None:
    if type(texts) is not list or not all(type(text) is str and valid(text) == text for text in texts):
        raise ValueError("its tokens are no texts")
    known = TokenTable.from_surfaces(["a"], set()).columns
    if {name: values.dtype for name, values in columns.items()} != {name: own.dtype for name, own in known.items()}:
        raise ValueError("it has other columns")
    if any(values.shape != (len(texts),) for values in columns.values()):
        raise ValueError("its columns are not as long as its tokens are many")
    if embeddings is None:
        return
    if embeddings.dtype != np.float32 or embeddings.shape[:-1] != (len(texts),):
        raise ValueError(f"its embeddings are {embeddings.dtype} of shape {embeddings.shape}")
    if not np.isfinite(embeddings).all():
        raise ValueError("its embeddings are not finite")


def _check_clusters(clusters: Clusters, vocabulary: list[int]) -> None:
    names, places = clusters.names, clusters.places
    if not all(type(name) is str and is_cluster(name) and name.isidentifier() for name in names):
        raise ValueError("its clusters have no names")
    if places.dtype != np.int16 or places.ndim != 1 or not (places < len(names)).all():
        raise ValueError("its clusters are damaged")
    if names and max(vocabulary) >= len(places):
        raise ValueError("its clusters are of another vocabulary")


def _check_texts(facts: Any) -> None:
    def are_whole(numbers: Any, below: float) -> bool:
        return type(numbers) is list and all(type(number) is int and 0 <= number < below for number in numbers)

    ids, splits, vocabulary = facts["ids"], facts["splits"], facts["vocabulary"]
    if not are_whole(vocabulary, inf) or not len(set(vocabulary)) == len(vocabulary) == len(facts["texts"]):
        raise ValueError("its tokens are not one of each")
    if type(facts["causal"]) is not bool or type(facts["windows"]) is not list or not facts["windows"]:
        raise ValueError("it does not say what tokens see")
    if not are_whole([window for window in facts["windows"] if window is not None], inf) or 0 in facts["windows"]:
        raise ValueError("its windows are wrong")
    if type(facts["origin"]) is not str:
        raise ValueError("it does not say what it was made from")
    if type(ids) is not list or not all(tokens and are_whole(tokens, len(facts["texts"])) for tokens in ids):
        raise ValueError("its texts hold unknown tokens")
    if type(splits) is not dict or splits.keys() != set(get_args(Split)):
        raise ValueError("its texts are not split")
    if not all(numbers and are_whole(numbers, len(ids)) for numbers in splits.values()):
        raise ValueError("its splits hold unknown texts")
