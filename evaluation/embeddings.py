"""What becomes of an encoder's sentence embeddings when heads are replaced: the mean of a text's last hidden states."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from evaluation.arms import Arm, on_batch
from evaluation.intervals import Interval, mean_interval
from evaluation.measuring import PatchedModel, visible_to
from evaluation.perplexity import Batch, batches
from surrogates.running.patching import patch


@dataclass(frozen=True)
class Embedded:
    """Embeddings of texts.

    Attributes:
        vectors: of length one, float32, shape (texts, width).
        kept: (text, head) pairs in which a program failed and the head computed its own pattern.
    """

    vectors: np.ndarray
    kept: int

    def cosine(self, other: "Embedded") -> Interval:
        """Of a text's embedding with its other one."""
        return mean_interval((self.vectors * other.vectors).sum(-1, dtype=np.float64))

    def same_neighbour(self, other: "Embedded") -> Interval:
        """Share of the texts whose nearest neighbour among all, by cosine, is the same one."""
        return mean_interval((self._neighbours() == other._neighbours()).astype(np.float64))

    def _neighbours(self) -> np.ndarray:
        cosines = self.vectors @ self.vectors.T
        np.fill_diagonal(cosines, -np.inf)
        return cosines.argmax(-1)


@torch.inference_mode()
def embed(patched: PatchedModel, ids: Sequence[Sequence[int]], arm: Arm) -> Embedded:
    """Embeddings of texts under an arm, special tokens among what is averaged.

    Raises:
        ProgramFailed: a program failed, and failures are to raise.
    """
    model = patched.model
    found = np.zeros((len(ids), 0), dtype=np.float32)
    kept = 0
    for chosen in batches(ids, 1):
        batch = Batch.of([ids[number] for number in chosen], model.device)
        assignment = on_batch(arm, batch.ids.cpu(), batch.lengths, visible_to(model, batch, arm))
        with patch(model, patched.tokenizer, assignment, on_error=patched.on_error) as failures:
            states = model.base_model(input_ids=batch.ids, attention_mask=batch.mask)[0].float()
        real = batch.mask[..., None]
        means = (states * real).sum(1) / real.sum(1)
        vectors = torch.nn.functional.normalize(means, dim=-1).cpu().numpy()
        if not found.size:
            found = np.zeros((len(ids), vectors.shape[-1]), dtype=np.float32)
        found[chosen] = vectors
        kept += failures.texts.total()
    return Embedded(found, kept)
