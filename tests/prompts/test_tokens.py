"""The estimate of tokens is near what real tokenizers counted."""

from statistics import median

import pytest

from prompts.tokens import estimate_tokens
from tests.prompts.counted import COUNTS, OTHER_TEXTS, PROMPT_TEXTS, TOKENIZERS


@pytest.mark.parametrize("kind", PROMPT_TEXTS)
def test_within_a_fifth_of_the_middle_on_what_is_sent(kind: str) -> None:
    assert estimate_tokens(PROMPT_TEXTS[kind]) == pytest.approx(median(COUNTS[kind]), rel=0.2)


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_within_a_fifth_of_each_on_all_of_it(tokenizer: str) -> None:
    counted = sum(COUNTS[kind][TOKENIZERS.index(tokenizer)] for kind in PROMPT_TEXTS)
    assert sum(map(estimate_tokens, PROMPT_TEXTS.values())) == pytest.approx(counted, rel=0.2)


@pytest.mark.parametrize("kind", OTHER_TEXTS)
def test_within_two_fifths_of_the_middle_on_other_scripts(kind: str) -> None:
    assert estimate_tokens(OTHER_TEXTS[kind]) == pytest.approx(median(COUNTS[kind]), rel=0.4)


def test_parts_of_a_text_add_up() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens("the key") == 2
    everything = "".join([*PROMPT_TEXTS.values(), *OTHER_TEXTS.values()])
    assert estimate_tokens(everything * 50) == pytest.approx(50 * estimate_tokens(everything), rel=0.01)


@pytest.mark.parametrize("text", ["\ud800", "\x00", "\x85", "\xa0", "_", "9" * 5000, "\n" * 5000, "x" * 5000])
def test_odd_texts_have_an_estimate(text: str) -> None:
    assert 0 <= estimate_tokens(text) <= len(text)
