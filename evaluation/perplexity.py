"""What a causal language model loses, text by text, when heads are replaced."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from transformers import PreTrainedModel

from evaluation.intervals import Interval, ratio_interval

_LOGITS = 64_000_000
"""Logits held at once: bounds memory for large vocabularies."""
_CELLS = 1_000_000
"""Cells (texts x queries x keys) worked on at once: programs keep several arrays of this size each."""


class Losses(NamedTuple):
    """Summed next-token loss of each text in nats, and its predicted tokens; both of shape (texts,).

    ``kept`` counts the (text, head) pairs in which a program failed and the head computed its own pattern.
    """

    loss: np.ndarray
    tokens: np.ndarray
    kept: int = 0

    @property
    def perplexity(self) -> float:
        return float(np.exp(self.loss.sum() / self.tokens.sum()))


@torch.inference_mode()
def measure_losses(model: PreTrainedModel, ids: Sequence[Sequence[int]]) -> Losses:
    """Next-token losses of texts of two tokens or more, as the model stands; all but the first token are predicted."""
    losses = np.zeros(len(ids))
    order = sorted(range(len(ids)), key=lambda number: len(ids[number]))
    vocabulary = model.get_input_embeddings().num_embeddings
    start = 0
    while start < len(order):
        # Texts come in order of length, so the last one tried is the longest.
        count = 1
        while start + count < len(order):
            length = len(ids[order[start + count]])
            if (count + 1) * length * vocabulary > _LOGITS or (count + 1) * length**2 > _CELLS:
                break
            count += 1
        chosen = order[start : start + count]
        losses[chosen] = _batch_losses(model, [ids[number] for number in chosen])
        start += count
    return Losses(losses, np.array([len(tokens) - 1 for tokens in ids], dtype=float))


def _batch_losses(model: PreTrainedModel, ids: Sequence[Sequence[int]]) -> np.ndarray:
    width = max(map(len, ids))
    tokens = torch.zeros(len(ids), width, dtype=torch.long)
    mask = torch.zeros(len(ids), width, dtype=torch.long)
    for row, text in enumerate(ids):
        tokens[row, : len(text)] = torch.tensor(text)
        mask[row, : len(text)] = 1
    tokens, mask = tokens.to(model.device), mask.to(model.device)
    logits = model(input_ids=tokens, attention_mask=mask, use_cache=False).logits[:, :-1]
    return (_token_losses(logits, tokens[:, 1:]) * mask[:, 1:]).sum(1).cpu().numpy()


def _token_losses(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of each token in double precision, nats: (t, tokens, vocabulary), (t, tokens) -> (t, tokens).

    A sum over the vocabulary in single precision loses the tail, and next to a confident prediction the tail is all.
    """
    logits = logits.float()
    top = logits.amax(-1, keepdim=True)
    own = (logits.gather(-1, targets[..., None]) - top)[..., 0].double()
    others = (logits - top).exp_().scatter_(-1, targets[..., None], 0.0).sum(-1, dtype=torch.float64)
    return torch.log1p(others + torch.expm1(own)) - own


def increase(patched: Losses, unpatched: Losses) -> Interval:
    """Relative increase in perplexity (0.05 is +5 %) with a 95 % interval, texts resampled in pairs."""
    change = ratio_interval(patched.loss - unpatched.loss, unpatched.tokens)
    return Interval(*(float(np.expm1(value)) for value in change))
