"""What a library's file holds: the programs of its candidates, and their structures, once each and no others."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sandbox.verdicts import Verdict
from surrogates.language.program import Kind, Program
from surrogates.library.candidates import Candidate, Ceiling, Scores
from surrogates.library.heads import Head
from surrogates.library.library import Library

HEAD, OTHER = Head(0, 0), Head(1, 3)
REFUSED = Candidate("hand", "refused", "def (", None, Verdict.REFUSED, "line 1: syntax error")

SCORES = Scores(0.5, 0.5, 2.0, 0.5, 0.4, 0.6, 2.0, 0.5)


def candidate(body: str, constant: float = 1.0) -> Candidate:
    source = f'def attend(query, key, pair, a={constant}):\n    """A case."""\n    return {body}\n'
    return Candidate("search", "case", source, None)


def test_programs_and_structures_are_those_of_the_candidates(tmp_path: Path) -> None:
    with closing(Library(tmp_path, create=True)) as library:

        def held() -> tuple[int, int]:
            ((programs, structures),) = library._rows(
                "SELECT (SELECT count(*) FROM programs), (SELECT count(*) FROM structures)"
            )
            return programs, structures

        recency = [candidate("-a * pair.distance", constant) for constant in (1.0, 2.0)]
        library.add(HEAD, "search", [*recency, candidate("a * key.is_first"), REFUSED])
        library.add(OTHER, "search", [recency[0]])
        assert held() == (4, 2)
        library.add(HEAD, "search", [candidate("a * key.is_comma"), REFUSED])
        assert held() == (3, 2)
        assert [found.source for found in library.candidates(OTHER)] == [recency[0].source]
        library.forget("search")
        assert held() == (0, 0)


def test_structures_have_their_sizes(tmp_path: Path) -> None:
    sources: dict[Kind, str] = {
        "vectorised": candidate("a * key.is_one_of('a', 'b') - 2.0 * pair.offset(1)").source,
        "scripted": 'def f(query, key, pair):\n    """S."""\n    return pair.zeros()[:, :] + 7\n',
    }
    with closing(Library(tmp_path, create=True)) as library:
        library.add(HEAD, "search", [Candidate("search", "case", source, SCORES) for source in sources.values()])
        found = {structure.kind: structure for structure in library.structures()}
        for kind, source in sources.items():
            program = Program.parse(source)
            assert (found[kind].parts, found[kind].literals) == {"vectorised": (2, 5), "scripted": (1, 1)}[kind]
            assert found[kind].nodes == program.nodes > 5
        assert "2 parts of" in repr(found["vectorised"])
        assert "scripted of" in repr(found["scripted"])


def test_a_ceiling_is_stored_with_what_a_stage_found(tmp_path: Path) -> None:
    first, second = (
        Ceiling(0.7, 0.65),
        Ceiling(0.8, 0.75, (0.25, 0.75), b"\x00\xff", {"itself": 0.9, "avoids one back": 0.1}),
    )
    with closing(Library(tmp_path, create=True)) as library:
        assert library.ceilings() == {}
        library.add(OTHER, "search", [], ceiling=first)
        library.add(HEAD, "search", [candidate("a * key.is_first")], ceiling=second)
        assert list(library.ceilings().items()) == [(HEAD, second), (OTHER, first)]
        library.add(OTHER, "search", [], ceiling=second)
        library.add(OTHER, "hand", [candidate("a * key.is_first")])
        assert library.ceilings() == {HEAD: second, OTHER: second}
        # All or nothing.
        same = candidate("a * key.is_comma")
        with pytest.raises(sqlite3.IntegrityError):
            library.add(HEAD, "search", [same], ceiling=Ceiling(0.1, None))  # type: ignore[arg-type]
        assert library.ceilings()[HEAD] == second
        assert [found.source for found in library.candidates(HEAD)] == [candidate("a * key.is_first").source]
    with closing(Library(tmp_path)) as library:
        assert library.ceilings() == {HEAD: second, OTHER: second}
