"""Every program of the golden table gives the pattern written down for it, however it is run."""

import ast
import math

import numpy as np
import pytest
import torch

from surrogates.language.features import Texts
from surrogates.language.patterns import pattern, scores
from surrogates.language.program import Program
from surrogates.language.vocabulary import FEATURES, FITTED, FUNCTIONS
from tests.surrogates import golden as plain
from tests.surrogates.golden import IDS, Golden, N, table
from tests.surrogates.golden_fitted import FITTED_CASES

CASES = plain.CASES + FITTED_CASES
PREFIX = 6
WIDTH = N + 2
cases = pytest.mark.parametrize("golden", CASES, ids=lambda golden: golden.name)
backends = pytest.mark.parametrize("backend", ["numpy", "torch"])


def texts(
    ids: np.ndarray, golden: Golden, backend: str, mask: np.ndarray | None = None, queries: int | None = None
) -> Texts:
    convert = torch.from_numpy if backend == "torch" else np.asarray
    return Texts(
        convert(ids),
        table(),
        mask=None if mask is None else convert(mask),
        causal=golden.causal,
        queries=queries,
    )


def padded(side: str) -> tuple[np.ndarray, np.ndarray, list[slice]]:
    """The whole text and its beginning, ids and mask of shape (2, WIDTH), and where each stands."""
    ids, mask, places = np.full((2, WIDTH), 1), np.zeros((2, WIDTH), dtype=bool), []
    for row, n in enumerate((N, PREFIX)):
        place = slice(WIDTH - n, WIDTH) if side == "left" else slice(0, n)
        ids[row, place], mask[row, place] = IDS[:n], True
        places.append(place)
    return ids, mask, places


def close(found: object, expected: list[list[float]]) -> None:
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-5, atol=2e-6)


def test_table_covers_the_vocabulary() -> None:
    words = {
        name
        for golden in CASES
        for node in ast.walk(ast.parse(golden.source))
        for name in [getattr(node, "attr", getattr(node, "id", ""))]
    }
    assert {feature.name for feature in FEATURES} | set(FUNCTIONS) | set(FITTED) | {"inf", "previous"} <= words
    assert len({golden.name for golden in CASES}) == len(CASES)


@cases
@backends
def test_one_text(golden: Golden, backend: str) -> None:
    program = Program.parse(golden.source)
    assert program.kind == "vectorised"
    found = pattern(program, texts(np.array([IDS]), golden, backend))
    assert isinstance(found, torch.Tensor) == (backend == "torch")
    assert str(found.dtype).endswith("float32")
    assert tuple(found.shape) == (1, N, N)
    close(found[0], golden.expected())


@cases
@backends
def test_scores_are_float32(golden: Golden, backend: str) -> None:
    found = scores(Program.parse(golden.source), texts(np.array([IDS]), golden, backend))
    assert str(found.dtype).endswith("float32")


@cases
@backends
@pytest.mark.parametrize("side", ["left", "right"])
def test_padded_batch(golden: Golden, backend: str, side: str) -> None:
    ids, mask, places = padded(side)
    found = np.asarray(pattern(Program.parse(golden.source), texts(ids, golden, backend, mask)))
    assert found.dtype == np.float32
    for row, (place, n) in enumerate(zip(places, (N, PREFIX), strict=True)):
        close(found[row, place, place], golden.expected(n))
    assert not found[~(mask[:, :, None] & mask[:, None, :])].any()


@cases
@backends
def test_decoding_step(golden: Golden, backend: str) -> None:
    program = Program.parse(golden.source)
    for queries in (1, 3):
        found = pattern(program, texts(np.array([IDS]), golden, backend, queries=queries))
        close(found[0], golden.expected()[-queries:])


@cases
@backends
def test_decoding_step_of_a_left_padded_batch(golden: Golden, backend: str) -> None:
    ids, mask, places = padded("left")
    found = pattern(Program.parse(golden.source), texts(ids, golden, backend, mask, queries=1))
    for row, (place, n) in enumerate(zip(places, (N, PREFIX), strict=True)):
        close(found[row, :, place], golden.expected(n)[-1:])


@cases
@pytest.mark.parametrize("side", ["none", "left"])
def test_gradients_are_finite(golden: Golden, side: str) -> None:
    program = Program.parse(golden.source)
    ids, mask, _ = padded("left")
    batch = texts(np.array([IDS]), golden, "torch") if side == "none" else texts(ids, golden, "torch", mask)
    constants = {name: torch.tensor(value, requires_grad=True) for name, value in program.constants.items()}
    found = pattern(program, batch, constants=constants)
    # Cross-entropy against a head that looks at the text's beginning.
    target = batch.visible * torch.exp(-0.5 * torch.arange(found.shape[-1], dtype=torch.float32))
    loss = -(target * found.clamp(min=1e-9).log())[batch.visible].sum()
    if not loss.requires_grad:
        return  # without a constant there is nothing to fit
    for gradient in torch.autograd.grad(loss, list(constants.values()), allow_unused=True):
        assert gradient is None or math.isfinite(gradient)


def test_gradient_is_right() -> None:
    golden = next(golden for golden in CASES if golden.name.startswith("power of a base"))
    program = Program.parse(golden.source)
    batch = texts(np.array([IDS]), golden, "torch")

    def loss(width: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
        found = pattern(program, batch, constants={"width": width, "a": a})
        return -(found.clamp(min=1e-9).log()[batch.visible]).sum()

    values = [torch.tensor(program.constants[name], requires_grad=True) for name in ("width", "a")]
    found = torch.autograd.grad(loss(*values), values)
    with torch.no_grad():
        for place, gradient in enumerate(found):
            up, down = ([value + step * (i == place) for i, value in enumerate(values)] for step in (1e-2, -1e-2))
            assert float(gradient) == pytest.approx(float(loss(*up) - loss(*down)) / 2e-2, rel=1e-2)
