"""What fitting and scoring one head needs, small enough to hand to a worker process."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from surrogates.features import Texts
from surrogates.heads import Head
from surrogates.tokens import TokenTable
from synth.attention import AttentionStore, visible_cells
from synth.corpus import Split

BATCH_CELLS = 1_000_000
"""Cells (texts x queries x keys) that are worked on at once: bounds memory whatever the texts' length."""


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

    Attributes:
        attention: folder of the attention store.
        ids: token ids of every text, in the store's numbering.
        splits: text numbers of each split.
        windows: sliding window of each layer, None where there is none.
    """

    attention: Path
    table: TokenTable
    causal: bool
    windows: tuple[int | None, ...]
    ids: tuple[tuple[int, ...], ...]
    splits: dict[Split, tuple[int, ...]]

    def lists(self, split: Split) -> list[list[int]]:
        return [list(self.ids[number]) for number in self.splits[split]]

    def visible(self, layer: int, lists: list[list[int]]) -> np.ndarray:
        """Mask (t, n, n) of what the layer's queries see, False in padding."""
        n = max(map(len, lists))
        mask = np.zeros((len(lists), n, n), dtype=bool)
        for row, tokens in enumerate(lists):
            length = len(tokens)
            mask[row, :length, :length] = visible_cells(length, self.causal, self.windows[layer])
        return mask

    def patterns(self, head: Head, numbers: tuple[int, ...]) -> Tensor:
        """The head's patterns on texts, shape (t, n, n) with n the longest of them."""
        return torch.from_numpy(AttentionStore(self.attention).read(head, numbers))

    def batches(self, head: Head, split: Split) -> Iterator[Batch]:
        """The split's texts in order, so many at a time that memory stays bounded."""
        numbers = self.splits[split]
        n = max(len(self.ids[number]) for number in numbers)
        size = max(1, BATCH_CELLS // n**2)
        for start in range(0, len(numbers), size):
            chosen = numbers[start : start + size]
            lists = [list(self.ids[number]) for number in chosen]
            yield Batch(
                Texts.from_lists(lists, self.table, causal=self.causal, torch_tensors=True),
                torch.from_numpy(self.visible(head.layer, lists)),
                self.patterns(head, chosen),
            )
