"""A pattern on one text, as a value that a notebook shows."""

from dataclasses import dataclass
from html import escape

import numpy as np

_CELL = "padding:0;min-width:9px;height:9px"


@dataclass(frozen=True, eq=False)
class TextPattern:
    """An attention pattern on one text.

    Attributes:
        tokens: their strings, as programs see them.
        weights: float32, shape (tokens, tokens): queries down, keys across; rows sum to one, or
            less where a sink takes the rest.
        visible: the cells that a query may see, of the same shape.
    """

    tokens: tuple[str, ...]
    weights: np.ndarray
    visible: np.ndarray

    def __repr__(self) -> str:
        return f"TextPattern({len(self.tokens)} tokens)"

    def _repr_html_(self) -> str:
        """A table, darker for more attention: shades are square roots of weights, so that weak ones show."""
        names = [escape(repr(token)[1:-1].replace(" ", "␣")) for token in self.tokens]
        across = "".join(f'<th style="writing-mode:vertical-rl;text-align:right">{name}</th>' for name in names)
        rows = []
        for name, query, weights, seen in zip(names, self.tokens, self.weights, self.visible, strict=True):
            cells = [
                f'<td title="{escape(f"{query!r} → {key!r}: {weight:.3f}")}" '
                f'style="{_CELL};background:rgba(31,81,160,{weight**0.5:.2f})"></td>'
                if open_
                else f'<td style="{_CELL}"></td>'
                for key, weight, open_ in zip(self.tokens, weights.tolist(), seen.tolist(), strict=True)
            ]
            rows.append(f'<tr><th style="text-align:right">{name}</th>{"".join(cells)}</tr>')
        style = "border-collapse:collapse;font-size:11px;font-family:monospace;line-height:1"
        return f'<table style="{style}"><tr><th></th>{across}</tr>{"".join(rows)}</table>'
