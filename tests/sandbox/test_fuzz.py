"""Random syntax trees: whatever compiles runs within its limits or ends with a verdict, and harms nothing."""

import ast
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.namespace import ATTRIBUTES, BUILTINS
from sandbox.pool import Pool
from sandbox.verdicts import Verdict
from tests.sandbox.canaries import Canaries
from tests.sandbox.running import body, call, text
from tests.sandbox.test_attacks import PROBE, attempt

NAMES = (
    "query", "key", "pair", "np", "math", "x", "y", "s", "attend", "_x", "_", "self", *sorted(BUILTINS), "open", "eval",
    "getattr", "type", "globals", "__import__", "_getattr_", "exp", "where",
)  # fmt: skip
ATTRIBUTE_NAMES = (
    *sorted(ATTRIBUTES), "is_comma", "length", "distance", "exp", "zeros", "linalg", "norm", "__class__", "__globals__",
    "format", "ctypes", "base", "data", "gi_frame", "f_back", "args", "tofile", "_features", "load",
)  # fmt: skip
OPERATORS = (ast.Add(), ast.Sub(), ast.Mult(), ast.Div(), ast.Mod(), ast.FloorDiv(), ast.BitAnd(), ast.MatMult())
COMPARISONS = (ast.Lt(), ast.Eq(), ast.In(), ast.Is(), ast.GtE(), ast.NotIn())


def load(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def store(name: str) -> ast.Name:
    return ast.Name(name, ast.Store())


names = st.sampled_from(NAMES)
leaves = st.one_of(
    names.map(load),
    st.one_of(st.integers(-3, 9), st.floats(-2, 2), st.booleans(), st.none(), st.text(max_size=3)).map(ast.Constant),
)


def _composite(inner: st.SearchStrategy[ast.expr]) -> st.SearchStrategy[ast.expr]:
    few = st.lists(inner, max_size=3)
    generators = st.builds(lambda name, of: [ast.comprehension(store(name), of, [], 0)], names, inner)
    return st.one_of(
        st.builds(lambda of, name: ast.Attribute(of, name, ast.Load()), inner, st.sampled_from(ATTRIBUTE_NAMES)),
        st.builds(lambda function, given: ast.Call(function, given, []), inner, few),
        st.builds(lambda of, at: ast.Subscript(of, at, ast.Load()), inner, inner),
        st.builds(ast.BinOp, inner, st.sampled_from(OPERATORS), inner),
        st.builds(lambda left, op, right: ast.Compare(left, [op], [right]), inner, st.sampled_from(COMPARISONS), inner),
        st.builds(ast.IfExp, inner, inner, inner),
        st.builds(lambda parts: ast.Tuple(parts, ast.Load()), few),
        st.builds(lambda parts: ast.List(parts, ast.Load()), few),
        st.builds(ast.ListComp, inner, generators),
        st.builds(ast.GeneratorExp, inner, generators),
        st.builds(lambda of: ast.JoinedStr([ast.FormattedValue(of, -1)]), inner),
        st.builds(lambda name, of: ast.NamedExpr(store(name), of), names, inner),
        st.builds(
            lambda name, of: ast.Lambda(
                ast.arguments(posonlyargs=[], args=[ast.arg(name)], kwonlyargs=[], kw_defaults=[], defaults=[]), of
            ),
            names,
            inner,
        ),
    )


expressions = st.recursive(leaves, _composite, max_leaves=12)
simple = st.one_of(
    st.builds(lambda name, of: ast.Assign([store(name)], of), names, expressions),
    st.builds(
        lambda of, at, value: ast.AugAssign(ast.Subscript(of, at, ast.Store()), ast.Add(), value),
        expressions,
        expressions,
        expressions,
    ),
    st.builds(lambda name, of: ast.AugAssign(store(name), ast.Mult(), of), names, expressions),
    st.builds(
        lambda of, name, value: ast.Assign([ast.Attribute(of, name, ast.Store())], value),
        expressions,
        st.sampled_from(ATTRIBUTE_NAMES),
        expressions,
    ),
    st.builds(ast.Expr, expressions),
    st.builds(lambda of: ast.Delete([ast.Subscript(of, ast.Constant(0), ast.Del())]), expressions),
    st.builds(ast.Return, expressions),
)


def _compound(inner: st.SearchStrategy[ast.stmt]) -> st.SearchStrategy[ast.stmt]:
    block = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(lambda test, then: ast.If(test, then, []), expressions, block),
        st.builds(lambda name, of, then: ast.For(store(name), of, then, []), names, expressions, block),
        st.builds(lambda test, then: ast.While(test, [*then, ast.Break()], []), expressions, block),
        st.builds(lambda tried, caught: ast.Try(tried, [ast.ExceptHandler(None, None, caught)], [], []), block, block),
    )


programs = st.lists(st.recursive(simple, _compound, max_leaves=5), min_size=1, max_size=5)


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(1, limit=0.5) as pool:
        yield pool


@pytest.fixture(scope="module")
def canaries() -> Iterator[Canaries]:
    found = Canaries()
    yield found
    found.close()


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(statements=programs)
def test_random_programs_end_with_a_verdict(statements: list[ast.stmt], pool: Pool, canaries: Canaries) -> None:
    module = ast.fix_missing_locations(ast.Module(statements, []))
    try:
        source = ast.unparse(module)
    except (ValueError, RecursionError):
        return
    outcome = attempt(pool, body(f'"""x"""\n{source}'))
    assert outcome.verdict is not Verdict.CRASHED, outcome.reason
    assert (outcome.scores is None) == (outcome.verdict is not Verdict.OK)
    assert canaries.harm(outcome.scores) == []
    (probe,) = pool.map([call(PROBE, text(5))])
    feature = text(5).feature
    expected = np.exp(feature("token", "is_comma").astype(np.float32)) + 5
    np.testing.assert_allclose(probe.scores, np.broadcast_to(expected, (5, 5)), rtol=1e-6)  # type: ignore[arg-type]
