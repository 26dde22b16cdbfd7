"""The factors that the search multiplies into terms, evaluated once for all heads on sampled query rows."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from surrogates.features import Texts
from surrogates.patterns import scores
from surrogates.program import Program
from surrogates.tokens import TokenTable
from synth.proposers.writing import EVERYWHERE

_TOKEN_MASKS = (
    "is_first", "is_special", "is_word_start", "is_alphabetic", "is_capitalised", "is_number", "is_punctuation",
    "is_sentence_end", "is_comma", "is_quote", "is_newline", "is_sentence_start",
)  # fmt: skip
_PREVIOUS_MASKS = (
    "is_first", "is_word_start", "is_capitalised", "is_punctuation", "is_sentence_end", "is_comma", "is_quote",
    "is_sentence_start",
)  # fmt: skip
_TOKEN_NUMBERS = ("length", "log1p({}.index)", "log1p({}.occurrences)", "word_position", "log1p({}.sentence_position)")
_PAIRS = (
    *(f"pair.offset({k})" for k in range(9)),
    *(f"pair.within({k})" for k in (2, 4, 8, 16)),
    "pair.distance", "pair.log_distance", "exp(-pair.distance)", "exp(-0.3 * pair.distance)",
    "pair.same_token", "pair.same_word", "pair.word_distance", "log1p(pair.word_distance)", "pair.same_sentence",
    "pair.sentence_distance", "pair.follows_same_token", "pair.follows_same_bigram", "pair.same_previous_token",
    "pair.similarity",
    *(f"pair.latest(key.{name})" for name in (
        "is_word_start", "is_capitalised", "is_punctuation", "is_sentence_end", "is_comma", "is_quote", "is_newline",
        "is_sentence_start")),
    "pair.latest(pair.same_token & ~pair.offset(0))", "pair.latest(pair.follows_same_token)",
)  # fmt: skip
_SIGNED_PAIRS = (*(f"pair.offset(-{k})" for k in range(1, 9)), "abs(pair.distance)", "abs(pair.word_distance)")
COMMON_TOKENS = 256
"""Token ids considered for ``is_one_of``: the most frequent ones in the training texts."""


@dataclass(frozen=True)
class Bank:
    """Factors on t texts with r sampled query rows each, keys padded to n.

    Attributes:
        queries: expressions of the query alone, the first being ``EVERYWHERE``; values (t, r, fq).
        keys: expressions of the key alone; values (t, n, fk).
        pairs: expressions of both; values (fp, t, r, n), 0 in invisible cells.
        visible: (t, r, n).
        tokens: strings of the common tokens, the last entry standing for all others.
        query_tokens: place in ``tokens`` of the query, (2, t, r): itself and its left neighbour.
        key_tokens: the same for keys, (2, t, n).
    """

    queries: tuple[str, ...]
    keys: tuple[str, ...]
    pairs: tuple[str, ...]
    query_values: Tensor
    key_values: Tensor
    pair_values: Tensor
    visible: Tensor
    tokens: tuple[str, ...]
    query_tokens: Tensor
    key_tokens: Tensor
    row_numbers: np.ndarray  # (t, r): which query row of its text each sampled row is


def evaluate(expression: str, texts: Texts) -> Tensor:
    """Value of an expression over the vocabulary as a float32 tensor that broadcasts to (b, q, n)."""
    program = Program.parse(f'def factor(query, key, pair):\n    """A factor."""\n    return {expression}\n')
    return torch.as_tensor(scores(program, texts))


def build_bank(
    lists: list[list[int]], table: TokenTable, *, causal: bool, rows_per_text: int, visible: np.ndarray, seed: int
) -> Bank:
    """Evaluate every factor on sampled rows.

    Args:
        lists: token ids of the training texts.
        table: facts of the tokens.
        causal: see :class:`Texts`.
        rows_per_text: query rows drawn from each text, without replacement.
        visible: cells the model lets a query see, shape (t, n, n).
        seed: of the draw.
    """
    texts = Texts.from_lists(lists, table, causal=causal, torch_tensors=True)
    generator = np.random.default_rng(seed)
    numbers = np.stack([_sample(generator, len(tokens), rows_per_text) for tokens in lists])
    rows = torch.from_numpy(numbers)
    place = torch.arange(len(lists))[:, None]
    seen = torch.from_numpy(visible)[place, rows]
    # A row that only fills up sees one cell, so it adds nothing to any gradient.
    seen[rows < 0] = torch.arange(texts.n) == 0

    def token_values(side: str) -> tuple[list[str], Tensor]:
        expressions, values = [EVERYWHERE], [torch.ones(len(lists), texts.n)]
        for expression in _token_expressions(side, causal=causal):
            value = evaluate(expression, texts)
            flat = value[..., 0] if side == "query" else value[:, 0]
            if _varies(flat, texts.mask):
                expressions.append(expression)
                values.append(flat)
        return expressions, torch.stack(values, -1)

    queries, query_values = token_values("query")
    keys, key_values = token_values("key")
    pairs, pair_values = [EVERYWHERE], [seen.float()]
    for expression in (*_PAIRS, *(() if causal else _SIGNED_PAIRS)):
        if "similarity" in expression and table.embeddings is None:
            continue
        value = evaluate(expression, texts).expand(len(lists), texts.n, texts.n)[place, rows] * seen
        if (
            float(value.abs().sum()) > 1e-3 * float(seen.sum()) ** 0.5
            and float((value - value[seen][0]).mul(seen).abs().sum()) > 0
        ):
            pairs.append(expression)
            pair_values.append(value)
    tokens, places = _common_tokens(lists, table, texts)
    return Bank(
        queries=tuple(queries), keys=tuple(keys), pairs=tuple(pairs),
        query_values=query_values[place, rows].contiguous(), key_values=key_values.contiguous(),
        pair_values=torch.stack(pair_values), visible=seen, tokens=tokens,
        query_tokens=torch.stack([p[place, rows] for p in places]), key_tokens=torch.stack(places),
        row_numbers=numbers,
    )  # fmt: skip


def _sample(generator: np.random.Generator, length: int, count: int) -> np.ndarray:
    """Sorted rows of one text; -1 fills up where the text has fewer."""
    # The first row of a causal head sees itself alone and says nothing.
    chosen = np.sort(generator.permutation(np.arange(1, length))[:count])
    return np.concatenate([chosen, np.full(count - len(chosen), -1)]).astype(np.int64)


def _token_expressions(side: str, *, causal: bool) -> list[str]:
    masks = [*_TOKEN_MASKS, *(() if causal else ("is_last",))]
    expressions = [f"{side}.{name}" for name in masks]
    expressions += [f"{side}.previous.{name}" for name in _PREVIOUS_MASKS]
    return expressions + [n.format(side) if "{" in n else f"{side}.{n}" for n in _TOKEN_NUMBERS]


def _varies(values: Tensor, mask: Tensor) -> bool:
    """Whether a token feature differs between tokens often enough to be fitted."""
    real = values[mask]
    return int((real != real.median()).sum()) >= 20


def _common_tokens(lists: list[list[int]], table: TokenTable, texts: Texts) -> tuple[tuple[str, ...], list[Tensor]]:
    """The most frequent strings, and for each token (and its left neighbour) the place of its string among them."""
    counts: dict[str, int] = {}
    special = table.columns["is_special"]
    for tokens in lists:
        for token in tokens:
            if not special[token]:
                text = table.texts[token]
                counts[text] = counts.get(text, 0) + 1
    common = sorted((text for text, count in counts.items() if count >= 5), key=lambda t: (-counts[t], t))[
        :COMMON_TOKENS
    ]
    position = {text: place for place, text in enumerate(common)}
    other = len(common)
    lookup = torch.tensor(
        [other] + [other if s else position.get(t, other) for t, s in zip(table.texts, special, strict=True)]
    )
    return (*common, ""), [lookup[texts.ids_left(shift)] for shift in (0, 1)]
