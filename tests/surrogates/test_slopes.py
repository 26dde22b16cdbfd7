"""Derivatives by the constants, cell by cell: those that torch finds one constant at a time."""

import pytest
import torch
from torch import Tensor

from surrogates.errors import ProgramFailed
from surrogates.language.patterns import scores
from surrogates.language.slopes import scores_and_slopes
from tests.synth.planted import batch, parse, random_lists

TEXTS = batch(random_lists(5))
BODIES = [
    "a * key.is_first - b * pair.log_distance + 2",
    "a",
    "exp(-a * pair.distance) * b + where(pair.offset(0), -inf, b * query.length)",
    "logaddexp(a - b * pair.distance, key.length * a)",
    "where(key.length > a, b, 0.0) + pair.latest(key.length > b) * a",
    "curve(pair.distance, {0: -1.0, 2: 2.0, 9: 0.5}) * a",
    "curve(a * pair.distance, {0: -1.0, 2: 2.0, 9: 0.5}) + curve(key.length, {1: 0.3, 4: 1.0})",
    'weights(key, {"dog": 1.0, ".": 0.5}, is_punctuation=0.3) * weights(query.previous, {"the": -0.5}, is_quote=1.0)',
    "abs(weights(key, {}, is_comma=-0.5)) + sqrt(a * pair.distance) ** b",
]


@pytest.mark.parametrize("body", BODIES)
def test_slopes_are_those_by_one_constant_at_a_time(body: str) -> None:
    given = {name: value for name, value in (("a", 0.7), ("b", 1.3)) if name in body.replace("abs", "")}
    program = parse(body, **given)
    names, values = list(program.constants), torch.tensor(list(program.constants.values()))

    def of(weights: Tensor) -> Tensor:
        return scores(program, TEXTS, dict(zip(names, weights, strict=True))).expand(TEXTS.visible.shape)

    found, slopes = scores_and_slopes(program, TEXTS, dict(zip(names, values, strict=True)), TEXTS.visible.shape)
    seen = TEXTS.visible
    torch.testing.assert_close(found[seen], of(values)[seen])
    for slope, unit in zip(slopes, torch.eye(len(names)), strict=True):
        expected = torch.func.jvp(of, (values,), (unit,))[1]
        torch.testing.assert_close(slope[seen], expected[seen], rtol=1e-4, atol=1e-5)


def test_a_program_that_fails_says_so() -> None:
    with pytest.raises(ProgramFailed, match="encoders only"):
        scores_and_slopes(parse("a * key.is_last", a=1.0), TEXTS, {"a": torch.tensor(1.0)}, TEXTS.visible.shape)
