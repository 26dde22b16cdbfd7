"""Programs of another model's library as candidates for this one's heads."""

import hashlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sandbox.plain_text import one_line
from surrogates.errors import InputError
from surrogates.language.program import Program
from surrogates.library.library import Library
from surrogates.library.ranking import Ranked
from synth.run import RunDirectory

TRANSFERRED = 4
"""Programs that are refitted to a head: as they are, they are ranked by constants that another model gave them."""


@dataclass(frozen=True)
class OtherLibrary:
    """What another run found.

    Attributes:
        model: whose heads the programs were found for.
        ranked: every head's programs, best first.
    """

    model: str
    ranked: tuple[Ranked, ...]

    @property
    def stage(self) -> str:
        """What trying these programs is called in the library; another when they change."""
        sources = "\n".join(entry.candidate.source for entry in self.ranked)
        return f"transfer {hashlib.sha256(sources.encode()).hexdigest()[:16]}"

    def programs(self) -> list[Program]:
        """The best fit of each structure, head by head. They are parsed here, which takes a millisecond or two each.

        Raises:
            InputError: the library was changed by other means, and something in it is no program.
        """
        distinct: dict[str, Program] = {}
        for entry in self.ranked:
            distinct.setdefault(entry.program.structure, entry.program)
        return list(distinct.values())


def read_library(folder: Path, run: Path) -> OtherLibrary:
    """The programs of another finished run.

    Args:
        folder: of the other run.
        run: of this one.

    Raises:
        InputError: there is no run with programs, or it is this one.
    """
    if folder.resolve() == run.resolve():
        raise InputError(f"{folder} is this run itself; give --library a run on another model")
    other = RunDirectory.open(folder)
    with closing(Library(folder)) as library:
        ranked = tuple(entry for head in library.heads() for entry in library.ranked(head))
    if not ranked:
        raise InputError(f"{folder} has no scored program yet; run `headsynth synthesize` again to finish it")
    model = other.settings().model
    return OtherLibrary(one_line(Path(model).name if Path(model).is_absolute() else model), ranked)
