"""Laws that hold for every vectorised program on every batch, on programs made up from the vocabulary's table."""

import math
import re
from functools import cache
from typing import Any

import numpy as np
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surrogates.language.features import Texts
from surrogates.language.patterns import pattern, scores
from surrogates.language.program import Program
from surrogates.language.vocabulary import FEATURES, FITTED, FUNCTIONS, TOKEN_FEATURES, Feature, Type
from tests.surrogates import golden

CONSTANTS = ("a", "b", "c")
Case = tuple[Program, list[list[int]], bool]
"""A program, the texts of a batch, and whether their model is causal."""
TABLE = golden.table()
laws = settings(
    derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow], database=None
)


@cache
def features(type_: Type, causal: bool) -> st.SearchStrategy[str]:
    """Every way of naming a feature of a type that takes no mask."""

    def named(feature: Feature) -> st.SearchStrategy[str]:
        views = ("query", "key", "key.previous", "query.previous", "key.previous.previous")
        view = st.just("pair") if feature.side == "pair" else st.sampled_from(views)
        if feature.argument == "count":
            return st.builds("pair.{}({})".format, st.just(feature.name), st.integers(-2, 5))
        if feature.argument == "strings":
            strings = st.lists(st.sampled_from(["Tom", "<s>", ",", "\n", "odd"]), min_size=1, max_size=3)
            return st.builds(lambda v, s: f"{v}.is_one_of({', '.join(map(repr, s))})", view, strings)
        return st.builds("{}.{}".format, view, st.just(feature.name))

    words = [f for f in FEATURES if f.type == type_ and f.argument != "mask" and not (causal and f.encoders_only)]
    return st.sampled_from(words).flatmap(named)


def literals() -> st.SearchStrategy[str]:
    return st.sampled_from(["0", "1", "2.5", "-0.5", "0.125", "3"])


@cache
def masks(depth: int, causal: bool) -> st.SearchStrategy[str]:
    """Expressions that are masks. Only whole numbers are compared: both sides of a rounding differ by backend."""
    leaf = features("mask", causal)
    if depth == 0:
        return leaf
    inner = masks(depth - 1, causal)
    counts = st.sampled_from(
        ["key.index", "query.length", "pair.distance", "key.occurrences", "pair.word_distance", "a"]
    )
    comparison = st.builds("({} {} {})".format, counts, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), counts)
    # What varies over the query alone is no argument of `latest`.
    keyed = st.builds("(key.is_word_start {} {})".format, st.sampled_from(["&", "|"]), inner)
    return st.one_of(
        leaf,
        st.builds("~{}".format, leaf),
        st.builds("({} {} {})".format, inner, st.sampled_from(["&", "|"]), inner),
        comparison,
        st.builds("pair.latest({})".format, keyed),
    )


VALUES = ["0", "1", "-0.5", "+2.25", "1e-1"]


def curves(x: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    knots = st.lists(st.sampled_from([-20, -4, -1, -0.5, 0, 0.25, 1, 3, 10]), min_size=2, unique=True).map(sorted)
    values = st.lists(st.sampled_from(VALUES), min_size=9, max_size=9)

    def written(x: str, knots: list[float], values: list[str]) -> str:
        return f"curve({x}, {{{', '.join(map('{}: {}'.format, knots, values))}}})"

    return st.builds(written, x, knots, values)


@cache
def weights(causal: bool) -> st.SearchStrategy[str]:
    masks = [f for f in TOKEN_FEATURES.values() if f.type == "mask" and not f.argument]
    classes = st.sampled_from([f.name for f in masks if not (causal and f.encoders_only)])
    words = st.sampled_from(["Tom", "<s>", ",", "\n", "odd"])
    views = st.sampled_from(["query", "key", "key.previous", "query.previous.previous"])
    pairs = st.tuples(
        st.dictionaries(words, st.sampled_from(VALUES), max_size=3),
        st.dictionaries(classes, st.sampled_from(VALUES), max_size=3),
    ).filter(any)

    def written(view: str, given: tuple[dict[str, str], dict[str, str]]) -> str:
        own = ", ".join(f"{word!r}: {value}" for word, value in given[0].items())
        return f"weights({view}, {{{own}}}{''.join(f', {name}={value}' for name, value in given[1].items())})"

    return st.builds(written, views, pairs)


@cache
def numbers(depth: int, causal: bool) -> st.SearchStrategy[str]:
    """Expressions that are numbers of modest size, whatever the text."""
    leaf = st.one_of(
        st.builds("{} * 0.1".format, features("number", causal)),
        st.builds("{}".format, features("mask", causal)),
        weights(causal),
        st.sampled_from(CONSTANTS),
        literals(),
    )
    if depth == 0:
        return leaf
    inner, mask = numbers(depth - 1, causal), masks(depth - 1, causal)
    return st.one_of(
        leaf,
        mask,
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*"]), inner),
        st.builds("({} * {})".format, st.sampled_from(CONSTANTS), inner),
        curves(inner),
        st.builds("-({})".format, inner),
        st.builds("({} / (1 + abs({})))".format, inner, inner),
        st.builds("abs({}) ** {}".format, inner, st.sampled_from(["0.5", "2", "1.5", "b"])),
        st.builds("exp(minimum({}, 2))".format, inner),
        st.builds("log(0.5 + abs({}))".format, inner),
        st.builds("log1p(abs({}))".format, inner),
        st.builds("sqrt(abs({}))".format, inner),
        st.builds("abs({})".format, inner),
        st.builds("{}({}, {})".format, st.sampled_from(["minimum", "maximum", "logaddexp"]), inner, inner),
        st.builds("clip({}, -1, 2)".format, inner),
        st.builds("where({}, {}, {})".format, mask, inner, inner),
        st.builds("log(0.3 * exp(-abs({})) + {})".format, leaf, mask),
    )


@st.composite
def programs(draw: st.DrawFn, causal: bool) -> Program:
    """A program of up to four statements."""
    lines = [f"near = {draw(masks(2, causal))}", f"s = {draw(numbers(2, causal))}"]
    if draw(st.booleans()):
        lines.append(f"near {draw(st.sampled_from(['&=', '|=']))} {draw(masks(1, causal))}")
    if draw(st.booleans()):
        lines.append(f"s {draw(st.sampled_from(['+=', '-=', '*=']))} {draw(numbers(1, causal))}")
    last = draw(
        st.sampled_from(["s", "s + b * near", "where(near, s, c)", "where(near, s, -inf)", "logaddexp(s, near)"])
    )
    # Scores far from 0 would magnify rounding beyond what the laws allow.
    body = [*lines, f"total = clip({last}, -30, 30)" if "inf" not in last else f"total = {last}", "total"]
    # `b` is an exponent, whose slope at a base of 0 must not be infinite either.
    constants = {name: draw(st.sampled_from([0.5, 1.0, 2.0, 0.25])) for name in CONSTANTS}
    return Program.parse(golden.program("\n".join(body), **constants))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A program, texts of several lengths, and whether their model is causal."""
    causal = draw(st.booleans())
    token = st.integers(0, len(golden.SURFACES) - 1)
    lists = draw(st.lists(st.lists(token, min_size=1, max_size=9), min_size=1, max_size=3))
    return draw(programs(causal)), lists, causal


def batch(lists: list[list[int]], causal: bool, side: str = "right", tensors: bool = False, **extra: Any) -> Texts:
    n = max(map(len, lists)) + (len(lists) > 1)
    ids, mask = np.full((len(lists), n), 2), np.zeros((len(lists), n), dtype=bool)
    for row, tokens in enumerate(lists):
        place = where(tokens, n, side)
        ids[row, place], mask[row, place] = tokens, True
    convert = torch.from_numpy if tensors else np.asarray
    padding = None if len(lists) == 1 else convert(mask)
    return Texts(convert(ids), TABLE, mask=padding, causal=causal, **extra)


def where(tokens: list[int], n: int, side: str) -> slice:
    return slice(0, len(tokens)) if side == "right" else slice(n - len(tokens), n)


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), atol=1e-5)


def test_strategies_reach_the_whole_vocabulary() -> None:
    seen: set[str] = set()
    wanted = {feature.name for feature in FEATURES} | set(FUNCTIONS) | set(FITTED)

    @settings(laws, max_examples=300)
    @given(programs(causal=False))
    def collect(program: Program) -> None:
        assert program.kind == "vectorised"
        seen.update(re.findall(r"\w+", program.source))

    collect()
    assert not wanted - seen


@laws
@given(cases())
def test_numpy_equals_torch(case: Case) -> None:
    program, lists, causal = case
    ours, theirs = (pattern(program, batch(lists, causal, tensors=tensors)) for tensors in (False, True))
    assert ours.dtype == np.float32
    assert theirs.dtype == torch.float32
    close(ours, theirs)
    assert str(scores(program, batch(lists, causal)).dtype) == "float32"


@laws
@given(cases(), st.sampled_from(["left", "right"]), st.booleans())
def test_batch_equals_one_by_one(case: Case, side: str, tensors: bool) -> None:
    program, lists, causal = case
    together = np.asarray(pattern(program, batch(lists, causal, side, tensors)))
    for row, tokens in enumerate(lists):
        place = where(tokens, together.shape[-1], side)
        close(together[row, place, place], pattern(program, batch([tokens], causal))[0])


@laws
@given(cases(), st.sampled_from(["left", "right"]))
def test_rows_sum_to_one_and_nothing_invisible_is_seen(case: Case, side: str) -> None:
    program, lists, causal = case
    texts = batch(lists, causal, side)
    found = pattern(program, texts)
    assert not found[~texts.visible].any()
    assert (found >= 0).all()
    close(found.sum(-1), texts.visible.any(-1))


@laws
@given(cases(), st.integers(1, 3), st.booleans())
def test_decoding_step_is_the_last_row(case: Case, queries: int, tensors: bool) -> None:
    program, lists, causal = case
    queries = min(queries, max(map(len, lists)))
    whole = pattern(program, batch(lists, causal, "left", tensors))
    close(pattern(program, batch(lists, causal, "left", tensors, queries=queries)), whole[:, -queries:])


@laws
@given(cases())
def test_tokens_to_come_change_nothing(case: Case) -> None:
    program, lists, causal = case
    if not causal:
        return
    tokens = lists[0]
    whole = pattern(program, batch([[*tokens, 1, 3, 7]], causal))
    close(whole[:, : len(tokens), : len(tokens)], pattern(program, batch([tokens], causal)))


@laws
@given(cases(), st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3))
def test_a_program_written_down_reads_back_the_same(case: Case, values: list[float]) -> None:
    program, lists, causal = case
    again = Program.parse(program.source)
    assert again == program
    assert (again.constants, again.structure, again.terms) == (program.constants, program.structure, program.terms)
    texts = batch(lists, causal)
    close(pattern(again, texts), pattern(program, texts))
    new = {name: values[place % 3] - place for place, name in enumerate(program.constants)}
    changed = program.with_constants(new)
    assert changed.constants == new
    assert changed.structure == program.structure
    assert changed.with_constants(program.constants).constants == program.constants
    close(pattern(changed.with_constants(program.constants), texts), pattern(program, texts))


@laws
@given(cases())
def test_terms_add_up_to_the_program(case: Case) -> None:
    program, lists, causal = case
    summands = " + ".join(" * ".join([f"({term.constant})", *term.factors]) for term in program.terms)
    constants = ", ".join(f"{name}={program.constants[name]}" for name in CONSTANTS)
    added = Program.parse(f'def attend(query, key, pair, {constants}):\n    """Terms."""\n    return {summands}\n')
    texts = batch(lists, causal)
    close(pattern(added, texts), pattern(program, texts))
    assert {family for term in program.terms for family in term.families} <= set(program.families)


@laws
@given(cases(), st.sampled_from(["left", "right"]))
def test_gradients_are_finite(case: Case, side: str) -> None:
    program, lists, causal = case
    texts = batch(lists, causal, side, tensors=True)
    constants = {name: torch.tensor(value, requires_grad=True) for name, value in program.constants.items()}
    found = pattern(program, texts, constants=constants)
    # Cross-entropy against a head that prefers early columns.
    target = texts.visible * torch.exp(-0.3 * torch.arange(found.shape[-1], dtype=torch.float32))
    loss = -(target * found.clamp(min=1e-9).log())[texts.visible].sum()
    if loss.requires_grad:
        for gradient in torch.autograd.grad(loss, list(constants.values()), allow_unused=True):
            assert gradient is None or math.isfinite(gradient), program.source


@laws
@given(cases())
def test_a_function_of_a_script_gives_what_the_program_does(case: Case) -> None:
    program, lists, causal = case
    constants = "".join(f", {name}={value}" for name, value in program.constants.items() if name in CONSTANTS)
    script = (
        f"{program.as_script('known')}\n\ndef attend(query, key, pair{constants}):\n"
        f'    """In the sandbox."""\n    return known(query, key, pair, {", ".join(CONSTANTS)})\n'
    )
    again = Program.parse(script)
    assert again.kind == "scripted"
    texts = batch(lists, causal)
    np.testing.assert_allclose(np.asarray(pattern(again, texts)), pattern(program, texts), atol=1e-4)
