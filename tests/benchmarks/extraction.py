"""Extracting and storing patterns, against a plain forward pass that returns them."""

import shutil
import tempfile
from pathlib import Path

import torch

from synth.attention import extract
from synth.demo import MODEL_FOLDER, demo_stories
from synth.models import encode, load_model
from tests.benchmarks.timing import Comparison, compare

TEXTS, TOKENS = 32, 128


def run() -> Comparison:
    """Median of 9 on the bundled model, one batch of 32 texts of 128 tokens, writing included."""
    loaded = load_model(str(MODEL_FOLDER))
    # Stories are joined so that every text is long enough to be cut.
    stories = demo_stories()
    ids = encode(loaded, [" ".join(stories[4 * i : 4 * i + 4]) for i in range(TEXTS)], TOKENS)
    if any(len(tokens) != TOKENS for tokens in ids):
        raise ValueError(f"every text must have {TOKENS} tokens")
    batch = torch.tensor(ids)
    folder = Path(tempfile.mkdtemp())

    def plain() -> None:
        with torch.inference_mode():
            loaded.model(input_ids=batch, attention_mask=torch.ones_like(batch), output_attentions=True)

    def ours() -> None:
        shutil.rmtree(folder)
        extract(loaded, ids, folder, batch_size=TEXTS)

    try:
        return compare(plain, ours, rounds=9)
    finally:
        shutil.rmtree(folder)
