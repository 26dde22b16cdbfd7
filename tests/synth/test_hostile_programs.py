"""Programs that nobody should write: each ends with a verdict, and none ends the run."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sandbox.pool import Pool
from sandbox.verdicts import Outcome, Verdict
from surrogates.errors import ProgramFailed
from surrogates.language.features import Texts
from surrogates.language.patterns import scores
from surrogates.library.candidates import Candidate
from surrogates.library.heads import Head
from synth.fitting.trial import try_programs
from synth.material import HeadData
from synth.run import open_run
from tests.random_programs import RandomPrograms
from tests.synth.planted import TABLE, parse

PROGRAMS = 400


@pytest.fixture(scope="module")
def data(finished: Path) -> HeadData:
    return HeadData(open_run(finished).material, Head(0, 3))


def test_random_programs_end_with_a_verdict(data: HeadData, record_property: Callable[[str, object], None]) -> None:
    drawn = RandomPrograms(seed=0)
    ended: Counter[Verdict] = Counter()
    for _ in range(PROGRAMS):
        candidate = Candidate("llm", "random", drawn.source(), None)
        (results,) = try_programs(data, [candidate])
        assert results, candidate.source
        assert all((found.verdict is Verdict.OK) <= (found.scores is not None) for found in results)
        assert all(found.reason.isprintable() for found in results)
        ended.update(found.verdict for found in results)
    record_property("random programs", ", ".join(f"{count} {verdict}" for verdict, count in ended.items()))
    # Some work, and some ask for what no number is.
    assert ended[Verdict.OK] > PROGRAMS / 10
    assert ended[Verdict.NOT_FINITE] > PROGRAMS / 10


@pytest.mark.parametrize("ids", [np.zeros((1, 20_000_000), np.int32), torch.zeros((1, 20_000_000), dtype=torch.int32)])
def test_a_program_that_runs_out_of_memory_says_so(ids: Any) -> None:
    # More cells than any address space holds.
    with pytest.raises(ProgramFailed, match="needs more memory") as caught:
        scores(parse("pair.distance"), Texts(ids, TABLE, causal=True))
    assert caught.value.verdict is Verdict.OUT_OF_MEMORY


SLOW = '''def attend(query, key, pair, a=1.0, b=1.0, c=1.0):
    """Takes its time."""
    for _ in range(300_000):
        pass
    return a * pair.distance + b * key.is_first + c
'''


def test_a_slow_program_is_given_up_after_a_few_texts(data: HeadData, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[Outcome] = []
    real = Pool.map

    def counted(self: Pool, calls: Any) -> Iterator[Outcome]:
        for outcome in real(self, calls):
            runs.append(outcome)
            yield outcome

    monkeypatch.setattr(Pool, "map", counted)
    monkeypatch.setattr("surrogates.language.scripted.PACE", 1e-4)
    (results,) = try_programs(data, [Candidate("hand", "slow", SLOW, None)])
    assert [found.verdict for found in results] == [Verdict.TIMED_OUT]
    assert "s a text; at most" in results[0].reason
    assert len(runs) == 8


def test_fitting_ends_in_time(data: HeadData, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synth.fitting.constants.FIT_SECONDS", 0.0)
    program = parse("a * key.is_first - b * pair.log_distance", a=1.0, b=1.0)
    (results,) = try_programs(data, [Candidate("hand", "long", program.source, None)])
    # It competes with the constants it came with, and what became of fitting them is told.
    assert [found.verdict for found in results] == [Verdict.OK, Verdict.TIMED_OUT]
    assert results[1].reason == "fitting its constants: f: it takes over 0 s; write fewer constants or cheaper features"
