"""Train texts with a head's patterns, and programs' beside them, as arrays for ``prompts``."""

from collections.abc import Sequence

import numpy as np

from evaluation.similarity import similarity
from prompts.edges import HeadText
from prompts.messages import Compared
from surrogates.language.features import Texts
from surrogates.language.patterns import pattern
from surrogates.language.program import Program
from surrogates.library.heads import Head
from synth.material import HeadData, Material

_EASY_LENGTH = 40
"""Tokens of a text that is easily read: those nearest to it are shown."""
_CLASSES = (
    "is_special", "is_word_start", "is_capitalised", "is_number", "is_punctuation", "is_sentence_end", "is_comma",
    "is_quote", "is_newline", "is_sentence_start",
)  # fmt: skip


def easiest(material: Material) -> list[int]:
    """Numbers of the sampled train texts, those of easily read length first."""
    return sorted(material.train_sample, key=lambda number: abs(len(material.ids[number]) - _EASY_LENGTH))


def head_texts(material: Material, head: Head, numbers: Sequence[int]) -> list[HeadText]:
    """Texts with the head's patterns."""
    found = []
    patterns = HeadData(material, head).patterns(numbers).numpy()
    for number, whole in zip(numbers, patterns, strict=True):
        tokens = list(material.ids[number])
        n = len(tokens)
        texts = Texts.from_lists([tokens], material.table, causal=material.causal)
        found.append(
            HeadText(
                material.table.spell(tokens),
                whole[:n, :n],
                material.visible(head.layer, [tokens])[0],
                {name: np.asarray(getattr(texts.key, name))[0, 0] != 0 for name in _CLASSES},
            )
        )
    return found


def compare(material: Material, head: Head, program: Program, numbers: Sequence[int]) -> list[Compared]:
    """Texts with the head's patterns and a program's, in the order given.

    Raises:
        ProgramFailed: the program fails on one of them.
    """
    found: list[Compared] = []
    texts = iter(head_texts(material, head, numbers))
    for batch in HeadData(material, head).batches(numbers):
        patterns = pattern(program, batch.texts, batch.visible)
        ious = similarity(patterns, batch.target).iou.tolist()
        for iou, whole in zip(ious, patterns.float().numpy(), strict=True):
            text = next(texts)
            n = len(text.tokens)
            found.append(Compared(text, whole[:n, :n], iou))
    return found
