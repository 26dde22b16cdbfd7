"""Measures the demo model: ``python -m synth.demo.measure [DIR]``.

Perplexity on stories of a seed that nothing was trained or tuned on, beside n-gram models of the very same tokens, and
how far each head is a previous-token head or an induction head.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from synth.demo import MODEL_FOLDER, TEST_SEED, VALIDATION_SEED, demo_stories
from synth.demo.stories import generate_stories
from synth.demo.train import training_stories

HELD_OUT_STORIES = 500
REPEATED_TOKENS = 40


class Loaded(NamedTuple):
    """A model in float32 that returns its attention, and its tokenizer."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase


def load(folder: Path = MODEL_FOLDER) -> Loaded:
    """The model of a folder, without any network access."""
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", local_files_only=True
    )
    return Loaded(model.eval(), AutoTokenizer.from_pretrained(folder, local_files_only=True))


def rows_of(tokenizer: PreTrainedTokenizerBase, stories: list[str], context: int) -> list[np.ndarray]:
    """Each story as BOS, its tokens and the end token, cut to ``context`` tokens after BOS: (length,) int64."""
    encoded = tokenizer(stories, verbose=False)["input_ids"]
    return [np.array([*ids, tokenizer.eos_token_id][: context + 1]) for ids in encoded]


@torch.no_grad()
def model_loss(loaded: Loaded, rows: list[np.ndarray]) -> float:
    """Mean cross-entropy in nats of all tokens after the first of every row."""
    total = 0.0
    for row in rows:
        ids = torch.from_numpy(row)
        logits = loaded.model(ids[None, :-1]).logits[0]
        total += float(torch.nn.functional.cross_entropy(logits, ids[1:], reduction="sum"))
    return total / sum(len(row) - 1 for row in rows)


def before_and_after(rows: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Every token but the last of each row, and the token that follows it: two of (tokens,) int64."""
    return np.concatenate([row[:-1] for row in rows]), np.concatenate([row[1:] for row in rows])


class NGrams:
    """Unigram and bigram counts of training rows.

    A token's probability is w · bigram + (1 − w) · unigram, the unigram with ``added`` on each count.
    """

    def __init__(self, rows: list[np.ndarray], vocabulary: int) -> None:
        before, after = before_and_after(rows)
        pairs = np.bincount(before * vocabulary + after, minlength=vocabulary**2)
        self.pairs = pairs.reshape(vocabulary, vocabulary).astype(np.float64)
        self.counts = self.pairs.sum(axis=0)
        self.contexts = self.pairs.sum(axis=1)

    def loss(self, rows: list[np.ndarray], weight: float, added: float = 0.1) -> float:
        """Mean cross-entropy in nats of all tokens after the first; ``weight`` is the bigram's, 0 for a unigram."""
        before, after = before_and_after(rows)
        unigram = (self.counts[after] + added) / (self.counts.sum() + added * len(self.counts))
        bigram = self.pairs[before, after] / np.maximum(self.contexts[before], 1.0)
        return float(-np.log(weight * bigram + (1 - weight) * unigram).mean())

    def best_weight(self, rows: list[np.ndarray]) -> float:
        """The bigram's weight that suits these rows best; they must not be the ones to report."""
        return min((0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999), key=lambda weight: self.loss(rows, weight))


class HeadScores(NamedTuple):
    """Mean attention of every head, (layers, heads): to the previous token, and to what followed the token before."""

    previous: np.ndarray
    induction: np.ndarray


@torch.no_grad()
def head_scores(loaded: Loaded, sequences: int = 64, length: int = REPEATED_TOKENS, seed: int = 0) -> HeadScores:
    """Scores on random tokens said twice: BOS, ``length`` tokens of the whole vocabulary, the same tokens again.

    ``previous`` averages the attention from i to i − 1 over all i but BOS, ``induction`` that from every i of the
    second time to i − length + 1, the token that followed the same token the first time.
    """
    rng = np.random.default_rng(seed)
    ordinary = np.setdiff1d(np.arange(len(loaded.tokenizer)), loaded.tokenizer.all_special_ids)
    half = rng.choice(ordinary, size=(sequences, length))
    bos = np.full((sequences, 1), loaded.tokenizer.bos_token_id)
    ids = torch.from_numpy(np.concatenate([bos, half, half], axis=1))
    patterns = torch.stack(loaded.model(ids, output_attentions=True).attentions)  # layer, sequence, head, query, key
    previous = patterns.diagonal(offset=-1, dim1=-2, dim2=-1).mean(dim=(1, 3))
    # This diagonal starts at the query `length - 1`; the second time starts two queries later, at `length + 1`.
    induction = patterns.diagonal(offset=1 - length, dim1=-2, dim2=-1)[..., 2:].mean(dim=(1, 3))
    return HeadScores(previous.numpy(), induction.numpy())


def best_heads(scores: np.ndarray, count: int = 5) -> str:
    """The highest scores with their heads' names."""
    layers, heads = np.unravel_index(np.argsort(-scores, axis=None)[:count], scores.shape)
    return ", ".join(f"L{layer}H{head} {scores[layer, head]:.2f}" for layer, head in zip(layers, heads, strict=True))


def main() -> None:
    """Prints all figures."""
    parser = argparse.ArgumentParser(description="Measure the bundled demo model.")
    parser.add_argument("folder", type=Path, nargs="?", default=MODEL_FOLDER, metavar="DIR")
    folder = parser.parse_args().folder
    loaded = load(folder)
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{loaded.model.num_parameters():,} parameters, {size / 1e6:.2f} MB on disk")

    training = [story for stage in training_stories() for story in stage]
    print(f"{len(set(training) & set(demo_stories()))} of {len(demo_stories())} demo stories are in the training set")
    context = loaded.model.config.max_position_embeddings
    validation, test = (
        rows_of(loaded.tokenizer, generate_stories(HELD_OUT_STORIES, seed), context)
        for seed in (VALIDATION_SEED, TEST_SEED)
    )
    ngrams = NGrams(rows_of(loaded.tokenizer, training, context), len(loaded.tokenizer))
    weight = ngrams.best_weight(validation)
    print(f"test perplexity over {sum(map(len, test)) - len(test):,} tokens of {len(test)} stories:")
    print(f"  model    {np.exp(model_loss(loaded, test)):.2f}")
    print(f"  bigram   {np.exp(ngrams.loss(test, weight)):.2f}  (weight {weight} chosen on validation stories)")
    print(f"  unigram  {np.exp(ngrams.loss(test, 0.0)):.2f}")

    scores = head_scores(loaded)
    print(f"previous-token heads: {best_heads(scores.previous)}")
    print(f"induction heads:      {best_heads(scores.induction)}")


if __name__ == "__main__":
    main()
