"""Texts that a run's programs were not found on, and how well programs predict patterns there."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from evaluation.intervals import Interval, mean_interval
from evaluation.similarity import similarity
from surrogates.errors import InputError, ProgramFailed
from surrogates.language.features import Texts
from surrogates.language.patterns import pattern
from surrogates.language.program import Program
from surrogates.library.heads import Head
from surrogates.running.patching import token_table
from surrogates.running.plan import OnError
from synth.attention import batch_patterns
from synth.corpus import resolve_corpus
from synth.demo import demo_stories
from synth.models import LoadedModel, encode
from synth.progress import Step
from synth.run import Run
from synth.settings import DEMO_CORPUS
from synth.shards import layer_name, rounding, unpack, visible_cells

_LEAST_TEXTS = 2
_CELLS = 500_000
"""Cells (texts x queries x keys) of a head that are worked on at once."""


@dataclass(frozen=True)
class OtherCorpus:
    """Texts to measure on.

    Attributes:
        name: empty for the run's own test texts.
        ids: the model's token ids, of two or more tokens each.
        in_run: how many texts were left out, since they are the run's own.
    """

    name: str
    ids: list[list[int]]
    in_run: int = 0


def read_corpus(run: Run, loaded: LoadedModel, name: str, source: str, notify: Callable[[str], None]) -> OtherCorpus:
    """As many texts of a corpus as the run has test texts, drawn at random, read and cut as the run's own were.

    Raises:
        InputError: the corpus cannot be read, or fewer than two of its texts are left.
    """
    documents = demo_stories() if source == DEMO_CORPUS else resolve_corpus(source, notify)
    distinct = list(dict.fromkeys(stripped for text in documents if (stripped := text.strip())))
    own = {text.text for text in run.texts}
    others = [text for text in distinct if text not in own]
    random.Random(run.settings.seed).shuffle(others)
    in_run = len(distinct) - len(others)
    known = {tuple(row) for row in run.material.model_ids()}  # texts may differ in what is cut off alone
    ids: list[list[int]] = []
    wanted = len(run.ids("test"))
    for start in range(0, len(others), wanted):
        read = [row for row in encode(loaded, others[start : start + wanted], run.settings.max_tokens) if len(row) > 1]
        fresh = [row for row in read if tuple(row) not in known]
        in_run += len(read) - len(fresh)
        ids += fresh
        if len(ids) >= wanted:
            break
    if len(ids) < _LEAST_TEXTS:
        raise InputError(
            f"the corpus {name} has {len(ids)} texts of two tokens that the run does not have; give at least "
            f"{_LEAST_TEXTS}"
        )
    return OtherCorpus(name, ids[:wanted], in_run)


def fresh_iou(
    loaded: LoadedModel, programs: Mapping[Head, Program], ids: Sequence[Sequence[int]], on_error: OnError, step: Step
) -> Interval:
    """IoU of programs with their heads' patterns on texts, mean over heads and then texts; patterns are not kept.

    Args:
        on_error: what happens when a program fails: ``neural`` counts it as attending to nothing on that text.
        step: where progress is shown.

    Raises:
        ProgramFailed: a program failed, and failures are to raise.
    """
    table = token_table(loaded.model, loaded.tokenizer, list(programs.values()))
    size = max(1, _CELLS // max(map(len, ids)) ** 2)
    found = []
    for start in range(0, len(ids), size):
        batch = [list(text) for text in ids[start : start + size]]
        lengths = list(map(len, batch))
        cells = batch_patterns(loaded, batch)
        texts = Texts.from_lists(batch, table, causal=loaded.causal, torch_tensors=True)
        total = np.zeros(len(batch))
        for head, program in programs.items():
            visible = visible_cells(lengths, loaded.causal, loaded.windows[head.layer])
            ends = np.cumsum(visible.sum((1, 2)))[:-1]
            own = np.split(cells[layer_name(head.layer)][head.index], ends)
            target = torch.from_numpy(unpack(own, visible, rounding(loaded.model.dtype)))
            predicted = _predicted(program, texts, torch.from_numpy(visible), on_error)
            total += similarity(predicted, target).iou.numpy()
        found.append(total / len(programs))
        step(start + len(batch), len(ids))
    return mean_interval(np.concatenate(found))


def _predicted(program: Program, texts: Texts, visible: Tensor, on_error: OnError) -> Tensor:
    try:
        return pattern(program, texts, visible)
    except ProgramFailed:
        if on_error == "raise":
            raise
    found = torch.zeros(visible.shape)
    for place in range(len(found)):
        one = slice(place, place + 1)
        try:
            found[one] = pattern(program, texts.rows(one), visible[one])
        except ProgramFailed:
            continue  # it attends to nothing
    return found
