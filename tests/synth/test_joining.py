"""Programs put together of others give what these do."""

import itertools

import numpy as np
import pytest

from surrogates.language.patterns import scores
from surrogates.language.program import Program, ProgramRefused
from synth.proposers.language_model.joining import (
    hypothesis_alone,
    joined,
    parts_of,
    with_hypothesis,
    with_strength,
)
from tests.surrogates.test_properties import batch

LISTS = [[0, 1, 2, 3, 4, 5, 6, 7], [0, 3, 3, 1], [2, 4, 6, 8, 1, 1]]
ADDITIVE = Program.parse('''
def attend(query, key, pair, same=1.5):
    """Near keys, and the words of people."""
    return (
        curve(pair.distance, {0: 1.5, 2: 0.25, 8: -1.0})  # falls
        + weights(query, {"Tom": 0.5, ",": -0.5}, is_capitalised=0.25) * weights(key, {"Tom": 1.0}, is_comma=-0.5)
        + same * (pair.same_token & ~pair.offset(0))
        + weights(query.previous, {"\\n": 0.5}) * key.is_first
    )
''')
NAMED = Program.parse('''
def attend(query, key, pair, same=0.5, n=2.0):
    """Commas."""
    same_2 = same * key.is_comma
    same_2 += n * (pair.distance > 2)
    return same_2 - query.length * key.is_quote
''')
SCRIPTED = Program.parse('''
MOST = 3

def turn(i, same=1.0):
    return min(i, MOST) * same

def attend(query, key, pair, same=0.5):
    """Counts up."""
    s = pair.zeros()
    for i in range(len(query)):
        s[i, i] = turn(i, same=same)
    return s
''')
BARE = Program.parse('def attend(query, key, pair):\n    """Quotes."""\n    return key.is_quote\n')
LOOP = Program.parse('def loop(query, key, pair):\n    """Itself."""\n    return pair.zeros() + np.eye(len(query))\n')
EVERY = (ADDITIVE, NAMED, SCRIPTED, BARE, LOOP)


def values(program: Program) -> np.ndarray:
    """Scores in the visible cells."""
    texts = batch(LISTS, causal=True)
    found = np.broadcast_to(np.asarray(scores(program, texts)), texts.visible.shape)
    return np.where(texts.visible, found, 0.0)


@pytest.mark.parametrize(("first", "second"), list(itertools.product(EVERY, EVERY)))
def test_a_joined_program_adds_up_both(first: Program, second: Program) -> None:
    both = joined(first, second)
    np.testing.assert_allclose(values(both), values(first) + values(second), atol=1e-5)
    vectorised = first.kind == second.kind == "vectorised"
    assert both.kind == ("vectorised" if vectorised else "scripted")
    # Whatever was fitted of the two still can be, values in curves and word weights of a script aside.
    if vectorised:
        assert sorted(both.constants.values()) == sorted([*first.constants.values(), *second.constants.values()])
    again = joined(both, second)
    np.testing.assert_allclose(values(again), values(first) + 2 * values(second), atol=1e-5)


CLASHING = Program.parse('''
MOST = 2.0

def added(query, key, pair, added=0.5, MOST_2=1.0):
    """Names its constant as it is called, and calls another as a rename would."""
    s = pair.zeros()
    for i in range(len(query)):
        s[i, i] = added * MOST + MOST_2
    return s
''')
CALLED = Program.parse(
    'def attend(query, key, pair, known=0.5, turn=1.0):\n    """K."""\n    return known * turn * key.is_first\n'
)


@pytest.mark.parametrize("other", [*EVERY, CLASHING, CALLED])
def test_names_of_constants_and_functions_do_not_hide_each_other(other: Program) -> None:
    for clashing in (CLASHING, CALLED):
        for first, second in ((clashing, other), (other, clashing)):
            both = joined(first, second)
            np.testing.assert_allclose(values(both), values(first) + values(second), atol=1e-5)
            again = joined(joined(both, SCRIPTED), clashing)
            wanted = values(both) + values(SCRIPTED) + values(clashing)
            np.testing.assert_allclose(values(again), wanted, atol=1e-5)


def test_its_hypothesis_is_both() -> None:
    assert joined(ADDITIVE, NAMED).hypothesis == "Near keys, and the words of people; commas."


def test_one_that_is_too_large_is_refused() -> None:
    words = "".join(f'"w{number}": 1.0, ' for number in range(24))
    large = Program.parse(
        'def attend(query, key, pair):\n    """Large."""\n    return ' + " + ".join([f"weights(key, {{{words}}})"] * 35)
    )
    with pytest.raises(ProgramRefused, match="write a shorter program"):
        joined(large, joined(large, ADDITIVE))


@pytest.mark.parametrize("part", EVERY)
def test_a_part_has_something_to_be_fitted(part: Program) -> None:
    found = with_strength(part)
    assert found.constants
    np.testing.assert_allclose(values(found), values(part), atol=1e-6)
    if not part.constants:
        assert found.constants == {"strength": 1.0}
        doubled = found.with_constants({"strength": 2.0})
        np.testing.assert_allclose(values(doubled), 2 * values(part), atol=1e-6)


@pytest.mark.parametrize("program", EVERY)
def test_its_parts_add_up_to_a_program(program: Program) -> None:
    parts = parts_of(program)
    assert len(parts) == program.parts
    np.testing.assert_allclose(sum(map(values, parts)), values(program), atol=1e-5)
    assert all(part.hypothesis == program.hypothesis.rstrip(".") + "." for part in parts if program.kind != "scripted")


def test_what_is_the_same_in_all_cells_is_no_part() -> None:
    program = Program.parse(
        'def attend(query, key, pair, a=1.0):\n    """B."""\n    return a + 2 * a * key.is_first - 3.0 - a / 2\n'
    )
    assert [part.terms[0].factors for part in parts_of(program)] == [("key.is_first",)]


@pytest.mark.parametrize("program", EVERY)
def test_only_the_hypothesis_changes(program: Program) -> None:
    found = with_hypothesis(program, 'says "so" on\ttwo lines, ' + "at length " * 12)
    assert found.hypothesis.startswith('Says "so" on two lines, at length')
    assert found.structure == program.structure
    assert found.constants == program.constants
    np.testing.assert_array_equal(values(found), values(program))


def test_a_hypothesis_alone() -> None:
    assert hypothesis_alone('def attend(query, key, pair):\n    """Names of\n    people."""\n') == "Names of people."
    assert hypothesis_alone('def attend(query, key, pair):\n    """Names."""\n    pass\n') == "Names."
    for other in (BARE.source, SCRIPTED.source, "x = 1\n", "def f(:\n", "def f():\n    return 1\n"):
        assert hypothesis_alone(other) == ""
    assert hypothesis_alone(f'def f(query, key, pair):\n    """Long."""\n    # {"x" * 40_000}\n    pass\n') == ""


@pytest.mark.parametrize("said", ["\\ud800 names", "\\x1b[31m names", "\\d names", "a\\x00b"])
def test_a_hypothesis_of_odd_characters_is_shown_plainly(said: str) -> None:
    found = hypothesis_alone(f'def attend(query, key, pair):\n    """{said}"""\n')
    assert found.isprintable()
    assert with_hypothesis(ADDITIVE, found).structure == ADDITIVE.structure
