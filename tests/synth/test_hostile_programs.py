"""Programs that nobody should write: each ends with a verdict, and none ends the run."""

from collections import Counter
from pathlib import Path

import pytest

from sandbox.verdicts import Verdict
from surrogates.heads import Head
from surrogates.library import Candidate
from synth.candidates import try_programs
from synth.material import Material
from synth.run_directory import RunDirectory
from tests.random_programs import RandomPrograms

PROGRAMS = 2_000


@pytest.fixture(scope="module")
def material(finished: Path) -> Material:
    directory = RunDirectory.open(finished)
    return Material.load(directory.tokens, directory.attention)


def test_random_programs_end_with_a_verdict(material: Material, capsys: pytest.CaptureFixture[str]) -> None:
    drawn = RandomPrograms(seed=0)
    ended: Counter[Verdict] = Counter()
    for _ in range(PROGRAMS):
        candidate = Candidate("llm", "random", drawn.source(), None)
        (results,) = try_programs(material, Head(0, 3), [candidate])
        assert results, candidate.source
        assert all((found.verdict is Verdict.OK) <= (found.scores is not None) for found in results)
        assert all(found.reason.isprintable() for found in results)
        ended.update(found.verdict for found in results)
    with capsys.disabled():
        print(f"\n{PROGRAMS} random programs: " + ", ".join(f"{count} {verdict}" for verdict, count in ended.items()))
    # Some work, and some ask for what no number is.
    assert ended[Verdict.OK] > PROGRAMS / 10
    assert ended[Verdict.NOT_FINITE] > PROGRAMS / 10
