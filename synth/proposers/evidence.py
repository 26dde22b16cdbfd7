"""Which single terms would explain a head's attention, by a score test and a fit of each."""

import torch
from torch import Tensor

from prompts.messages import Evidence
from surrogates.language.features import Texts
from surrogates.language.patterns import pattern
from surrogates.language.program import Program
from surrogates.library.heads import Head
from synth.material import BATCH_CELLS, HeadData, Material
from synth.proposers.bank import Bank, bank_for
from synth.proposers.single_terms import COMPLEXITY_PRICE, SingleTerms

ROWS = 1000
"""Query rows of the training texts on which terms are tried."""
COUNT = 16
"""Most terms that are given."""
TRIED = 80
"""Terms of greatest promise that are fitted."""
STEPS = 8
SETTLED = 0.02
"""Change of the largest score below which a constant is not improved further."""
LEAST = 0.001
"""Nats a query below which a term is not worth a line."""
ALIKE = 0.85
"""Correlation from which a term says nothing beside one of greater promise."""


def evidence_bank(material: Material, head: Head, seed: int) -> Bank:
    """What :func:`strongest_terms` tries on all heads whose layers see as the head's does."""
    return bank_for(material, head, seed, ROWS)


def strongest_terms(material: Material, head: Head, bank: Bank, program: Program | None = None) -> list[Evidence]:
    """The terms that alone save most on train texts, those that save most for their length first.

    Those that repel have a minus in front. Of terms that say nearly the same only the first is given.

    Args:
        material: the run's texts and patterns.
        head: whose attention to explain.
        bank: see :func:`evidence_bank`.
        program: what the terms would be added to; by default nothing, whose pattern is uniform.

    Raises:
        ProgramFailed: the program fails on a train text.
    """
    numbers = material.splits["train"]
    rows = torch.from_numpy(bank.row_numbers)
    place = torch.arange(len(numbers))[:, None]
    terms = SingleTerms(bank, HeadData(material, head).patterns(numbers)[place, rows])
    start = terms.uniform
    if program is not None:
        start = _on_rows(program, material, head, bank, start)
    weights, target = start.flatten(0, 1), terms.target.flatten(0, 1)
    tried = []
    for promise in terms.promising(start, TRIED):
        column = terms.column(promise.term)
        constant, saved = _alone(column, weights, target)
        tried.append((saved, constant, promise.term, column))
    # A gain is worth less the more factors it takes.
    tried.sort(key=lambda found: -found[0] * (1 - COMPLEXITY_PRICE * (len(found[2].factors) - 1)))
    found: list[Evidence] = []
    directions: list[Tensor] = []
    for saved, constant, term, column in tried:
        # As the softmax has it: what is the same for a whole row is nothing.
        direction = (column - (weights * column).sum(-1, keepdim=True)) * weights.sqrt()
        direction = direction / direction.norm().clamp(min=1e-12)
        if saved < LEAST or any(abs(float((direction * other).sum())) > ALIKE for other in directions):
            continue
        directions.append(direction)
        found.append(Evidence(f"-{term}" if constant < 0 else str(term), saved))
        if len(found) == COUNT:
            break
    return found


def _alone(column: Tensor, start: Tensor, target: Tensor) -> tuple[float, float]:
    """The best constant of one term beside a pattern, and the nats a row that it saves: Newton in one dimension.

    The second-order promise by which terms are found overstates sharp ones many times over. Shapes: (rows, n) each.
    """
    scores = start.clamp(min=1e-30).log()
    reach = float(column.abs().max().clamp(min=1e-6))
    constant = 0.0
    best = (0.0, 0.0)
    for _ in range(STEPS):
        logits = torch.where(start > 0, scores + constant * column, -torch.inf)
        pattern = logits.softmax(-1)
        saved = float((target * (pattern.clamp(min=1e-30).log() - scores)).sum(-1).mean())
        if saved > best[1]:
            best = (constant, saved)
        slope = float(((target - pattern) * column).sum(-1).mean())
        middle = (pattern * column).sum(-1, keepdim=True)
        curvature = float((pattern * (column - middle) ** 2).sum(-1).mean())
        # A step changes no score by more than two: far off, the expansion says little.
        step = max(-2 / reach, min(2 / reach, slope / (curvature + 1e-6)))
        if abs(step) * reach < SETTLED:
            break
        constant += step
    return best


def _on_rows(program: Program, material: Material, head: Head, bank: Bank, uniform: Tensor) -> Tensor:
    """A program's pattern on the bank's rows, shape (t, r, n); rows without a choice as in ``uniform``."""
    found = uniform.clone()
    lists = material.lists("train")
    n = uniform.shape[-1]
    rows = torch.from_numpy(bank.row_numbers)
    # Rows that only fill up see one cell and keep their pattern.
    chosen = torch.from_numpy(bank.visible).sum(-1) > 1
    size = max(1, BATCH_CELLS // n**2)
    for start in range(0, len(lists), size):
        chunk = slice(start, start + size)
        texts = Texts.from_lists(lists[chunk], material.table, causal=material.causal, torch_tensors=True, width=n)
        seen = torch.from_numpy(material.visible(head.layer, lists[chunk]))
        visible = torch.zeros(len(seen), n, n, dtype=torch.bool)
        visible[:, : seen.shape[1], : seen.shape[2]] = seen
        place = torch.arange(len(seen))[:, None]
        whole = torch.as_tensor(pattern(program, texts, visible))[place, rows[chunk]]
        found[chunk] = torch.where(chosen[chunk][..., None], whole, found[chunk])
    return found
