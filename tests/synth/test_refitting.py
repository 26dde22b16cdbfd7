"""Fitting the constants of a program whose structure is right: those that made the pattern are found again."""

from pathlib import Path

import pytest
import torch

from surrogates.errors import ProgramFailed
from surrogates.language import patterns
from surrogates.language.backend import Array
from surrogates.language.features import Texts
from surrogates.language.program import Program
from surrogates.library.candidates import Candidate
from surrogates.library.heads import Head
from synth.corpus import Split
from synth.fitting.constants import fit_to_head, refit
from synth.fitting.trial import try_programs
from synth.material import HeadData
from synth.proposers.layout import repr_string
from tests.synth.planted import batch, iou, made_by, material_with, parse, random_lists

TEXTS = batch(random_lists(40))


def fit(program: Program, target: torch.Tensor) -> list[Program]:
    return refit(program, TEXTS, torch.as_tensor(TEXTS.visible), target)


@pytest.mark.parametrize(
    ("body", "start", "true"),
    [
        (
            "sink * key.is_first - recency * pair.log_distance + comma * query.is_comma * pair.offset(1)",
            {"sink": 0.0, "recency": 0.0, "comma": 0.0},
            {"sink": 2.0, "recency": 1.3, "comma": 3.0},
        ),
        ("3 * key.is_first - recency * pair.distance", {"recency": 2.0}, {"recency": 0.4}),  # a fixed part
        ("weight * exp(-rate * pair.distance)", {"weight": 2.0, "rate": 0.3}, {"weight": 5.0, "rate": 0.9}),
        ("exp(-rate * pair.distance) * 5", {"rate": 2.0}, {"rate": 0.5}),
        (
            "log(near * exp(-pair.distance) + same * pair.same_token + 0.05)",
            {"near": 1.0, "same": 1.0},
            {"near": 0.5, "same": 3.0},
        ),
        (
            "where(pair.offset(0), -inf, 0) - recency * pair.log_distance",
            {"recency": 0.1},
            {"recency": 1.5},
        ),
        ("where(pair.within(4), word * key.is_word_start, -inf)", {"word": 0.0}, {"word": 1.7}),
    ],
)
def test_the_constants_that_made_a_pattern_are_found(
    body: str, start: dict[str, float], true: dict[str, float]
) -> None:
    target = made_by(parse(body, **true), TEXTS)
    before = parse(body, **start)
    tuned, fitted = fit(before, target)
    assert iou(before, TEXTS, target) < 0.9
    for found in (tuned, fitted):
        assert found.structure == before.structure
        assert iou(found, TEXTS, target) > 0.98
    assert fitted.constants == pytest.approx(true, rel=0.05)


def test_a_pattern_of_another_structure_is_approached() -> None:
    target = made_by(parse("-pair.distance + 2 * key.is_first"), TEXTS)
    start = parse("-rate * pair.log_distance", rate=0.1)
    tuned, fitted = fit(start, target)
    assert iou(fitted, TEXTS, target) > iou(start, TEXTS, target) + 0.1
    assert iou(tuned, TEXTS, target) >= iou(fitted, TEXTS, target) - 1e-3


def test_what_the_head_sees_and_the_program_excludes_does_not_break_the_fit() -> None:
    target = made_by(parse("-pair.distance"), TEXTS)
    _, fitted = fit(parse("where(pair.within(2), -rate * pair.distance, -inf)", rate=0.2), target)
    assert fitted.constants["rate"] == pytest.approx(1.0, rel=0.2)


def test_a_program_without_constants_is_returned_as_it_is() -> None:
    program = parse("-pair.distance")
    assert fit(program, made_by(program, TEXTS)) == [program]


def test_a_constant_that_changes_nothing_is_harmless() -> None:
    target = made_by(parse("-1.2 * pair.log_distance"), TEXTS)
    # The same for every key of a query, so that the softmax ignores it.
    _, fitted = fit(parse("-rate * pair.log_distance + idle * query.length", rate=0.5, idle=1.0), target)
    assert fitted.constants["rate"] == pytest.approx(1.2, rel=0.05)
    assert iou(fitted, TEXTS, target) > 0.98


@pytest.mark.parametrize(
    "program",
    [
        parse("exp(100 * rate * pair.distance)", rate=1.0),
        parse("rate / pair.distance", rate=1.0),
        parse("rate * (0 * inf)", rate=1.0),
    ],
)
def test_what_cannot_be_fitted_says_so(program: Program) -> None:
    target = made_by(parse("-pair.distance"), TEXTS)
    with pytest.raises(ProgramFailed):
        fit(program, target)


def test_constants_alone_explain_nothing_and_are_no_failure() -> None:
    """Scores that are the same in every cell have derivatives, all of which the softmax ignores."""
    program = parse("a + b", a=0.5, b=1.0)
    target = made_by(parse("a * key.is_first", a=1.0), TEXTS)
    for fitted in fit(program, target):
        assert fitted.structure == program.structure


def test_hundreds_of_values_are_found_together() -> None:
    words = [text for text in dict.fromkeys(TEXTS.table.texts) if text != "<s>"]
    numbers = torch.randn(4, len(words), generator=torch.Generator().manual_seed(1)).mul(10).round().div(10).tolist()
    tables = [
        ", ".join(f"{repr_string(word)}: {number}" for word, number in zip(words, own, strict=True)) for own in numbers
    ]
    body = (
        "curve(pair.distance, {0: -1.0, 1: 2.0, 4: 0.5, 19: 0.0})"
        f" + weights(key, {{{tables[0]}}}) + weights(query, {{{tables[1]}}}, is_comma=1.5) * pair.offset(1)"
        f" + weights(key.previous, {{{tables[2]}}}) + weights(query, {{{tables[3]}}}) * key.is_first"
    )
    true = parse(body)
    before = true.with_constants(dict.fromkeys(true.constants, 0.0))
    assert len(true.constants) > 64
    target = made_by(true, TEXTS)
    tuned, fitted = fit(before, target)
    assert iou(before, TEXTS, target) < 0.5
    for found in (tuned, fitted):
        assert found.structure == true.structure
        assert iou(found, TEXTS, target) > 0.9


def test_a_program_of_many_values_that_are_no_numbers_fails_by_name() -> None:
    words = ", ".join(f'"w{number}": 1.0' for number in range(24))
    parts = " + ".join(f"weights(key, {{{words}}}) * {number}" for number in range(3))
    program = parse(f"({parts}) + log(pair.distance) / (pair.distance - pair.distance)")
    with pytest.raises(ProgramFailed, match="not finite"):
        fit(program, made_by(parse("-pair.distance"), TEXTS))


def planted(folder: Path, truth: str, **constants: float) -> HeadData:
    splits: list[Split] = [*["train"] * 40, *["validation"] * 8, *["test"] * 8]  # type: ignore[list-item]
    material = material_with(folder, [[parse(truth, **constants)]], random_lists(len(splits)), splits)
    return HeadData(material, Head(0, 0))


def test_a_part_is_fitted_beside_the_program_it_is_added_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = planted(tmp_path, "2 * key.is_first - 0.8 * pair.distance + 1.5 * pair.offset(1)")
    other = parse("1.5 * pair.offset(1) - 0.8 * pair.distance")
    alone = parse("sink * key.is_first", sink=0.3)
    evaluated: list[Program] = []
    real = patterns.scores

    def counting(program: Program, texts: Texts) -> Array:
        evaluated.append(program)
        return real(program, texts)

    monkeypatch.setattr("synth.material.scores", counting)
    for _ in range(3):
        _, fitted = fit_to_head(data, alone, beside=other)
        assert fitted.structure == alone.structure
        assert fitted.constants["sink"] == pytest.approx(2.0, rel=0.05)
    assert len(evaluated) == 2  # on few texts and on all, whatever the number of parts
    _, without = fit_to_head(data, alone)
    assert without.constants["sink"] != pytest.approx(2.0, rel=0.05)


def test_a_scripted_part_is_fitted_beside_a_program(tmp_path: Path) -> None:
    data = planted(tmp_path, "2 * key.is_first - 0.8 * pair.distance")
    part = Program.parse(
        'def part(query, key, pair, sink=0.5):\n    """The first token."""\n    s = pair.zeros()\n'
        "    for i in range(len(query)):\n        s[i, 0] = sink\n    return s\n"
    )
    _, fitted = fit_to_head(data, part, beside=parse("-0.8 * pair.distance"))
    assert fitted.constants["sink"] == pytest.approx(2.0, rel=0.05)


def test_a_program_without_hope_is_scored_in_one_version(tmp_path: Path) -> None:
    data = planted(tmp_path, "logaddexp(4 * key.is_first, 2 - 1.5 * pair.distance)")
    wrong = Candidate("llm", "wrong", parse("-rate * pair.log_distance", rate=0.1).source, None)
    versions = {}
    for known in (0.0, 0.99):
        (found,) = try_programs(data, [wrong], known)
        assert all(candidate.scores for candidate in found)
        versions[known] = len(found)
    assert versions == {0.0: 2, 0.99: 1}
