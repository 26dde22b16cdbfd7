"""Derivatives of a vectorised program's scores by its constants, cell by cell."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from surrogates.language.backend import Array
from surrogates.language.features import Texts
from surrogates.language.patterns import failing
from surrogates.language.program import Program
from surrogates.language.values import OBSERVER


def scores_and_slopes(
    program: Program, texts: Texts, constants: Mapping[str, Tensor], shape: tuple[int, ...]
) -> tuple[Tensor, Tensor]:
    """Scores of a vectorised program in every cell, (b, q, n), and their derivatives by each constant, (k, b, q, n).

    No cell's score depends on what other cells hold. So each constant, and a number added to what each call computes,
    stands in every cell as a value of its own, and one backward pass tells the slopes by all of them. The slope by a
    value of a call is that by the number added, times the call's own; a call is linear in its values.

    Args:
        texts: in torch.
        constants: of all names.
        shape: (b, q, n).

    Raises:
        ProgramFailed: the program failed, or a feature has no value for this model.
    """
    values = program.values
    computed: dict[str, Callable[[Array], Array]] = {}
    with failing(program):
        with torch.enable_grad():
            sought = {name: constants[name].detach().expand(shape).requires_grad_() for name in values.parameters}
            sought |= {packed: torch.zeros(()).expand(shape).requires_grad_() for packed in values.rows}
            packs = {packed: torch.stack([constants[name] for name in names]) for packed, names in values.rows.items()}

            def observer(packed: str, found: Array, compute: Callable[[Array], Array]) -> Array:
                computed[packed] = compute
                return found + sought[packed]

            given: dict[str, Any] = {**sought, **packs, OBSERVER: observer}
            found = program.compiled["torch"](texts.query, texts.key, texts.pair, given).expand(shape)
            inputs = list(sought.values())
            slopes = torch.autograd.grad(found.sum(), inputs, allow_unused=True) if found.requires_grad else ()
        with torch.no_grad():
            columns = torch.zeros(len(program.constants), *shape)
            place = {name: number for number, name in enumerate(program.constants)}
            for name, slope in zip(sought, slopes, strict=False):
                if slope is None:
                    continue
                if name not in packs:
                    columns[place[name]] = slope
                    continue
                for unit, value in zip(torch.eye(len(packs[name])), values.rows[name], strict=True):
                    torch.mul(slope, computed[name](unit), out=columns[place[value]])
    return found.detach(), columns
