"""The texts in a row of tokens: one as a rule, several where documents are packed into a row.

A text is what a query may see. Programs count tokens and look for the token before, so that they must be given texts
apart, without padding between their tokens.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from surrogates.errors import InputError


@dataclass(frozen=True)
class Apart:
    """The documents of a batch, each a row of its own.

    Attributes:
        ids: shape (documents, tokens), padded on the right.
        mask: True at tokens, of the same shape.
        rows: which document each token of the batch is in, shape (texts, n); 0 at padding.
        columns: which of its tokens it is, likewise.
        real: True at tokens of the batch, of the same shape.
    """

    ids: Tensor
    mask: Tensor
    rows: Tensor
    columns: Tensor
    real: Tensor

    @classmethod
    def of(cls, ids: Tensor, numbers: Tensor) -> "Apart":
        """Part the rows of a batch.

        Args:
            ids: shape (texts, n).
            numbers: of each token that of its document in its row, shape (texts, n); -1 at padding.
        """
        texts, n = ids.shape
        real = numbers >= 0
        places = numbers + torch.arange(texts, device=ids.device)[:, None] * n
        known, rows = places[real].unique(return_inverse=True)
        all_rows = torch.zeros_like(ids)
        all_rows[real] = rows
        # How many tokens of the same document come before.
        same = (numbers[:, :, None] == numbers[:, None, :]) & real[:, None, :]
        columns = (same.long().tril(-1).sum(-1)) * real
        longest = int(columns.max()) + 1 if len(known) else 1
        of_documents = ids.new_zeros(len(known), longest)
        mask = torch.zeros_like(of_documents, dtype=torch.bool)
        of_documents[rows, columns[real]] = ids[real]
        mask[rows, columns[real]] = True
        return cls(of_documents, mask, all_rows, columns, real)

    def scores_of_batch(self, values: Tensor, queries: int) -> Tensor:
        """Scores of the documents as those of the batch; anything where query and key are of different ones.

        Args:
            values: shape (documents, …, tokens, tokens), or one that broadcasts to it.
            queries: how many of the last tokens of a row are queries.

        Returns:
            Scores of shape (texts, …, queries, n).
        """
        documents, longest = self.ids.shape
        between = values.shape[1:-2] if values.dim() > 2 else ()
        values = values.expand(documents, *between, longest, longest).movedim((-2, -1), (1, 2))
        rows, asking = self.rows[:, -queries:, None], self.columns[:, -queries:, None]
        return values[rows, asking, self.columns[:, None, :]].movedim((1, 2), (-2, -1))

    def of_texts(self, documents: Tensor) -> Tensor:
        """Whether anything holds of a document in each row, (texts,), from whether it holds of each, (documents,)."""
        return (documents.expand(len(self.ids))[self.rows] & self.real).any(1)


def has_gap(mask: Tensor) -> bool:
    """Whether padding stands between tokens of a row."""
    begins = mask[:, 1:] & ~mask[:, :-1]
    return bool((begins.sum(1) + mask[:, 0] > 1).any())


def numbers_by_mask(visible: Tensor, real: Tensor, *, causal: bool, window: int | None) -> Tensor | None:
    """Of each token the number of its document in its row, (texts, n), -1 at padding; None if each row is one text.

    A query that does not see its left neighbour begins a document.

    Args:
        visible: which keys each query sees, shape (texts, queries, n); queries are the last tokens.
        real: True at tokens, shape (texts, n).
        causal: whether queries see only keys at or before them.
        window: of the layer, in tokens.

    Raises:
        InputError: the mask shows queries something else than the tokens of a document up to the query, or there are
            several documents and not all of their tokens are queries.
    """
    queries, n = visible.shape[1:]
    columns = torch.arange(n, device=visible.device)
    begins = real & (real.cumsum(1) == 1)
    if window != 1:
        asking = slice(max(n - queries, 1), None)
        begins[:, asking] |= real[:, asking] & ~visible.diagonal(n - queries - 1, dim1=1, dim2=2)
    numbers = torch.where(real, begins.cumsum(1) - 1, -1)
    several = bool((numbers > 0).any())
    if several and queries < n:
        raise InputError("documents that share a row cannot be told apart beside a cache; read them whole")
    asks = real[:, -queries:, None]
    seen = (numbers[:, -queries:, None] == numbers[:, None, :]) & asks
    distance = columns[-queries:, None] - columns
    if causal:
        seen &= distance >= 0
    if window is not None:
        seen &= distance.abs() < window
    if not bool((seen == (visible & asks)).all()):
        raise InputError(
            "the attention mask shows queries something else than the tokens of their document up to themselves, "
            "of which programs know nothing; give a mask of documents, or none"
        )
    return numbers if several else None
