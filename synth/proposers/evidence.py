"""Which single terms would explain a head's attention, by the search's own score test."""

import torch
from torch import Tensor

from prompts.writing import Evidence
from surrogates.features import Texts
from surrogates.heads import Head
from surrogates.patterns import pattern
from surrogates.program import Program
from synth.material import Material
from synth.proposers.bank import Bank, bank_for
from synth.proposers.search import Search

ROWS = 1000
"""Query rows of the training texts on which terms are tried."""
COUNT = 16
"""Most terms that are given."""
TRIED = 80
ALIKE = 0.85
"""Correlation from which a term says nothing beside one of greater promise."""


def strongest_terms(material: Material, head: Head, seed: int, program: Program | None = None) -> list[Evidence]:
    """The terms of greatest promise on train texts, greatest first; those that repel have a minus in front.

    Of terms that say nearly the same only the first is given.

    Args:
        material: the run's texts and patterns.
        head: whose attention to explain.
        seed: of the draw of query rows.
        program: what the terms would be added to; by default nothing, whose pattern is uniform.

    Raises:
        ProgramFailed: the program fails on a train text.
    """
    bank = bank_for(material, head, seed, most=ROWS)
    numbers = material.splits["train"]
    rows = torch.from_numpy(bank.row_numbers)
    place = torch.arange(len(numbers))[:, None]
    search = Search(bank, material.patterns(head, numbers)[place, rows])
    start = search.empty().fit.pattern.reshape(search.shape)
    if program is not None:
        start = _on_rows(program, material, bank, start)
    residual = (search.target - start).reshape(search.rows.target.shape)
    weights = start.reshape(residual.shape)
    found: list[Evidence] = []
    directions: list[Tensor] = []
    for promise in search.candidates(start, (), TRIED):
        column = search.column(promise.term)
        # As the softmax has it: what is the same for a whole row is nothing.
        direction = (column - (weights * column).sum(-1, keepdim=True)) * weights.sqrt()
        direction = direction / direction.norm().clamp(min=1e-12)
        if any(abs(float((direction * other).sum())) > ALIKE for other in directions):
            continue
        directions.append(direction)
        repels = float((residual * column).sum()) < 0
        found.append(Evidence(f"-{promise.term}" if repels else str(promise.term), promise.gain))
        if len(found) == COUNT:
            break
    return found


def _on_rows(program: Program, material: Material, bank: Bank, uniform: Tensor) -> Tensor:
    """A program's pattern on the bank's rows, shape (t, r, n); rows without a choice as in ``uniform``."""
    found = uniform.clone()
    for text, tokens in enumerate(material.lists("train")):
        texts = Texts.from_lists(
            [tokens], material.table, causal=material.causal, torch_tensors=True, width=uniform.shape[-1]
        )
        visible = torch.from_numpy(bank.visible[text])
        # Rows that only fill up see one cell and keep their pattern.
        real = visible.sum(-1) > 1
        rows = torch.from_numpy(bank.row_numbers[text])[real]
        cells = torch.zeros(texts.n, texts.n, dtype=torch.bool)
        cells[rows] = visible[real]
        found[text, real] = torch.as_tensor(pattern(program, texts, cells[None]))[0, rows]
    return found
