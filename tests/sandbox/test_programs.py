"""A hundred programs as language models write them compile and run."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sandbox.verdicts import Verdict
from surrogates.language.features import Texts
from surrogates.language.program import Program, ProgramRefused
from surrogates.language.scripted import scripted_outcomes
from surrogates.language.tokens import TokenTable

SOURCES = {path.stem: path.read_text() for path in sorted((Path(__file__).parent / "programs").glob("*.py"))}
SURFACES = [
    "<s>", " the", " dog", " girl", ".", ",", '"', " Tom", " ran", "\n", " She", " he", "ing", " 12", " was", " and",
    "it", " (", ")", " park",
]  # fmt: skip
TABLE = TokenTable.from_surfaces(SURFACES, {0}, np.random.default_rng(0).normal(size=(len(SURFACES), 8)))


@pytest.fixture(scope="module")
def texts() -> list[Texts]:
    generator = np.random.default_rng(1)
    lists = [[0, *generator.integers(1, len(SURFACES), length - 1)] for length in (1, 2, 7, 40)]
    return [Texts(np.array([tokens]), TABLE, causal=True) for tokens in lists]


def verdicts(source: str, texts: list[Texts]) -> set[Verdict]:
    try:
        program = Program.parse(source)
    except ProgramRefused:
        return {Verdict.REFUSED}
    found = [scripted_outcomes(program, text, program.constants)[0] for text in texts]
    return {outcome.verdict for outcome in found if outcome is not None}


def test_at_least_97_of_a_hundred_compile_and_run(
    texts: list[Texts], record_property: Callable[[str, object], None]
) -> None:
    assert len(SOURCES) == 100
    ended = {name: verdicts(source, texts) for name, source in SOURCES.items()}
    fine = sum(found == {Verdict.OK} for found in ended.values())
    record_property("programs in a language model's style that compile and run", f"{fine} of {len(SOURCES)}")
    assert fine >= 97, {name: found for name, found in ended.items() if found != {Verdict.OK}}
