"""Sums of functions of tokens, many at once: one row of a table for each kind of token, and features in context."""

import ast
from collections.abc import Iterable, Sequence

import numpy as np
import torch

from surrogates.language.apart import ONE, TokenFunction, Weights, expression
from surrogates.language.backend import TORCH
from surrogates.language.features import Texts
from surrogates.language.patterns import scores
from surrogates.language.tabulated import Tabulated
from surrogates.language.token_features import IN_CONTEXT
from surrogates.language.tokens import TokenTable

Form = Sequence[tuple[float, TokenFunction]]
"""A sum of functions of a token, each times a number."""
_Context = tuple[str, int] | str
"""A mask that depends on other tokens and the shift of the token that has it, or an expression."""


class TokenKinds:
    """Tokens told apart by what weights see of them alone: their text where it is a word with a weight, their classes.

    There are far fewer kinds than tokens. The first kind is that of no token.

    Attributes:
        words: their numbers, from 1.
        classes: the classes that tokens have whatever stands around them.
        word_of: the number of each kind's word, 0 for none.
        holds: which classes hold, for each kind.
    """

    def __init__(self, functions: Iterable[TokenFunction]) -> None:
        weights = [function for function in functions if isinstance(function, Weights)]
        words = dict.fromkeys(word for own in weights for word, _ in own.words)
        self.words = {word: number for number, word in enumerate(words, start=1)}
        self.classes = tuple(dict.fromkeys(n for own in weights for n, _ in own.classes if n not in IN_CONTEXT))
        self.word_of = [0]
        self.holds = [np.zeros(len(self.classes), dtype=bool)]
        self._numbers: dict[bytes, int] = {}

    def of(self, texts: Texts, shift: int) -> torch.Tensor:
        """The kinds of the tokens so many places to the left, shape (b, n)."""

        def compute() -> torch.Tensor:
            kinds = texts.table.on(texts.ids, self, self._of_table)[texts.entries]
            return texts.shifted(kinds * texts.mask, shift)

        return texts.keep(("kinds", self, shift), compute)

    def _of_table(self, table: TokenTable) -> np.ndarray:
        words = np.fromiter((self.words.get(text, 0) for text in table.texts), np.int32, len(table.texts))
        holds = np.stack([table.columns[name] for name in self.classes] or [words < 0], axis=1)
        rows = np.concatenate([words[:, None].view(np.uint8), np.packbits(holds, axis=1)], axis=1)
        _, first, place = np.unique(rows.view(f"V{rows.shape[1]}")[:, 0], return_index=True, return_inverse=True)
        numbers = []
        for row in first.tolist():
            number = self._numbers.setdefault(rows[row].tobytes(), len(self.word_of))
            if number == len(self.word_of):
                self.word_of.append(int(words[row]))
                self.holds.append(holds[row, : len(self.classes)])
            numbers.append(number)
        return np.array(numbers, dtype=np.int64)[place.reshape(-1)]


class Columns:
    """Sums of functions of tokens.

    Args:
        kinds: tell all tokens apart that the functions do.
        forms: the sums.
    """

    def __init__(self, kinds: TokenKinds, forms: Sequence[Form]) -> None:
        self.count = len(forms)
        self._kinds = kinds
        self._weights: dict[int, list[tuple[int, float, Weights]]] = {}
        found: dict[_Context, list[tuple[int, float]]] = {}
        for column, form in enumerate(forms):
            for scale, function in form:
                if isinstance(function, str):
                    found.setdefault(function, []).append((column, scale))
                    continue
                self._weights.setdefault(function.shift, []).append((column, scale, function))
                for name, weight in function.classes:
                    if name in IN_CONTEXT:
                        found.setdefault((name, function.shift), []).append((column, scale * weight))
        # Curves of the index are many, and need not be computed anew for each batch.
        self._indexed = [what for what in found if isinstance(what, str) and _is_of_index(what)]
        self._context = [what for what in found if what not in self._indexed]
        self._index = Tabulated(self._indexed)
        factors = np.zeros((len(found), self.count), dtype=np.float32)
        for row, what in enumerate([*self._context, *self._indexed]):
            for column, scale in found[what]:
                factors[row, column] += scale
        self._factors = OnDevices(factors)
        self._tables: dict[torch.device, tuple[int, dict[int, torch.Tensor]]] = {}

    def of(self, texts: Texts, last: int) -> torch.Tensor:
        """The sums for the last tokens of each text, float32, shape (b, last, forms)."""
        context = self._in_context(texts, last)
        found = None if context is None else context @ self._factors.on(texts.ids.device)
        for kinds, table in self._by_shift(texts):
            rows = torch.nn.functional.embedding(kinds[:, texts.n - last :], table)
            found = rows if found is None else found.add_(rows)
        return texts.ids.new_zeros(len(texts.ids), last, self.count, dtype=torch.float32) if found is None else found

    def mixed(self, texts: Texts, mixture: torch.Tensor) -> torch.Tensor:
        """Mixtures of the sums for all tokens, as many forms to each, float32, shape (b, mixtures, n).

        Args:
            texts: the batch.
            mixture: how much of each form, shape (b, mixtures, forms of a mixture).
        """
        texts_count, mixtures, each = mixture.shape
        # It costs less to mix the rows of a table than those of all tokens.
        mixture = mixture.transpose(0, 1)
        found = mixture.new_zeros(texts_count, mixtures, texts.n)
        for kinds, table in self._by_shift(texts):
            mixed = mixture @ table.view(-1, mixtures, each).permute(1, 2, 0)
            found += mixed.transpose(0, 1).gather(2, kinds[:, None].expand(-1, mixtures, -1))
        context = self._in_context(texts, texts.n)
        if context is not None:
            factors = self._factors.on(texts.ids.device).view(-1, mixtures, each).permute(1, 2, 0)
            found.baddbmm_((mixture @ factors).transpose(0, 1), context.transpose(1, 2))
        return found

    def _by_shift(self, texts: Texts) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """The kinds of tokens so many places to the left, shape (b, n), and what each adds, shape (kinds, forms)."""
        kinds = {shift: self._kinds.of(texts, shift) for shift in self._weights}
        held = self._tables.get(texts.ids.device)
        if held is None or held[0] < len(self._kinds.word_of):  # a kind has been met for the first time
            held = (
                len(self._kinds.word_of),
                {shift: TORCH.array(self._table(own), texts.ids.device) for shift, own in self._weights.items()},
            )
            self._tables[texts.ids.device] = held
        return [(kinds[shift], held[1][shift]) for shift in kinds]

    def _table(self, weights: Sequence[tuple[int, float, Weights]]) -> np.ndarray:
        kinds = self._kinds
        words = np.zeros((len(kinds.words) + 1, self.count), dtype=np.float32)
        classes = np.zeros((len(kinds.classes), self.count), dtype=np.float32)
        places = {name: place for place, name in enumerate(kinds.classes)}
        for column, scale, own in weights:
            for word, weight in own.words:
                words[kinds.words[word], column] += scale * weight
            for name, weight in own.classes:
                if name in places:
                    classes[places[name], column] += scale * weight
        return words[kinds.word_of] + np.stack(kinds.holds).astype(np.float32) @ classes

    def _in_context(self, texts: Texts, last: int) -> torch.Tensor | None:
        """The features in context of the last tokens, shape (b, last, features)."""
        parts = [_feature(texts, what)[:, texts.n - last :].expand(len(texts.ids), last) for what in self._context]
        found = [torch.stack(parts, dim=2)] if parts else []
        if self._indexed:
            index = texts.number("index")[:, texts.n - last :]
            found.append(self._index.of_index(texts).T[index].expand(len(texts.ids), -1, -1))
        return torch.cat(found, dim=2) if found else None


class OnDevices:
    """An array and what devices hold of it."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array
        self._held: dict[torch.device, torch.Tensor] = {}

    def on(self, device: torch.device) -> torch.Tensor:
        """The array as a tensor on a device; brought there once."""
        if device not in self._held:
            self._held[device] = TORCH.array(self._array, device)
        return self._held[device]


def _feature(texts: Texts, what: _Context) -> torch.Tensor:
    """A feature in context of all tokens, float32, shape (b, n) or what broadcasts to it."""
    if what == ONE:
        return torch.ones_like(texts.ids, dtype=torch.float32)
    if not isinstance(what, str):
        return texts.token(*what).to(torch.float32)
    found: torch.Tensor = scores(expression(what), texts)
    return found.expand(1, 1, texts.n)[:, 0] if found.dim() == 0 else found[:, 0].expand(-1, texts.n)


def _is_of_index(source: str) -> bool:
    parts = list(ast.walk(ast.parse(source)))
    features = {part.attr for part in parts if isinstance(part, ast.Attribute)}
    return features == {"index"} and not any(isinstance(part, ast.Name) and part.id == "weights" for part in parts)
