"""The archive of a head, and what its programs suggest to others."""

from surrogates.language.program import Program
from surrogates.library.candidates import Candidate, Scores
from synth.proposers.language_model.archive import Archive, earlier, ideas_of, improves, niche_of, standing_of


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


def test_parts_are_added_to_the_best_program_by_train_texts() -> None:
    worse, best = candidate("a * pair.offset(1)", 0.4, 0.9), candidate("a * key.is_comma", 0.5, 0.1)
    assert standing_of([worse, best, Candidate("llm", "label", "nonsense", None)]) == best
    nothing = standing_of([])
    assert nothing.scores is None
    assert nothing.program.constants == {"first": 0.0}


def test_what_came_later_is_unknown() -> None:
    found = [candidate("a", 0.5), written(1, 0.3), written(2, 0.3), written(2, 0.3, "other")]
    assert earlier(found, "m", 2) == [found[0], found[1], found[3]]


def test_a_head_is_left_when_three_rounds_brought_nothing_better() -> None:
    rising = [candidate("a", 0.9, 0.25), written(1, 0.3), written(2, 0.31), written(3, 0.32)]
    assert all(improves(rising, "m", round_) for round_ in range(1, 7))
    assert not improves(rising, "m", 7)
    # What is no better than what the search found is no gain; nor is another model's.
    worse = [candidate("a", 0.1, 0.5), written(2, 0.4), written(3, 0.9, "other")]
    assert improves(worse, "m", 3)
    assert not improves(worse, "m", 4)


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
