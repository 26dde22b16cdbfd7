"""What a language model loses, text by text, when heads are replaced."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from evaluation.clozes import Cloze, Text
from surrogates.running.architectures.kinds import is_causal

LOGITS = 16_000_000
"""Logits of a batch: bounds memory for large vocabularies."""
_CELLS = 1_000_000
"""Cells (texts x queries x keys) worked on at once: programs keep several arrays of this size each."""
_CACHED = 1 << 18
"""Logits worked on at once on a CPU, so that what one operation writes the next still finds in its cache."""
_SUMMED = 64
"""Numbers that are added up in single precision before double precision goes on."""


def logits_of(model: PreTrainedModel, ids: Tensor, mask: Tensor) -> Tensor:
    """What a model with a language head puts out, shape (texts, n, vocabulary)."""
    options = {"use_cache": False} if is_causal(model.config) else {}
    logits: Tensor = model(input_ids=ids, attention_mask=mask, **options).logits
    return logits


def vocabulary_of(model: PreTrainedModel) -> int:
    """How many logits a token has."""
    found: int = model.get_input_embeddings().num_embeddings
    return found


def batches(ids: Sequence[Text], vocabulary: int) -> Iterator[list[int]]:
    """Numbers of texts that are read at once, those of like length together."""
    order = sorted(range(len(ids)), key=lambda number: len(ids[number]))
    start = 0
    while start < len(order):
        # Texts come in order of length, so the last one tried is the longest.
        count = 1
        while start + count < len(order):
            length = len(ids[order[start + count]])
            if (count + 1) * length * vocabulary > LOGITS or (count + 1) * length**2 > _CELLS:
                break
            count += 1
        yield order[start : start + count]
        start += count


@dataclass(frozen=True)
class Batch:
    """Texts that are read at once.

    Attributes:
        ids: shape (texts, n), padded on the right.
        mask: 1 at tokens, of the same shape.
        places: of the tokens that predict one, in the texts and tokens as one row, shape (predicted,).
        targets: what they predict, and ``rows``, in which text, of the same shape.
    """

    ids: Tensor
    mask: Tensor
    places: Tensor
    targets: Tensor
    rows: Tensor

    @classmethod
    def of(cls, texts: Sequence[Text], device: torch.device) -> "Batch":
        n = max(map(len, texts))
        ids = torch.zeros(len(texts), n, dtype=torch.long)
        mask = torch.zeros(len(texts), n, dtype=torch.long)
        for row, text in enumerate(texts):
            ids[row, : len(text)] = torch.tensor(text.ids if isinstance(text, Cloze) else text)
            mask[row, : len(text)] = 1
        masked = [text for text in texts if isinstance(text, Cloze)]
        if masked:
            rows, columns = torch.arange(len(texts)), torch.tensor([text.place for text in masked])
            targets = torch.tensor([text.target for text in masked])
        else:
            rows, columns = mask[:, 1:].nonzero(as_tuple=True)
            targets = ids[rows, columns + 1]
        found = ids, mask, rows * n + columns, targets, rows
        return cls(*(values.to(device) for values in found))

    @property
    def lengths(self) -> list[int]:
        return self.mask.sum(1).tolist()

    def sums(self, values: Tensor) -> np.ndarray:
        """Figures of the predicted tokens summed text by text: (predicted,) -> (texts,)."""
        found = torch.zeros(len(self.ids), dtype=values.dtype, device=values.device)
        return found.index_add_(0, self.rows, values).cpu().numpy()


class Predictions:
    """What a model predicts on a batch.

    Args:
        logits: shape (texts, n, vocabulary).
        batch: the texts.
    """

    def __init__(self, logits: Tensor, batch: Batch) -> None:
        self._logits = logits.reshape(-1, logits.shape[-1])
        self._batch = batch
        size = _CACHED // logits.shape[-1] if logits.device.type == "cpu" else len(batch.places)
        self._size = max(1, size)

    def parts(self) -> Iterator["Part"]:
        """The predicted tokens, some at a time."""
        places, targets = self._batch.places, self._batch.targets
        for start in range(0, len(places), self._size):
            some = slice(start, start + self._size)
            yield Part(some, self._logits[places[some]].float(), targets[some, None])


class Part:
    """Some predicted tokens.

    Args:
        some: which of the batch's.
        logits: float32, shape (tokens, vocabulary), which are written over.
        targets: what is predicted, shape (tokens, 1).

    Attributes:
        loss: cross-entropy in double precision, nats, shape (tokens,).
    """

    def __init__(self, some: slice, logits: Tensor, targets: Tensor) -> None:
        self.some = some
        self._logits = logits
        self._top = logits.amax(-1, keepdim=True)
        own = (logits.gather(-1, targets) - self._top)[:, 0].double()
        # A sum over the vocabulary in single precision loses the tail, and next to a confident prediction the tail is
        # all. So the target is left out of it, and few numbers are added up before double precision goes on.
        others = _sums((logits - self._top).exp_().scatter_(-1, targets, 0.0))
        self._total = torch.log1p(others + torch.expm1(own))
        self.loss = self._total - own

    def likeliest(self) -> Tensor:
        """The likeliest token of each, shape (tokens, 1)."""
        return self._logits.argmax(-1, keepdim=True)

    def agrees(self, likeliest: Tensor) -> Tensor:
        """Whether these tokens, shape (tokens, 1), are likeliest here too, shape (tokens,)."""
        return (self._logits.gather(-1, likeliest) == self._top)[:, 0]

    def logs(self) -> Tensor:
        """Logarithms of probabilities, float32, shape (tokens, vocabulary); the logits are gone then."""
        return self._logits.sub_(self._top).sub_(self._total.float()[:, None])


def _sums(values: Tensor) -> Tensor:
    """Sums of rows in double precision: (tokens, vocabulary) -> (tokens,)."""
    whole = values.shape[-1] // _SUMMED * _SUMMED
    blocks = values[:, :whole].unflatten(-1, (-1, _SUMMED)).sum(-1)
    return blocks.sum(-1, dtype=torch.float64) + values[:, whole:].sum(-1, dtype=torch.float64)
