"""The archive of a head, and what its programs suggest to others."""

import numpy as np

from surrogates.language.program import Program
from surrogates.library.candidates import Candidate, Scores
from synth.proposers.language_model.archive import Archive, draw_parents, earlier, ideas_of, improves, niche_of


def source(body: str, name: str = "attend", constants: str = "a=1.0, b=1.0") -> str:
    return f'def {name}(query, key, pair, {constants}):\n    """A habit."""\n    return {body}\n'


def candidate(body: str, train_iou: float, validation_iou: float = 0.5, **facts: object) -> Candidate:
    scores = Scores(train_iou, validation_iou, 2.0, 0.5, 0.4, 0.6, 2.0, 0.4)
    return Candidate("search", "label", source(body), scores, **facts)  # type: ignore[arg-type]


def written(round_: int, validation_iou: float, model: str = "m") -> Candidate:
    scores = Scores(0.5, validation_iou, 2.0, 0.5, 0.4, 0.6, 2.0, 0.4)
    return Candidate("llm", "label", source(f"a * pair.offset({round_})"), scores, model=model, round=round_)


def test_the_best_of_each_niche_stays() -> None:
    good, better = candidate("a * pair.offset(1)", 0.4), candidate("a * pair.offset(2)", 0.5)
    other = candidate("a * key.is_comma", 0.1)
    large = candidate(" + ".join(f"a * pair.offset({k})" for k in range(9)), 0.3)
    failed = Candidate("llm", "label", "nonsense", None)
    archive = Archive([good, other, failed, large, better])
    assert archive.elites == [better, large, other]


def test_of_equal_structures_and_equal_figures_the_first_and_the_shorter_stays() -> None:
    fitted = candidate("a * pair.offset(1) + b * key.is_first", 0.5)
    again = Candidate("shared", "label", fitted.source.replace("a=1.0", "a=22.0"), fitted.scores)
    assert Archive([again, fitted]).elites == [fitted]


def test_a_niche_is_a_size_and_the_families_of_features() -> None:
    small = niche_of(Program.parse(source("a * key.is_comma * pair.offset(1)")))
    assert small.families == ("class", "position")
    assert str(small).startswith("up to 32 nodes")
    loops = "    s = pair.zeros()\n    s[0, 0] = len(query.text[0])\n    return s\n"
    text = f'def attend(query, key, pair):\n    """Same."""\n{loops}'
    assert niche_of(Program.parse(text)).families == ("text",)
    assert niche_of(Program.parse(source(" + ".join(["a * key.is_first"] * 60)))).size == 4


def test_parents_begin_with_the_best_and_the_better_ones_tend_to_come_early() -> None:
    bodies = [
        "a * key.is_first",
        "a * key.is_comma",
        "a * pair.same_token",
        "a * pair.similarity",
        "a * pair.same_sentence",
    ]
    elites = Archive([candidate(body, 0.5 - place / 20) for place, body in enumerate(bodies)]).elites
    assert len(elites) == 5
    orders = [[elites.index(e) for e in draw_parents(elites, np.random.default_rng(seed))] for seed in range(200)]
    assert all(order[0] == 0 and sorted(order) == [0, 1, 2, 3, 4] for order in orders)
    places = np.array([[order.index(place) for place in range(5)] for order in orders]).mean(0)
    assert list(places) == sorted(places)
    assert len({tuple(order) for order in orders}) > 5
    assert draw_parents([], np.random.default_rng(0)) == []


def test_what_came_later_is_unknown() -> None:
    found = [candidate("a", 0.5), written(1, 0.3), written(2, 0.3), written(2, 0.3, "other")]
    assert earlier(found, "m", 2) == [found[0], found[1], found[3]]


def test_a_head_is_left_when_two_rounds_brought_nothing_better() -> None:
    rising = [written(1, 0.3), written(2, 0.31), written(3, 0.32)]
    assert all(improves(rising, "m", round_) for round_ in range(1, 6))
    assert not improves(rising, "m", 6)
    flat = [written(1, 0.3), written(2, 0.3), written(3, 0.3)]
    assert improves(flat, "m", 3)
    assert not improves(flat, "m", 4)
    # Another model's programs, and those of the search, say nothing of this one's.
    assert not improves([*flat, written(3, 0.9, "other"), candidate("a", 0.9, 0.9)], "m", 4)


def test_ideas_are_terms_without_their_constants() -> None:
    program = Program.parse(
        source("a * key.is_comma * pair.offset(1) - b * pair.log_distance + where(key.is_first, a, b)")
    )
    assert ideas_of([program]) == ["key.is_comma * pair.offset(1)", "pair.log_distance", "where(key.is_first, a, b)"]
    assert "pair.log_distance" not in ideas_of([program], own="return b * pair.log_distance")
    named = Program.parse(
        'def f(query, key, pair, a=1.0):\n    """A habit."""\n    near = pair.within(8)\n    return a * near\n'
    )
    assert ideas_of([named]) == ["pair.within(8)"]
    scripted = Program.parse('def f(query, key, pair):\n    """The same letters."""\n    return pair.zeros()\n')
    assert ideas_of([scripted]) == ["a scripted program: The same letters."]
