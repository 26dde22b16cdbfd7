"""Losses of a patched model whose every pass runs as a whole, to compare measurements with."""

from collections.abc import Sequence

import numpy as np
import torch

from evaluation.measuring import PatchedModel
from evaluation.perplexity import Batch, Predictions, batches, logits_of, vocabulary_of
from surrogates.running.assignment import Assignment
from surrogates.running.patching import patch


@torch.inference_mode()
def losses(patched: PatchedModel, ids: Sequence[Sequence[int]], assignment: Assignment) -> np.ndarray:
    """Summed next-token loss of each text, nats, shape (texts,)."""
    model, found = patched.model, np.zeros(len(ids))
    with patch(model, patched.tokenizer, assignment, on_error=patched.on_error):
        for chosen in batches(ids, vocabulary_of(model)):
            batch = Batch.of([ids[number] for number in chosen], model.device)
            parts = Predictions(logits_of(model, batch.ids, batch.mask), batch).parts()
            found[chosen] = batch.sums(torch.cat([part.loss for part in parts]))
    return found
