"""What additive models are fitted on: query rows of the training texts, as arrays that all heads of a window share."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surrogates.language.features import Texts
from surrogates.language.patterns import scores
from surrogates.language.program import Program
from surrogates.language.tokens import TokenTable
from synth.material import Material
from synth.proposers.additive.parts import CLASSES, MASKS

WORDS = 512
"""Words that may have a weight of their own: the most frequent ones of the training texts."""
RAREST_WORD = 5
"""Times that a word must occur to have one."""
RAREST_MASK = 20
"""Cells in which a mask must hold to have a constant."""
BATCH = 16
"""Texts of a batch, which have their query rows in common."""
_ROW_CELLS = 2_000_000
"""Cells of the rows that are kept; where texts are longer, fewer rows of each."""


@dataclass(frozen=True)
class Rows:
    """Query rows of t texts with n tokens at most, r rows of each.

    Values are NumPy arrays, which joblib hands to workers as files mapped into memory rather than as copies.

    Attributes:
        numbers: the texts' numbers in the run, by their length.
        words: strings that may have a weight.
        class_names: classes of words, clusters of the run's among them.
        masks: expressions that differ often enough between cells to have a constant.
        tokens: place in ``words`` of each token and of its left neighbour, their number for other ones, (2, t, n).
        classes: which of ``class_names`` hold for each token and for its left neighbour, (2, t, n, class_names).
        rows: which query rows of its text are there, the same throughout a batch, (t, r).
        cells: values of ``masks``, (t, masks, r, n).
        visible: (t, r, n).
    """

    numbers: tuple[int, ...]
    words: tuple[str, ...]
    class_names: tuple[str, ...]
    masks: tuple[str, ...]
    tokens: np.ndarray
    classes: np.ndarray
    rows: np.ndarray
    cells: np.ndarray
    visible: np.ndarray
    causal: bool

    @property
    def n(self) -> int:
        return self.visible.shape[-1]


def training_rows(material: Material, layer: int, seed: int) -> Rows:
    """Rows of the training texts as a layer sees them.

    Args:
        seed: of the draw of rows, where not all are kept.
    """
    numbers = sorted(material.splits["train"], key=lambda number: (len(material.ids[number]), number))
    n = len(material.ids[numbers[-1]])
    first = 1 if material.causal else 0  # the first row of a causal head sees itself alone and says nothing
    count = max(1, min(n - first, _ROW_CELLS // (n * len(numbers))))
    generator = np.random.default_rng(seed)
    rows = np.zeros((len(numbers), count), dtype=np.int64)
    for start in range(0, len(numbers), BATCH):
        batch = numbers[start : start + BATCH]
        long = len(material.ids[batch[-1]])
        drawn = generator.permutation(np.arange(first, long))[:count]
        # A row that a text does not have sees nothing and adds nothing.
        rows[start : start + BATCH] = np.sort(np.concatenate([drawn, np.full(count - len(drawn), n - 1)]))
    words = _common_words(material, numbers)
    found = rows_of(material, layer, numbers, rows, words, MASKS)
    often = [place for place in range(len(MASKS)) if found.cells[:, place].sum() >= RAREST_MASK]
    return Rows(
        found.numbers, words, found.class_names, tuple(MASKS[place] for place in often), found.tokens, found.classes,
        rows, found.cells[:, often], found.visible, found.causal,
    )  # fmt: skip


def rows_of(
    material: Material,
    layer: int,
    numbers: Sequence[int],
    rows: np.ndarray,
    words: tuple[str, ...],
    masks: tuple[str, ...],
) -> Rows:
    """Chosen query rows, (t, r), of some texts, copied: the torch tensors made of them must be writable."""
    n = max(len(material.ids[number]) for number in numbers)
    class_names = (*CLASSES, *material.clusters.names)
    tokens, classes, cells, visible = [], [], [], []
    for start in range(0, len(numbers), BATCH):
        lists = [list(material.ids[number]) for number in numbers[start : start + BATCH]]
        texts = Texts.from_lists(lists, material.table, causal=material.causal, width=n)
        place, chosen = np.arange(len(lists))[:, None], rows[start : start + BATCH]
        seen = np.zeros((len(lists), n, n), dtype=bool)
        own = material.visible(layer, lists)
        seen[:, : own.shape[1], : own.shape[2]] = own
        seen = seen[place, chosen]
        lookup = _places(texts.table, words)
        tokens.append(np.stack([lookup[texts.entries_left(shift)] for shift in (0, 1)]))
        classes.append(np.stack([np.stack([texts.token(name, shift) for name in class_names], -1) for shift in (0, 1)]))
        values = [np.broadcast_to(_value(mask, texts), (len(lists), n, n))[place, chosen] for mask in masks]
        cells.append(
            np.stack(values, axis=1).astype(bool) & seen[:, None]
            if masks
            else np.zeros((len(lists), 0, *seen.shape[1:]), dtype=bool)
        )
        visible.append(seen)
    return Rows(
        tuple(numbers), words, class_names, masks, np.concatenate(tokens, axis=1), np.concatenate(classes, axis=1),
        np.array(rows), np.concatenate(cells), np.concatenate(visible), material.causal,
    )  # fmt: skip


def _value(expression: str, texts: Texts) -> np.ndarray:
    program = Program.parse(f'def mask(query, key, pair):\n    """A mask."""\n    return {expression}\n')
    return np.asarray(scores(program, texts))


def _common_words(material: Material, numbers: Sequence[int]) -> tuple[str, ...]:
    special = material.table.columns["is_special"]
    counts = Counter(
        text
        for number in numbers
        for token, text in zip(material.ids[number], material.table.spell(material.ids[number]), strict=True)
        if not special[token]
    )
    frequent = sorted((text for text in counts if counts[text] >= RAREST_WORD), key=lambda text: (-counts[text], text))
    return tuple(frequent[:WORDS])


def _places(table: TokenTable, words: tuple[str, ...]) -> np.ndarray:
    """For no token, and for each row of a table, the place of its string among the words."""
    position = {text: place for place, text in enumerate(words)}
    other = len(words)
    special = table.columns["is_special"]
    places = [other if s else position.get(text, other) for text, s in zip(table.texts, special, strict=True)]
    return np.array([other, *places])
