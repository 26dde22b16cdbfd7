"""What a library's file holds: the programs of its candidates, and their structures, once each and no others."""

from contextlib import closing
from pathlib import Path

from sandbox.verdicts import Verdict
from surrogates.library.candidates import Candidate
from surrogates.library.heads import Head
from surrogates.library.library import Library

HEAD, OTHER = Head(0, 0), Head(1, 3)
REFUSED = Candidate("hand", "refused", "def (", None, Verdict.REFUSED, "line 1: syntax error")


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
