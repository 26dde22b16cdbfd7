"""Programs tried on other heads: each head gets those that fit it best, wherever they are tried."""

from contextlib import closing
from pathlib import Path

import pytest

from surrogates.library.heads import Head
from surrogates.library.library import Library
from synth.engine import Local
from synth.proposers import shared
from synth.proposers.shared import best_fitting
from tests.synth.test_prompt_command import material_of


@pytest.mark.parametrize("which", ["finished", "finished_encoder"])
def test_workers_find_what_one_process_finds(
    which: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: Path = request.getfixturevalue(which)
    monkeypatch.setattr(shared, "_CHUNK", 3)
    with closing(Library(run)) as library:
        own = {head: [entry.program for entry in library.ranked(head)] for head in library.heads()}
    programs = [program for found in own.values() for program in found]
    known = {head: set[str]() for head in own}
    known[Head(0, 0)] = {program.structure for program in own[Head(0, 0)]}
    told: list[tuple[int, int]] = []
    won = best_fitting(Local(1), material_of(run), programs, known, lambda done, total: told.append((done, total)))
    assert best_fitting(Local(2), material_of(run), programs, known, lambda *_: None) == won
    total = len({program.source for program in programs})
    assert told == [(min(done, total), total) for done in range(3, total + 3, 3)]
    for head, best in won.items():
        structures = [program.structure for program in best]
        assert len(structures) == len(set(structures)) == shared.KEPT
        assert not set(structures) & known[head]
    # A program found for a head fits it better than those found for others.
    assert any(program in own[Head(1, 2)] for program in won[Head(1, 2)])
