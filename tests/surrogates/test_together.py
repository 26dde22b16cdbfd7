"""Programs that are computed together give what each gives by itself."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.overrides import TorchFunctionMode, resolve_name

from surrogates.errors import ProgramFailed
from surrogates.language.features import Known, Texts
from surrogates.language.patterns import normalise, scores
from surrogates.language.program import Program
from surrogates.language.spelling import Piece
from surrogates.language.together import Together
from surrogates.language.tokens import TokenTable
from tests.pretended_device import PRETENDED, is_there, pretended_device
from tests.random_programs import RandomPrograms
from tests.search_written import search_written
from tests.surrogates import golden
from tests.surrogates.test_properties import TABLE, Case, batch, cases, laws

WORDS = list(dict.fromkeys(TABLE.texts))
SEARCHED = search_written(6, WORDS)


def program(scores: str, **constants: float) -> Program:
    return Program.parse(golden.program(scores, **constants))


def random_texts(n: int, *, rows: int = 3, padding: str = "none", **extra: Any) -> Texts:
    ids = np.random.default_rng(n).integers(0, len(TABLE.texts), (rows, n))
    mask = np.ones((rows, n), dtype=bool)
    for row in range(rows):
        blank = row * n // (rows + 1)
        places = {"none": slice(0), "left": slice(blank), "right": slice(n - blank, n), "within": slice(2, 2 + row)}
        mask[row, places[padding]] = False
    given = None if padding == "none" else torch.from_numpy(mask)
    return Texts(torch.from_numpy(ids), extra.pop("table", TABLE), mask=given, **{"causal": True, **extra})


def check(layers: Sequence[Sequence[Program]], make: Callable[[], Texts]) -> Together:
    """Each program's pattern is what it is alone."""
    together, texts = Together(layers), make()
    for number, layer in enumerate(layers):
        found = together.scores(texts, number)
        assert found.shape == (len(texts.ids), len(layer), texts.queries, texts.n)
        assert found.dtype == torch.float32
        for place, one in enumerate(layer):
            alone = make()
            expected = normalise(scores(one, alone), alone.visible)
            ours = normalise(found[:, place], texts.visible)
            assert torch.allclose(ours, expected, atol=1e-4, rtol=0, equal_nan=True), one.source
            assert place in together.alone[number] or bool(torch.isfinite(found[:, place]).all())
    return together


OF_TOKENS = (
    'weights({0}, {{"Tom": 0.5, ",": -1.5}}, is_comma=2.0, is_first=0.3)',
    "weights({0}.previous, {{}}, is_word_start=1.0)",
    'weights({0}, {{"Hi": 1.0, "42": -0.5}})',
    "{0}.is_capitalised",
    "{0}.previous.is_first",
    "{0}.is_sentence_start",
    '{0}.is_one_of("Tom", "and", "Tom")',
    "curve({0}.index, {{0: 1.0, 3: -0.5, 9: 2.0}})",
    "log1p({0}.occurrences)",
    "curve({0}.length, {{1: 0.5, 4: -0.5}})",
    "({0}.is_comma & ~{0}.previous.is_word_start)",
    "{0}.previous.previous.length",
    "({0}.length + a)",
    "{0}.word_position",
    "(weights({0}, {{}}, is_quote=0.5) + {0}.index / 10)",
)
OF_CELLS = (
    "pair.log_distance",
    "pair.distance",
    "pair.offset(1)",
    "pair.offset(0)",
    "pair.offset(-1)",
    "pair.within(2)",
    "curve(pair.distance, {0: 1.0, 3: -0.5, 9: 2.0})",
    "log1p(b * abs(pair.distance))",
    "pair.same_token",
    "(pair.same_token & ~pair.offset(0))",
    "pair.latest(key.is_comma)",
    "pair.latest(pair.same_token & ~pair.offset(0))",
    "pair.latest(key.is_word_start & (query.is_comma | key.is_capitalised))",
    "pair.follows_same_bigram",
    "pair.word_distance",
    "curve(pair.word_distance, {0: 1.0, 3: -0.5})",
    "(query.length == key.length)",
    "minimum(query.length, key.length)",
    "where(pair.same_word, a, key.index)",
    "(pair.distance > 2)",
)
SCALES = ("a", "-b", "2.5", "a / b", "-a * b", "(a + b)", "1")


def sums() -> st.SearchStrategy[Program]:
    """Programs that are sums of parts of every form."""
    of_query, of_key = (st.sampled_from([text.format(side) for text in OF_TOKENS]) for side in ("query", "key"))
    cells, scale = st.sampled_from(OF_CELLS), st.sampled_from(SCALES)
    forms = (
        (scale, cells), (of_query, cells), (of_key, cells), (cells, cells), (of_query, of_key), (of_key, of_key),
        (scale, of_key), (scale, of_query), (scale,), (scale, of_key, cells, of_query), (scale, of_key, of_query),
    )  # fmt: skip
    part = st.one_of(*(st.tuples(*form).map(" * ".join) for form in forms))
    written = st.lists(part, min_size=2, max_size=7)
    bodies = written.map(lambda parts: f"x = {' + '.join(parts[1:])}\n{parts[0]} - x")
    return bodies.map(lambda body: program(body, a=0.5, b=2.0))


@laws
@given(cases(), st.sampled_from(["left", "right"]), st.sampled_from([None, 1, 2]))
def test_any_program_and_those_of_a_search(case: Case, side: str, queries: int | None) -> None:
    one, lists, causal = case
    queries = None if queries is None else min(queries, max(map(len, lists)))
    check([[SEARCHED[0], one], [one]], lambda: batch(lists, causal, side, tensors=True, queries=queries))


@settings(laws, max_examples=200)
@given(st.data(), st.booleans(), st.sampled_from(["none", "left", "right", "within"]), st.sampled_from([None, 1, 3]))
def test_sums_of_parts_of_every_form(data: Any, causal: bool, padding: str, queries: int | None) -> None:
    layers = [[data.draw(sums()), data.draw(sums())], [data.draw(sums())]]
    n = data.draw(st.integers(3, 12))
    found = check(layers, lambda: random_texts(n, padding=padding, causal=causal, queries=queries))
    assert found.alone == [(), ()]


@pytest.mark.parametrize("padding", ["none", "left", "right", "within"])
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("queries", [None, 1, 5])
def test_programs_of_a_search(padding: str, causal: bool, queries: int | None) -> None:
    layers = [SEARCHED[:2], SEARCHED[2:3], SEARCHED[3:]]
    found = check(layers, lambda: random_texts(24, padding=padding, causal=causal, queries=queries))
    assert found.alone == [(), (), ()]


def grown(together: Together, texts: Texts, known: Known | None) -> tuple[torch.Tensor, Known]:
    """The scores of the last token of texts, in which the others are known."""
    mask = texts.mask if texts.padded else None
    own = Texts(texts.ids, texts.table, mask=mask, causal=True, queries=1, known=known)
    return together.scores_of_query(own), own.known()


def check_grown(found: torch.Tensor, together: Together, texts: Texts) -> None:
    """They are what they are of texts of which nothing is known, in all cells that the query sees."""
    unseen = ~texts.visible[:, None]
    expected = together.scores_of_query(texts).masked_fill(unseen, 0)
    torch.testing.assert_close(found.masked_fill(unseen, 0), expected, atol=1e-5, rtol=1e-5)


def begun(texts: Texts, n: int) -> Texts:
    mask = texts.mask[:, :n] if texts.padded else None
    return Texts(texts.ids[:, :n], texts.table, mask=mask, causal=True, queries=1)


NUMBERED = [
    program("a * key.occurrences * pair.same_token + pair.latest(key.is_word_start)", a=0.3),
    program("a * key.word_position * query.sentence_position + pair.same_sentence + key.previous.index", a=0.1),
    program("a * pair.word_distance - pair.sentence_distance * key.is_quote + pair.follows_same_bigram", a=0.2),
]


@settings(laws, max_examples=30)
@given(st.data(), st.sampled_from(["none", "left"]), st.integers(0, 1000))
def test_texts_that_grow_by_a_token_each(data: Any, padding: str, seed: int) -> None:
    together = Together([[data.draw(sums()), data.draw(sums())], [data.draw(sums()), *NUMBERED, SEARCHED[0]]])
    whole = random_texts(12, padding=padding)
    order = torch.from_numpy(np.random.default_rng(seed).integers(0, 12, 12))
    whole = Texts(whole.ids[:, order], TABLE, mask=whole.mask if padding == "left" else None, causal=True)
    known = None
    for n in range(9, 13):  # behind the padding
        found, known = grown(together, begun(whole, n), known)
        check_grown(found, together, begun(whole, n))


def test_texts_that_grow_after_they_were_rearranged_and_cut() -> None:
    together = Together([[*SEARCHED, *NUMBERED]])
    whole = random_texts(14, padding="left")
    _, known = grown(together, begun(whole, 12), None)
    assert known.values
    rows = torch.tensor([2, 0, 0, 1])
    for move in (lambda values: values[rows], lambda values: values[..., :-2]):
        known = known.rearranged(move)
    moved = Texts(whole.ids[rows], TABLE, mask=whole.mask[rows], causal=True)
    found, _ = grown(together, begun(moved, 11), known)
    check_grown(found, together, begun(moved, 11))


def test_what_grows_is_not_computed_anew() -> None:
    together = Together([[*SEARCHED, *NUMBERED]])
    whole = random_texts(40, rows=1)
    _, known = grown(together, begun(whole, 30), None)
    with Operations() as anew:
        together.scores_of_query(begun(whole, 31))
    with Operations() as added:
        grown(together, begun(whole, 31), known)
    assert not {"sort", "cumsum", "embedding"} & set(added.found)
    assert {"sort", "cumsum"} < set(anew.found)


def test_absurd_programs() -> None:
    drawn, found = RandomPrograms(seed=1), 0
    for _ in range(60):
        one = Program.parse(drawn.source())
        try:
            scores(one, random_texts(9))
        except ProgramFailed:
            continue
        found += len(check([[SEARCHED[1], one]], lambda: random_texts(9)).alone[0])
    assert found


def test_what_is_no_number_is_that_of_its_program_alone() -> None:
    odd = [
        program("pair.distance / key.length"),
        program("where(key.is_comma, -inf, a)", a=1.0),
        program("1e30 * key.is_first"),
    ]
    layer = [SEARCHED[0], *odd, program("a * key.is_first - 0.5 * pair.log_distance", a=2.0)]
    found = check([layer], lambda: random_texts(12))
    assert found.alone == [(1, 2, 3)]
    finite = torch.isfinite(found.scores(random_texts(12))).all(-1).all(-1).all(0)
    assert finite.tolist() == [True, False, False, True, True]


@pytest.mark.parametrize("causal", [True, False])
def test_tables_grow_with_the_texts(causal: bool) -> None:
    one = program("curve(pair.distance, {0: 1, 500: 0}) + curve(query.index, {0: 0, 550: 3}) * key.is_first")
    together = Together([[one]])
    for n in (5, 256, 257, 600):
        texts = random_texts(n, rows=1, queries=1, causal=causal)
        found = normalise(together.scores(texts)[:, 0], texts.visible)
        torch.testing.assert_close(found, normalise(scores(one, texts), texts.visible), atol=1e-5, rtol=0)


def test_what_is_returned_is_the_callers_own() -> None:
    for queries in (None, 1):
        together, texts = Together([SEARCHED[:2]]), random_texts(7, queries=queries)
        first = together.scores(texts)
        kept = first.clone()
        first.zero_()
        torch.testing.assert_close(together.scores(texts), kept)


def test_tokens_that_complete_a_character() -> None:
    accent, dash = "\u00e9".encode(), "\u2014".encode()
    pieces = [Piece(data) for data in (b"a", accent[:1], accent[1:], dash[:2], dash[2:], b",")]
    table = TokenTable.from_pieces(pieces)
    of_key = 'weights(key, {"\u00e9": 1.5, ",": 0.5}, is_punctuation=2.0)'
    one = program(f'{of_key} + weights(query, {{"a": 1.0}}) * key.is_alphabetic')
    together = Together([[one]])
    for ids in ([[0, 0, 5]], [[0, 1, 2, 5]], [[3, 4, 0, 1, 2]]):  # each has a kind of token that was not met before
        texts = Texts(torch.tensor(ids), table, causal=True)
        found = normalise(together.scores(texts)[:, 0], texts.visible)
        torch.testing.assert_close(found, normalise(scores(one, texts), texts.visible))
    whole, known = Texts(torch.tensor([[0, 0, 1, 2, 5, 3, 4, 0, 1, 2, 0, 5]]), table, causal=True), None
    for n in range(2, 13):
        found, known = grown(together, begun(whole, n), known)
        check_grown(found, together, begun(whole, n))


def test_a_cluster_that_is_missing_fails_the_program_that_names_it() -> None:
    together = Together([[SEARCHED[0], program("2 * key.like_dog")]])
    with pytest.raises(ProgramFailed, match="like_dog is no cluster"):
        together.scores(random_texts(5))


@pytest.mark.parametrize("queries", [None, 1])
def test_a_model_of_mixed_precision_changes_nothing(queries: int | None) -> None:
    expected = Together([SEARCHED]).scores(random_texts(12, queries=queries))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(Together([SEARCHED]).scores(random_texts(12, queries=queries)), expected)


def test_all_is_computed_on_the_device_of_the_texts() -> None:
    layer = [*SEARCHED, program("where(key.is_comma, -inf, a)", a=1.0)]
    for queries in (None, 1):
        expected = Together([layer]).scores(random_texts(12, padding="left", queries=queries))
        with pretended_device() as device:
            given = random_texts(12, padding="left", queries=queries)
            texts = Texts(given.ids.to(PRETENDED), TABLE, mask=given.mask.to(PRETENDED), causal=True, queries=queries)
            found = Together([layer]).scores(texts)
            assert is_there(found)
            assert device.operations
        torch.testing.assert_close(found, expected)


class Operations(TorchFunctionMode):
    """Notes what is computed."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_function__(self, function: Any, types: object, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        self.found.append((resolve_name(function) or getattr(function, "__name__", "")).rpartition(".")[2])
        return function(*args, **(kwargs or {}))


class Transfers(TorchFunctionMode):
    """Notes what brings numbers to a device or reads them back."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_function__(self, function: Any, types: object, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        name = (resolve_name(function) or getattr(function, "__name__", "")).rpartition(".")[2]
        made = function(*args, **(kwargs or {}))
        read = name in {"item", "tolist", "numpy", "cpu", "__bool__", "__int__", "__float__", "nonzero"}
        if read or (name in {"from_numpy", "tensor", "as_tensor"} and made.dim()):
            self.found.append(name)
        return made


@pytest.mark.parametrize("padding", ["none", "left"])
def test_a_step_brings_no_table_to_the_device_and_reads_nothing_back(padding: str) -> None:
    counted = program("a * key.occurrences * pair.same_token + curve(key.length, {0: 1, 3: 0})", a=0.1)
    weighed = 'weights(key, {"Tom": 1}, is_comma=2) + curve(pair.distance, {0: 1, 3: 0})'
    layers = [SEARCHED, [counted, program(f"where(key.is_quote, -inf, {weighed})")]]
    together = Together(layers)
    for n in (20, 21):  # the first has everything brought there
        texts = random_texts(n, padding=padding, queries=1)
        with Transfers() as transfers:
            for layer in range(len(layers)):
                together.scores(texts, layer)
    assert transfers.found == []
