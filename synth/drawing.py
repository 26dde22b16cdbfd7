"""Draws a head's pattern and a program's side by side in a terminal."""

import numpy as np
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from synth.notebook import TextPatterns

MOST_TOKENS = 24
"""Tokens drawn, from the start of a text, where the terminal is wide enough."""
_SHADES = " ·░▒▓█"
_LABEL = 10


def draw_patterns(patterns: TextPatterns, width: int) -> Text:
    """The first tokens of a text: queries down, keys across, darker for more attention.

    A shade stands for the square root of a cell, so that weak cells show. As many tokens are drawn as fit into
    ``width`` characters.
    """
    side = max(4, min(MOST_TOKENS, (width - _LABEL - len(" ││ │")) // 4))
    tokens = patterns.of_head.tokens[:side]
    seen = patterns.of_head.visible[:side, :side]
    real, found = patterns.of_head.weights[:side, :side], patterns.of_program.weights[:side, :side]
    lines = [f"{'':{_LABEL}}  {'head':{2 * len(tokens)}}  program"]
    for row, token in enumerate(tokens):
        lines.append(f"{_label(token)} │{_cells(real[row], seen[row])}│ {_cells(found[row], seen[row])}│")
    return Text("\n".join(lines))


def _label(text: str) -> str:
    """A token's text, right-aligned: line breaks and the like as Python writes them, and a space that shows."""
    shown = repr(text)[1:-1].replace(" ", "␣")
    shown = set_cell_size(shown, min(cell_len(shown), _LABEL))
    return " " * (_LABEL - cell_len(shown)) + shown


def _cells(weights: np.ndarray, visible: np.ndarray) -> str:
    levels = np.ceil(np.sqrt(weights) * (len(_SHADES) - 1)).astype(int).clip(0, len(_SHADES) - 1)
    # Two characters a cell make it about square.
    return "".join(_SHADES[max(level, 1)] * 2 if seen else "  " for level, seen in zip(levels, visible, strict=True))
