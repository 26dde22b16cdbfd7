"""Programs of another model's library as candidates for this one's heads."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from surrogates.errors import InputError
from surrogates.library import Library
from surrogates.program import Program
from synth.run_directory import RunDirectory

KEPT = 4
"""Programs that are refitted to a head: as they are, they are ranked by constants that another model gave them."""


@dataclass(frozen=True)
class OtherLibrary:
    """What another run found.

    Attributes:
        model: whose heads the programs were found for.
        programs: the best fit of each structure, head by head.
    """

    model: str
    programs: tuple[Program, ...]

    @property
    def stage(self) -> str:
        """What trying these programs is called in the library; another when they change."""
        sources = "\n".join(program.source for program in self.programs)
        return f"transfer {hashlib.sha256(sources.encode()).hexdigest()[:16]}"


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
    library = Library(folder)
    try:
        entries = [entry for head in library.heads() for entry in library.ranked(head)]
    finally:
        library.close()
    distinct: dict[str, Program] = {}
    for entry in entries:
        distinct.setdefault(entry.program.structure, entry.program)
    if not distinct:
        raise InputError(f"{folder} has no scored program yet; run `headsynth synthesize` again to finish it")
    model = other.settings().model
    return OtherLibrary(Path(model).name if Path(model).is_absolute() else model, tuple(distinct.values()))
