"""Fitting what a language model might write, against a derivative by each constant on all texts, one by one."""

import shutil
import tempfile
import time
from pathlib import Path

import torch
from torch import Tensor

from surrogates.language.patterns import scores
from surrogates.language.program import Program
from surrogates.library.heads import Head
from synth.corpus import Split
from synth.fitting.constants import fit_to_head
from synth.fitting.newton import Rows, fit_newton, tune_iou
from synth.material import Batch, HeadData
from tests.benchmarks.timing import Comparison
from tests.synth.planted import material_with, random_lists

HEADS, TEXTS, TOKENS = 36, 50, 48
PROGRAMS = 8
_BASELINE_HEADS = 2
"""As many as the baseline is measured on, since it takes its time."""
_STEPS = 4
_BODIES = (
    "a * key.is_first - b * pair.log_distance + c * query.is_comma * pair.offset({k}) + d * pair.offset(0)",
    "a * pair.latest(pair.follows_same_token) + b * pair.same_token + c * key.is_first - d * pair.log_distance",
    "logaddexp(a - b * pair.distance, c * key.is_first + d * pair.same_sentence)",
    "a * key.is_first + curve(pair.distance, {{0: 1.0, 1: 1.8, 2: 1.0, 4: 0.4, 8: -0.2, 16: -0.8}})"
    ' + weights(key, {{"dog": 0.6, "girl": 0.6, "the": -0.3, ".": 0.7, ",": 0.5}}, is_capitalised=0.5, is_quote=0.4)'
    ' + weights(query, {{"the": 0.4, "of": -0.2, ".": 0.3}}, is_punctuation=0.3) * pair.offset({k})',
    'weights(query, {{"She": 1.0, "ran": 0.5}}, is_pronoun=0.5) * weights(key, {{"girl": 1.0}}, is_capitalised=1.2)'
    " + a * key.is_first - b * pair.log_distance",
    "where(pair.within({k}), a + b * key.is_word_start, -c * pair.distance) + d * key.is_first",
    "log(a * exp(-b * pair.distance) + c * key.is_newline + 0.1) + d * pair.same_word",
    "a * key.is_sentence_start + b * pair.same_previous_token - c * abs(pair.sentence_distance) + d * key.length",
)


def _programs(head: int) -> list[Program]:
    return [
        Program.parse(
            f"def f(query, key, pair, a=1.{head % 10}, b=0.{1 + head % 7}, c=0.5, d=1.0):\n"
            f'    """A program."""\n    return {body.format(k=1 + head % 3)}\n'
        )
        for body in _BODIES
    ]


def plain(program: Program, batch: Batch) -> Tensor:
    """The fixed baseline: forward derivatives by one constant after the other, Newton's method, tuning."""
    weights = torch.tensor(list(program.constants.values()))
    seeing = batch.visible.any(-1)
    seen, target = batch.visible[seeing], batch.target[seeing]
    texts = batch.texts.rows(slice(None))  # on which nothing was computed for another program

    def of(values: Tensor) -> Tensor:
        given = dict(zip(program.constants, values, strict=True))
        return torch.where(batch.visible, scores(program, texts, given), 0.0).clamp(min=-50)[seeing]

    for _ in range(_STEPS):
        columns = torch.stack([torch.func.jvp(of, (weights,), (unit,))[1] for unit in torch.eye(len(weights))])
        columns = (columns - columns.sum(-1, keepdim=True) / seen.sum(-1, keepdim=True)) * seen
        rows = Rows(target, seen, of(weights) - torch.tensordot(weights, columns, dims=1))
        fit = fit_newton(columns, rows, weights)
        weights = fit.weights
    return tune_iou(columns, rows, fit)


def run() -> Comparison:
    """Seconds a program."""
    splits: list[Split] = [*["train"] * TEXTS, "validation", "test"]  # type: ignore[list-item]
    folder = Path(tempfile.mkdtemp())
    try:
        heads = [[_programs(7 * layer + head)[head % PROGRAMS] for head in range(6)] for layer in range(HEADS // 6)]
        material = material_with(folder, heads, random_lists(len(splits), length=TOKENS), splits)
        everyone = [Head(layer, head) for layer in range(HEADS // 6) for head in range(6)]
        start = time.perf_counter()
        for place, head in enumerate(everyone):
            data = HeadData(material, head)
            for program in _programs(place):
                fit_to_head(data, program)
        ours = (time.perf_counter() - start) / (HEADS * PROGRAMS)
        batch = HeadData(material, everyone[0]).fitting(TEXTS)
        start = time.perf_counter()
        for place in range(_BASELINE_HEADS):
            for program in _programs(place):
                plain(program, batch)
        baseline = (time.perf_counter() - start) / (_BASELINE_HEADS * PROGRAMS)
        return Comparison(baseline, ours)
    finally:
        shutil.rmtree(folder)
