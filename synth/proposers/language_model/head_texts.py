"""Train texts with a head's patterns, and programs' beside them, as arrays for ``prompts``."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from evaluation.similarity import similarity
from prompts.edges import Compared, HeadText
from surrogates.language.features import Texts
from surrogates.language.patterns import normalise, pattern, scores
from surrogates.language.program import Program
from surrogates.library.heads import Head
from synth.material import HeadData, Material
from synth.proposers.language_model.joining import is_separable, part_of

_EASY_LENGTH = 40
"""Tokens of a text that is easily read: those nearest to it are shown."""
_LONGEST = 256
"""Tokens of a text that are shown."""
_FARTHEST = 1e4
"""Stands for infinity: far beyond other scores, and near enough to be taken away in single precision."""
_CLASSES = (
    "is_special", "is_word_start", "is_capitalised", "is_number", "is_punctuation", "is_sentence_end", "is_comma",
    "is_quote", "is_newline", "is_sentence_start",
)  # fmt: skip


def easiest_first(compared: Sequence[Compared]) -> list[Compared]:
    """Texts of easily read length first."""
    return sorted(compared, key=lambda one: abs(len(one.text.tokens) - _EASY_LENGTH))


def beginning(one: Compared) -> Compared:
    """A text that is not too long to be shown whole, or as much of it."""
    text, most = one.text, _LONGEST
    if len(text.tokens) <= most:
        return one
    cells = slice(most), slice(most)
    classes = {name: mask[:most] for name, mask in text.classes.items()}
    first = HeadText(text.tokens[:most], text.pattern[cells], text.visible[cells], classes)
    return Compared(first, one.found[cells], one.iou)


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


def shares(material: Material, head: Head, program: Program, numbers: Sequence[int]) -> list[float]:
    """Of each term of a vectorised program how much of what all explain would be lost without it; they add up to one.

    None at all where a term cannot be told apart, because what it names is too large to be written out.

    Raises:
        ProgramFailed: the program fails on one of the texts.
    """
    if not is_separable(program):
        return []
    parts = [part_of(program, term) for term in program.terms]
    lost = np.zeros(len(parts))
    for batch in HeadData(material, head).batches(numbers):
        each = {place: _values(part, batch.texts) for place, part in enumerate(parts) if part is not None}
        whole = sum(each.values(), torch.zeros(()))
        least = _cross_entropy(whole, batch.visible, batch.target)
        for place, own in each.items():
            lost[place] += _cross_entropy(whole - own, batch.visible, batch.target) - least
    worth = lost.clip(min=0)
    return list(worth / max(worth.sum(), 1e-12))


def _values(part: Program, texts: Texts) -> Tensor:
    """Its scores, so that they can be taken away again: those that are no number become finite."""
    return torch.as_tensor(scores(part, texts)).nan_to_num(0.0, _FARTHEST, -_FARTHEST).clamp(-_FARTHEST, _FARTHEST)


def _cross_entropy(values: Tensor, visible: Tensor, target: Tensor) -> float:
    found = torch.as_tensor(normalise(values, visible))
    return -float((target * found.clamp(min=1e-9).log()).sum())
