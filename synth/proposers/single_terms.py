"""Which single terms promise to explain one head's pattern: a score test of all products of three factors.

A term is a constant times (a factor of the query) x (a factor of the key) x (a factor of the pair). Each such product,
some ten thousand, is scored by the decrease in cross-entropy that a second-order expansion promises, g^2 / 2h with g
the gradient and h the curvature along the constant. Sets of tokens for ``is_one_of`` come from the same expansion for
each token: sorted by g / h, the best set is a prefix (Fisher's grouping of a categorical predictor).
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from surrogates.language.vocabulary import MAX_STRINGS
from synth.proposers.bank import EVERYWHERE, Bank
from synth.proposers.source import repr_string

COMPLEXITY_PRICE = 0.04
"""Share of a term's gain taken off for each factor beyond the first."""


@dataclass(frozen=True)
class Product:
    """A product of at most three factors, each an expression over the vocabulary or ``EVERYWHERE``."""

    query: str
    key: str
    pair: str

    @property
    def factors(self) -> tuple[str, ...]:
        return tuple(f for f in (self.query, self.key, self.pair) if f != EVERYWHERE)

    def __str__(self) -> str:
        return " * ".join(self.factors)


@dataclass(frozen=True)
class Promise:
    """A term and the decrease in cross-entropy that it promises."""

    term: Product
    gain: float


class SingleTerms:
    """The terms of a bank beside one head's pattern.

    Attributes:
        target: the pattern on the bank's rows, shape (t, r, n).
        uniform: what no term at all gives, of the same shape.
    """

    def __init__(self, bank: Bank, target: Tensor) -> None:
        self.bank = bank
        self._queries = torch.from_numpy(bank.query_values)
        self._keys = torch.from_numpy(bank.key_values)
        self._pairs = torch.from_numpy(bank.pair_values)
        self._query_tokens = torch.from_numpy(bank.query_tokens)
        self._key_tokens = torch.from_numpy(bank.key_tokens)
        visible = torch.from_numpy(bank.visible)
        t, r, n = target.shape
        target = torch.where(visible, target, 0.0)
        # Rows of one visible cell, those that only fill up among them, have no choice and no gradient.
        target = torch.where(visible.sum(-1, keepdim=True) == 1, visible.float(), target)
        self.shape = (t, r, n)
        self.target = target
        self.uniform = visible / visible.sum(-1, keepdim=True)
        # Of the keys' tokens and of their left neighbours', each (t, n, tokens).
        self._one_hot = [one_hot(tokens, len(bank.tokens)).float() for tokens in self._key_tokens]
        self._sets: dict[str, tuple[tuple[int, ...], int]] = {}

    # Columns.

    def column(self, term: Product) -> Tensor:
        """Values of a term on the sampled rows, shape (rows, n)."""
        t, r, n = self.shape
        values = self._pairs[self.bank.pairs.index(term.pair)]
        if term.key != EVERYWHERE:
            values = values * self._key_values(term.key)[:, None, :]
        if term.query != EVERYWHERE:
            values = values * self._query_values(term.query)[:, :, None]
        return values.reshape(t * r, n)

    def _key_values(self, expression: str) -> Tensor:
        if expression in self.bank.keys:
            return self._keys[..., self.bank.keys.index(expression)]
        return self._set_values(expression, self._key_tokens)

    def _query_values(self, expression: str) -> Tensor:
        if expression in self.bank.queries:
            return self._queries[..., self.bank.queries.index(expression)]
        return self._set_values(expression, self._query_tokens)

    def _set_values(self, expression: str, tokens: Tensor) -> Tensor:
        places, shift = self._sets[expression]
        member = torch.zeros(len(self.bank.tokens))
        member[list(places)] = 1.0
        return member[tokens[shift]]

    # Scoring of all products.

    def promising(self, pattern: Tensor, count: int) -> list[Promise]:
        """The most promising terms, by the decrease that a second-order expansion at ``pattern`` (t, r, n) promises."""
        bank = self.bank
        t, r, _ = self.shape
        residual = self.target - pattern
        fp, fk, fq = len(bank.pairs), len(bank.keys), len(bank.queries)
        queries = self._queries.reshape(t * r, fq)
        gradients, curvatures = [], []
        keys, keys_squared = self._keys, self._keys**2
        for pair in self._pairs:
            weighted = pattern * pair
            gradients.append(torch.bmm(residual * pair, keys).reshape(t * r, fk))
            mean = torch.bmm(weighted, keys).reshape(t * r, fk)
            curvatures.append(torch.bmm(weighted * pair, keys_squared).reshape(t * r, fk) - mean**2)
        gradient, curvature = torch.stack(gradients), torch.stack(curvatures)  # (fp, rows, fk)
        g = torch.einsum("rq,prk->qpk", queries, gradient) / (t * r)
        h = torch.einsum("rq,prk->qpk", queries**2, curvature) / (t * r)
        gain = g**2 / (2 * (h + 1e-6))
        factors = torch.tensor([f != EVERYWHERE for f in bank.queries])[:, None, None].float()
        factors = factors + torch.tensor([f != EVERYWHERE for f in bank.pairs])[:, None].float()
        factors = factors + torch.tensor([f != EVERYWHERE for f in bank.keys]).float()
        gain = gain * (1 - COMPLEXITY_PRICE * (factors - 1).clamp(min=0))
        # A factor of the query alone shifts whole rows, which a softmax ignores.
        gain[:, 0, 0] = 0
        found = []
        order = torch.topk(gain.flatten(), min(200, gain.numel()))
        per_shape: dict[tuple[str, str], int] = {}
        for value, place in zip(order.values.tolist(), order.indices.tolist(), strict=True):
            q, rest = divmod(place, fp * fk)
            p, k = divmod(rest, fk)
            term = Product(bank.queries[q], bank.keys[k], bank.pairs[p])
            shape = (term.key, term.pair)
            if per_shape.get(shape, 0) >= 2:
                continue
            per_shape[shape] = per_shape.get(shape, 0) + 1
            found.append(Promise(term, value))
            if len(found) == count - 2:
                break
        found += self._key_sets(pattern, residual, queries, gain)
        found += self._query_sets(gradient, curvature, gain)
        # Without a factor of key or pair a term does nothing; where nothing helps it would be as good as any.
        useful = (c for c in found if (c.term.key, c.term.pair) != (EVERYWHERE, EVERYWHERE))
        return sorted(useful, key=lambda c: -c.gain)[:count]

    def _key_sets(self, pattern: Tensor, residual: Tensor, queries: Tensor, gain: Tensor) -> list[Promise]:
        bank = self.bank
        t, r, _ = self.shape
        size = len(bank.tokens)
        by_pair = gain.amax((0, 2))[1:]
        pairs = [0, *(torch.topk(by_pair, min(3, len(by_pair))).indices + 1).tolist()]
        found = []
        for shift in (0, 1):
            tokens = self._one_hot[shift]
            for p in pairs:
                pair = self._pairs[p]
                weighted = pattern * pair
                gradient = torch.bmm(residual * pair, tokens).reshape(t * r, size)
                mean = torch.bmm(weighted, tokens).reshape(t * r, size)
                second = mean if p == 0 else torch.bmm(weighted * pair, tokens).reshape(t * r, size)
                g = queries.T @ gradient / (t * r)
                h = (queries**2).T @ (second - mean**2) / (t * r)
                for q, places, value in self._prefixes(g, h):
                    name = self._set_name("key", shift, places)
                    found.append(
                        Promise(Product(bank.queries[q], name, bank.pairs[p]), value * (1 - 2 * COMPLEXITY_PRICE))
                    )
        return sorted(found, key=lambda c: -c.gain)[:3]

    def _query_sets(self, gradient: Tensor, curvature: Tensor, gain: Tensor) -> list[Promise]:
        bank = self.bank
        t, r, _ = self.shape
        fk = len(bank.keys)
        found = []
        by_product = gain.amax(0).flatten()
        places = torch.topk(by_product, min(24, len(by_product))).indices.tolist()
        chosen = [divmod(place, fk) for place in places]
        g_rows = torch.stack([gradient[p, :, k] for p, k in chosen])
        h_rows = torch.stack([curvature[p, :, k] for p, k in chosen])
        for shift in (0, 1):
            tokens = self._query_tokens[shift].reshape(-1)
            size = len(bank.tokens)
            g = torch.zeros(len(chosen), size).index_add_(1, tokens, g_rows) / (t * r)
            h = torch.zeros(len(chosen), size).index_add_(1, tokens, h_rows) / (t * r)
            for index, members, value in self._prefixes(g, h):
                p, k = chosen[index]
                name = self._set_name("query", shift, members)
                found.append(Promise(Product(name, bank.keys[k], bank.pairs[p]), value * (1 - 2 * COMPLEXITY_PRICE)))
        return sorted(found, key=lambda c: -c.gain)[:3]

    def _prefixes(self, g: Tensor, h: Tensor) -> list[tuple[int, tuple[int, ...], float]]:
        """For each row of (m, tokens) gradients and curvatures the best set of tokens, as (row, places, gain)."""
        g, h = g[:, :-1], h[:, :-1]
        found: list[tuple[int, tuple[int, ...], float]] = []
        if g.numel() == 0:
            return found
        for sign in (1.0, -1.0):
            ratio = sign * g / (h + h.mean(1, keepdim=True))
            order = ratio.argsort(dim=1, descending=True, stable=True)[:, :MAX_STRINGS]
            g_sum = (sign * g).gather(1, order).cumsum(1)
            h_sum = h.gather(1, order).cumsum(1)
            value, size = (g_sum.clamp(min=0) ** 2 / (2 * (h_sum + 1e-5))).max(dim=1)
            for row in torch.topk(value, min(3, len(value))).indices.tolist():
                members = tuple(sorted(order[row, : int(size[row]) + 1].tolist()))
                found.append((row, members, float(value[row])))
        return found

    def _set_name(self, side: str, shift: int, places: tuple[int, ...]) -> str:
        strings = ", ".join(repr_string(self.bank.tokens[place]) for place in places)
        name = f"{side}{'.previous' * shift}.is_one_of({strings})"
        self._sets[name] = (places, shift)
        return name
