"""The search: programs that made a pattern are found again, and what is written reads back the same."""

import ast
from dataclasses import replace

import pytest
import torch

from surrogates.language.program import Program
from surrogates.language.vocabulary import MAX_STRINGS
from synth.proposers.bank import Bank, build_bank
from synth.proposers.search import Search, front, propose
from synth.proposers.source import EVERYWHERE, Term, repr_string, write_program
from tests.synth.planted import SURFACES, TABLE, batch, iou, made_by, parse, random_lists

LISTS = random_lists(60)
TEXTS = batch(LISTS)
OTHERS = batch(random_lists(30, seed=9))
AWKWARD = [text for text in TABLE.texts if text != "<s>"]


def make_bank(*, causal: bool = True) -> Bank:
    visible = torch.as_tensor(batch(LISTS, causal=causal).visible).numpy()
    return build_bank(LISTS, TABLE, causal=causal, rows_per_text=12, visible=visible, seed=0)


@pytest.fixture(scope="module")
def bank() -> Bank:
    return make_bank()


PAIRS = (
    "pair.offset(1)", "pair.offset(2)", "pair.offset(-1)", "pair.log_distance", "pair.distance", "abs(pair.distance)",
    "pair.same_token",
)  # fmt: skip


def small(bank: Bank) -> Bank:
    """A bank of masks and a few pairs: few programs come close to a planted one, so that greed is not misled."""
    queries = [place for place, name in enumerate(bank.queries) if name == EVERYWHERE or ".is_" in name]
    keys = [place for place, name in enumerate(bank.keys) if name == EVERYWHERE or ".is_" in name]
    pairs = [place for place, name in enumerate(bank.pairs) if name in (EVERYWHERE, *PAIRS)]
    return replace(
        bank,
        queries=tuple(bank.queries[place] for place in queries),
        keys=tuple(bank.keys[place] for place in keys),
        pairs=tuple(bank.pairs[place] for place in pairs),
        query_values=bank.query_values[..., queries],
        key_values=bank.key_values[..., keys],
        pair_values=bank.pair_values[pairs],
    )


PLANTED = {
    "sink and recency": "2.0 * key.is_first - 1.2 * pair.log_distance",
    "previous token after a comma": "3.0 * query.is_comma * pair.offset(1) - 0.3 * pair.distance",
    "a set of keys": '2.5 * key.is_one_of("dog", "girl", "\'", "\\\\", "它🙂") - 0.8 * pair.log_distance',
    "a set of queries": (
        '3.0 * query.is_one_of("Tom", "\\n", "\\"") * pair.offset(2) + 1.5 * key.is_word_start - 0.2 * pair.distance'
    ),
    "a set of left neighbours": '3.0 * key.previous.is_one_of("ran", "é", ".") - 0.5 * pair.distance',
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_program_is_found(bank: Bank, name: str) -> None:
    program = parse(PLANTED[name])
    found = [Program.parse(source) for _, source in propose(small(bank), made_by(program, TEXTS), 3)]
    best = max(iou(candidate, OTHERS, made_by(program, OTHERS)) for candidate in found)
    assert best > 0.9
    assert max(len(candidate.terms) for candidate in found) <= 3


def test_a_planted_program_of_an_encoder_is_found() -> None:
    program = parse("2.0 * pair.offset(-1) - 0.4 * abs(pair.distance)")
    texts = batch(LISTS, causal=False)
    target = made_by(program, texts)
    found = [Program.parse(source) for _, source in propose(small(make_bank(causal=False)), target, 2)]
    assert max(iou(candidate, texts, target) for candidate in found) > 0.95


def test_every_size_has_a_model_and_more_terms_never_cost_more(bank: Bank) -> None:
    target = made_by(parse(PLANTED["a set of queries"]), TEXTS)
    place = torch.arange(len(LISTS))[:, None]
    run = Search(bank, target[place, torch.from_numpy(bank.row_numbers)])
    models = front(run, 4)
    assert [len(model.terms) for model in models] == [1, 2, 3, 4]
    losses = [model.fit.loss for model in models]
    assert losses == sorted(losses, reverse=True)
    for model in models:
        assert len(set(model.terms)) == len(model.terms)


@pytest.mark.parametrize("max_terms", [1, 3])
def test_sources_read_back_as_what_was_fitted(bank: Bank, max_terms: int) -> None:
    generator = torch.Generator().manual_seed(3)
    visible = torch.as_tensor(TEXTS.visible)
    scores = torch.randn(visible.shape, generator=generator) + made_by(parse(PLANTED["a set of keys"]), TEXTS).log()
    target = scores.masked_fill(~visible, -torch.inf).softmax(-1).nan_to_num(0.0)
    place = torch.arange(len(LISTS))[:, None]
    rows = torch.from_numpy(bank.row_numbers)
    run = Search(bank, target[place, rows])
    real = rows >= 0
    models = front(run, max_terms)
    for model in models:
        label, source = write_program(model.terms, model.fit.weights.tolist(), [1.0] * len(model.terms))
        program = Program.parse(source)
        assert label.isidentifier()
        assert len(program.terms) == len(model.terms)
        assert program.kind == "vectorised"
        fitted = model.fit.pattern.reshape(run.shape)
        torch.testing.assert_close(made_by(program, TEXTS)[place, rows][real], fitted[real], atol=1e-5, rtol=1e-4)
    proposed = propose(bank, target, max_terms)
    assert len(proposed) == 2 * len(models)
    for _, source in proposed:
        assert 0 < len(Program.parse(source).terms) <= max_terms
        assert max(map(len, source.splitlines())) <= 120


def test_the_same_bank_and_pattern_give_the_same_programs(bank: Bank) -> None:
    target = made_by(parse(PLANTED["sink and recency"]), TEXTS)
    assert propose(bank, target, 2) == propose(make_bank(), target, 2)


@pytest.mark.parametrize(
    "text", [*AWKWARD, "'", "'\"", "\\'", '\\"', "a\\", "\r\n", "\x00", "\ud7ff", "”", '"' * 3, ", "]
)
def test_strings_are_written_as_python_reads_them(text: str) -> None:
    written = repr_string(text)
    assert written[0] == written[-1] == '"'
    assert ast.literal_eval(written) == text


def test_awkward_strings_survive_in_a_program() -> None:
    for start in range(0, len(AWKWARD), 8):
        chosen = AWKWARD[start : start + 8]
        strings = ", ".join(map(repr_string, chosen))
        terms = [
            Term(f"query.is_one_of({strings})", EVERYWHERE, "pair.offset(1)"),
            Term(EVERYWHERE, f"key.previous.is_one_of({strings})", EVERYWHERE),
            Term(f"query.previous.is_one_of({strings})", f"key.is_one_of({strings})", "pair.distance"),
        ]
        _, source = write_program(terms, [1.0, -2.0, 0.5], [1.0, 1.0, 1.0])
        program = Program.parse(source)
        calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
        assert len(calls) == 5
        for node in calls:
            if len(node.args) == len(chosen):
                assert [ast.literal_eval(argument) for argument in node.args] == chosen
        text = [SURFACES.index(surface) for surface in SURFACES if (surface.removeprefix(" ") or " ") in chosen]
        assert torch.isfinite(made_by(program, batch([[0, *text]]))).all()


def test_no_more_strings_than_the_vocabulary_allows(bank: Bank) -> None:
    everything = parse(f"3.0 * key.is_one_of({', '.join(map(repr_string, AWKWARD[:MAX_STRINGS]))})")
    for _, source in propose(bank, made_by(everything, TEXTS), 2):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "is_one_of":
                assert 1 <= len(node.args) <= MAX_STRINGS


def test_the_search_works_on_an_encoder_with_long_texts() -> None:
    # exp(-distance) of a key far ahead overflows; every factor tried must stay finite at the default length.
    lists = random_lists(12, length=128)
    texts = batch(lists, causal=False)
    visible = torch.as_tensor(texts.visible).numpy()
    bank = build_bank(lists, TABLE, causal=False, rows_per_text=40, visible=visible, seed=0)
    assert bool(torch.isfinite(torch.from_numpy(bank.pair_values)).all())
    target = made_by(parse("3.0 * pair.offset(1) + 2.0 * pair.offset(-1)"), texts)
    best = [Program.parse(source) for _, source in propose(bank, target, 4)][-2]
    assert iou(best, texts, target) > 0.9
