"""What a language model is told about one head of a run: arrays for ``prompts``, made from train texts alone."""

from collections.abc import Sequence

import numpy as np

from evaluation.similarity import similarity
from prompts.edges import HeadText
from prompts.messages import Message
from prompts.summary import summary_lines
from prompts.writing import Scored, propose_prompt
from surrogates.errors import InputError, ProgramFailed
from surrogates.features import Texts
from surrogates.heads import Head
from surrogates.library import Library
from surrogates.patterns import pattern
from surrogates.program import Program
from synth.material import Material
from synth.proposers.evidence import strongest_terms

SAMPLE = 60
"""Train texts over which attention is summed up and programs are compared."""
SHOWN = 6
"""Of these, how many may be shown edge by edge."""
BEST = 3
"""Programs of the library that may be shown."""
NEAR = 0.02
"""IoU by which a shorter program may fall behind the best."""
_EASY_LENGTH = 40
"""Tokens of a text that is easily read: those nearest to it are shown."""
_CLASSES = (
    "is_special", "is_word_start", "is_capitalised", "is_number", "is_punctuation", "is_sentence_end", "is_comma",
    "is_quote", "is_newline", "is_sentence_start",
)  # fmt: skip


def head_prompt(material: Material, library: Library, head: Head, *, seed: int, limit: int) -> list[Message]:
    """The messages that ask for programs for a head.

    Args:
        material: the run's texts and patterns.
        library: where the head's programs so far are, if it has any.
        head: one of the model's.
        seed: of the draws of texts and of query rows.
        limit: most tokens of the whole.

    Raises:
        InputError: even the smallest prompt is larger.
    """
    if head.layer >= len(material.windows):
        raise InputError(f"the model has no head {head}; its layers go from 0 to {len(material.windows) - 1}")
    numbers = sample(material, seed)
    texts = head_texts(material, head, numbers)
    return propose_prompt(
        summary_lines(texts),
        texts[:SHOWN],
        causal=material.causal,
        evidence=strongest_terms(material, head, seed),
        best=best_programs(material, library, head, numbers),
        limit=limit,
    )


def sample(material: Material, seed: int) -> list[int]:
    """Numbers of some train texts in a fixed order, those of easily read length first."""
    drawn = np.random.default_rng(seed).permutation(material.splits["train"])[:SAMPLE].tolist()
    return sorted(drawn, key=lambda number: abs(len(material.ids[number]) - _EASY_LENGTH))


def head_texts(material: Material, head: Head, numbers: Sequence[int]) -> list[HeadText]:
    """Texts with the head's patterns."""
    found = []
    patterns = material.patterns(head, tuple(numbers)).float().numpy()
    for number, whole in zip(numbers, patterns, strict=True):
        tokens = list(material.ids[number])
        n = len(tokens)
        texts = Texts.from_lists([tokens], material.table, causal=material.causal)
        found.append(
            HeadText(
                tuple(material.table.texts[token] for token in tokens),
                whole[:n, :n],
                material.visible(head.layer, [tokens])[0],
                {name: np.asarray(getattr(texts.key, name))[0, 0] != 0 for name in _CLASSES},
            )
        )
    return found


def best_programs(material: Material, library: Library, head: Head, numbers: Sequence[int]) -> list[Scored]:
    """The head's programs of different structure with the highest IoU on some train texts, at most ``BEST``.

    The shortest that comes near the best stands first: it says as much in less of the prompt.
    """
    scored = []
    for entry in library.ranked(head):
        try:
            scored.append((train_iou(material, head, entry.program, numbers), entry.program))
        except ProgramFailed:
            continue  # only now: it ran when it was scored, and shows nothing here
    scored.sort(key=lambda found: (-found[0], len(found[1].source), found[1].source))
    distinct: dict[str, Scored] = {}
    for iou, program in scored:
        distinct.setdefault(program.structure, Scored(program.source, iou))
    best = list(distinct.values())
    if best:
        near = [found for found in best if found.train_iou >= best[0].train_iou - NEAR]
        first = min(near, key=lambda found: len(found.source))
        best = [first, *(found for found in best if found is not first)]
    return best[:BEST]


def train_iou(material: Material, head: Head, program: Program, numbers: Sequence[int]) -> float:
    """Mean IoU of a program with the head on some train texts.

    Raises:
        ProgramFailed: the program fails on one of them.
    """
    ious: list[float] = []
    for batch in material.batches_of(head, numbers):
        ious += similarity(pattern(program, batch.texts, batch.visible), batch.target).iou.tolist()
    return float(np.mean(ious))
