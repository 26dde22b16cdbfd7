"""Which cells are shown, in which groups, and what is said of where attention goes."""

from dataclasses import replace

import numpy as np
import pytest

from prompts.edges import CAP, GROUPS, Compared, HeadText, edge_line, grouped_edges, missed_edges, strongest_edges
from prompts.residual import residual, share_line
from prompts.summary import summary_lines
from prompts.word_parts import word_part_lines
from tests.prompts.shown import COMPARED, causal_text, uniform


def beside_uniform(text: HeadText) -> Compared:
    return Compared(text, uniform(text), 0.5)


def long_text(n: int = 120) -> HeadText:
    return causal_text(tuple(f"w{place}" for place in range(n)), own=0.25)


def test_the_strongest_share_of_the_cells_is_taken_in_order() -> None:
    text = long_text()
    edges = strongest_edges(text)
    visible = 120 * 121 // 2 - 1  # the first query has no choice
    assert len(edges) == -(-visible * 25 // 1000)
    weights = [edge.weight for edge in edges]
    assert weights == sorted(weights, reverse=True)
    assert all(text.pattern[edge.query, edge.key] == edge.weight for edge in edges)
    assert all(edge.query > 0 for edge in edges)


def test_groups_are_quarters_by_weight() -> None:
    edges = strongest_edges(long_text())
    groups = grouped_edges(edges, 1000)
    assert tuple(group.name for group in groups) == GROUPS
    sizes = [len(group.edges) + group.left_out for group in groups]
    assert sum(sizes) == len(edges)
    assert max(sizes) - min(sizes) <= 1
    lowest = [group.edges[-1].weight for group in groups]
    assert lowest == sorted(lowest, reverse=True)


@pytest.mark.parametrize("share", [0.025, 0.5, 1.0])
def test_a_group_holds_few_edges_to_itself_and_to_the_first_token(share: float) -> None:
    groups = grouped_edges(strongest_edges(long_text(), share), 1000)
    own = [sum(e.query == e.key for e in group.edges) for group in groups]
    first = [sum(e.key == 0 != e.query for e in group.edges) for group in groups]
    assert max(own + first) <= CAP
    if share == 1.0:
        assert CAP in own
        assert CAP in first


def test_missed_edges_are_the_largest_differences_of_either_sign() -> None:
    text = causal_text(tuple("abcdefgh"))
    found = text.pattern.copy()
    found[5, 4], found[5, 2] = 0.125, 0.375  # 0.375 less where the head looks, as much more elsewhere
    found[6, 5], found[6, 1] = 0.25, 0.25
    found[7, 7], found[7, 0] = 0.0, 0.5  # its own cell and the first token's do not count
    under, over = missed_edges(text, found, 5)
    assert [(e.query, e.key, e.weight) for e in under] == [(5, 4, 0.38), (6, 5, 0.25)]
    assert [(e.query, e.key, e.weight) for e in over] == [(5, 2, -0.38), (6, 1, -0.25)]
    assert missed_edges(text, found, 1) == (under[:1], over[:1])
    assert missed_edges(text, text.pattern, 5) == ([], [])
    assert edge_line(over[0], text.tokens) == "'f'[5] -> 'c'[2] (-0.38)"


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="3 tokens"):
        HeadText(("a", "b", "c"), np.zeros((2, 2)), np.zeros((3, 3), dtype=bool), {})


def test_summary_says_where_attention_goes() -> None:
    lines = summary_lines([beside_uniform(causal_text(tuple("abcdefghi")))])
    # Worked out by hand: the second query finds the first token one back, the others an eighth on themselves.
    assert lines[1] == "- the first token 44% (23%); itself 12% (23%)"
    assert "1: 44% (17%)" in lines[2]
    assert "3–4: 0%" in lines[2]


def test_summary_of_an_encoder_tells_both_sides() -> None:
    n = 6
    ahead = np.eye(n, k=1)
    ahead[-1, -1] = 1
    text = HeadText(tuple("abcdef"), ahead, np.ones((n, n), dtype=bool), {})
    lines = summary_lines([beside_uniform(text)])
    assert any(line.startswith("- tokens ahead, first token aside: 1: 83%") for line in lines)
    assert any(line.startswith("- tokens back, first token aside: 1: 0%") for line in lines)


def test_summary_tells_what_goes_to_no_key() -> None:
    text = causal_text(tuple("abcdefghi"))
    whole = summary_lines([beside_uniform(text)])
    lines = summary_lines([beside_uniform(replace(text, pattern=0.75 * text.pattern))])
    assert lines.pop(2) == "- no key, where a sink of the layer's takes it, which programs do not have: 25% (0%)"
    assert lines[1] == "- the first token 33% (23%); itself 9% (23%)"
    assert lines[-1] == whole[-1]  # of the rest


def test_summary_without_a_choice() -> None:
    assert summary_lines([beside_uniform(causal_text(("a",)))]) == ["No query of these texts has a choice of keys."]


def test_summary_names_classes_that_differ() -> None:
    assert any("is_punctuation" in line for line in summary_lines(COMPARED))


def test_the_residual_tells_which_words_get_too_little_and_too_much_and_from_which() -> None:
    tokens = ("<s>", *("a", "b", "c") * 6)
    text = causal_text(tokens)
    found = text.pattern.copy()
    for query in range(4, len(tokens)):
        if tokens[query] == "c":  # half of what it gives to the token before goes to the one before that
            found[query, query - 1] -= 0.25
            found[query, query - 2] += 0.25
    missed = residual([Compared(text, found, 0.5)])
    assert [str(share.word) for share in missed.under] == ["'b'"]
    assert [str(share.word) for share in missed.over] == ["'a'"]
    row = missed.queries[0]
    assert (str(row.word), row.queries, len(missed.queries)) == ("'c'", 6, 1)
    # Five of the six, each with a quarter of its attention.
    assert row.misplaced == pytest.approx(0.25 * 5 / 6)
    assert share_line(row.under[0]) == f"'b' 50.0 ({50 - 25 * 5 / 6:.1f})"
    assert residual([Compared(text, text.pattern, 1.0)]).queries == ()


def test_what_goes_to_the_first_token_instead_is_misplaced_in_full() -> None:
    tokens = ("<s>", *("a", "b", "c") * 6)
    text = causal_text(tokens)
    found = text.pattern.copy()
    for query in range(2, len(tokens)):
        found[query, 0] += 0.25
        found[query, query - 1] -= 0.25
    missed = residual([Compared(text, found, 0.5)])
    assert {row.word.text for row in missed.queries} == {"a", "b", "c"}
    assert all(0.2 < row.misplaced <= 0.25 and not row.over for row in missed.queries)


def test_the_residual_tells_letters_in_a_word_from_the_same_at_its_start() -> None:
    tokens = ("<s>", *("a", "a", "c") * 6)
    starts = np.array([place % 3 != 2 for place in range(len(tokens))])
    text = replace(causal_text(tokens), classes={"is_word_start": starts})
    missed = residual([Compared(text, uniform(text), 0.5)])
    assert {str(row.word) for row in missed.queries} == {"'a'", "+'a'", "'c'"}


def test_word_parts_tell_the_ends_of_words_from_their_beginnings() -> None:
    tokens = ("<s>", "a", "li", "on", "ran", ".")
    starts = np.array([True, True, True, False, True, True])
    text = replace(causal_text(tokens), classes={"is_word_start": starts})
    lines = word_part_lines([Compared(text, uniform(text), 0.5)])
    assert lines == [
        # "li" looks at "a", and "ran" at "on", with half its attention; the program at all alike. "a" has no choice.
        f"- from a word's first token, 2 times: whole words 25.0 ({100 * (1 / 3 + 1 / 5) / 2:.1f}), "
        "beginnings 0.0 (10.0), ends 25.0 (10.0)",
        "- from one that goes on a word, 1 times: in the same word 50.0 (25.0), whole words 0.0 (25.0)",
        "- from marks, 1 times: whole words 50.0 (33.3), beginnings 0.0 (16.7), ends 0.0 (16.7)",
    ]
    assert word_part_lines([beside_uniform(causal_text(("<s>", "a", "b")))]) == []
