"""The forward pass with a quarter of the heads replaced, against the model as it is under eager attention."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedModel, PreTrainedTokenizerBase

from surrogates.library.heads import Head
from surrogates.running.patching import patch
from synth.demo import MODEL_FOLDER
from synth.models import load_model
from tests.benchmarks.programs import programs
from tests.benchmarks.timing import Comparison, compare

TEXTS, TOKENS = 32, 128


def run() -> dict[str, Comparison]:
    """On the bundled model and on one of GPT-2's size with random weights; 32 texts of 128 tokens, medians."""
    loaded = load_model(str(MODEL_FOLDER))
    tokenizer = loaded.tokenizer
    large = GPT2LMHeadModel(
        GPT2Config(vocab_size=len(tokenizer), bos_token_id=0, eos_token_id=0, attn_implementation="eager")
    ).eval()
    return {
        "bundled model": _compare(loaded.model, tokenizer, rounds=9),
        "GPT-2 size": _compare(large, tokenizer, rounds=3),
    }


def _compare(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, rounds: int) -> Comparison:
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(1, len(tokenizer), (TEXTS, TOKENS), generator=generator)
    layers, heads = model.config.n_layer, model.config.n_head
    every = [Head(layer, index) for layer in range(layers) for index in range(heads)]
    chosen = every[::4]
    assignment = dict(zip(chosen, programs(len(chosen)), strict=True))

    @contextmanager
    def nothing() -> Iterator[None]:
        yield

    def forward(replaced: bool) -> None:
        with patch(model, tokenizer, assignment) if replaced else nothing(), torch.inference_mode():
            model(input_ids=ids, attention_mask=torch.ones_like(ids))

    return compare(lambda: forward(False), lambda: forward(True), rounds)
