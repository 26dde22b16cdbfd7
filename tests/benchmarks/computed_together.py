"""The scores of all programs of a model's layers together, against one program after the other."""

import torch

from surrogates.language.features import Texts
from surrogates.language.patterns import scores
from surrogates.language.together import Together
from surrogates.language.tokens import table_of
from synth.demo import MODEL_FOLDER
from synth.models import load_model
from tests.benchmarks.timing import Comparison, compare
from tests.search_written import search_written

HEADS = 6
"""Of a layer."""


def run() -> dict[str, Comparison]:
    """Programs of the search's form; a batch of 8 texts of 256 tokens, and decoding steps of one text."""
    found = {}
    for layers in (1, 8):
        found[f"{layers * HEADS} heads, 8 texts of 256 tokens"] = _compare(layers, 8, 256, None)
    for n in (1024, 4096):
        found[f"{8 * HEADS} heads, a step at {n:,} tokens"] = _compare(8, 1, n, 1)
    return found


def _compare(layers: int, rows: int, n: int, queries: int | None) -> Comparison:
    tokenizer = load_model(str(MODEL_FOLDER)).tokenizer
    table = table_of(tokenizer)
    words = sorted({text for text in table.texts if text.isprintable()})
    programs = search_written(layers * HEADS, words)
    by_layer = [programs[first : first + HEADS] for first in range(0, len(programs), HEADS)]
    ids = torch.randint(1, len(tokenizer), (rows, n), generator=torch.Generator().manual_seed(0))
    together = Together(by_layer)

    def one_by_one() -> None:
        texts = Texts(ids, table, causal=True, queries=queries)
        for program in programs:
            scores(program, texts)

    def at_once() -> None:
        texts = Texts(ids, table, causal=True, queries=queries)
        for layer in range(layers):
            together.scores(texts, layer)

    with torch.inference_mode():
        return compare(one_by_one, at_once, rounds=5)
