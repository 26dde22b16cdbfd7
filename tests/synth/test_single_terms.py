"""Single terms beside a pattern: the one that made it is among the most promising, and its column is what it says."""

import ast

import numpy as np
import pytest
import torch

from surrogates.language.vocabulary import MAX_STRINGS
from synth.proposers.bank import Bank, build_bank, evaluate
from synth.proposers.single_terms import SingleTerms
from synth.proposers.source import repr_string
from tests.synth.planted import TABLE, batch, made_by, parse, random_lists

LISTS = random_lists(60)
AWKWARD = [text for text in TABLE.texts if text != "<s>"]


def bank_of(lists: list[list[int]], *, causal: bool = True, rows: int = 12) -> Bank:
    visible = np.asarray(batch(lists, causal=causal).visible)
    return build_bank(lists, TABLE, causal=causal, rows_per_text=rows, visible=visible, seed=0)


@pytest.fixture(scope="module")
def bank() -> Bank:
    return bank_of(LISTS)


def terms_of(bank: Bank, body: str, lists: list[list[int]] = LISTS, *, causal: bool = True) -> SingleTerms:
    """The terms beside the pattern of a program."""
    rows = torch.from_numpy(bank.row_numbers)
    return SingleTerms(bank, made_by(parse(body), batch(lists, causal=causal))[torch.arange(len(lists))[:, None], rows])


@pytest.mark.parametrize(
    "term",
    [
        "query.is_comma * pair.offset(1)",
        "key.is_first",
        f"key.is_one_of({', '.join(map(repr_string, ['dog', chr(39), chr(92), '它🙂']))})",
        f"query.is_one_of({', '.join(map(repr_string, ['Tom', chr(10), chr(34)]))}) * pair.offset(2)",
        f"key.previous.is_one_of({', '.join(map(repr_string, ['ran', 'é']))})",
    ],
)
def test_the_term_that_made_a_pattern_is_the_most_promising(bank: Bank, term: str) -> None:
    terms = terms_of(bank, f"1.5 * {term}")
    promised = terms.promising(terms.uniform, 20)
    assert [promise.gain for promise in promised] == sorted((promise.gain for promise in promised), reverse=True)
    columns = [terms.column(promise.term).reshape(terms.shape) for promise in promised[:3]]
    rows = torch.from_numpy(bank.row_numbers)
    planted = evaluate(term, batch(LISTS)).expand(len(LISTS), terms.shape[2], -1)[torch.arange(60)[:, None], rows]
    seen = torch.from_numpy(bank.visible) & (rows >= 0)[..., None]
    alike = [float(torch.corrcoef(torch.stack([column[seen], planted[seen]]))[0, 1]) for column in columns]
    assert max(alike) > 0.9


def test_a_column_is_its_terms_value_and_sets_are_no_longer_than_is_allowed(bank: Bank) -> None:
    terms = terms_of(bank, f"3.0 * key.is_one_of({', '.join(map(repr_string, AWKWARD[:MAX_STRINGS]))})")
    rows = torch.from_numpy(bank.row_numbers)
    seen = torch.from_numpy(bank.visible) & (rows >= 0)[..., None]
    sets = 0
    for promise in terms.promising(terms.uniform, 40):
        text = str(promise.term)
        whole = evaluate(text, batch(LISTS)).expand(len(LISTS), terms.shape[2], terms.shape[2])
        found = terms.column(promise.term).reshape(terms.shape)
        torch.testing.assert_close(found[seen], whole[torch.arange(60)[:, None], rows][seen])
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "is_one_of":
                sets += 1
                assert 1 <= len(node.args) <= MAX_STRINGS
    assert sets


def test_factors_of_an_encoder_with_long_texts_are_finite() -> None:
    """exp(-distance) of a key far ahead overflows."""
    lists = random_lists(12, length=128)
    bank = bank_of(lists, causal=False, rows=40)
    assert np.isfinite(bank.pair_values).all()
    terms = terms_of(bank, "3.0 * pair.offset(-1)", lists, causal=False)
    assert str(terms.promising(terms.uniform, 10)[0].term) == "pair.offset(-1)"
