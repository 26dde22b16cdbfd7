"""The factors that single terms are products of, evaluated once for all heads on sampled query rows."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from surrogates.errors import InputError
from surrogates.language.features import Texts
from surrogates.language.patterns import scores
from surrogates.language.program import Program
from surrogates.language.tokens import TokenTable
from surrogates.library.heads import Head
from synth.material import Material

EVERYWHERE = "1"
"""The factor that is 1 in every cell, so that products of fewer than three factors are products of three."""
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
    "pair.distance", "pair.log_distance", "pair.same_token", "pair.same_word", "pair.word_distance",
    "pair.same_sentence",
    "pair.sentence_distance", "pair.follows_same_token", "pair.follows_same_bigram", "pair.same_previous_token",
    "pair.similarity",
    *(f"pair.latest(key.{name})" for name in (
        "is_word_start", "is_capitalised", "is_punctuation", "is_sentence_end", "is_comma", "is_quote", "is_newline",
        "is_sentence_start")),
    "pair.latest(pair.same_token & ~pair.offset(0))", "pair.latest(pair.follows_same_token)",
)  # fmt: skip
_CAUSAL_PAIRS = ("exp(-pair.distance)", "exp(-0.3 * pair.distance)", "log1p(pair.word_distance)")
_SIGNED_PAIRS = (
    *(f"pair.offset(-{k})" for k in range(1, 9)),
    "abs(pair.distance)", "abs(pair.word_distance)", "exp(-abs(pair.distance))", "exp(-0.3 * abs(pair.distance))",
    "log1p(abs(pair.word_distance))",
)  # fmt: skip
RAREST = 20
"""Tokens or cells in which a factor must differ from its usual value."""
RAREST_TOKEN = 5
"""Times that a string must occur to join a set."""
_CELLS = 2_000_000
_ROW_CELLS = 512_000
"""Cells of the sampled rows, however long texts are."""
COMMON_TOKENS = 256
"""Token ids considered for ``is_one_of``: the most frequent ones in the training texts."""


@dataclass(frozen=True)
class Bank:
    """Factors on t texts with r sampled query rows each, keys padded to n.

    Values are NumPy arrays, which joblib hands to workers as files mapped into memory rather than as copies.

    Attributes:
        queries: expressions of the query alone, the first being ``EVERYWHERE``; values (t, r, fq).
        keys: expressions of the key alone; values (t, n, fk).
        pairs: expressions of both; values (fp, t, r, n), 0 in invisible cells.
        visible: (t, r, n).
        tokens: strings of the common tokens, the last entry standing for all others.
        query_tokens: place in ``tokens`` of the query, (2, t, r): itself and its left neighbour.
        key_tokens: the same for keys, (2, t, n).
        row_numbers: which query row of its text each sampled row is, -1 where the text has fewer, (t, r).
    """

    queries: tuple[str, ...]
    keys: tuple[str, ...]
    pairs: tuple[str, ...]
    query_values: np.ndarray
    key_values: np.ndarray
    pair_values: np.ndarray
    visible: np.ndarray
    tokens: tuple[str, ...]
    query_tokens: np.ndarray
    key_tokens: np.ndarray
    row_numbers: np.ndarray


def evaluate(expression: str, texts: Texts) -> Tensor:
    """Value of an expression over the vocabulary as a float32 tensor that broadcasts to (b, q, n)."""
    program = Program.parse(f'def factor(query, key, pair):\n    """A factor."""\n    return {expression}\n')
    return torch.as_tensor(scores(program, texts))


def bank_for(material: Material, head: Head, seed: int, most: int) -> Bank:
    """The bank of a head's layer on at most ``most`` query rows of the run's training texts."""
    lists = material.lists("train")
    visible = material.visible(head.layer, lists)
    rows = max(1, min(most, _ROW_CELLS // visible.shape[-1]) // len(lists))
    return build_bank(lists, material.table, causal=material.causal, rows_per_text=rows, visible=visible, seed=seed)


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

    Raises:
        InputError: no factor of keys or pairs differs often enough between the tokens to be fitted.
    """
    n = visible.shape[-1]
    generator = np.random.default_rng(seed)
    # The first row of a causal head sees itself alone and says nothing.
    first = 1 if causal else 0
    rows_per_text = min(rows_per_text, n - first)
    numbers = np.stack([_sample(generator, first, len(tokens), rows_per_text) for tokens in lists])
    rows = torch.from_numpy(numbers)
    place = torch.arange(len(lists))[:, None]
    seen = torch.from_numpy(visible)[place, rows]
    # A row that only fills up sees one cell, so it adds nothing to any gradient.
    seen[rows < 0] = torch.arange(n) == 0
    real = torch.arange(n) < torch.tensor([len(tokens) for tokens in lists])[:, None]

    token_names = {side: _token_expressions(side, causal=causal) for side in ("query", "key")}
    pair_names = [*_PAIRS, *(_CAUSAL_PAIRS if causal else _SIGNED_PAIRS)]
    if table.embeddings is None:
        pair_names.remove("pair.similarity")
    parts: dict[str, list[Tensor]] = {name: [] for name in (*token_names["query"], *token_names["key"], *pair_names)}
    left: list[list[Tensor]] = [[], []]
    tokens = _common_tokens(lists, table)
    # A few texts at a time: every pair feature of a batch is in memory at once.
    size = max(1, _CELLS // n**2)
    for start in range(0, len(lists), size):
        chunk = slice(start, start + size)
        texts = Texts.from_lists(lists[chunk], table, causal=causal, torch_tensors=True, width=n)
        here = torch.arange(len(texts.ids))[:, None]
        for name in token_names["query"]:
            parts[name].append(evaluate(name, texts)[..., 0].expand(len(here), n))
        for name in token_names["key"]:
            parts[name].append(evaluate(name, texts)[:, 0].expand(len(here), n))
        for name in pair_names:
            parts[name].append(evaluate(name, texts).expand(len(here), n, n)[here, rows[chunk]] * seen[chunk])
        lookup = _places(texts.table, tokens)
        for shift in (0, 1):
            left[shift].append(lookup[texts.entries_left(shift)])

    def chosen(names: list[str]) -> tuple[tuple[str, ...], Tensor]:
        values = {name: torch.cat(parts[name]) for name in names}
        kept = {name: found for name, found in values.items() if _varies(found[real])}
        return (EVERYWHERE, *kept), torch.stack([torch.ones(len(lists), n), *kept.values()], -1)

    queries, query_values = chosen(token_names["query"])
    keys, key_values = chosen(token_names["key"])
    pair_values = {EVERYWHERE: seen.float()}
    for name in pair_names:
        found = torch.cat(parts.pop(name))
        if _varies(found[seen]):
            pair_values[name] = found
    if len(keys) == len(pair_values) == 1:
        raise InputError("the training texts are too few or too short to compare terms; give more or longer texts")
    key_tokens = torch.stack([torch.cat(places) for places in left])
    return Bank(
        queries=queries,
        keys=keys,
        pairs=tuple(pair_values),
        query_values=query_values[place, rows].numpy(),
        key_values=key_values.numpy(),
        pair_values=torch.stack(list(pair_values.values())).numpy(),
        visible=seen.numpy(),
        tokens=tokens,
        query_tokens=key_tokens[:, place, rows].numpy(),
        key_tokens=key_tokens.numpy(),
        row_numbers=numbers,
    )


def _sample(generator: np.random.Generator, first: int, length: int, count: int) -> np.ndarray:
    """Sorted rows of one text, from ``first`` on; -1 fills up where the text has fewer."""
    chosen = np.sort(generator.permutation(np.arange(first, length))[:count])
    return np.concatenate([chosen, np.full(count - len(chosen), -1)]).astype(np.int64)


def _token_expressions(side: str, *, causal: bool) -> list[str]:
    masks = [*_TOKEN_MASKS, *(() if causal else ("is_last",))]
    expressions = [f"{side}.{name}" for name in masks]
    expressions += [f"{side}.previous.{name}" for name in _PREVIOUS_MASKS]
    return expressions + [n.format(side) if "{" in n else f"{side}.{n}" for n in _TOKEN_NUMBERS]


def _varies(values: Tensor) -> bool:
    """Whether a feature differs between tokens or cells often enough to be fitted."""
    return int((values != values.median()).sum()) >= RAREST


def _common_tokens(lists: list[list[int]], table: TokenTable) -> tuple[str, ...]:
    """The most frequent strings; the empty one at the end stands for all others."""
    special = table.columns["is_special"]
    counts = Counter(
        text for ids in lists for token, text in zip(ids, table.spell(ids), strict=True) if not special[token]
    )
    frequent = sorted((text for text in counts if counts[text] >= RAREST_TOKEN), key=lambda text: (-counts[text], text))
    return (*frequent[:COMMON_TOKENS], "")


def _places(table: TokenTable, common: tuple[str, ...]) -> Tensor:
    """For no token, and for each row of a table, the place of its string among the common ones."""
    position = {text: place for place, text in enumerate(common)}
    other = len(common) - 1
    special = table.columns["is_special"]
    places = [other if s else position.get(text, other) for text, s in zip(table.texts, special, strict=True)]
    return torch.tensor([other, *places])
