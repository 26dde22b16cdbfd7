"""Sums of functions of tokens, many at once: a table's rows for what each token is, and features in context."""

import ast
from collections.abc import Iterable, Sequence

import numpy as np

from surrogates.language.apart import ONE, TokenFunction, Weights, expression
from surrogates.language.backend import Array, OnDevices
from surrogates.language.features import Texts
from surrogates.language.patterns import scores
from surrogates.language.tabulated import Tabulated
from surrogates.language.token_features import IN_CONTEXT, STANDS, stands
from surrogates.language.tokens import TokenTable

Form = Sequence[tuple[float, TokenFunction]]
"""A sum of functions of a token, each times a number."""
_Weighed = tuple[int, float, Weights]
"""Of some weights, in which sum they are, and what they are multiplied by."""


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

    def of(self, texts: Texts) -> Array:
        """The kind of each token, shape (b, n); 0 at padding."""
        table = texts.table.on(texts.ids, self, self._of_table)
        return texts.keep(
            ("kinds", self), lambda: table[texts.entries] * texts.mask, lambda _: table[texts.entries[:, -1:]]
        )

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
        self._weights: dict[int, list[_Weighed]] = {}  # by how many places to the left the token stands
        found: dict[str, list[tuple[int, float]]] = {}
        self._always = np.zeros(self.count, dtype=np.float32)
        for column, form in enumerate(forms):
            for scale, function in form:
                if function == ONE:
                    self._always[column] += scale
                elif isinstance(function, str):
                    found.setdefault(function, []).append((column, scale))
                else:
                    self._weights.setdefault(function.shift, []).append((column, scale, function))
        self._standing = [
            shift
            for shift, weights in self._weights.items()
            if any(name in STANDS for *_, own in weights for name, _ in own.classes)
        ]
        # Curves of the index are many, and need not be computed anew for each batch.
        indexed = [what for what in found if _is_of_index(what)]
        self._context = [what for what in found if what not in indexed]
        self._index = Tabulated(indexed)
        self._factors, self._index_factors = (
            OnDevices(self._rows([found[what] for what in names])) for names in (self._context, indexed)
        )
        self._any_indexed = bool(indexed)
        self._always_on = OnDevices(self._always)
        self._table: tuple[int, OnDevices, OnDevices] | None = None

    def _rows(self, given: Sequence[Sequence[tuple[int, float]]]) -> np.ndarray:
        """Numbers in their columns, shape (rows, forms)."""
        found = np.zeros((len(given), self.count), dtype=np.float32)
        for row, numbers in enumerate(given):
            for column, number in numbers:
                found[row, column] += number
        return found

    def of(self, texts: Texts, last: int) -> Array:
        """The sums for the last tokens of each text, float32, shape (b, last, forms)."""
        backend, shape = texts.backend, (len(texts.ids), last)
        rows = [texts.left(self._kinds.of(texts), shift, last) for shift in self._weights]
        rows += [texts.left(stands(texts), shift, last) for shift in self._standing]
        if rows:
            table, starts = self._known_rows()
            found = backend.sum_of_rows(table.like(texts.ids), backend.stack(rows) + starts.like(texts.ids))
        else:
            found = backend.broadcast(self._always_on.like(texts.ids), (*shape, self.count))
        if self._context:
            parts = [backend.broadcast(_feature(texts, what, last), shape) for what in self._context]
            found = found + backend.product(backend.stack(parts), self._factors.like(texts.ids))
        if self._any_indexed:
            index = texts.number("index")[:, texts.n - last :]
            found = found + backend.product(self._index.of_index(texts).T[index], self._index_factors.like(texts.ids))
        return found

    def _known_rows(self) -> tuple[OnDevices, OnDevices]:
        """What each kind of token, and each way to stand, adds, (rows, forms), and where the rows of each begin."""
        if self._table is None or self._table[0] < len(self._kinds.word_of):  # a kind has been met for the first time
            parts = [self._of_kinds(own) for own in self._weights.values()]
            parts += [self._of_stands(self._weights[shift]) for shift in self._standing]
            starts = np.cumsum([0, *(len(part) for part in parts[:-1])])
            parts[0] = parts[0] + self._always  # each token has one row of it
            rows = np.concatenate(parts).astype(np.float32)
            self._table = len(self._kinds.word_of), OnDevices(rows), OnDevices(starts)
        return self._table[1:]

    def _of_kinds(self, weights: Sequence["_Weighed"]) -> np.ndarray:
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

    def _of_stands(self, weights: Sequence["_Weighed"]) -> np.ndarray:
        holds = np.arange(1 << len(STANDS))[:, None] >> np.arange(len(STANDS)) & 1
        classes = np.zeros((len(STANDS), self.count), dtype=np.float32)
        for column, scale, own in weights:
            for name, weight in own.classes:
                if name in STANDS:
                    classes[STANDS.index(name), column] += scale * weight
        return holds.astype(np.float32) @ classes


def _feature(texts: Texts, what: str, last: int) -> Array:
    """A feature in context of the last tokens, float32, shape (b, last) or what broadcasts to it."""
    found = scores(expression(what), texts)
    return found[:, 0, texts.n - last :] if found.ndim else found


def _is_of_index(source: str) -> bool:
    parts = list(ast.walk(ast.parse(source)))
    features = {part.attr for part in parts if isinstance(part, ast.Attribute)}
    return features == {"index"} and not any(isinstance(part, ast.Name) and part.id == "weights" for part in parts)
