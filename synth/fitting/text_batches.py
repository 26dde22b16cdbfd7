"""Batches of texts that a model reads, and how far what it predicts patched is from what it predicts as it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel

_TOKENS = 640
"""Tokens of a batch."""
_LOGITS = 32_000_000
"""Most logits of a batch, each of which is held several times: bounds memory for large vocabularies."""


@dataclass(frozen=True)
class TextBatch:
    """Texts that a model reads at once.

    Attributes:
        lists: their token ids.
        ids: the same, shape (texts, n), padded on the right.
        mask: 1 at tokens, of the same shape.
    """

    lists: Sequence[Sequence[int]]
    ids: Tensor
    mask: Tensor

    @property
    def predicted(self) -> int:
        """How many tokens are predicted: all but the first of each text."""
        return sum(map(len, self.lists)) - len(self.lists)

    def logits(self, model: PreTrainedModel) -> Tensor:
        """What a model predicts after all but the last column, shape (texts, n - 1, vocabulary)."""
        return model(input_ids=self.ids, attention_mask=self.mask, use_cache=False).logits[:, :-1].float()

    def divergence(self, neural: Tensor, patched: Tensor) -> Tensor:
        """KL(neural || patched) of the next-token distributions summed over each text, nats, shape (texts,).

        Args:
            neural: logits of the model as it is.
            patched: those of the patched one.
        """
        logs = neural.log_softmax(-1)
        of_tokens = (logs.exp() * (logs - patched.log_softmax(-1))).sum(-1)
        return torch.where(self.mask[:, 1:] != 0, of_tokens, 0.0).sum(1)


def text_batches(model: PreTrainedModel, ids: Sequence[Sequence[int]]) -> Iterator[TextBatch]:
    """Texts of two tokens or more in batches, those of like length together."""
    order = sorted(range(len(ids)), key=lambda number: len(ids[number]))
    most = max(1, min(_TOKENS, _LOGITS // model.get_input_embeddings().num_embeddings))
    while order:
        # The last text that is taken is the longest.
        count = 1
        while count < len(order) and (count + 1) * len(ids[order[count]]) <= most:
            count += 1
        chosen, order = order[:count], order[count:]
        yield _batch([ids[number] for number in chosen], model.device)


def _batch(lists: Sequence[Sequence[int]], device: torch.device) -> TextBatch:
    n = max(map(len, lists))
    ids = torch.tensor([[*tokens, *[0] * (n - len(tokens))] for tokens in lists], device=device)
    mask = torch.tensor([[1] * len(tokens) + [0] * (n - len(tokens)) for tokens in lists], device=device)
    return TextBatch(lists, ids, mask)
