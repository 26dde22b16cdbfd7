"""The attack and bomb files: what each tries, and the verdict it must get."""

import re
from dataclasses import dataclass
from pathlib import Path

_HEADER = re.compile(r"^# (tries|verdict|contained): *(.*?) *$", re.MULTILINE)
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """One file.

    Attributes:
        verdicts: any of which it may get.
        contained: ``file``, ``process`` or ``network`` where it would reach one as plain Python, else empty.
    """

    name: str
    tries: str
    verdicts: tuple[str, ...]
    contained: str
    source: str


def read_cases(folder: str) -> list[Case]:
    found = []
    for path in sorted((HERE / folder).glob("*.py")):
        source = path.read_bytes().decode()  # some hold line ends of other kinds
        header = dict(_HEADER.findall(source))
        verdicts = tuple(header["verdict"].split(" or "))
        found.append(Case(path.stem, header["tries"], verdicts, header.get("contained", ""), source))
    return found
