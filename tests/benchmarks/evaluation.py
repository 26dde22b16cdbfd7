"""Heads replaced one by one, against as many separate evaluations."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM

from evaluation.measuring import PatchedModel, measure
from surrogates.language.program import Program
from surrogates.library.heads import Head
from surrogates.running.assignment import Assignment
from surrogates.running.patching import patch
from synth.demo import MODEL_FOLDER
from synth.models import load_model
from tests.benchmarks.timing import Comparison, compare
from tests.search_written import search_written
from tests.whole_passes import losses

LAYERS, HEADS, TEXTS, TOKENS = 10, 4, 8, 64


class Bench:
    """A Llama of random weights, programs of the search's form for its heads, and texts."""

    def __init__(self) -> None:
        tokenizer = load_model(str(MODEL_FOLDER)).tokenizer
        torch.manual_seed(0)
        config = LlamaConfig(
            vocab_size=len(tokenizer), hidden_size=64 * HEADS, intermediate_size=688, num_hidden_layers=LAYERS,
            num_attention_heads=HEADS, num_key_value_heads=HEADS, max_position_embeddings=TOKENS, bos_token_id=0,
            eos_token_id=None, pad_token_id=0,
        )  # fmt: skip
        self.patched = PatchedModel(LlamaForCausalLM(config).eval(), tokenizer)
        self.ids = torch.randint(1, len(tokenizer), (TEXTS, TOKENS), generator=torch.Generator().manual_seed(0))
        self.texts: list[list[int]] = self.ids.tolist()
        words = sorted({text for text in tokenizer.get_vocab() if text.isprintable()})
        every = [Head(layer, index) for layer in range(LAYERS) for index in range(HEADS)]
        programs = search_written(len(every), words)
        self.arms: list[dict[Head, Program]] = [{head: own} for head, own in zip(every, programs, strict=True)]

    def together(self) -> np.ndarray:
        """Losses and divergences of each arm and text, shape (arms, texts, 2)."""
        found = measure(self.patched, self.texts, {str(place): arm for place, arm in enumerate(self.arms)})
        figures = [found.figures[str(place)] for place in range(len(self.arms))]
        return np.array([[(own.loss, own.divergence) for own in of_arm] for of_arm in figures])

    def losses(self) -> np.ndarray:
        """Losses of each arm and text, a patch after the other, shape (arms, texts)."""
        return np.stack([losses(self.patched, self.texts, arm) for arm in self.arms])

    @torch.inference_mode()
    def evaluations(self) -> np.ndarray:
        """The same as :meth:`together`, each head for itself: the model as it is, and the patched one."""
        found = []
        for arm in self.arms:
            neural, patched = self._logs({}), self._logs(arm)
            loss = -patched.gather(-1, self.ids[:, 1:, None]).sum((1, 2), dtype=torch.float64)
            divergence = (neural.exp() * (neural - patched)).sum((1, 2), dtype=torch.float64)
            found.append(torch.stack([loss, divergence], -1).numpy())
        return np.stack(found)

    def _logs(self, arm: Assignment) -> Tensor:
        model, tokenizer = self.patched.model, self.patched.tokenizer
        with patch(model, tokenizer, arm):
            logits = model(input_ids=self.ids, attention_mask=torch.ones_like(self.ids), use_cache=False).logits
        return logits[:, :-1].log_softmax(-1)


def run() -> dict[str, Comparison]:
    """What is compared, after checking that the figures agree."""
    bench = Bench()
    together = bench.together()
    np.testing.assert_allclose(together, bench.evaluations(), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(together[..., 0], bench.losses(), rtol=1e-6)
    others: dict[str, Callable[[], object]] = {
        "as many evaluations, each of the model as it is and of the patched one": bench.evaluations,
        "as many patches with losses alone": bench.losses,
    }
    return {what: compare(own, bench.together, rounds=3) for what, own in others.items()}
