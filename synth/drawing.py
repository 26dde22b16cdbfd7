"""Draws a head's pattern and a program's side by side in a terminal."""

import numpy as np
import torch
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from surrogates.language.features import Texts
from surrogates.language.patterns import pattern
from surrogates.language.program import Program
from surrogates.library.heads import Head
from synth.material import Material

MOST_TOKENS = 24
"""Tokens drawn, from the start of a text, where the terminal is wide enough."""
_SHADES = " ·░▒▓█"
_LABEL = 10


def draw_patterns(material: Material, head: Head, program: Program, width: int) -> Text:
    """The first tokens of the first test text: queries down, keys across, darker for more attention.

    A shade stands for the square root of a cell, so that weak cells show. As many tokens are drawn as fit into
    ``width`` characters.
    """
    side = max(4, min(MOST_TOKENS, (width - _LABEL - len(" ││ │")) // 4))
    number = material.splits["test"][0]
    tokens = [list(material.ids[number])]
    texts = Texts.from_lists(tokens, material.table, causal=material.causal, torch_tensors=True)
    visible = torch.from_numpy(material.visible(head.layer, tokens))
    found = pattern(program, texts, visible)[0, :side, :side].numpy()
    real = material.patterns(head, (number,))[0, :side, :side].numpy()
    seen = visible[0, :side, :side].numpy()
    lines = [f"{'':{_LABEL}}  {'head':{2 * len(real)}}  program"]
    for row, token in enumerate(tokens[0][: len(real)]):
        lines.append(
            f"{_label(material.table.texts[token])} │{_cells(real[row], seen[row])}│ {_cells(found[row], seen[row])}│"
        )
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
