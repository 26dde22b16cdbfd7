"""Newton's method ends at the minimum, also where its first step would leave every pattern all but certain."""

import math

import pytest
import torch

from synth.fitting.newton import RIDGE, Rows, fit_newton


def one_row(columns: torch.Tensor, target: torch.Tensor) -> Rows:
    return Rows(target[None], torch.ones(1, columns.shape[-1], dtype=torch.bool))


@pytest.mark.parametrize("cells", [3, 33, 1000])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
def test_a_weight_of_one_cell_is_the_logit_of_its_share(cells: int, share: float) -> None:
    columns = torch.zeros(1, 1, cells)
    columns[0, 0, 1] = 1.0
    target = torch.full((cells,), (1 - share) / (cells - 1))
    target[1] = share
    fit = fit_newton(columns, one_row(columns, target))
    # Softmax: e^w / (e^w + cells - 1) = share; the ridge pulls by less than it may be off.
    weight = float(fit.weights[0])
    assert float(fit.pattern[0, 1]) == pytest.approx(share, abs=2e-3)
    assert fit.loss == pytest.approx(-share * weight + math.log(cells - 1 + math.exp(weight)), abs=1e-4)


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_the_slope_is_zero_where_it_ends(seed: int, missing: bool) -> None:
    generator = torch.Generator().manual_seed(seed)
    # Rare cells with nearly all of the weight, on scales that differ a thousandfold.
    scales = 10 ** (3 * torch.rand(6, 1, 1, generator=generator) - 1.5)
    columns = (torch.rand(6, 40, 64, generator=generator) < 0.05) * scales
    logits = 8 * torch.randn(40, 64, generator=generator)
    mass = torch.rand(40, 1, generator=generator) if missing else torch.ones(40, 1)
    rows = Rows(mass * logits.softmax(-1), torch.ones(40, 64, dtype=torch.bool))
    fit = fit_newton(columns, rows)
    variance = (columns**2).mean(-1).mean(-1) - (columns.mean(-1) ** 2).mean(-1)
    slope = ((mass * fit.pattern - rows.target) * columns).sum(-1).mean(-1) + RIDGE * variance * fit.weights
    assert (slope / scales[:, 0, 0]).abs().max() < 1e-3
    started = fit_newton(columns, rows, fit.weights, iterations=0)
    logs = torch.einsum("k,krn->rn", fit.weights, columns).log_softmax(-1)
    assert started.loss == pytest.approx(-float((rows.target * logs).sum(-1).mean()), rel=1e-4)
