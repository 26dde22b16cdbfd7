"""Programs give in the page what they give in Python."""

import itertools

import numpy as np
import pytest
import torch
from playwright.sync_api import Page

from evaluation.similarity import similarity
from surrogates.language import patterns
from surrogates.language.features import Texts
from surrogates.language.program import Program
from surrogates.language.tokens import TokenTable
from surrogates.language.vocabulary import FEATURES, FUNCTIONS, PAIR_FEATURES, TOKEN_FEATURES, Feature
from synth.shards import visible_cells
from tests.random_programs import RandomPrograms
from tests.report.evaluating import Evaluated, Target, as_it_travels, in_page, in_python
from tests.search_written import search_written
from tests.surrogates import golden
from tests.surrogates.golden_fitted import FITTED_CASES
from tests.surrogates.tokenizers_of_kinds import KINDS, TEXTS
from tests.tiny_models import TEXTS as ENGLISH
from tests.tiny_models import tiny_tokenizer


def golden_texts(causal: bool) -> Texts:
    return as_it_travels(Texts.from_lists([golden.IDS], golden.table(), causal=causal))


def assert_same(found: Evaluated, texts: Texts, source: str) -> None:
    """Scores of the page are Python's, infinite and undefined ones included, and its terms add up to them."""
    wanted = in_python(texts, source)
    np.testing.assert_allclose(found.scores, wanted, rtol=1e-4, atol=1e-6, err_msg=source)


def assert_adds_up(found: Evaluated, source: str) -> None:
    """To the rounding of the terms."""
    terms = np.stack(found.terms).astype(np.float64)
    assert len(terms) == Program.parse(source).parts
    size = np.abs(terms).max(0)
    finite = np.isfinite(terms.sum(0)) & np.isfinite(found.scores)
    assert finite.any(), source
    apart = np.abs(terms.sum(0)[finite] - found.scores[finite])
    assert (apart <= 1e-4 * np.maximum(size[finite], 1)).all(), source


# The vocabulary.

NAMES = """async () => {
  const { PAIRS } = await import("report/language/text.js");
  const { FUNCTIONS } = await import("report/language/cells.js");
  return { pairs: Object.keys(PAIRS), functions: Object.entries(FUNCTIONS).map(([name, own]) => [name, own.length]) };
}"""
CALLS = {
    "count": ["(0)", "(1)", "(3)", "(-2)"],
    "strings": ['("Tom", ",")'],
    "mask": ["(key.is_comma)", "(pair.same_token & ~pair.offset(0))"],
}
NUMBERS = (
    "key.length - 2",
    "pair.distance / 3",
    "-query.index",
    "where(key.is_comma, inf, -inf)",
    "key.is_quote",
    "inf - inf",
)


def test_the_page_knows_the_words_of_the_vocabulary_and_no_others(modules: Page) -> None:
    found = modules.evaluate(NAMES)
    assert set(found["pairs"]) == set(PAIR_FEATURES)
    assert dict(found["functions"]) == {function.name: function.arguments for function in FUNCTIONS.values()}


def calls_of(feature: Feature) -> list[str]:
    """Every way in which a feature may be written."""
    sides = [f"{side}{'.previous' * shift}" for side in ("query", "key") for shift in (0, 1, 2, 20)]
    owners = ["pair"] if feature.side == "pair" else sides
    return [f"{owner}.{feature.name}{call}" for owner in owners for call in CALLS.get(feature.argument or "", [""])]


@pytest.mark.parametrize("causal", [True, False])
def test_features(causal: bool, modules: Page) -> None:
    texts = golden_texts(causal)
    known = [feature for feature in FEATURES if not (causal and feature.encoders_only)]
    sources = [golden.program(call) for feature in known for call in calls_of(feature)]
    assert len(sources) > 8 * len(TOKEN_FEATURES) - 8
    for source, found in zip(sources, in_page(modules, texts, sources), strict=True):
        assert_same(found, texts, source)


def test_features_are_of_clusters_too(modules: Page) -> None:
    table = golden.table()
    clustered = TokenTable(table.texts, table.columns | {"like_tom": np.arange(len(table.texts)) < 3}, {}, None)
    texts = Texts.from_lists([golden.IDS], clustered, causal=True)
    sources = [golden.program("key.like_tom + 2 * query.previous.like_tom + weights(key, {}, like_tom=0.5)")]
    assert_same(in_page(modules, texts, sources)[0], texts, sources[0])


def test_functions(modules: Page) -> None:
    texts = golden_texts(True)
    sources = []
    for function in FUNCTIONS.values():
        for numbers in itertools.product(NUMBERS, repeat=function.arguments - (function.name == "where")):
            given = ["pair.within(3)", *numbers] if function.name == "where" else numbers
            sources.append(golden.program(f"{function.name}({', '.join(given)})"))
    operators = ("+", "-", "*", "/", "**", "<", "<=", ">", ">=", "==", "!=")
    sources += [golden.program(f"({a}) {op} ({b})") for op in operators for a in NUMBERS for b in NUMBERS]
    for source, found in zip(sources, in_page(modules, texts, sources), strict=True):
        assert_same(found, texts, source)


# Programs.


@pytest.mark.parametrize("causal", [True, False])
def test_golden_programs(causal: bool, modules: Page) -> None:
    cases = [case for case in golden.CASES + FITTED_CASES if case.causal is causal]
    found = in_page(modules, golden_texts(causal), [case.source for case in cases])
    for case, own in zip(cases, found, strict=True):
        assert own.pattern is not None
        tolerance = 2e-4 if "similarity" in case.source else 1e-5
        np.testing.assert_allclose(own.pattern, np.array(case.expected()), atol=tolerance)


@pytest.mark.parametrize("causal", [True, False])
def test_random_programs(causal: bool, modules: Page) -> None:
    draw = RandomPrograms(7)
    sources = [source for source in (draw.source() for _ in range(210)) if not (causal and "is_last" in source)]
    assert len(sources) > 150
    texts = golden_texts(causal)
    apart: list[str] = []
    for source, found in zip(sources, in_page(modules, texts, sources), strict=True):
        wanted = in_python(texts, source)
        finite = np.abs(wanted[np.isfinite(wanted)])
        size = min(finite.max(initial=1.0), 1e3)
        with np.errstate(all="ignore"):
            same = np.isclose(found.scores, wanted, rtol=1e-4, atol=1e-5 * size, equal_nan=True)
        apart += [source] * int((~same).sum())
    # Absurd programs make much of the last digit: of one that is just not infinite, or equal to another.
    assert len(apart) <= 1e-4 * len(sources) * texts.n**2, apart


WORDS = ("Tom", "dog", "d", "og", ",", "the", "!", "и", "好", "<0xD0>", "ball", "She")
WINDOWS = dict(zip([*KINDS, "trained"], itertools.cycle((None, 7)), strict=False))
"""Of a head, by the tokenizer that its text is cut with."""


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("kind", WINDOWS)
def test_programs_as_the_search_writes_them(kind: str, causal: bool, modules: Page) -> None:
    tokenizer = tiny_tokenizer() if kind == "trained" else KINDS[kind]()
    ids = tokenizer(" ".join(ENGLISH if kind == "trained" else TEXTS.values()))["input_ids"]
    window = WINDOWS[kind]
    draw = np.random.default_rng(3)
    table = TokenTable.from_tokenizer(tokenizer, len(tokenizer), draw.standard_normal((len(tokenizer), 8)))
    texts = as_it_travels(Texts.from_lists([ids], table, causal=causal))
    visible = visible_cells([len(ids)], causal, window)[0]
    programs = search_written(3, WORDS)
    # A head's pattern, the rows of which leave something out.
    cells = np.where(visible, np.exp(2 * draw.standard_normal(visible.shape)), 0.0)
    head = (cells / cells.sum(-1, keepdims=True) * draw.uniform(0.4, 1.0, (len(ids), 1))).astype(np.float32)
    sources = [program.source for program in programs]
    found = in_page(modules, texts, sources, window=window, target=Target(head, visible))
    for program, own in zip(programs, found, strict=True):
        assert_same(own, texts, program.source)
        assert_adds_up(own, program.source)
        wanted = torch.from_numpy(patterns.pattern(program, texts, visible[None]))
        figures = similarity(wanted, torch.from_numpy(head)[None])
        assert own.pattern is not None and own.iou is not None and own.cross_entropy is not None
        np.testing.assert_allclose(own.pattern, wanted[0], atol=1e-5)
        assert own.iou[0] == pytest.approx(figures.iou.item(), abs=1e-5)
        assert own.iou[1] == pytest.approx(figures.iou.item(), abs=1e-3)
        assert own.cross_entropy == pytest.approx(figures.cross_entropy.item(), rel=1e-4)


@pytest.mark.parametrize("body", ["inf * key.is_first", "key.is_comma / key.is_comma", "where(pair.within(0), inf, 0)"])
def test_scores_that_are_no_numbers_give_no_pattern(body: str, modules: Page) -> None:
    assert in_page(modules, golden_texts(True), [golden.program(body)])[0].pattern is None


def test_terms_add_up(modules: Page) -> None:
    cases = [case for case in golden.LANGUAGE_CASES + FITTED_CASES if case.causal and "inf" not in case.source]
    sources = [case.source for case in cases]
    for source, found in zip(sources, in_page(modules, golden_texts(True), sources), strict=True):
        assert_adds_up(found, source)
